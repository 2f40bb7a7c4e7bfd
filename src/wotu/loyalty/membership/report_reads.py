"""What benefits were used and cost in a time, and whether members came back more often than others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
from django.conf import settings
from django.db.models import F

from wotu.core.errors import invalid_argument
from wotu.core.periods import from_micros, midnight
from wotu.loyalty.choices import CouponState, OrderState
from wotu.loyalty.membership.models import Membership, Plan
from wotu.loyalty.membership.plan_services import plan_of
from wotu.loyalty.models import Coupon, Order
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.pricing.allocation import cumulative

PRICE, SHIPPING = "plan:price", "plan:shipping"
_LONGEST_DAYS = 366


@dataclass(frozen=True)
class CameBack:
    """Of ``of`` buyers of the time before, ``again`` bought in this one; no ``share`` where there were none."""

    again: int
    of: int

    @property
    def share(self) -> float | None:
        return self.again / self.of if self.of else None


@dataclass(frozen=True)
class BenefitReport:
    """From ``first_day`` to ``last_day``, both included; costs are minor units of ``currency``, without what came back.

    ``users`` of ``members`` bought at the member's price, without shipping, or with a coupon of the plan. Orders of
    members have the best price of all their plans: whose it was is not told apart. ``members_came_back`` beside
    ``others_came_back`` compares who bought in as many days before. It does not say that the plan made them come:
    who buys much joins.
    """

    plan: str
    currency: str
    first_day: date
    last_day: date
    members: int
    users: int
    price_cost: int
    shipping_cost: int
    coupons_issued: int
    coupons_used: int
    coupon_cost: int
    members_came_back: CameBack
    others_came_back: CameBack

    @property
    def cost(self) -> int:
        return self.price_cost + self.shipping_cost + self.coupon_cost

    @property
    def used_share(self) -> float | None:
        return self.users / self.members if self.members else None


def benefit_report(plan: str, *, first_day: date, last_day: date) -> BenefitReport:
    """The report of a plan over some days of the workspace, a year at most."""
    if not 0 <= (last_day - first_day).days < _LONGEST_DAYS:
        raise invalid_argument("last_day", f"last_day must be first_day or later, {_LONGEST_DAYS} days at most.")
    row = plan_of(plan)
    since, until = _start(first_day), _start(last_day + timedelta(days=1))
    terms = Membership.objects.filter(plan=row, customer__gte=0, after__gt=F("first"))
    running = terms.filter(first__lte=last_day, after__gt=first_day)
    members = set(running.values_list("customer", flat=True))
    costs, users = _used(row, members, since, until)
    coupons, with_coupon = _coupons(row, since, until)
    at_start = set(terms.filter(first__lte=first_day, after__gt=first_day).values_list("customer", flat=True))
    theirs, others = _came_back(at_start, row.currency, since, until)
    return BenefitReport(
        row.code, row.currency, first_day, last_day, len(members), len((users | with_coupon) & members), costs[PRICE],
        costs[SHIPPING], *coupons, theirs, others,
    )  # fmt: skip


def _used(plan: Plan, members: set[int], since: datetime, until: datetime) -> tuple[Counter[str], set[int]]:
    """What rules of plans took off orders of members, and who had any of it."""
    costs, users = Counter[str](), set[int]()
    paid = Order.objects.filter(
        state=OrderState.PAID, currency=plan.currency, paid_at__gte=since, paid_at__lt=until,
        customer__in=Membership.objects.filter(plan=plan).values("customer"),
    )  # fmt: skip
    for order in paid.prefetch_related("returns").order_by("pk").iterator(chunk_size=500):
        if order.customer in members:
            refunds = [msgspec.convert(each.refund, Refund) for each in order.returns.all()]
            mine = _kept(msgspec.convert(order.quote, Quote), refunds)
            costs.update(mine)
            if any(mine.values()):
                users.add(order.customer)
    return costs, users


def _kept(priced: Quote, refunds: Iterable[Refund]) -> Counter[str]:
    back, costs = Counter[str](), Counter[str]()
    for each in refunds:
        back.update({part.line_id: part.quantity for part in each.lines})
    for line in priced.lines:
        for taken in line.discounts:
            if taken.rule_id == PRICE:
                costs[PRICE] += taken.amount - cumulative(taken.amount, back[line.line_id], line.quantity)
    if any(back[line.line_id] < line.quantity for line in priced.lines):
        costs[SHIPPING] = sum(use.shipping for use in priced.used if use.rule_id == SHIPPING)
    return costs


def _coupons(plan: Plan, since: datetime, until: datetime) -> tuple[tuple[int, int, int], set[int]]:
    """Coupons that the plan's terms brought and that were issued or used in the time; redeemed ones and their cost."""
    terms = set(Membership.objects.filter(plan=plan, customer__gte=0).values_list("pk", flat=True))
    issued, used, cost, users = 0, 0, 0, set[int]()
    rows = Coupon.objects.filter(key__startswith="membership:", changed_at__gte=since, changed_at__lt=until)
    for key, state, customer, spent in rows.values_list("key", "state", "customer", "cost").iterator():
        if int((key or "").split(":")[1]) in terms:
            issued += 1
            if state == CouponState.REDEEMED and customer is not None:
                used, cost = used + 1, cost + (spent or 0)
                users.add(customer)
    return (issued, used, cost), users


def _came_back(members: set[int], currency: str, since: datetime, until: datetime) -> tuple[CameBack, CameBack]:
    paid = Order.objects.filter(state=OrderState.PAID, currency=currency, customer__gte=0, pieces__gt=0)
    before = paid.filter(paid_at__gte=since - (until - since), paid_at__lt=since)
    buyers = set(before.values_list("customer", flat=True))
    again = buyers & set(paid.filter(paid_at__gte=since, paid_at__lt=until).values_list("customer", flat=True))
    return (
        CameBack(len(again & members), len(buyers & members)), CameBack(len(again - members), len(buyers - members)),
    )  # fmt: skip


def _start(day: date) -> datetime:
    zone = settings.WOTU_SETTINGS.zone
    return from_micros(midnight(day, zone), zone)
