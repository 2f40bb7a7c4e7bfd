"""Which level a customer has: reckoned anew from what was gained on which day, so nothing can go out of step.

A level is reached on the day when the balance is at or above its threshold. The balance is all that was gained, or
that of the last ``window_months``. A level holds for ``months`` from the day it was reached; on its last day it is
renewed when the balance still reaches it. Otherwise ``grace_days`` follow, in which reaching it renews it; after them
the customer falls one step, or to the level of the balance.

A refund is a gain below zero on the day of what it takes back, so an order given back leaves no level behind.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal, NamedTuple

import msgspec

from wotu.core.errors import Reason, invalid_argument

_DAY = timedelta(days=1)
NONE = -1
"""The number of having no level."""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """A name and the balance it takes."""

    key: str
    at: int


class TierRules(msgspec.Struct, frozen=True, kw_only=True):
    """Levels from the lowest to the highest. ``months`` ``None``: a level is for good."""

    levels: tuple[Level, ...]
    window_months: int | None = None
    months: int | None = None
    on_end: Literal["one_step", "by_balance"] = "by_balance"
    grace_days: int = 0

    def __post_init__(self) -> None:
        at = [level.at for level in self.levels]
        if at != sorted(set(at)) or len({level.key for level in self.levels}) < len(at):
            raise invalid_argument("levels", f"levels={at} must rise, each with a key of its own.", Reason.NOT_RISING)
        for field, least, most in (("window_months", 1, 1_200), ("months", 1, 1_200), ("grace_days", 0, 366)):
            value = getattr(self, field)
            if value is not None and not least <= value <= most:
                raise invalid_argument(field, f"{field}={value} must lie between {least} and {most}.",
                                       Reason.OUT_OF_RANGE, least=least, most=most)  # fmt: skip

    def reached(self, balance: int) -> int:
        """The number of the highest level whose threshold ``balance`` reaches."""
        return bisect_right([level.at for level in self.levels], balance) - 1


class Gain(NamedTuple):
    """Growth value or spend of a day of the programme; below zero for what came back."""

    day: date
    amount: int


class Manual(msgspec.Struct, frozen=True, kw_only=True):
    """A level given by hand, both days included; it wins over a lower one that was reached, never over a higher."""

    level: str
    first_day: date
    last_day: date | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's level (empty: none) on a day, since when and until which day, and what the next one takes."""

    level: str
    since: date | None
    last_day: date | None
    in_grace: bool
    by_hand: bool
    balance: int
    next_level: str = ""
    missing: int = 0


def tier_at(history: Iterable[Gain], rules: TierRules, today: date, manual: Sequence[Manual] = ()) -> Standing:
    """The level on ``today``, of what was gained up to then; gains may come in any order."""
    walk = _Walk(history, rules, today)
    held = walk.run()
    balance = walk.balance(today)
    keys = [level.key for level in rules.levels]
    ways = [(held.level, False, held.since, held.last_day, held.in_grace(today))] + [
        (keys.index(each.level), True, each.first_day, each.last_day, False)
        for each in manual if each.level in keys and each.first_day <= today <= (each.last_day or today)
    ]  # fmt: skip
    # Of equal levels the one that was reached counts; of two by hand, the one that lasts.
    number, by_hand, since, last_day, in_grace = max(
        ways, key=lambda way: (way[0], not way[1], way[3] is None, way[3] or date.min)
    )
    above = rules.levels[number + 1] if number + 1 < len(rules.levels) else None
    return Standing(
        level=keys[number] if number > NONE else "", since=since, last_day=last_day, in_grace=in_grace,
        by_hand=by_hand, balance=balance, next_level=above.key if above else "",
        missing=max(0, above.at - balance) if above else 0,
    )  # fmt: skip


class _Held(NamedTuple):
    level: int
    since: date | None = None
    last_day: date | None = None

    def in_grace(self, today: date) -> bool:
        return self.last_day is not None and today > self.last_day


class _Walk:
    """One pass over the days on which something can change."""

    def __init__(self, history: Iterable[Gain], rules: TierRules, today: date) -> None:
        gains = sorted(gain for gain in history if gain.day <= today)
        self.days = [gain.day for gain in gains]
        self.sums = [0, *accumulate(gain.amount for gain in gains)]
        self.rules, self.today = rules, today

    def balance(self, day: date) -> int:
        """What counts on ``day``: all gains so far, or those of the last months (the same day then not included)."""
        until = self.sums[bisect_right(self.days, day)]
        if self.rules.window_months is None:
            return until
        return until - self.sums[bisect_right(self.days, months_after(day, -self.rules.window_months))]

    def run(self) -> _Held:
        held = _Held(NONE)
        for day in self._days_that_count():
            held = self._aged(held, day - _DAY)
            reached = self.rules.reached(self.balance(day))
            if reached > held.level or (reached == held.level and held.in_grace(day)):
                held = self._begun(reached, day)
        return self._aged(held, self.today)

    def _days_that_count(self) -> list[date]:
        # A day with an order and its refund alone is a day on which nothing happened.
        ends = [(day, self.sums[bisect_right(self.days, day)]) for day in sorted(set(self.days))]
        return [day for (day, total), (_, before) in zip(ends, [(None, 0), *ends], strict=False) if total != before]

    def _aged(self, held: _Held, day: date) -> _Held:
        """What became of ``held`` by the end of ``day``, when nothing was gained meanwhile."""
        while (last_day := held.last_day) is not None and last_day <= day:
            after_grace = last_day + timedelta(days=self.rules.grace_days + 1)
            if self.rules.reached(self.balance(last_day)) >= held.level:
                held = held._replace(last_day=self._last_day(last_day))
            elif after_grace <= day:
                held = self._fallen(held, after_grace)
            else:
                return held
        return held

    def _fallen(self, held: _Held, day: date) -> _Held:
        lower = held.level - 1
        if self.rules.on_end == "by_balance":
            lower = min(lower, self.rules.reached(self.balance(day - _DAY)))
        return _Held(NONE) if lower == NONE else self._begun(lower, day)

    def _begun(self, level: int, day: date) -> _Held:
        return _Held(level, day, self._last_day(day))

    def _last_day(self, day: date) -> date | None:
        return None if self.rules.months is None else months_after(day, self.rules.months)


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later, or the last one that month has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
