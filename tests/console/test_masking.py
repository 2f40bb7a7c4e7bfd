"""Who may not see identifiers finds none anywhere: not in a page, its title, its attributes, a search or a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from openpyxl import load_workbook

import wotu
from wotu.accounts import audit

PHONE, EMAIL, UNIONID, MEMBER = "13812345678", "ann.lee@example.com", "oNHwxjgrzgL9HA2pGLSM", "M00017654"
USER, BACKUP, DEVICE = "u-20177", "13911112222", "device-77120-abc"
SECRETS = (PHONE, EMAIL, UNIONID, MEMBER, USER, BACKUP, DEVICE)
SHOWN = ("138****5678", "a***@example.com", "oN****SM", "M0****54")

PAGES = [
    "/", "/customers/", "/customers/?sort=name", "/customers/?sort=-last_seen&col=orders",
    "/customers/?segment=important_value", "/customers/?state=active&days=365", "/customers/?q=c0", "/customers/?q=138",
    "/customers/?q=1381234", "/customers/?q=example.com", "/customers/?q=M000", "/customers/?q=u-2",
    "/customers/?trait=city:上海", "/customers/c0/", "/customers/c0/?event=Message+Clicked", "/customers/c0/timeline/",
    "/customers/c0/orders/", "/value/", "/value/movement/", "/search/?q=Ann", "/search/?q=c0", "/search/?q=138",
    "/account/", "/settings/",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    space = wotu.open(str(tmp_path_factory.mktemp("masks") / "workspace"))
    traits = {
        "name": "Ann Lee", "phone": PHONE, "email": EMAIL, "unionid": UNIONID, "member_no": MEMBER, "city": "上海",
        "backup_mobile": BACKUP, "notes": {"second": f"<{EMAIL}>", "list": [BACKUP]}, "contact": f"call {BACKUP}",
    }  # fmt: skip
    order = {"order_id": "o1", "revenue": "99.00", "products": [{"product_id": "p", "name": "Tea", "price": 99}]}
    clicked = {"to": EMAIL, "text": f"Dear {PHONE}", "user": USER, "member_code": f"#{MEMBER}", "device": DEVICE}
    space.collect(
        [
            {"type": "identify", "userId": USER, "anonymousId": DEVICE, "timestamp": "2026-01-01", "traits": traits},
            {"event": "Order Completed", "userId": USER, "timestamp": "2026-01-02", "properties": order},
            {"event": "Message Clicked", "userId": USER, "timestamp": "2026-01-03", "properties": clicked},
            {"event": f"Opened {EMAIL}", "userId": USER, "timestamp": "2026-01-03T01:00:00"},
            {"type": "page", "name": f"/u/{USER}", "userId": USER, "timestamp": "2026-01-03T02:00:00"},
            {"event": "Consent Given", "userId": USER, "timestamp": "2026-01-04",
             "properties": {"channel": "sms", "purpose": "marketing", "source": f"form of {EMAIL}", "by": PHONE}},
            # Somebody without a name, and somebody whose name is a phone number.
            {"type": "identify", "userId": "u-50001", "timestamp": "2026-01-01", "traits": {"phone": "13700001111"}},
            {"type": "identify", "userId": "u-50002", "timestamp": "2026-01-01", "traits": {"name": "13600002222"}},
        ]
    )  # fmt: skip
    return space


@pytest.fixture
def shop(made: Any, open_as: Callable[[Any], Any], settings: LazySettings) -> Any:
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


def _leaks(page: str) -> list[str]:
    return [secret for secret in (*SECRETS, "13700001111", "13600002222", "u-50001", "u-50002") if secret in page]


@pytest.mark.parametrize("role", ["viewer", "analyst"])
@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("address", PAGES)
def test_no_page_tells_an_identifier(
    shop: Any, sign_in: Callable[..., Client], address: str, fragment: bool, role: str
) -> None:
    headers = {"hx-request": "true", "hx-target": "result"} if fragment else {}
    response = sign_in(role).get(address, headers=headers)
    assert response.status_code == 200
    assert _leaks(response.content.decode()) == []


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_a_customer_is_recognised_by_what_is_left(shop: Any, sign_in: Callable[..., Client], role: str) -> None:
    page = sign_in(role).get("/customers/c0/").content.decode()
    assert [shown for shown in SHOWN if shown not in page] == []
    assert "Your role sees identifiers masked." in page
    assert "data-copy" not in page


@pytest.mark.parametrize("role", ["owner", "marketer"])
def test_others_see_them_whole(shop: Any, sign_in: Callable[..., Client], role: str) -> None:
    client = sign_in(role)
    page = client.get("/customers/c0/").content.decode()
    assert [secret for secret in (EMAIL, UNIONID, MEMBER, USER, BACKUP) if secret not in page] == []
    assert f"+86{PHONE}" in page
    assert USER in b"".join(client.get("/customers/export.csv").streaming_content).decode()
    assert "Ann Lee" in client.get("/customers/?q=1381234").content.decode()


@pytest.mark.parametrize("text", [PHONE, f"phone:{PHONE}", "138 1234 5678", EMAIL, "Ann.Lee@Example.com", MEMBER, USER])
def test_a_whole_identifier_finds_its_customer_and_nobody_else(
    shop: Any, sign_in: Callable[..., Client], text: str
) -> None:
    client = sign_in("viewer")
    for address in ("/customers/", "/search/"):
        page = client.get(address, {"q": text}).content.decode()
        assert page.count('href="/customers/c') == 1
        assert 'href="/customers/c0/"' in page
        # What was typed stands in its field and in the addresses of the page; nothing else is told.
        assert [secret for secret in _leaks(page) if secret not in text and secret != text.partition(":")[2]] == []


@pytest.mark.parametrize("text", ["138", PHONE[:-1], "ann.lee", "example.com", MEMBER[:-1], "u-2017", "u-"])
def test_a_part_of_an_identifier_finds_nobody(shop: Any, sign_in: Callable[..., Client], text: str) -> None:
    client = sign_in("viewer")
    assert "Nobody fits" in client.get("/customers/", {"q": text}).content.decode()
    assert 'href="/customers/c' not in client.get("/search/", {"q": text}).content.decode()
    assert "Nobody fits" not in sign_in("marketer").get("/customers/", {"q": text}).content.decode()


def test_a_name_is_still_searched_by_its_parts(shop: Any, sign_in: Callable[..., Client]) -> None:
    assert 'href="/customers/c0/"' in sign_in("viewer").get("/customers/?q=nn+le").content.decode()


@pytest.mark.parametrize("address", ["/customers/export", "/customers/export?sort=name", "/value/export"])
def test_no_file_tells_an_identifier(shop: Any, sign_in: Callable[..., Client], address: str) -> None:
    client = sign_in("analyst")
    path, _mark, query = address.partition("?")
    rows = b"".join(client.get(f"{path}.csv?{query}").streaming_content).decode()
    book = load_workbook(io.BytesIO(b"".join(client.get(f"{path}.xlsx?{query}").streaming_content)))
    cells = repr([[cell.value for cell in row] for row in book.active.iter_rows()])  # type: ignore[union-attr]
    assert _leaks(rows) == []
    assert _leaks(cells) == []
    assert "c0" in rows


def test_an_export_is_told_with_its_rows_and_filter(shop: Any, sign_in: Callable[..., Client]) -> None:
    client = sign_in("marketer")
    for address in (
        f"/customers/export.csv?q={PHONE}&sort=name",
        f"/customers/export.xlsx?trait=backup_mobile:{BACKUP}",
    ):
        b"".join(client.get(address).streaming_content)
    two, one = audit.entries(action="export").rows
    assert (one.actor, one.target) == ("marketer-en", "customers")
    assert one.detail == {"rows": 1, "kind": "csv", "asked": {"q": "13****78", "sort": "name"}}
    assert two.detail == {"rows": 1, "kind": "xlsx", "asked": {"trait": "backup_mobile:139****2222"}}


def test_an_export_that_is_refused_is_not_told(shop: Any, sign_in: Callable[..., Client]) -> None:
    assert sign_in("viewer").get("/customers/export.csv").status_code == 403
    assert sign_in("analyst").get("/value/export.csv?as_of=never").status_code == 400
    assert audit.entries(action="export").rows == ()
