"""Who may promise the prizes of a contest: points are worth money, as a budget is."""

from __future__ import annotations

from collections.abc import Iterable

from wotu.loyalty.campaigns.approval import check_may_launch
from wotu.loyalty.contests.ranks import Prize, points_in_all
from wotu.loyalty.programme.services import programme


def cost(prizes: Iterable[Prize]) -> tuple[int, str]:
    """What the points of all prizes are worth, in minor units, and the currency; coupons have budgets of their own."""
    points = points_in_all(prizes)
    if not points:
        return 0, "CNY"
    club = programme()
    return points * club.point_worth, club.currency


def check_may_promise(role: str, prizes: Iterable[Prize], *, above: str) -> None:
    """Refuse, unless ``role`` may promise as much."""
    check_may_launch(role, *cost(prizes), above=above)
