"""A person's data from their page: downloaded by who may see it, erased by an owner who means it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console.fake import FakeWorkspace

from wotu.accounts import audit
from wotu.accounts.models import AuditEntry

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
