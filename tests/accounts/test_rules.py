"""What each role may do: the whole table, word for word."""

from __future__ import annotations

import pytest

from wotu.accounts.choices import Role
from wotu.accounts.rules import Action, may

#                       owner marketer analyst viewer
TABLE = {
    "read":             (True, True, True, True),
    "ask":              (True, True, True, False),
    "export":           (True, True, True, False),
    "save":             (True, True, True, False),
    "see_identifiers":  (True, True, False, False),
    "edit_facts":       (True, True, False, False),
    "merge_customers":  (True, True, False, False),
    "retry_quarantine": (True, True, False, False),
    "adjust_balance":   (True, True, False, False),
    "run_campaigns":    (True, True, False, False),
    "approve_budgets":  (True, False, False, False),
    "checkout":         (True, True, False, False),
    "erase":            (True, False, False, False),
    "change_settings":  (True, False, False, False),
    "manage_keys":      (True, False, False, False),
    "manage_team":      (True, False, False, False),
}  # fmt: skip


def test_the_table_is_whole() -> None:
    assert set(TABLE) == {action.value for action in Action}
    assert Role.values == ["owner", "marketer", "analyst", "viewer"]


@pytest.mark.parametrize("action", Action)
def test_each_role_may_what_the_table_says(action: Action) -> None:
    assert tuple(may(role, action) for role in Role.values) == TABLE[action.value]


@pytest.mark.parametrize("role", [None, "", "king", "OWNER"])
@pytest.mark.parametrize("action", Action)
def test_an_unknown_role_may_nothing(role: str | None, action: Action) -> None:
    assert not may(role, action)
