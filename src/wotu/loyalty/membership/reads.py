"""Who is a member of what, and what that brings on a day, as plain data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.membership.benefits import Benefits, better_of
from wotu.loyalty.membership.models import Membership, PartnerCode, PartnerPool, Plan, RenewalNotice

_LONGEST_GRACE = 90


@dataclass(frozen=True)
class PlanRow:
    """A plan and how many are members of it today."""

    code: str
    name: str
    product_id: str
    price: int
    currency: str
    months: int
    days: int
    trial_days: int
    grace_days: int
    renews: bool
    notice_days: int
    benefits: Benefits
    offered: bool
    created_at: datetime
    members: int


@dataclass(frozen=True)
class OwnPlan:
    """A customer's membership of a plan: a member up to ``last_day``, in grace after it.

    ``noticed_at`` is when the customer was told that it renews on ``renews_on``.
    """

    membership: int
    code: str
    name: str
    first_day: date
    last_day: date
    in_grace: bool
    trial: bool
    renews: bool
    renews_on: date | None
    price: int
    currency: str
    benefits: Benefits
    noticed_at: datetime | None


@dataclass(frozen=True)
class PoolRow:
    """Codes of a partner; ``low`` when fewer are left than the team wanted to hear of."""

    number: int
    plan: str
    name: str
    period: str
    left: int
    taken: int
    low_at: int

    @property
    def low(self) -> bool:
        return self.left < self.low_at


@dataclass(frozen=True)
class OwnPool:
    """A pool that a member may take a code of; ``code`` is the one they have in this period."""

    number: int
    name: str
    code: str


def today(now: datetime) -> date:
    """The workspace's day of an instant: memberships begin and end with it."""
    return now.astimezone(settings.WOTU_SETTINGS.zone).date()


def period_of(kind: str, day: date) -> str:
    """The period of a pool that ``day`` is in."""
    return f"{day:%Y-%m}" if kind == "month" else kind


def plans(now: datetime) -> tuple[PlanRow, ...]:
    """All plans, those that are offered first."""
    day = today(now)
    running = Q(memberships__first__lte=day, memberships__after__gt=day, memberships__customer__gte=0)
    rows = Plan.objects.annotate(members=Count("memberships__customer", filter=running, distinct=True))
    return tuple(
        PlanRow(
            row.code, row.name, row.product_id, row.price, row.currency, row.months, row.days, row.trial_days,
            row.grace_days, row.renews, row.notice_days, msgspec.convert(row.benefits, Benefits), row.offered,
            row.created_at, row.members,
        )
        for row in rows.order_by("-offered", "code")
    )  # fmt: skip


def plans_of(customer: int, now: datetime) -> tuple[OwnPlan, ...]:
    """The plans that bring the customer something today, each until the end of all its terms that follow."""
    day, found = today(now), []
    rows = _on(day).filter(customer=customer).select_related("plan").order_by("plan", "first", "pk")
    now_in = {row.plan_id: row for row in rows if _brings(row, day)}
    terms = Membership.objects.filter(customer=customer, plan__in=now_in, after__gt=F("first"))
    last = {row.plan_id: row for row in terms.order_by("after", "pk")}
    told = dict(RenewalNotice.objects.filter(membership__in=last.values(), renews_on=F("membership__after"))
                .values_list("membership", "at"))  # fmt: skip
    for row in now_in.values():
        end, plan = last[row.plan_id], row.plan
        found.append(OwnPlan(
            row.pk, plan.code, plan.name, row.first, end.after - timedelta(days=1), day >= end.after,
            row.source == "trial", end.renews, end.after if end.renews and day < end.after else None, plan.price,
            plan.currency, msgspec.convert(plan.benefits, Benefits), told.get(end.pk),
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda each: (each.last_day, each.code)))


def membership_of(customer: int, plan: str, now: datetime) -> int:
    """The number of the term of a plan that a customer is in; raises ``not_found``."""
    day = today(now)
    mine = Membership.objects.filter(customer=customer, plan__code=plan, first__lte=day, after__gt=day)
    number = mine.order_by("pk").values_list("pk", flat=True).first()
    if number is None:
        raise WotuError(ErrorCode.NOT_FOUND, "The customer is not a member of this plan.", field="plan")
    return number


def benefits_of(customer: int, day: date) -> Benefits:
    """What all plans of a customer bring on ``day``: of each benefit the better."""
    rows = [row for row in _on(day).filter(customer=customer).select_related("plan") if _brings(row, day)]
    return better_of(msgspec.convert(row.plan.benefits, Benefits) for row in rows)


def members_among(customers: Collection[int]) -> set[int]:
    """Those of ``customers`` who ever had a membership."""
    return set(Membership.objects.filter(customer__in=customers).values_list("customer", flat=True))


def products() -> dict[str, str]:
    """Product ids that are plans, with the codes of those."""
    return dict(Plan.objects.values_list("product_id", "code"))


def pools() -> tuple[PoolRow, ...]:
    """Pools of partners' codes, those that run low first."""
    rows = PartnerPool.objects.select_related("plan").annotate(
        all_codes=Count("codes"), taken=Count("codes", filter=Q(codes__taken_at__isnull=False))
    )
    found = (
        PoolRow(row.pk, row.plan.code, row.name, row.period, row.all_codes - row.taken, row.taken, row.low_at)
        for row in rows.order_by("pk")
    )
    return tuple(sorted(found, key=lambda each: (not each.low, each.number)))


def pools_of(customer: int, now: datetime) -> tuple[OwnPool, ...]:
    """The partners whose codes the customer may have today, with the code they have."""
    day = today(now)
    mine = {row.plan_id for row in _on(day).filter(customer=customer) if row.after > day}
    codes = PartnerCode.objects.filter(customer=customer, pool__plan__in=mine)
    had = {(row.pool_id, row.period): row.code for row in codes}
    return tuple(
        OwnPool(row.pk, row.name, had.get((row.pk, period_of(row.period, day)), ""))
        for row in PartnerPool.objects.filter(plan__in=mine).order_by("pk")
    )


def _on(day: date) -> QuerySet[Membership]:
    """Terms that run on ``day``, or ended so lately that their grace may."""
    return Membership.objects.filter(first__lte=day, after__gt=day - timedelta(days=_LONGEST_GRACE))


def _brings(row: Membership, day: date) -> bool:
    """Whether a term brings its benefits on ``day``; one that was given back has no grace."""
    grace = 0 if row.cuts or row.source == "trial" else row.plan.grace_days
    return row.first < row.after and day < row.after + timedelta(days=grace)
