"""Who may launch a campaign: a large budget, or none at all, takes somebody who may approve it.

What was launched without a budget is limited by nothing but its promise, so the promise takes the same to change.
"""

from __future__ import annotations

from decimal import Decimal

from wotu.accounts.rules import Action, may
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.money import decimal_text


def needs_approval(budget: int | None, currency: str, *, above: str) -> bool:
    """Whether a budget (minor units, ``None``: without limit) is more than ``above`` whole units of its currency."""
    return budget is None or Decimal(decimal_text(budget, currency)) > Decimal(above)


def check_may_launch(role: str, budget: int | None, currency: str, *, above: str) -> None:
    """Refuse, unless ``role`` may launch a campaign of that budget."""
    if may(role, Action.APPROVE_BUDGETS) or (
        may(role, Action.RUN_CAMPAIGNS) and not needs_approval(budget, currency, above=above)
    ):
        return
    message = (
        f"The role {role} may not launch a campaign with a budget above {above} {currency} or without a budget;"
        " ask an owner to launch it."
    )
    raise WotuError(ErrorCode.FORBIDDEN, message, field="budget", given={"refusal": "needs_approval"})


def check_may_promise(role: str, *, launched: bool, budget: int | None, currency: str, above: str) -> None:
    """Refuse, unless ``role`` may change what the coupons of a campaign promise."""
    if launched and budget is None:
        check_may_launch(role, budget, currency, above=above)
