"""Settings: who may open which page, what a form changes, and what is shown once."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console import real
from tests.console.fake import FakeWorkspace
from tests.console.test_export import _rows
from tests.console.test_pages import _INLINE

from wotu.accounts import audit, reads, services
from wotu.accounts.key_services import create_key, use_api_key
from wotu.accounts.models import AuditEntry, Key, User
from wotu.accounts.settings_services import NOT_HERE
from wotu.core.settings import Settings, read_settings

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., Client]
PAGES = ["/settings/", "/settings/team/", "/settings/keys/", "/settings/audit/", "/settings/audit/?action=sign_in"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("settings") / "workspace")


@pytest.fixture(autouse=True)
def folder(space: FakeWorkspace, tmp_path: Path, settings: LazySettings) -> Path:
    settings.WOTU_WORKSPACE = tmp_path
    return tmp_path


def _text(response: Any) -> str:
    return html.unescape(response.content.decode())


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", PAGES)
def test_an_owner_opens_every_page(folder: Path, sign_in: SignIn, address: str, language: str) -> None:
    create_key(kind="write", name="shop")
    create_key(kind="api", role="viewer")
    response = sign_in(language=language).get(address)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("<h1") == 1
    assert _INLINE.search(page) is None
    assert "%(" not in page


@pytest.mark.parametrize("role", ["marketer", "analyst", "viewer"])
def test_others_read_the_workspace_page_alone(folder: Path, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    before = list(User.objects.values_list("username", "role", "is_active"))
    for address in ("/settings/team/", "/settings/keys/", "/settings/audit/", "/settings/audit/export.csv"):
        assert client.get(address).status_code == 403
    posts = [
        ("/settings/", {"name": "Mine", "version": "x"}),
        ("/settings/team/", {"do": "role", "username": f"{role}-en", "role": "owner"}),
        ("/settings/team/", {"do": "add", "username": "eve", "role": "owner"}),
        ("/settings/keys/", {"do": "create", "kind": "api", "name": "x", "role": "owner"}),
    ]
    for address, data in posts:
        assert client.post(address, data).status_code == 403
    page = client.get("/settings/").content.decode()
    assert "<form method=" not in page.partition("<main")[2]
    assert "/settings/team/" not in page
    assert not (folder / "wotu.toml").exists()
    assert list(User.objects.values_list("username", "role", "is_active")) == before
    assert Key.objects.count() == 0
    assert AuditEntry.objects.count() == 0


def test_nobody_opens_settings_without_signing_in(folder: Path, client: Client) -> None:
    assert [client.get(address).status_code for address in PAGES] == [302] * len(PAGES)


# ---- team


def test_a_new_person_gets_a_link_that_is_shown_once(folder: Path, sign_in: SignIn) -> None:
    client = sign_in()
    response = client.post(
        "/settings/team/", {"do": "add", "username": "Bo", "display_name": "Bo Li", "role": "analyst"}
    )

    link = re.search(r"http://testserver(/sign-in/once/[\w-]+/)", _text(response))
    assert response.status_code == 200
    assert link is not None
    assert reads.team()[0] == reads.Member("bo", "Bo Li", "analyst", True)
    assert "/sign-in/once/" not in _text(client.get("/settings/team/"))
    assert Client().post(link[1]).status_code == 302
    (entry,) = audit.entries(action="add_user").rows
    assert (entry.actor, entry.target, entry.address) == ("owner-en", "bo", "127.0.0.1")


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("role", ("marketer", True)),
        ("deactivate", ("viewer", False)),
        ("remove", None),
    ],
)
def test_a_person_is_changed(folder: Path, sign_in: SignIn, do: str, after: Any) -> None:
    client = sign_in()
    services.add_user("bo", role="viewer")
    response = client.post("/settings/team/", {"do": do, "username": "bo", "role": "marketer"}, follow=True)
    assert "The team is changed." in _text(response)
    found = {each.username: (each.role, each.active) for each in reads.team()}
    assert found.get("bo") == after


@pytest.mark.parametrize("do", ["deactivate", "remove", "role"])
def test_the_last_owner_is_told_why_not(folder: Path, sign_in: SignIn, do: str) -> None:
    client = sign_in()
    response = client.post("/settings/team/", {"do": do, "username": "owner-en", "role": "viewer"})
    assert response.status_code == 422
    assert "owner-en is the last owner who can sign in" in _text(response)
    assert reads.team()[0].role == "owner"
    assert client.get("/settings/team/").status_code == 200


@pytest.mark.parametrize("data", [{"do": "explode"}, {"do": "add", "username": ""}, {"do": "reset", "username": "x"}])
def test_a_wrong_form_changes_nobody(folder: Path, sign_in: SignIn, data: dict[str, str]) -> None:
    client = sign_in()
    assert client.post("/settings/team/", {"role": "viewer"} | data).status_code == 422
    assert len(reads.team()) == 1


def test_whoever_is_deactivated_reads_no_further(folder: Path, sign_in: SignIn) -> None:
    owner, other = sign_in(), sign_in("analyst")
    assert other.get("/customers/").status_code == 200
    owner.post("/settings/team/", {"do": "deactivate", "username": "analyst-en"})
    assert other.get("/customers/").status_code == 302


# ---- keys


def test_a_key_is_shown_once_with_lines_to_copy(folder: Path, sign_in: SignIn) -> None:
    client = sign_in()
    form = {"do": "create", "kind": "write", "name": "shop-web", "namespace": "", "messages_per_second": "50"}
    page = _text(client.post("/settings/keys/", form))

    text = re.search(r"wk_[\w-]{32}", page)
    assert text is not None
    for line in (
        f'analytics.write_key = "{text[0]}"', f'Posthog("{text[0]}", host="http://testserver")',
        f"http://testserver/sa?project=default&token={text[0]}", f"curl http://testserver/v1/track -u {text[0]}:",
    ):  # fmt: skip
        assert line in page
    assert text[0] not in _text(client.get("/settings/keys/"))
    (key,) = reads.known_keys()
    assert (key.name, key.namespace, key.messages_per_second, key.created_by) == ("shop-web", "default", 50, "owner-en")


def test_an_api_key_is_replaced_and_revoked(folder: Path, sign_in: SignIn) -> None:
    client = sign_in()
    made = create_key(kind="api", name="report")
    page = _text(client.post("/settings/keys/", {"do": "rotate", "id": made.id, "overlap": "0"}))
    new = re.search(r"ak_[\w-]{32}", page)
    assert new is not None
    assert use_api_key(made.text) is None
    caller = use_api_key(new[0])
    assert caller is not None
    assert client.post("/settings/keys/", {"do": "revoke", "id": caller.id}).status_code == 302
    assert use_api_key(new[0]) is None


@pytest.mark.parametrize(
    "form",
    [
        {"do": "create", "kind": "write", "name": "<script>"},
        {"do": "create", "kind": "write", "name": "x", "messages_per_second": "many"},
        {"do": "create", "kind": "api", "name": "x", "role": "king"},
        {"do": "create", "kind": "root", "name": "x"},
        {"do": "rotate", "id": "k1", "overlap": "forever"},
        {"do": "rotate", "id": "k999999", "overlap": "24"},
        {"do": "revoke", "id": "1 or 1=1"},
        {"do": ""},
    ],
)
def test_a_wrong_form_makes_no_key(folder: Path, sign_in: SignIn, form: dict[str, str]) -> None:
    response = sign_in().post("/settings/keys/", form)
    assert response.status_code == 422
    assert "<script>" not in response.content.decode()
    assert Key.objects.count() == 0


def test_a_write_key_tells_when_its_source_was_heard_of(folder: Path, sign_in: SignIn) -> None:
    create_key(kind="write", name="shop")
    create_key(kind="write", name="silent")
    (folder / "run").mkdir()
    arrival = {"protocol": "segment", "type": "track", "event": "E", "names": [], "identifiers": []}
    arrivals = [arrival | {"time": at, "source": "shop"} for at in (1_767_000_000.0, 1_767_225_600.0)]
    live = {"pid": 1, "updated": 1.0, "accepted": 2, "rejected": 0, "arrivals": arrivals, "rejections": []}
    (folder / "run" / "live.json").write_text(json.dumps(live))
    page = _text(sign_in().get("/settings/keys/"))
    assert re.findall(r'data-label="Last used">([^<]+)<', page) == ["—", "Dec 31, 2025 19:00"]


# ---- audit


def test_the_audit_is_read_in_pages_and_taken_away(folder: Path, sign_in: SignIn) -> None:
    client = sign_in()
    for number in range(60):
        audit.record(actor="system", action="edit_facts", target=f"row-{number:02}")
    first = _text(client.get("/settings/audit/?action=edit_facts"))
    older = re.search(r'href="(\?[^"]*before=\d+)"', first)
    assert older is not None
    second = _text(client.get(f"/settings/audit/{older[1]}"))
    assert re.findall(r"row-\d+", first) == [f"row-{number}" for number in range(59, 9, -1)]
    assert re.findall(r"row-\d+", second) == [f"row-{number:02}" for number in range(9, -1, -1)]

    rows = _rows(client.get("/settings/audit/export.csv?action=edit_facts"))
    assert [row[4] for row in rows[1:]] == [f"row-{number:02}" for number in range(59, -1, -1)]
    (entry,) = audit.entries(action="export").rows
    assert entry.detail == {"rows": 60, "kind": "csv", "asked": {"action": "edit_facts"}}


def test_the_audit_is_found_by_person_and_day(folder: Path, sign_in: SignIn) -> None:
    client = sign_in()
    services.add_user("bo", by="cli")
    AuditEntry.objects.create(
        at="2026-01-31T23:30:00-05:00", actor_kind="user", actor="ann", action="merge", target="c70070071"
    )
    assert "c70070071" in _text(client.get("/settings/audit/?actor=ann"))
    assert "c70070071" in _text(client.get("/settings/audit/?from=2026-01-31&to=2026-01-31"))
    assert "c70070071" not in _text(client.get("/settings/audit/?from=2026-02-01&to=2026-02-01"))
    assert "c70070071" not in _text(client.get("/settings/audit/?actor=cli"))
    wrong = client.get("/settings/audit/?from=never")
    assert (wrong.status_code, "Write a date such as 2026-01-31." in _text(wrong)) == (422, True)
    assert client.get("/settings/audit/?before=x").status_code == 400


def test_signing_in_is_told_with_the_address(folder: Path, client: Client) -> None:
    services.add_user("ann")
    services.change_password(User.objects.get(), current="", new="three quiet rivers")
    for password in ("wrong one here", "three quiet rivers"):
        client.post("/sign-in/", {"username": "ann", "password": password}, headers={"x-forwarded-for": "192.0.2.7"})
    told = [(entry.action, entry.address) for entry in audit.entries(limit=2).rows]
    assert told == [("sign_in", "192.0.2.7"), ("sign_in_failed", "192.0.2.7")]


# ---- workspace


def _form(client: Client) -> dict[str, str]:
    """What a browser posts from the page as it is."""
    page = _text(client.get("/settings/"))
    form = dict(re.findall(r'<input (?:id="f-\w+"|type="hidden") name="(\w+)" value="([^"]*)"', page))
    form |= dict(re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', page))
    for name, options in re.findall(r'<select id="f-\w+" name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        form[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    return form


def test_a_form_posted_as_it_is_changes_nothing(folder: Path, sign_in: SignIn) -> None:
    client = sign_in()
    asked = set(_form(client)) - {"csrfmiddlewaretoken", "next"}
    assert asked == set(Settings.__struct_fields__) - set(NOT_HERE) | {"version"}
    assert client.post("/settings/", _form(client)).status_code == 302
    assert not (folder / "wotu.toml").exists()
    assert AuditEntry.objects.count() == 0


def test_a_plain_change_counts_at_once(folder: Path, sign_in: SignIn, settings: LazySettings) -> None:
    client = sign_in()
    response = client.post(
        "/settings/", _form(client) | {"name": "小店", "allowed_hosts": "a.example.com\n b.example.com "}
    )
    assert response["Location"] == "/settings/?done=restart"
    saved = read_settings(folder / "wotu.toml")
    assert (saved.name, saved.allowed_hosts) == ("小店", ("a.example.com", "b.example.com"))
    assert "· 小店</title>" in _text(client.get("/settings/"))
    (entry,) = audit.entries().rows
    assert (entry.actor, sorted(entry.detail)) == ("owner-en", ["allowed_hosts", "name"])


@pytest.mark.parametrize(("name", "value"), [("timezone", "UTC"), ("currency", "EUR"), ("keep_messages_days", "30")])
def test_a_grave_change_is_shown_first(folder: Path, sign_in: SignIn, name: str, value: str) -> None:
    client = sign_in()
    form = _form(client) | {name: value, "session_gap": "45m"}
    asked = client.post("/settings/", form)
    assert asked.status_code == 409
    assert f"→ {value}" in _text(asked)
    assert 'value="45m"' in _text(asked)
    assert not (folder / "wotu.toml").exists()
    assert AuditEntry.objects.count() == 0

    assert client.post("/settings/", form | {"confirm": "yes"}).status_code == 302
    assert str(getattr(read_settings(folder / "wotu.toml"), name)) == value
    assert read_settings(folder / "wotu.toml").session_gap == "45m"


def test_answers_follow_a_changed_calendar_at_once(
    made: Any, folder: Path, open_as: Callable[[Any], Any], sign_in: SignIn, settings: LazySettings
) -> None:
    shop = open_as(made)
    settings.WOTU_WORKSPACE, settings.WOTU_SETTINGS = shop.path, shop.settings
    client = sign_in()
    before = _rows(client.get("/growth.csv"))
    assert client.post("/settings/", _form(client) | {"week_start": "sunday", "confirm": "yes"}).status_code == 302
    after = _rows(client.get("/growth.csv"))
    assert before[1][0] == "2024-10-07"
    assert after[1][0] == "2024-10-06"
    recency = shop.rfm(as_of="2025-01-01").recency.sum()
    assert (
        client.post("/settings/", _form(client) | {"timezone": "America/Los_Angeles", "confirm": "yes"}).status_code
        == 302
    )
    assert shop.rfm(as_of="2025-01-01").recency.sum() > recency


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("timezone", "Mars", "Write a time zone such as Asia/Shanghai."),
        ("currency", "yuan", "Write three capital letters such as CNY."),
        ("session_gap", "soon", "Write a duration such as 30m or 1h."),
        ("most_identifiers", "0", "Write a whole number of at least 1."),
        ("reserve_mb", "-5", "Write a whole number."),
        ("name", "  ", "Write a name."),
        ("version", "old", "Somebody changed the settings meanwhile"),
    ],
)
def test_a_wrong_value_is_said_and_what_was_typed_stays(
    folder: Path, sign_in: SignIn, name: str, value: str, message: str
) -> None:
    client = sign_in()
    response = client.post("/settings/", _form(client) | {"session_gap": "59m", "confirm": "yes", name: value})
    assert response.status_code == 422
    assert message in _text(response)
    assert f'value="{value}"' in _text(response)
    assert not (folder / "wotu.toml").exists()
    assert AuditEntry.objects.count() == 0


# ---- consent


def test_a_consent_is_recorded_and_told(folder: Path, space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    form = {"channel": "sms", "purpose": "marketing", "given": "yes", "source": " till "}
    response = client.post("/customers/user_id:42/consent/", form)
    assert (response.status_code, response["Location"]) == (302, "/customers/c42/#consent")
    assert "set_consent c42 sms marketing True marketer-en till" in space.calls
    (entry,) = audit.entries(action="set_consent").rows
    assert (entry.target, entry.detail) == ("c42", {"channel": "sms", "purpose": "marketing", "given": True})
    fragment = client.post("/customers/c42/consent/", form, headers={"hx-request": "true"}).content.decode()
    assert "The consent is recorded." in fragment
    assert "<html" not in fragment


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_who_may_not_edit_records_no_consent(folder: Path, space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    form = {"channel": "sms", "purpose": "marketing", "given": "yes"}
    assert client.post("/customers/c42/consent/", form).status_code == 403
    page = client.get("/customers/c42/").content.decode()
    assert "Unsubscribed" not in page
    assert "/consent/" not in page
    assert [call for call in space.calls if call.startswith("set_consent")] == []


@pytest.mark.parametrize("wrong", [{"channel": "pigeon"}, {"purpose": ""}, {"given": "maybe"}])
def test_a_wrong_choice_records_nothing(
    folder: Path, space: FakeWorkspace, sign_in: SignIn, wrong: dict[str, str]
) -> None:
    form = {"channel": "sms", "purpose": "marketing", "given": "yes"} | wrong
    assert sign_in().post("/customers/c42/consent/", form).status_code == 400
    assert [call for call in space.calls if call.startswith("set_consent")] == []
    assert AuditEntry.objects.count() == 0
