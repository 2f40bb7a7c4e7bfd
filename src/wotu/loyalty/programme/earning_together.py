"""Many new orders earn together, each as it would alone: in order, at the level its customer had reached by then.

What is known of their customers is read once, what they earn is granted in a few statements. Rules with caps of a day
or a month are not for this: their orders are taken one by one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec

from wotu.ledger import gain_reads
from wotu.ledger.bulk_services import NewGrant, grant_each
from wotu.loyalty.models import Enrolment, Order, OrderEarning, Programme
from wotu.loyalty.pricing import Quote
from wotu.loyalty.programme import badge_services, earning_services
from wotu.loyalty.programme.earning import points_for
from wotu.loyalty.programme.services import GROWTH, POINTS, Rules, Versions, day_of, join_many, live_programmes
from wotu.loyalty.programme.tiers import Gain, Manual, TierRules, tier_at


@dataclass(frozen=True)
class PaidOrder:
    """A new order and its price, paid at that time."""

    order: Order
    priced: Quote
    at: datetime


def can_earn_together() -> bool:
    """Whether no rule of any programme has a cap of a day or a month."""
    return not any(
        rule.most_per_day is not None or rule.most_per_month is not None
        for row in live_programmes() for _, _, rules in Versions(row).all for rule in rules.earn
    )  # fmt: skip


def earn_together(paid: Sequence[PaidOrder]) -> None:
    """Grant what new orders earn in every programme, within the caller's transaction."""
    for row in live_programmes():
        mine = [each for each in paid if each.priced.cart.currency == row.currency]
        if mine:
            _earn(row, mine)


@dataclass
class _Known:
    """What is known of a customer: gains of growth value by day, and levels given by hand."""

    gains: Counter[date] = field(default_factory=Counter)
    manual: list[Manual] = field(default_factory=list)

    def level(self, rules: TierRules, day: date) -> str:
        history = (Gain(each, amount) for each, amount in self.gains.items())
        return tier_at(history, rules, day, self.manual).level


def _earn(row: Programme, paid: Sequence[PaidOrder]) -> None:
    first: dict[int, datetime] = {}
    for each in paid:
        first[each.order.customer] = min(each.at, first.get(each.order.customer, each.at))
    since = join_many(row, first)
    members = [each for each in paid if each.order.customer in since and since[each.order.customer] <= each.at]
    if not members:
        return
    versions = Versions(row)
    known = _known(row, versions, {each.order.customer: first[each.order.customer] for each in members})
    earnings: list[OrderEarning] = []
    grants: list[tuple[OrderEarning, str, NewGrant]] = []
    last: dict[int, datetime] = {}
    for each in members:
        version, rules = versions.in_force(each.at)
        if version:
            earning, given = _earned(row, each, version, rules, known[each.order.customer])
            earnings.append(earning)
            grants += [(earning, rule_id, grant) for rule_id, grant in given]
            last[each.order.customer] = max(each.at, last.get(each.order.customer, each.at))
    for (earning, rule_id, grant), transfer in zip(grants, grant_each([each for *_, each in grants]), strict=True):
        unit = GROWTH if grant.unit == row.growth_unit else POINTS
        earning.earned[rule_id] = {"unit": unit, "points": grant.amount, "transfer": transfer}
    OrderEarning.objects.bulk_create(earnings, batch_size=500)
    badge_services.settle_many(row, last)


def _earned(
    row: Programme, paid: PaidOrder, version: int, rules: Rules, known: _Known
) -> tuple[OrderEarning, list[tuple[str, NewGrant]]]:
    """What an order earns, noted as a gain of its customer where it is growth value."""
    order, day = paid.order, day_of(row, paid.at)
    tier = known.level(rules.tiers, day)
    grants = []
    for each in points_for(earning_services.deed(paid.priced, (), day=day, tier=tier), rules.earn):
        cause = earning_services.cause_of_earning(row, version, order, each.rule_id)
        grants.append((each.rule_id, earning_services.new_grant(row, order.customer, each, cause, paid.at)))
        if each.unit == GROWTH:
            known.gains[day] += each.points
    return OrderEarning(programme=row, order=order, version=version, day=day, tier=tier, rooms={}, earned={}), grants


def _known(row: Programme, versions: Versions, first: Mapping[int, datetime]) -> Mapping[int, _Known]:
    """Customers under the lock of their membership, which everything that earns takes first.

    ``first`` is when each earns first. Where levels are for good, what was gained before any of it is one sum: whatever
    the days, the level of the sum was reached.
    """
    known: defaultdict[int, _Known] = defaultdict(_Known)
    customers = list(first)
    mine = Enrolment.objects.select_for_update().filter(customer__in=customers).order_by("pk")
    for customer, programme, manual in mine.values_list("customer", "programme", "manual"):
        if programme == row.pk:
            known[customer].manual = msgspec.convert(manual or [], list[Manual])
    if not any(rules.tiers.levels for _, _, rules in versions.all):
        return known
    since = None
    if all(rules.tiers.window_months is rules.tiers.months is None for _, _, rules in versions.all):
        since = min(first.values())
        for customer, amount in gain_reads.gained(customers, row.growth_unit, before=since).items():
            known[customer].gains[day_of(row, since)] += amount
    for customer, at, amount in gain_reads.gains_of_many(customers, row.growth_unit, since=since):
        known[customer].gains[day_of(row, at)] += amount
    return known
