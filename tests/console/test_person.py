"""A person's data from their page: downloaded by who may see it, erased by an owner who means it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from tests.console.fake import FakeWorkspace

from wotu.accounts import audit
from wotu.accounts.models import AuditEntry
from wotu.ledger import reads
from wotu.ledger import services as ledger
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import Cause

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., Client]
ERASE, EVERYTHING = "/customers/user_id:42/erase/", "/customers/user_id:42/everything/"


@pytest.fixture(autouse=True)
def folder(space: FakeWorkspace, tmp_path: Path, settings: LazySettings) -> None:
    settings.WOTU_WORKSPACE = tmp_path


def done(space: FakeWorkspace) -> list[str]:
    return [call for call in space.calls if call.startswith(("erase", "export"))]


def test_an_owner_erases_a_person_by_typing_their_id(space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("owner")
    assert 'pattern="\\s*c42\\s*"' in client.get("/customers/c42/").content.decode()
    response = client.post(ERASE, {"typed": " c42 "})
    assert (response.status_code, response["Location"]) == (302, "/customers/?erased=c42")
    assert done(space) == ["erase c42 owner-en False"]
    (entry,) = audit.entries(action="erase").rows
    assert (entry.actor, entry.target, entry.detail) == ("owner-en", "c42", {})
    assert "The person is erased" in client.get(response["Location"]).content.decode()


def test_the_ledger_forgets_who_is_erased_and_tells_what_it_held(space: FakeWorkspace, sign_in: SignIn) -> None:
    now = timezone.now()
    ledger.open_unit("points", UnitKind.POINTS, "Points")
    ledger.grant(Cause("club", 1, "order:1", "buyer", "earn"), customer=42, unit="points", amount=100, now=now)
    ledger.spend(Cause("club", 1, "gift:1", "buyer", "spend"), customer=42, unit="points", amount=30, now=now)
    client = sign_in("owner")

    client.post(EVERYTHING).close()
    client.post(ERASE, {"typed": "c42"})

    held = space.exported_value
    assert [(each["unit"]["code"], each["free"]) for each in held["balances"]] == [("points", 70)]
    assert [(each["granted"], each["remaining"]) for each in held["lots"]] == [(100, 70)]
    assert [(each["amount"], each["balance"]) for each in held["statement"]] == [(-30, 70), (100, 100)]
    assert held["statement"][0]["transfer"]["cause"]["event"] == "gift:1"
    assert reads.balances(42) == ()


@pytest.mark.parametrize("typed", ["", "c4", "user_id:42", "yes"])
def test_what_is_not_confirmed_is_not_done(space: FakeWorkspace, sign_in: SignIn, typed: str) -> None:
    assert sign_in("owner").post(ERASE, {"typed": typed}).status_code == 400
    assert (done(space), AuditEntry.objects.count()) == ([], 0)


@pytest.mark.parametrize("role", ["marketer", "analyst", "viewer"])
def test_others_cannot_erase(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    assert client.post(ERASE, {"typed": "c42"}).status_code == 403
    assert "/erase/" not in client.get("/customers/c42/").content.decode()
    assert (done(space), AuditEntry.objects.count()) == ([], 0)


def test_looking_at_the_address_erases_nobody(space: FakeWorkspace, sign_in: SignIn) -> None:
    assert sign_in("owner").get(ERASE).status_code == 302
    assert done(space) == []


@pytest.mark.parametrize("role", ["owner", "marketer"])
def test_who_sees_identifiers_downloads_everything(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    assert "/everything/" in client.get("/customers/c42/").content.decode()
    response = client.post(EVERYTHING)
    assert (response.status_code, response["Content-Disposition"]) == (200, 'attachment; filename="c42.zip"')
    assert b"".join(response.streaming_content) == b"zip"  # type: ignore[attr-defined]
    # The entry that tells this very download is in it.
    assert done(space) == ["export c42 1"]
    (entry,) = audit.entries(action="export").rows
    assert (entry.target, entry.detail) == ("c42", {"kind": "zip"})


@pytest.mark.parametrize("role", ["analyst", "viewer"])
def test_who_sees_masks_downloads_nothing(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    assert client.post(EVERYTHING).status_code == 403
    assert "/everything/" not in client.get("/customers/c42/").content.decode()
    assert (done(space), AuditEntry.objects.count()) == ([], 0)
