"""Settings, Work: what waits and what was given up; the owner alone sees it and decides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.console.site import configure

configure()

from wotu.accounts import audit, services  # noqa: E402
from wotu.accounts.models import User  # noqa: E402
from wotu.outbox.models import Cursor, Work  # noqa: E402
from wotu.outbox.services import NewWork, enqueue_many  # noqa: E402

pytestmark = [pytest.mark.django_db, pytest.mark.django_only]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = "/settings/background/"


def signed_in(role: str) -> Client:
    services.add_user(role, role=role)
    client = Client()
    client.force_login(User.objects.get(username=role))
    return client


@pytest.fixture
def given_up() -> int:
    """One piece of work that was given up, another that waits, and a follower that is stuck."""
    enqueue_many([NewWork("sample.note", key, {}, "default", NOW) for key in ("bad<b>", "good")])
    Work.objects.filter(key="bad<b>").update(failed_at=NOW, attempts=3, last_error="ValueError: no <i>")
    Cursor.objects.create(name="loyalty.orders", seq=1234, moved_at=NOW, failed_at=NOW, last_error="KeyError: x")
    return int(Work.objects.get(key="bad<b>").pk)


def test_the_page_tells_what_failed_what_waits_and_who_is_stuck(given_up: int) -> None:
    page = signed_in("owner").get(ADDRESS).content.decode()
    for text in ("bad&lt;b&gt;", "ValueError: no &lt;i&gt;", "good", "loyalty.orders", "1,234", "KeyError: x"):
        assert text in page
    assert "<b>" not in page.partition("bad")[2][:20]


def test_an_owner_lets_it_be_tried_again_or_discards_it(given_up: int) -> None:
    owner = signed_in("owner")
    assert owner.post(ADDRESS, {"do": "retry", "id": given_up}).status_code == 302
    assert Work.objects.get(pk=given_up).failed_at is None
    refused = owner.post(ADDRESS, {"do": "discard", "id": given_up})
    assert refused.status_code == 422
    assert Work.objects.filter(pk=given_up).exists()
    Work.objects.filter(pk=given_up).update(failed_at=NOW)
    assert owner.post(ADDRESS, {"do": "discard", "id": given_up}).status_code == 302
    assert not Work.objects.filter(pk=given_up).exists()
    told = [(entry.actor, entry.action, entry.target) for entry in audit.entries().rows]
    assert told[:2] == [("owner", "discard_work", f"work {given_up}"), ("owner", "retry_work", f"work {given_up}")]


@pytest.mark.parametrize(
    "posted", [{"do": "retry", "id": "x"}, {"do": "drop", "id": "1"}, {}, {"do": "retry", "id": "9" * 30}]
)
def test_what_makes_no_sense_changes_nothing(given_up: int, posted: dict[str, str]) -> None:
    assert signed_in("owner").post(ADDRESS, posted).status_code == 422
    assert Work.objects.get(pk=given_up).failed_at == NOW


@pytest.mark.parametrize("role", ["marketer", "analyst", "viewer"])
def test_others_neither_see_nor_change_it(given_up: int, role: str) -> None:
    client = signed_in(role)
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, {"do": "retry", "id": given_up}).status_code == 403
    assert Work.objects.get(pk=given_up).failed_at == NOW
