"""What each role may do. Whatever is not listed is refused."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Something a page or an address of the API lets some people do."""

    READ = "read"
    ASK = "ask"
    EXPORT = "export"
    SAVE = "save"
    SEE_IDENTIFIERS = "see_identifiers"
    EDIT_FACTS = "edit_facts"
    MERGE_CUSTOMERS = "merge_customers"
    RETRY_QUARANTINE = "retry_quarantine"
    ADJUST_BALANCE = "adjust_balance"
    ERASE = "erase"
    RUN_CAMPAIGNS = "run_campaigns"
    APPROVE_BUDGETS = "approve_budgets"
    CHECKOUT = "checkout"
    CHANGE_SETTINGS = "change_settings"
    MANAGE_KEYS = "manage_keys"
    MANAGE_TEAM = "manage_team"


_VIEWER = frozenset({Action.READ})
_ANALYST = _VIEWER | {Action.ASK, Action.EXPORT, Action.SAVE}
_MARKETER = _ANALYST | {
    Action.SEE_IDENTIFIERS, Action.EDIT_FACTS, Action.MERGE_CUSTOMERS, Action.RETRY_QUARANTINE,
    Action.ADJUST_BALANCE,
    Action.RUN_CAMPAIGNS, Action.CHECKOUT,
}  # fmt: skip
_ALLOWED: dict[str, frozenset[Action]] = {
    "owner": frozenset(Action),
    "marketer": _MARKETER,
    "analyst": _ANALYST,
    "viewer": _VIEWER,
}


def may(role: str | None, action: Action) -> bool:
    """Whether a person or key with ``role`` may do ``action``; an unknown role may do nothing."""
    return action in _ALLOWED.get(role or "", frozenset())
