"""Who is in a plan and how it fares, for whoever looks after it: members, renewals to come, what trials led to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.loyalty.choices import MembershipSource
from wotu.loyalty.membership.models import Membership
from wotu.loyalty.membership.reads import today

SOON_DAYS = 30
_AT_ONCE = 2_000
_DIGITS = 18


class Now(StrEnum):
    """Where a term stands on a day."""

    RUNNING = "running"
    TRIAL = "trial"
    RENEWS = "renews"
    LATER = "later"
    ENDED = "ended"


_WHERE: Mapping[Now, Callable[[date], Q]] = {
    Now.RUNNING: lambda day: Q(first__lte=day, after__gt=day),
    Now.TRIAL: lambda day: Q(first__lte=day, after__gt=day, source=MembershipSource.TRIAL),
    Now.RENEWS: lambda day: Q(first__lte=day, after__gt=day, renews=True),
    Now.LATER: lambda day: Q(first__gt=day, after__gt=F("first")),
    Now.ENDED: lambda day: Q(after__lte=day) | Q(after=F("first")),
}


@dataclass(frozen=True)
class PlanFigures:
    """``renewals`` fall due within ``SOON_DAYS``, for ``renewals_amount`` in minor units, if nobody stops them.

    Of ``trials_over`` trials, ``trials_led`` were followed by a paid term; ``trials`` run.
    """

    members: int = 0
    trials: int = 0
    renewals: int = 0
    renewals_amount: int = 0
    trials_over: int = 0
    trials_led: int = 0

    @property
    def trial_share(self) -> float | None:
        return self.trials_led / self.trials_over if self.trials_over else None


@dataclass(frozen=True)
class TermRow:
    """One term of a customer, ``first_day`` to ``last_day``, both included; ``paid`` in minor units of ``currency``.

    ``last_day`` is the day before the first one where nothing of it is left.
    """

    number: int
    plan: str
    plan_name: str
    customer: int
    source: str
    first_day: date
    last_day: date
    now: Now
    renews: bool
    paid: int
    currency: str


@dataclass(frozen=True)
class TermPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[TermRow, ...]
    next: str | None


def figures(now: datetime, *, plan: str | None = None) -> dict[str, PlanFigures]:
    """The figures of every plan (or one) that somebody was ever in, by its code."""
    day = today(now)
    running, trial = _WHERE[Now.RUNNING](day), Q(source=MembershipSource.TRIAL)
    over = trial & Q(after__lte=day)
    due = running & Q(renews=True, after__lte=day + timedelta(days=SOON_DAYS), followed=False)
    same = Membership.objects.filter(plan=OuterRef("plan"), customer=OuterRef("customer"), after__gt=F("first"))
    mine = Membership.objects.filter(customer__gte=0) if plan is None else _of(plan)
    rows: Any = mine.annotate(
        led=Exists(same.filter(source=MembershipSource.ORDER, bought_on__gte=OuterRef("first"))),
        followed=Exists(same.filter(after__gt=OuterRef("after"))),
    ).values("plan__code", "plan__price").order_by()  # fmt: skip
    found = rows.annotate(
        members=Count("customer", filter=running, distinct=True), trials=Count("pk", filter=running & trial),
        renewals=Count("pk", filter=due), trials_over=Count("pk", filter=over),
        trials_led=Count("pk", filter=over & Q(led=True)),
    )  # fmt: skip
    return {
        row.pop("plan__code"): PlanFigures(renewals_amount=row["renewals"] * row.pop("plan__price"), **row)
        for row in found
    }


def terms(
    plan: str, *, now: datetime, state: str = "", customers: Collection[int] | None = None, before: str | None = None,
    limit: int = 50,
) -> TermPage:  # fmt: skip
    """Terms of a plan: those that stand so (``state``, one of ``Now``), of some ``customers``, where they are named."""
    day = today(now)
    rows = _in(_of(plan), state, day)
    if customers is not None:
        rows = rows.filter(customer__in=customers)
    if before is not None:
        if not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
            raise invalid_argument("before", f"before={before[:40]!r} is not what an earlier page gave as next.")
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.select_related("plan").order_by("-pk")[: limit + 1])
    following = str(found[limit - 1].pk) if len(found) > limit else None
    return TermPage(tuple(_row(each, day) for each in found[:limit]), following)


def every_term(plan: str, *, now: datetime, state: str = "") -> Iterator[TermRow]:
    """All terms of a plan, newest first, read a part at a time."""
    before: str | None = None
    while True:
        page = terms(plan, now=now, state=state, before=before, limit=_AT_ONCE)
        yield from page.rows
        if page.next is None:
            return
        before = page.next


def count(plan: str, *, now: datetime, state: str = "") -> int:
    """How many terms ``every_term`` gives."""
    return _in(_of(plan), state, today(now)).count()


def term(number: int, *, now: datetime) -> TermRow:
    """One term; raises ``not_found``."""
    row = Membership.objects.select_related("plan").filter(pk=number, customer__gte=0).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such membership.", field="membership")
    return _row(row, today(now))


def _of(plan: str) -> QuerySet[Membership]:
    return Membership.objects.filter(plan__code=plan, customer__gte=0)


def _in(rows: QuerySet[Membership], state: str, day: date) -> QuerySet[Membership]:
    if not state:
        return rows
    return rows.filter(_WHERE[Now(state)](day) if state in set(Now) else Q(pk=None))


def _row(row: Membership, day: date) -> TermRow:
    now = Now.ENDED if row.after <= max(day, row.first) else Now.LATER if row.first > day else Now.RUNNING
    if now is Now.RUNNING:
        now = Now.TRIAL if row.source == MembershipSource.TRIAL else Now.RENEWS if row.renews else now
    return TermRow(
        row.pk, row.plan.code, row.plan.name, row.customer, row.source, row.first, row.after - timedelta(days=1), now,
        row.renews, row.paid, row.plan.currency,
    )  # fmt: skip
