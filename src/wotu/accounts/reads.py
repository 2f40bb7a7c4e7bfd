"""What others may know about the team and its keys, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from wotu.accounts.models import Key, User


@dataclass(frozen=True)
class Member:
    """One person of the team."""

    username: str
    display_name: str
    role: str
    active: bool
    last_login: datetime | None = None


@dataclass(frozen=True)
class KnownKey:
    """A key without its text. ``state`` is ``active``, ``ending`` (replaced, works until ``expires_at``),
    ``expired`` or ``revoked``; ``last_used_at`` is known of API keys."""

    id: str
    kind: str
    name: str
    namespace: str
    role: str
    messages_per_second: int | None
    created_by: str
    created_at: datetime
    rotated_from: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    state: str


def signed_in(user: object) -> User | None:
    """The person behind a request's ``user``; ``None`` when nobody is signed in."""
    return user if isinstance(user, User) else None


def team() -> tuple[Member, ...]:
    """Everybody, in order of name."""
    rows = User.objects.order_by("username").values_list("username", "display_name", "role", "is_active", "last_login")
    return tuple(Member(*row) for row in rows)


def has_users() -> bool:
    """Whether anybody can sign in at all."""
    return User.objects.filter(is_active=True).exists()


def known_keys() -> tuple[KnownKey, ...]:
    """Every key there ever was: those that work first, newest first."""
    now = timezone.now()
    found = [_known(key, now) for key in Key.objects.select_related("created_by").order_by("-pk")]
    return tuple(sorted(found, key=lambda key: key.state not in ("active", "ending")))


def in_force(now: datetime) -> Q:
    """Keys that work at ``now``."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def key_state(expires_at: datetime | None, revoked_at: datetime | None, now: datetime) -> str:
    """How a key stands at ``now``; see ``KnownKey``."""
    if revoked_at is not None:
        return "revoked"
    if expires_at is None:
        return "active"
    return "ending" if expires_at > now else "expired"


def _known(key: Key, now: datetime) -> KnownKey:
    return KnownKey(
        id=f"k{key.pk}", kind=key.kind, name=key.name, namespace=key.namespace, role=key.role,
        messages_per_second=key.messages_per_second,
        created_by=key.created_by.username if key.created_by else "",
        created_at=key.created_at,
        rotated_from=f"k{key.rotated_from_id}" if key.rotated_from_id else None,
        expires_at=key.expires_at, revoked_at=key.revoked_at, last_used_at=key.last_used_at,
        state=key_state(key.expires_at, key.revoked_at, now),
    )  # fmt: skip
