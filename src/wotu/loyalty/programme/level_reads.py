"""How many members have which level today, reckoned for all of them in one pass over what they gained.

Where no window of months counts, a balance never falls: a grant that was taken back counts with what is left of it, on
its own day. A level that was reached is then renewed whenever it ends, and the sum of all gains says it. Otherwise the
days are walked of those alone who gained as much in all as the lowest level takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

import msgspec

from wotu.ledger import gain_reads
from wotu.loyalty.models import Enrolment, Programme
from wotu.loyalty.programme.services import day_of, in_force, programme
from wotu.loyalty.programme.tiers import NONE, Gain, Manual, TierRules, tier_at


@dataclass(frozen=True)
class LevelCount:
    """A level (empty: none) and how many members have it."""

    level: str
    members: int


def members_by_level(code: str, now: datetime) -> tuple[LevelCount, ...]:
    """From none to the highest level of the rules in force; nothing where there are no levels."""
    row = programme(code)
    _, rules = in_force(row, now)
    if not rules.tiers.levels:
        return ()
    mine = Enrolment.objects.filter(programme=row, customer__gte=0)
    members = set(mine.values_list("customer", flat=True).iterator())
    given = dict(mine.exclude(manual=[]).values_list("customer", "manual"))
    day = day_of(row, now)
    found, seen = Counter[str](), set[int]()
    for customer, gains in _gained(row, rules.tiers, day):
        if customer in members:
            found[_level(gains, rules.tiers, day, given.get(customer))] += 1
            seen.add(customer)
    for customer in given.keys() - seen:
        found[_level((), rules.tiers, day, given[customer])] += 1
    found[""] += len(members) - found.total()
    return tuple(LevelCount(level, found[level]) for level in ("", *(each.key for each in rules.tiers.levels)))


def _level(gains: Sequence[Gain], tiers: TierRules, day: date, manual: object) -> str:
    if manual is None and _by_sum(tiers):
        number = tiers.reached(sum(gain.amount for gain in gains))
        return tiers.levels[number].key if number > NONE else ""
    return tier_at(gains, tiers, day, msgspec.convert(manual or [], list[Manual])).level


def _by_sum(tiers: TierRules) -> bool:
    """Whether the sum of all gains says the level, on whatever days they came."""
    return tiers.window_months is None


def _end_of(row: Programme, day: date) -> datetime:
    """When the programme's next day begins."""
    return datetime.combine(day + timedelta(days=1), time(row.day_starts_at), ZoneInfo(row.zone))


def _gained(row: Programme, tiers: TierRules, today: date) -> Iterator[tuple[int, list[Gain]]]:
    """What every customer who gained enough for any level gained by day."""
    # Whoever gained nothing has no level, also where the lowest takes nothing.
    lowest = max(1, tiers.levels[0].at)
    if _by_sum(tiers):
        for customer, amount in gain_reads.gained_by_all(row.growth_unit, at_least=lowest, until=_end_of(row, today)):
            yield customer, [Gain(today, amount)]
        return
    days: dict[int, date] = {}
    for customer, some in groupby(gain_reads.gains_of_all(row.growth_unit, at_least=lowest), key=itemgetter(0)):
        by_day = Counter[date]()
        for _, at, amount in some:
            # Clocks are whole quarters of an hour apart: a quarter is of one day.
            quarter = int(at.timestamp()) // 900
            day = days.get(quarter)
            if day is None:
                day = days[quarter] = day_of(row, at)
            by_day[day] += amount
        yield customer, [Gain(day, amount) for day, amount in by_day.items()]
