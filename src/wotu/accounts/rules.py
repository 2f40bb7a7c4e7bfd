"""What each role may do. Whatever is not listed is refused."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Something a page lets some people do."""

    READ = "read"
    EXPORT = "export"
    MANAGE_TEAM = "manage_team"


_ALLOWED: dict[str, frozenset[Action]] = {
    "owner": frozenset(Action),
    "marketer": frozenset({Action.READ, Action.EXPORT}),
    "analyst": frozenset({Action.READ, Action.EXPORT}),
    "viewer": frozenset({Action.READ}),
}


def may(role: str | None, action: Action) -> bool:
    """Whether a person with ``role`` may do ``action``; an unknown role may do nothing."""
    return action in _ALLOWED.get(role or "", frozenset())
