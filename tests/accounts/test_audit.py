"""The audit: who did what, in pages, and never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from wotu.accounts import audit, services
from wotu.accounts.callers import ApiCaller
from wotu.accounts.models import AuditEntry, User
from wotu.core.errors import WotuError

pytestmark = pytest.mark.django_db
PASSWORD = "three quiet rivers"


def _told() -> list[tuple[str, str, str, str]]:
    return [(entry.actor_kind, entry.actor, entry.action, entry.target) for entry in audit.entries().rows][::-1]


def test_what_the_team_does_is_told_without_a_password() -> None:
    services.add_user("ann", by="cli")
    ann = User.objects.get()
    services.change_password(ann, current="", new=PASSWORD)
    services.sign_in("ann", PASSWORD, address="192.0.2.1")
    for name in ("ann", "hunter2-typed-here"):
        with pytest.raises(services.SignInRefused):
            services.sign_in(name, "a-wrong-guess", address="192.0.2.2")
    token = services.reset_user("ann", by="cli")
    services.sign_in_once(token, address="192.0.2.3")
    services.add_user("bo", role="viewer", by=ann)
    services.change_role("bo", "analyst", by=ann)
    services.deactivate_user("bo", by=ApiCaller("k7", "robot", "owner"))
    services.activate_user("bo", by=ann)
    services.remove_user("bo", by=ann)

    assert _told() == [
        ("cli", "cli", "add_user", "ann"),
        ("user", "ann", "change_password", ""),
        ("user", "ann", "sign_in", ""),
        ("system", "system", "sign_in_failed", "ann"),
        ("system", "system", "sign_in_failed", ""),
        ("cli", "cli", "reset_user", "ann"),
        ("user", "ann", "sign_in", ""),
        ("user", "ann", "add_user", "bo"),
        ("user", "ann", "change_role", "bo"),
        ("key", "k7", "deactivate_user", "bo"),
        ("user", "ann", "activate_user", "bo"),
        ("user", "ann", "remove_user", "bo"),
    ]
    rows = repr(list(AuditEntry.objects.values()))
    for secret in (PASSWORD, "a-wrong-guess", "hunter2", token):
        assert secret not in rows
    assert [entry.address for entry in audit.entries(action="sign_in").rows] == ["192.0.2.3", "192.0.2.1"]
    assert audit.entries(action="change_role").rows[0].detail == {"role": ["viewer", "analyst"]}


def test_nothing_is_told_where_nothing_changed() -> None:
    services.add_user("ann")
    before = len(audit.entries().rows)
    services.change_role("ann", "owner")
    services.activate_user("ann")
    assert len(audit.entries().rows) == before


def test_pages_follow_each_other_while_entries_come() -> None:
    for number in range(25):
        audit.record(actor="system", action="export", target=str(number))
    first = audit.entries(limit=10)
    audit.record(actor="system", action="export", target="late")
    second = audit.entries(limit=10, before=first.next)
    third = audit.entries(limit=10, before=second.next)
    seen = [entry.target for page in (first, second, third) for entry in page.rows]
    assert seen == [str(number) for number in reversed(range(25))]
    assert third.next is None
    assert audit.entries(limit=26).next is None


def test_entries_are_found_by_person_action_and_time() -> None:
    services.add_user("ann")
    services.add_user("bo", by=User.objects.get(username="ann"))
    now = timezone.now()
    assert [entry.target for entry in audit.entries(actor="ann").rows] == ["bo"]
    assert [entry.target for entry in audit.entries(action="add_user").rows] == ["bo", "ann"]
    assert audit.entries(action="export").rows == ()
    assert audit.entries(until=now - timedelta(hours=1)).rows == ()
    assert len(audit.entries(since=now - timedelta(hours=1), until=now + timedelta(hours=1)).rows) == 2
    assert audit.actors() == ("ann", "system")


@pytest.mark.parametrize("before", ["x", "-1", "1;2", "9" * 19, "１"])
def test_a_made_up_cursor_is_refused(before: str) -> None:
    with pytest.raises(WotuError) as refused:
        audit.entries(before=before)
    assert refused.value.field == "before"


def test_an_entry_is_never_changed_or_deleted() -> None:
    audit.record(actor="system", action="export", detail={"rows": 3})
    entry = AuditEntry.objects.get()
    entry.action = "nothing"
    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(target="x"),
    ):
        with pytest.raises(TypeError):
            change()
    assert audit.entries().rows[0].action == "export"
    assert audit.entries().rows[0].detail == {"rows": 3}


@pytest.mark.parametrize("values", [{"actor_kind": "ghost"}, {"action": ""}, {"actor": ""}])
def test_the_database_refuses_an_entry_that_says_nothing(values: dict[str, str]) -> None:
    whole = {"actor_kind": "system", "actor": "system", "action": "export"}
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.create(at=timezone.now(), **(whole | values))


def test_what_is_taken_back_leaves_no_entry() -> None:
    services.add_user("ann")
    before = len(audit.entries().rows)
    with pytest.raises(WotuError):
        services.remove_user("ann")
    assert len(audit.entries().rows) == before
