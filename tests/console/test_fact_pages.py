"""Tables besides events: found, added, changed, deleted by a form; shown on the customer's page."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.settle.messages import track

from wotu.accounts.audit import entries
from wotu.console.fact_words import COLUMNS, TABLES
from wotu.core.fact_tables import TABLES as DECLARED
from wotu.workspace import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., Client]


def fill(folder: Path) -> None:
    made = Workspace.open(folder)
    made.collect([track("Signed Up", "u1"), {"type": "identify", "userId": "u1", "traits": {"phone": "13800000001"}}])
    made.put_facts("staff", [{"staff_id": "s1", "name": "李雷", "team": "East", "office": "3F"}])
    made.put_facts("costs", [{"date": "2026-01-05", "channel": "抖音", "spend": "100.5"}])


@pytest.fixture
def shop(copy_of: Callable[..., Workspace], open_as: Callable[[Any], Any], settings: LazySettings) -> Workspace:
    made = copy_of(fill)
    settings.WOTU_SETTINGS, settings.WOTU_WORKSPACE = made.settings, made.path
    return open_as(made)  # type: ignore[no-any-return]


def _rows(space: Workspace, table: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in space.facts(table).to_pylist()]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("table", list(TABLES))
def test_every_table_has_a_list_and_a_form(shop: Workspace, sign_in: SignIn, table: str, language: str) -> None:
    client = sign_in(language=language)
    assert client.get(f"/data/tables/{table}/").status_code == 200
    page = client.get(f"/data/tables/{table}/row/").content.decode()
    for column in DECLARED[table].columns:
        assert f'name="{column.name}"' in page
        assert column.name in COLUMNS
    assert client.get("/data/tables/stage_rules/").status_code == 404
    assert client.get("/data/tables/nothing/").status_code == 404


def test_a_row_is_added_changed_and_deleted(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    row = {"date": "2026-01-06", "channel": "wechat", "spend": "12.50", "kind": "acquisition", "clicks": "3"}
    assert client.post("/data/tables/costs/row/", row)["Location"].endswith("?done=kept")
    address = "/data/tables/costs/row/?date=2026-01-06&channel=wechat&campaign=&kind=acquisition"
    page = client.get(address).content.decode()
    assert re.search(r'name="spend"[^>]*value="12.50"', page)
    assert re.search(r'name="channel"[^>]*readonly', page)

    # The key of a row that is changed stays, whatever is sent.
    client.post(address, row | {"spend": "20", "channel": "other"})
    assert [(each["channel"], each["spend"]) for each in _rows(shop, "costs")] == [("抖音", 10050), ("wechat", 2000)]
    client.post(address, {"do": "delete"})
    assert [each["channel"] for each in _rows(shop, "costs")] == ["抖音"]
    assert client.get(address).status_code == 404
    told = [(each.action, each.target, each.detail["do"]) for each in entries().rows]
    assert told == [
        ("edit_facts", "costs", "deleted"),
        ("edit_facts", "costs", "kept"),
        ("edit_facts", "costs", "kept"),
    ]


def test_columns_that_are_not_declared_stay(shop: Workspace, sign_in: SignIn) -> None:
    sign_in().post("/data/tables/staff/row/?staff_id=s1", {"staff_id": "s1", "name": "李雷", "team": "West"})
    assert _rows(shop, "staff") == [{"staff_id": "s1", "name": "李雷", "team": "West", "more": '{"office":"3F"}'}]


@pytest.mark.parametrize(
    ("table", "typed", "field"),
    [
        ("costs", {"date": "2026-02-30", "channel": "x", "spend": "1"}, "date"),
        ("costs", {"date": "2026-01-06", "channel": "x", "spend": "much"}, "spend"),
        ("staff", {"staff_id": "s2", "name": ""}, "name"),
        ("owners", {"customer": "王芳", "staff_id": "s1"}, "customer"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    shop: Workspace, sign_in: SignIn, table: str, typed: dict[str, str], field: str
) -> None:
    before = _rows(shop, table)
    answer = sign_in().post(f"/data/tables/{table}/row/", typed)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', page)
    for name, value in typed.items():
        assert re.search(rf'name="{name}"[^>]*value="{re.escape(value)}"', page)
    assert _rows(shop, table) == before
    assert entries().rows == ()


def test_rows_are_found_by_words_but_not_by_what_is_masked(shop: Workspace, sign_in: SignIn) -> None:
    shop.put_facts("owners", [{"customer": "phone:13800000001", "staff_id": "s1"}])
    for role, found in (("marketer", True), ("analyst", False)):
        page = sign_in(role).get("/data/tables/owners/?q=13800000001").content.decode()
        assert ("phone:13800000001" in page) is found
        listed = sign_in(role, "zh-hans").get("/data/tables/owners/").content.decode()
        assert ("13800000001" in listed) is found
        assert ("phone:138****0001" in listed) is not found
    assert "李雷" in sign_in("viewer").get("/data/tables/staff/?q=east").content.decode()
    assert "李雷" not in sign_in("viewer", "zh-hans").get("/data/tables/staff/?q=west").content.decode()


def test_who_looks_after_a_customer_stands_on_their_page(shop: Workspace, sign_in: SignIn) -> None:
    shop.put_facts("owners", [{"customer": "phone:13800000001", "staff_id": "s1", "since": "2026-01-02"}])
    shop.put_facts("companies", [{"company_id": "k", "name": "沃土公司"}])
    shop.put_facts("contacts", [{"company_id": "k", "customer": "user_id:u1", "role": "decider", "title": "CEO"}])
    page = sign_in().get(f"/customers/{shop.customer('user_id:u1').customer_id}/").content.decode()
    assert all(part in page for part in ("李雷", "Jan 2, 2026", "沃土公司", "decides", "CEO"))
