"""Who is a member on which day, a slow way: one day after another, from a pile of days that were paid for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta


def member_days(purchases: Sequence[tuple[date, int, date | None]], until: date) -> list[set[date]]:
    """Of purchases of (bought on, days, given back on), in the order they were bought, the days each was used."""
    used: list[set[date]] = [set() for _ in purchases]
    left = [days for _, days, _ in purchases]
    day = min(bought for bought, _, _ in purchases)
    while day < until:
        for number, (bought, _, back) in enumerate(purchases):
            if bought <= day and left[number] and (back is None or day < back):
                used[number].add(day)
                left[number] -= 1
                break
        day += timedelta(days=1)
    return used


def fair_share(paid: int, days: int, given: Sequence[int]) -> list[int]:
    """What is given back for days of a price that is written down day by day, each the same but for the remainder."""
    price_of_day = [paid * (day + 1) // days - paid * day // days for day in range(days)]
    shares, start = [], 0
    for some in given:
        shares.append(sum(price_of_day[start : start + some]))
        start += some
    return shares
