"""Data on a real workspace: who sends, what arrives, what is kept aside, what there is."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console.test_export import _rows
from tests.console.test_pages import _INLINE
from tests.settle.messages import track

from wotu.accounts.audit import entries
from wotu.accounts.key_services import create_key
from wotu.collect.http.recent import Arrival, Live, Rejection
from wotu.console.catalogue_entries import alike
from wotu.workspace import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., Client]
PAGES = (
    "/data/", "/data/connect/", "/data/connect/?client=browser", "/data/connect/waiting/?source=shop", "/data/live/",
    "/data/live/?view=door", "/data/live/?view=refused&pause=yes", "/data/live/1/", "/data/quarantine/",
    "/data/quarantine/?source=shop", "/data/catalogue/", "/data/catalogue/?view=properties",
    "/data/catalogue/?view=traits&q=e", "/data/catalogue/entry/?kind=event&name=Product+Viewed",
    "/data/catalogue/entry/?kind=property&name=channel&event=Product+Viewed",
    "/data/catalogue/entry/?kind=trait&name=wechat", "/data/freshness/",
)  # fmt: skip


def fill(folder: Path) -> None:
    """Two customers, one of them known by phone; two messages that could not be understood."""
    Workspace.open(folder).collect(
        [
            track("Product Viewed", "u1", channel="app", size=1, message="m1"),
            track("Product Viewed", "u2", channel="web", size="large", message="m2"),
            track("product_viewed", "u2", channel="web", contact="13800000009"),
            {
                "type": "identify",
                "userId": "u1",
                "traits": {"name": "王芳", "phone": "13800000001", "level": "gold", "wechat": "wx1380"},
            },
            track("Signed Up", "u1") | {"timestamp": "soon", "messageId": "q1", "properties": {"phone": "13800000002"}},
            track("Signed Up", "u2") | {"timestamp": "late", "messageId": "q2"},
        ],
        source="shop",
    )


@pytest.fixture
def shop(copy_of: Callable[..., Workspace], open_as: Callable[[Any], Any], settings: LazySettings) -> Workspace:
    made = copy_of(fill)
    settings.WOTU_SETTINGS, settings.WOTU_WORKSPACE = made.settings, made.path
    return open_as(made)  # type: ignore[no-any-return]


def _text(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_answers(shop: Workspace, sign_in: SignIn, address: str, language: str) -> None:
    response = sign_in("viewer", language).get(address)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("<h1") == (0 if "waiting" in address else 1)
    assert _INLINE.search(page) is None
    assert "%(" not in page


@pytest.mark.parametrize(
    "address",
    [f"/data/{name}" for name in ("", *(f"{n}/" for n in ("live", "quarantine", "catalogue", "freshness", "connect",
                                                          "stages", "tables")))],
)  # fmt: skip
def test_an_empty_workspace_teaches_the_next_step(
    tmp_path: Path, open_as: Callable[[Any], Any], settings: LazySettings, sign_in: SignIn, address: str
) -> None:
    made = Workspace.open(tmp_path / "empty")
    settings.WOTU_SETTINGS, settings.WOTU_WORKSPACE = made.settings, made.path
    open_as(made)
    assert sign_in().get(address).status_code == 200


def test_sources_tell_counts_and_what_was_not_understood(shop: Workspace, sign_in: SignIn) -> None:
    create_key(kind="write", name="shop", namespace="north")
    create_key(kind="write", name="app")
    page = _text(sign_in().get("/data/"))
    # Four messages came in and two did not.
    assert re.search(r"shop 4 in all · namespace north .* 4 4 .*33\.3%", page)
    assert "app namespace default waiting for the first" in page
    assert re.search(r"k\d+", _text(sign_in("viewer").get("/data/")))


def test_snippets_name_this_server(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in()
    for name in ("segment", "rudder", "posthog", "sensors", "browser", "python", "curl"):
        page = html.unescape(client.get(f"/data/connect/?client={name}").content.decode())
        assert "http://testserver" in page, name
        assert "WRITE_KEY" in page, name


def _live(space: Workspace, *, at: float) -> None:
    arrivals = [Arrival(at, "app", "segment", "track", "Product Viewed", ["channel"], ["userId"])]
    refusals = [Rejection(at, "", "unauthorized", "authorization", "no such key"),
                Rejection(at, "web", "invalid_message", "timestamp", "13800000003 is no time")]  # fmt: skip
    (space.path / "run").mkdir(exist_ok=True)
    (space.path / "run" / "live.json").write_bytes(msgspec.json.encode(Live(1, at, 7, 2, arrivals, refusals)))


def test_waiting_ends_with_the_first_event(shop: Workspace, sign_in: SignIn) -> None:
    create_key(kind="write", name="app")
    client, now = sign_in(), int(time.time())
    address = f"/data/connect/waiting/?source=app&since={now}"
    page = client.get(address).content.decode()
    assert 'hx-trigger="every 1s"' in page
    _live(shop, at=now - 60.0)
    assert "hx-trigger" in client.get(address).content.decode()
    _live(shop, at=now + 1.0)
    heard = client.get(address).content.decode()
    assert "hx-trigger" not in heard
    assert "app is connected." in heard


def test_live_shows_what_arrives_and_whose_it_is(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in()
    page = client.get("/data/live/").content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert page.count("/data/live/") > 3
    assert "王芳" in page
    assert "hx-trigger" not in client.get("/data/live/?pause=yes").content.decode().partition('id="live-rows"')[2]
    assert _text(client.get("/data/live/?event=product_viewed")).count("product_viewed") == 2

    asked = html.unescape(re.search(r'hx-get="/data/live/\?([^"]+)"', page)[1])  # type: ignore[index]
    part = {"HX-Request": "true", "HX-Target": "live-rows"}
    assert client.get(f"/data/live/?{asked}", headers=part).status_code == 204
    shop.collect([track("Invite Sent", "u2")])
    fresh = client.get(f"/data/live/?{asked}", headers=part)
    assert fresh.status_code == 200
    assert fresh.content.decode().count('class="fresh"') == 1
    assert "Invite Sent" in fresh.content.decode()


def test_live_shows_the_door_and_what_was_refused(shop: Workspace, sign_in: SignIn) -> None:
    _live(shop, at=time.time())
    client = sign_in()
    assert re.search(r"app segment Product Viewed track userId channel", _text(client.get("/data/live/?view=door")))
    assert "no such key unauthorized" in _text(client.get("/data/live/?view=refused"))
    assert "no such key" not in _text(client.get("/data/live/?view=refused&source=web"))
    masked = _text(sign_in("viewer").get("/data/live/?view=refused"))
    assert "13800000003" not in masked


def test_a_message_is_shown_whole_and_masked(shop: Workspace, sign_in: SignIn) -> None:
    seq = next(each.seq for each in shop.arrivals.newest() if each.event == "product_viewed")
    page = html.unescape(sign_in().get(f"/data/live/{seq}/").content.decode())
    found = json.loads(re.search(r'<pre id="json"[^>]*><code>(.*?)</code>', page, re.DOTALL)[1])  # type: ignore[index]
    assert (found["event"], found["source"]) == ("product_viewed", "shop")
    assert found["properties"]["contact"] == "13800000009"
    assert "13800000009" not in sign_in("analyst").get(f"/data/live/{seq}/").content.decode()
    assert sign_in("owner", "zh-hans").get("/data/live/999/").status_code == 404


def test_quarantine_groups_by_what_is_wrong(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in()
    page = client.get("/data/quarantine/").content.decode()
    assert page.count("<tr>") == 2
    assert re.search(r"… is not a time.* timestamp shop 2 ", _text(client.get("/data/quarantine/")))
    link = html.unescape(re.search(r'<th scope="row"><a href="(\?[^"]+)"', page)[1])  # type: ignore[index]
    rows = client.get(f"/data/quarantine/{link}").content.decode()
    assert rows.count("/data/quarantine/") >= 2
    assert "13800000002" in rows
    assert "13800000002" not in sign_in("viewer").get(f"/data/quarantine/{link}").content.decode()


def test_rows_are_exported_masked_by_role(shop: Workspace, sign_in: SignIn) -> None:
    assert sign_in("viewer").get("/data/quarantine/export.csv").status_code == 403
    whole = _rows(sign_in("marketer").get("/data/quarantine/export.csv"))
    assert len(whole) == 3
    assert "13800000002" in whole[1][6]
    assert "13800000002" not in str(_rows(sign_in("analyst").get("/data/quarantine/export.csv")))


def test_a_row_is_mended(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    row = shop.quarantine.rows()[0]
    page = html.unescape(client.get(f"/data/quarantine/{row.id}/").content.decode())
    content = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[1]  # type: ignore[index]
    wrong = client.post(f"/data/quarantine/{row.id}/", {"content": content})
    assert wrong.status_code == 422
    # Nothing typed is lost, and nothing was changed.
    assert html.escape(content.strip()) in wrong.content.decode().replace("&#x27;", "'").replace("&quot;", "&quot;")
    assert len(shop.quarantine.rows()) == 2

    mended = content.replace("soon", "2026-01-05T00:00:00Z")
    answer = client.post(f"/data/quarantine/{row.id}/", {"content": mended}, follow=True)
    assert "1 messages came in" in _text(answer)
    assert len(shop.quarantine.rows()) == 1
    assert "Signed Up" in shop.generation().manifest.events
    (entry,) = [each for each in entries().rows if each.action == "retry_quarantine"]
    assert entry.detail == {"rows": 1, "mended": True, "accepted": 1, "duplicates": 0, "left": 0}
    assert client.get(f"/data/quarantine/{row.id}/").status_code == 404


def test_rows_are_retried_and_discarded_with_the_audit_knowing(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    told = {"source": "shop", "field": "timestamp", "reason": shop.quarantine.rows()[0].reason}
    answer = client.post("/data/quarantine/", {"do": "retry", **told}, follow=True)
    assert "0 messages came in, 0 had been seen before, 1 rows stay here." in _text(answer)
    refused = client.post("/data/quarantine/", {"do": "discard", **told})
    assert refused.status_code == 400
    assert len(shop.quarantine.rows()) == 2
    client.post("/data/quarantine/", {"do": "discard", "confirm": "yes", **told})
    assert len(shop.quarantine.rows()) == 1
    assert [each.action for each in entries().rows] == ["discard_quarantine", "retry_quarantine"]
    assert entries().rows[0].detail["rows"] == 1


@pytest.mark.parametrize("role", ["analyst", "viewer"])
def test_others_change_nothing(shop: Workspace, sign_in: SignIn, role: str) -> None:
    client, row = sign_in(role), shop.quarantine.rows()[0]
    posts = [
        ("/data/quarantine/", {"do": "retry"}), ("/data/quarantine/", {"do": "discard", "confirm": "yes"}),
        (f"/data/quarantine/{row.id}/", {"content": '{"event": "X", "userId": "u"}'}),
        ("/data/catalogue/entry/?kind=event&name=Signed+Up", {"description": "x"}),
        ("/data/tables/staff/row/", {"staff_id": "s1", "name": "n"}), ("/data/stages/", {"deal.kind": "order"}),
    ]  # fmt: skip
    for address, data in posts:
        assert client.post(address, data).status_code == 403, address
    assert client.get("/data/tables/staff/row/").status_code == 403
    assert len(shop.quarantine.rows()) == 2
    assert len(shop.facts("catalogue")) == len(shop.facts("staff")) == len(shop.facts("stage_rules")) == 0
    assert "Retry" not in _text(client.get("/data/quarantine/"))


def test_the_catalogue_tells_volume_drift_and_likeness(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in()
    events = _text(client.get("/data/catalogue/"))
    assert "product_viewed looks like another writing of Product Viewed" in events
    assert re.search(r"Product Viewed common drift", events)
    properties = _text(client.get("/data/catalogue/?view=properties"))
    assert re.search(r"size number 2 100\.0% 1", properties)
    entry = _text(client.get("/data/catalogue/entry/?kind=property&name=size"))
    assert "From 1 to 1" in entry
    assert re.search(r"Values of another type text 1", entry)
    assert re.search(r"level text 1 1 50\.0%", _text(client.get("/data/catalogue/?view=traits")))
    assert client.get("/data/catalogue/entry/?kind=event&name=nothing").status_code == 404
    assert client.get("/data/catalogue/entry/?kind=planet&name=x").status_code == 404


def test_values_that_tell_who_somebody_is_are_hidden(shop: Workspace, sign_in: SignIn) -> None:
    address = "/data/catalogue/entry/?kind=trait&name=wechat"
    hidden = _text(sign_in("viewer").get(address))
    assert "your role does not see them" in hidden
    assert "wx1380" not in hidden
    assert "wx1380" in _text(sign_in("marketer").get(address))
    values = _text(sign_in("analyst").get("/data/catalogue/entry/?kind=property&name=contact"))
    assert "13800000009" not in values
    assert "138****0009" in values


def test_what_a_name_means_is_kept(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    address = "/data/catalogue/entry/?kind=event&name=Product+Viewed"
    answer = client.post(address, {"description": "A look at a product", "owner": "Li"}, follow=True)
    assert "A look at a product" in answer.content.decode()
    assert shop.facts("catalogue").select(["kind", "name", "description", "owner"]).to_pylist() == [
        {"kind": "event", "name": "Product Viewed", "description": "A look at a product", "owner": "Li"}
    ]
    assert entries().rows[0].action == "edit_facts"
    assert "A look at a product" in client.get("/data/catalogue/").content.decode()


def test_alike_names() -> None:
    assert alike(["Order Completed", "order_completed", "Orders Completed", "Refund"], ["Order Completed"]) == [
        ("order_completed", "Order Completed"), ("Orders Completed", "Order Completed"),
    ]  # fmt: skip
    assert alike(["a b", "A_B", "c"], ()) == [("A_B", "a b")]


def test_freshness_says_how_long_messages_take(shop: Workspace, sign_in: SignIn) -> None:
    page = _text(sign_in().get("/data/freshness/"))
    assert "shop" in page
    assert "more than a day" in page
