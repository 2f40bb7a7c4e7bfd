"""Which level a customer has in a programme, from what they gained of growth value."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import msgspec

from wotu.ledger import gain_reads
from wotu.loyalty.models import Enrolment, Programme
from wotu.loyalty.programme.services import CLUB, day_of, in_force, programme
from wotu.loyalty.programme.tiers import Gain, Manual, Standing, TierRules, tier_at


def tier_of(customer: int, *, now: datetime, code: str = CLUB) -> Standing:
    """The level of ``customer`` now, by the rules in force, and how much the next one takes."""
    row = programme(code)
    _, rules = in_force(row, now)
    return standing(row, rules.tiers, customer, day_of(row, now))


def level_of(customer: int, now: datetime) -> str:
    """The key of the customer's level in the club, empty for none."""
    if not Enrolment.objects.filter(programme__code=CLUB, customer=customer).exists():
        return ""
    return tier_of(customer, now=now).level


def standing(row: Programme, rules: TierRules, customer: int, day: date) -> Standing:
    """The level on a day of the programme by ``rules``."""
    if not rules.levels:
        return tier_at((), rules, day)
    by_day: Counter[date] = Counter()
    for at, amount in gain_reads.gains(customer, row.growth_unit):
        by_day[day_of(row, at)] += amount
    given = Enrolment.objects.filter(programme=row, customer=customer).values_list("manual", flat=True).first()
    manual = msgspec.convert(given or [], list[Manual])
    return tier_at((Gain(each, amount) for each, amount in by_day.items()), rules, day, manual)
