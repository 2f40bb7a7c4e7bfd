"""The referee of tiers: every day is lived through, one after another.

In the morning a level whose grace is over falls; gains of the day may reach a level; on the evening of its last day a
level is renewed when the balance reaches it. Rules and gains are plain: thresholds, months, (day, amount).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple


class Held(NamedTuple):
    """-1 is no level."""

    level: int
    since: date | None
    last_day: date | None


def later(day: date, months: int) -> date:
    """The same day of another month, or its last."""
    for _ in range(abs(months)):
        if months > 0:
            first = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        else:
            first = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
        day = first
    return day


def on_day(day: date, months: int) -> date:
    """``later`` that keeps the day of the month where the month has it."""
    first = later(day.replace(day=1), months)
    for number in range(day.day, 0, -1):
        try:
            return first.replace(day=number)
        except ValueError:
            continue
    raise AssertionError


def lived(
    gains: Sequence[tuple[date, int]], thresholds: Sequence[int], today: date, *, window: int | None,
    months: int | None, one_step: bool, grace: int,
) -> Held:  # fmt: skip
    """What is held on the evening of ``today``."""

    def balance(day: date) -> int:
        return sum(n for d, n in gains if d <= day and (window is None or d > on_day(day, -window)))

    def reached(day: date) -> int:
        return sum(1 for at in thresholds if balance(day) >= at) - 1

    def begin(level: int, day: date) -> Held:
        return Held(level, day, None if months is None else on_day(day, months)) if level >= 0 else Held(-1, None, None)

    held, day = Held(-1, None, None), min((d for d, _ in gains), default=today)
    while day <= today:
        if held.last_day and day == held.last_day + timedelta(days=grace + 1):
            lower = held.level - 1
            held = begin(lower if one_step else min(lower, reached(day - timedelta(days=1))), day)
        if sum(n for d, n in gains if d == day) != 0:
            again = held.last_day is not None and day > held.last_day and reached(day) == held.level
            if reached(day) > held.level or again:
                held = begin(reached(day), day)
        if held.last_day == day and reached(day) >= held.level and months:
            held = held._replace(last_day=on_day(day, months))
        day += timedelta(days=1)
    return held
