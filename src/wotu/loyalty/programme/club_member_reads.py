"""Which level each member of the club has, for many of them at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from wotu.core.errors import invalid_argument
from wotu.ledger import gain_reads
from wotu.loyalty.models import Enrolment, Programme
from wotu.loyalty.programme.services import CLUB, day_of, in_force
from wotu.loyalty.programme.tiers import Gain, Manual, Standing, TierRules, tier_at

MOST_LOOKED_AT = 1_000
_AT_ONCE = 200
_DIGITS = 18


@dataclass(frozen=True)
class MemberRow:
    """Somebody in the club, with their level today."""

    customer: int
    joined_at: datetime
    standing: Standing


@dataclass(frozen=True)
class MemberPage:
    """Who joined last comes first; pass ``next`` as ``before`` to look on.

    A level is reckoned from everything somebody gained, so a page looks at ``MOST_LOOKED_AT`` members at most: it may
    be short, or empty, while ``next`` says that there are others to look at.
    """

    rows: tuple[MemberRow, ...]
    next: str | None


def levels(now: datetime) -> tuple[str, ...]:
    """The levels of the club by the rules in force, the lowest first; none where there is no club."""
    row = Programme.objects.filter(code=CLUB).first()
    return () if row is None else tuple(level.key for level in in_force(row, now)[1].tiers.levels)


def standings(customers: Sequence[int], *, now: datetime) -> dict[int, Standing]:
    """The standing of those of ``customers`` who are in the club, by the rules in force."""
    row = Programme.objects.filter(code=CLUB).first()
    if row is None:
        return {}
    mine = Enrolment.objects.filter(programme=row, customer__in=customers)
    return _standings(row, in_force(row, now)[1].tiers, list(mine), day_of(row, now))


def members(*, now: datetime, level: str | None = None, before: str | None = None, limit: int = 25) -> MemberPage:
    """Members of the club; of one ``level`` (empty: of none) where it is named."""
    row = Programme.objects.filter(code=CLUB).first()
    if row is None:
        return MemberPage((), None)
    tiers, day = in_force(row, now)[1].tiers, day_of(row, now)
    rows, last, found = Enrolment.objects.filter(programme=row, customer__gte=0), _place(before), list[MemberRow]()
    for _ in range(MOST_LOOKED_AT // _AT_ONCE):
        mine = list((rows if last is None else rows.filter(pk__lt=last)).order_by("-pk")[:_AT_ONCE])
        had = _standings(row, tiers, mine, day)
        for each in mine:
            standing, last = had[each.customer], each.pk
            if level is None or standing.level == level:
                found.append(MemberRow(each.customer, each.joined_at, standing))
            if len(found) == limit:
                break
        if len(found) == limit or len(mine) < _AT_ONCE:
            break
    more = last is not None and rows.filter(pk__lt=last).exists()
    return MemberPage(tuple(found), str(last) if more else None)


def _standings(row: Programme, tiers: TierRules, mine: Sequence[Enrolment], day: date) -> dict[int, Standing]:
    gained: defaultdict[int, Counter[date]] = defaultdict(Counter)
    if tiers.levels:
        for customer, at, amount in gain_reads.gains_of_many([each.customer for each in mine], row.growth_unit):
            gained[customer][day_of(row, at)] += amount
    return {
        each.customer: tier_at(
            (Gain(at, amount) for at, amount in gained[each.customer].items()), tiers, day,
            msgspec.convert(each.manual, list[Manual]),
        )
        for each in mine
    }  # fmt: skip


def _place(before: str | None) -> int | None:
    if before is None:
        return None
    if not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
        raise invalid_argument("before", f"before={before[:40]!r} is not what an earlier page gave as next.")
    return int(before)
