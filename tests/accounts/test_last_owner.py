"""There is always an owner who can sign in, also when owners leave at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from wotu.accounts import reads, services
from wotu.accounts.models import OneTimeLogin, User
from wotu.core.errors import WotuError

Leave = Callable[[str], None]
WAYS: list[Leave] = [
    services.deactivate_user,
    services.remove_user,
    lambda name: services.change_role(name, "analyst"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("leave", WAYS)
def test_the_last_owner_stays(leave: Leave) -> None:
    services.add_user("ann")
    services.add_user("bo", role="marketer")
    services.add_user("gone")
    services.deactivate_user("gone")
    before = reads.team()

    with pytest.raises(WotuError) as refused:
        leave("ann")

    assert refused.value.field == "username"
    assert reads.team() == before


@pytest.mark.django_db
@pytest.mark.parametrize("leave", WAYS)
def test_an_owner_may_go_when_another_stays(leave: Leave) -> None:
    services.add_user("ann")
    services.add_user("bo")
    leave("ann")
    assert [(each.username, each.role, each.active) for each in reads.team() if each.username == "bo"] == [
        ("bo", "owner", True)
    ]
    with pytest.raises(WotuError):
        leave("bo")


@pytest.mark.django_db
@pytest.mark.parametrize("leave", WAYS)
def test_an_owner_who_was_let_out_may_be_removed(leave: Leave) -> None:
    services.add_user("ann")
    services.add_user("bo")
    services.deactivate_user("bo")
    leave("bo")
    assert User.objects.filter(role="owner", is_active=True).count() == 1


@pytest.mark.django_db
def test_whoever_is_deactivated_is_out_at_once() -> None:
    services.add_user("ann")
    token = services.add_user("bo")
    services.deactivate_user("bo")
    with pytest.raises(services.SignInRefused):
        services.sign_in_once(token)
    assert OneTimeLogin.objects.filter(user__username="bo").count() == 0
    services.activate_user("bo")
    with pytest.raises(services.SignInRefused):
        services.sign_in_once(token)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [services.deactivate_user, services.activate_user, services.remove_user])
def test_somebody_unknown_is_refused(change: Leave) -> None:
    with pytest.raises(WotuError) as refused:
        change("nobody")
    assert refused.value.field == "username"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", WAYS)
def test_of_owners_who_leave_at_once_one_stays(leave: Leave) -> None:
    names = [f"owner{number}" for number in range(6)]
    for name in names:
        services.add_user(name)
    together = Barrier(len(names))

    def go(name: str) -> bool:
        try:
            together.wait(10)
            leave(name)
        except WotuError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(names)) as threads:
        assert sum(threads.map(go, names)) == len(names) - 1
    assert User.objects.filter(role="owner", is_active=True).count() == 1
