"""What others may know about the team, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from wotu.accounts.models import User


@dataclass(frozen=True)
class Member:
    """One person of the team."""

    username: str
    display_name: str
    role: str
    active: bool


def signed_in(user: object) -> User | None:
    """The person behind a request's ``user``; ``None`` when nobody is signed in."""
    return user if isinstance(user, User) else None


def team() -> tuple[Member, ...]:
    """Everybody, in order of name."""
    rows = User.objects.order_by("username").values_list("username", "display_name", "role", "is_active")
    return tuple(Member(*row) for row in rows)


def has_users() -> bool:
    """Whether anybody can sign in at all."""
    return User.objects.filter(is_active=True).exists()
