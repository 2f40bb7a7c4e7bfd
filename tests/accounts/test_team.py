"""Adding people, resetting them, passwords and roles."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import call_command

from wotu.accounts import reads, services
from wotu.accounts.models import OneTimeLogin, User
from wotu.accounts.rules import Action, may
from wotu.core.errors import WotuError

pytestmark = pytest.mark.django_db


def test_a_new_person_has_a_token_whose_hash_alone_is_kept() -> None:
    token = services.add_user(" Ann ", role="analyst", display_name="Ann Lee")

    (login,) = OneTimeLogin.objects.all()
    assert len(token) >= 43
    assert token not in login.token_sha256
    assert len(login.token_sha256) == 64
    assert reads.team() == (reads.Member("ann", "Ann Lee", "analyst", True),)
    assert not login.user.has_usable_password()


@pytest.mark.parametrize(
    ("username", "role", "field"),
    [
        ("", "owner", "username"),
        ("x" * 65, "owner", "username"),
        ("a\nb", "owner", "username"),
        ("ann", "king", "role"),
    ],
)
def test_a_wrong_name_or_role_adds_nobody(username: str, role: str, field: str) -> None:
    with pytest.raises(WotuError) as refused:
        services.add_user(username, role=role)

    assert refused.value.field == field
    assert reads.team() == ()


def test_a_name_is_one_name_whatever_its_case_and_width() -> None:
    services.add_user("Ann")

    with pytest.raises(WotuError) as refused:
        services.add_user("ＡＮＮ")

    assert refused.value.field == "username"
    assert User.objects.count() == 1
    assert OneTimeLogin.objects.count() == 1


def test_a_reset_replaces_password_and_earlier_token() -> None:
    first = services.add_user("ann")
    user = User.objects.get()
    services.change_password(user, current="", new="three quiet rivers")

    second = services.reset_user("ANN")

    user.refresh_from_db()
    assert not check_password("three quiet rivers", user.password)
    with pytest.raises(services.SignInRefused):
        services.sign_in_once(first)
    assert services.sign_in_once(second) == user


def test_resetting_somebody_unknown_is_refused() -> None:
    with pytest.raises(WotuError) as refused:
        services.reset_user("nobody")

    assert refused.value.field == "username"
    assert OneTimeLogin.objects.count() == 0


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", "four loud mountains", "current"),
        ("three quiet rivers", "short", "new"),
        ("three quiet rivers", "password12", "new"),
        ("three quiet rivers", "x" * 1025, "new"),
    ],
)
def test_a_refused_password_changes_nothing(current: str, new: str, field: str) -> None:
    services.add_user("ann")
    user = User.objects.get()
    services.change_password(user, current="", new="three quiet rivers")
    before = User.objects.get().password

    with pytest.raises(WotuError) as refused:
        services.change_password(user, current=current, new=new)

    assert refused.value.field == field
    assert User.objects.get().password == before
    assert before.startswith("argon2")


def test_only_what_is_listed_is_allowed() -> None:
    assert [role for role in ("owner", "marketer", "analyst", "viewer") if may(role, Action.EXPORT)] == [
        "owner",
        "marketer",
        "analyst",
    ]
    assert not may("viewer", Action.MANAGE_TEAM)
    assert not may("unheard of", Action.READ)
    assert not may(None, Action.READ)


@pytest.mark.parametrize(("choose", "value"), [("choose_language", "xx"), ("choose_theme", "neon")])
def test_an_unknown_preference_is_refused(choose: str, value: str) -> None:
    services.add_user("ann")
    user = User.objects.get()

    with pytest.raises(WotuError):
        getattr(services, choose)(user, value)

    user.refresh_from_db()
    assert (user.language, user.theme) == ("", "system")


def test_models_and_migrations_agree() -> None:
    output = io.StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=output)
    assert "No changes detected" in output.getvalue()
