"""Memberships begin with a paid order, a gift or a trial, and end earlier with what is given back.

The shop takes the money. Whatever happens, the terms of a customer are laid out anew from all they bought, under one
lock of the customer: so nothing overlaps, and an order given back leaves the terms of those that remain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.loyalty import allowances, member_news
from wotu.loyalty.choices import CouponState, MembershipSource
from wotu.loyalty.membership import reads
from wotu.loyalty.membership.locks import lock, share
from wotu.loyalty.membership.models import Membership, PartnerCode, PartnerPool, Plan
from wotu.loyalty.membership.plan_services import plan_of
from wotu.loyalty.membership.tasks import member_coupons
from wotu.loyalty.membership.terms import Cut, Purchase, lay_out
from wotu.loyalty.models import Coupon, Order
from wotu.loyalty.pricing import Quote, Refund

MOST_PIECES = 100
RENEWAL_CHANGED = "Membership Renewal Changed"


@dataclass(frozen=True)
class Begun:
    """A membership; ``repeated`` when it had been begun for this key before."""

    membership: int
    first_day: date
    after: date
    repeated: bool = False


@dataclass(frozen=True)
class TakenCode:
    """A partner's code; ``repeated`` when the member had it already in this period."""

    code: str
    repeated: bool = False


def follow_paid(order: Order, priced: Quote, *, now: datetime) -> None:
    """Begin what a paid order has of plans, within the transaction of its payment; once for each line."""
    lines = {line.line_id: line.product_id for line in priced.cart.lines}
    wanted = {row.product_id: row for row in Plan.objects.filter(product_id__in=set(lines.values()))}
    mine = [line for line in priced.lines if lines[line.line_id] in wanted]
    if not mine:
        return
    lock(order.customer)
    plans = share(row.pk for row in wanted.values())
    for line in mine:
        plan = plans[wanted[lines[line.line_id]].pk]
        if Membership.objects.filter(order=order, line_id=line.line_id).exists():
            continue
        _add(
            plan, order.customer, key=f"order:{order.pk}:{line.line_id}", source=MembershipSource.ORDER, now=now,
            order=order, line_id=line.line_id, pieces=min(line.quantity, MOST_PIECES), paid=line.payable,
        )  # fmt: skip
        settle(order.customer, [plan.pk])
    crash_point("loyalty-membership-begun")


def follow_return(order: Order, priced: Quote, refunds: Sequence[Refund], *, now: datetime) -> None:
    """Shorten what came back of a paid order, within the transaction of the last of its returns."""
    bought = Membership.objects.filter(order=order).order_by("pk")
    if not bought.exists():
        return
    lock(order.customer)
    out = Counter({line.line_id: line.quantity for line in priced.lines})
    for each in refunds:
        out.subtract({part.line_id: part.quantity for part in each.lines})
    for row in bought.all():
        left = max(0, min(row.pieces, out[row.line_id]))
        had = row.cuts[-1]["left"] if row.cuts else row.pieces
        if left < had:
            _cut(row, left, now)


@again_after_deadlock
def give(customer: int, plan: str, *, key: str, now: datetime, pieces: int = 1) -> Begun:
    """Give a membership that nothing is paid for here, once for ``key``; it follows those the customer has."""
    _check_key(key)
    if not 1 <= pieces <= MOST_PIECES:
        raise invalid_argument("pieces", f"pieces must lie between 1 and {MOST_PIECES}.")
    with transaction.atomic():
        row = _bought(plan, customer)
        if known := _known(f"given:{key}", customer, row):
            return known
        made = _add(row, customer, key=f"given:{key}", source=MembershipSource.GIVEN, now=now, pieces=pieces)
        settle(customer, [row.pk])
    return _begun(made.pk)


@again_after_deadlock
def start_trial(customer: int, plan: str, *, now: datetime) -> Begun:
    """Begin a trial: one a person, of whatever plan, and none for who is or was a member of this one."""
    with transaction.atomic():
        row = _bought(plan, customer)
        key = f"trial:{row.pk}:{customer}"
        if known := _known(key, customer, row):
            return known
        if not row.trial_days or not row.offered:
            raise _refused("no_trial", "This plan has no trial.")
        if Membership.objects.filter(plan=row, customer=customer).exists():
            raise _refused("member_before", "The customer is or was a member of this plan.")
        if not allowances.spend(f"membership-trial:customer:{customer}", 1, customer=customer):
            raise _refused("trial_used", "The customer has had a trial; there is one a person.")
        made = _add(row, customer, key=key, source=MembershipSource.TRIAL, now=now, days=row.trial_days)
        settle(customer, [row.pk])
    return _begun(made.pk)


@again_after_deadlock
def end(membership: int, *, now: datetime) -> bool:
    """End a membership today; false when it had ended. What is due for it ``refunds.refund_due`` tells before."""
    with transaction.atomic():
        found = Membership.objects.filter(pk=membership).first()
        if found is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such membership.", field="membership")
        lock(found.customer)
        row = Membership.objects.get(pk=membership)
        if row.after <= max(row.first, reads.today(now)):
            return False
        _cut(row, 0, now)
    return True


def set_renews(customer: int, plan: str, *, renews: bool, now: datetime) -> bool:
    """Whether the customer's membership of a plan renews by itself; whether that changed anything.

    Refused with ``no_renewal`` where the plan has none. The shop, which takes the money, is told by a message.
    """
    with transaction.atomic():
        row = _bought(plan, customer)
        if renews and not row.renews:
            raise _refused("no_renewal", "This plan does not renew by itself.")
        running = Membership.objects.filter(customer=customer, plan=row, after__gt=reads.today(now))
        changed = running.exclude(source=MembershipSource.TRIAL).filter(renews=not renews).update(renews=renews)
        if changed:
            member_news.tell(
                RENEWAL_CHANGED, customer, key=f"membership-renews:{customer}:{row.pk}:{now.isoformat()}", at=now,
                plan=row.code, renews=renews,
            )  # fmt: skip
    return bool(changed)


@again_after_deadlock
def take_code(pool: int, customer: int, *, now: datetime) -> TakenCode:
    """Hand a member the next code of a partner, one in a period however often they tap."""
    with transaction.atomic():
        row = PartnerPool.objects.filter(pk=pool).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such pool of codes.", field="pool")
        lock(customer)
        day = reads.today(now)
        period = reads.period_of(row.period, day)
        known = PartnerCode.objects.filter(pool=row, customer=customer, period=period).first()
        if known is not None:
            return TakenCode(known.code, repeated=True)
        if not Membership.objects.filter(plan=row.plan_id, customer=customer, first__lte=day, after__gt=day).exists():
            raise _refused("no_member", "These codes are for members of the plan.", field="pool")
        code = _free_code(row)
        if code is None:
            raise _refused("none_left", "No code of this partner is left; add more.", field="pool")
        PartnerCode.objects.filter(pk=code.pk).update(customer=customer, period=period, taken_at=now)
        crash_point("loyalty-partner-code-taken")
    return TakenCode(code.code)


def settle(customer: int, plans: Iterable[int]) -> None:
    """Lay out the terms of a customer anew; the caller has locked them."""
    for plan in Plan.objects.filter(pk__in=list(plans)).order_by("pk"):
        rows = list(Membership.objects.filter(customer=customer, plan=plan).order_by("bought_on", "pk"))
        terms = lay_out([_purchase(row) for row in rows], grace_days=plan.grace_days)
        for row, term in zip(rows, terms, strict=True):
            if (row.first, row.after) != (term.first, term.after):
                Membership.objects.filter(pk=row.pk).update(first=term.first, after=term.after)


def _bought(code: str, customer: int) -> Plan:
    """The plan of a code, which stays as it is, with the memberships of the customer locked."""
    number = plan_of(code).pk
    lock(customer)
    return share([number])[number]


def _free_code(pool: PartnerPool) -> PartnerCode | None:
    """A code that nobody has. The second time it waits for who is about to take the last ones."""
    for skip_locked in (True, False):
        free = PartnerCode.objects.select_for_update(skip_locked=skip_locked)
        code = free.filter(pool=pool, customer=None, taken_at=None).order_by("pk").first()
        if code is not None:
            return code
    return None


def _add(plan: Plan, customer: int, *, key: str, now: datetime, **values: Any) -> Membership:
    day = reads.today(now)
    length = {"months": 0, "days": values.pop("days")} if "days" in values else {"months": plan.months,
                                                                               "days": plan.days}  # fmt: skip
    renews = plan.renews if values["source"] == MembershipSource.ORDER else _renews(plan, customer, day)
    made = Membership.objects.create(
        plan=plan, customer=customer, key=key, bought_on=day, first=day, after=day, renews=renews, created_at=now,
        **length, **values,
    )  # fmt: skip
    member_coupons.using(key=f"membership:{made.pk}").enqueue(membership=made.pk)
    return made


def _renews(plan: Plan, customer: int, day: date) -> bool:
    """Whether the last term renews that a customer has of a plan: what is given then follows it, and renews as it."""
    mine = Membership.objects.filter(plan=plan, customer=customer, after__gt=day).order_by("-after", "-pk")
    return bool(mine.values_list("renews", flat=True).first())


def _cut(row: Membership, left: int, now: datetime) -> None:
    """``left`` pieces remain from today; of a term that ends with it, coupons that were not used are void.

    One that an order holds or has used lives no longer than that: it is over when the order gives it free again.
    """
    cut = Cut(day=max(reads.today(now), row.bought_on), left=left)
    Membership.objects.filter(pk=row.pk).update(
        cuts=[*row.cuts, msgspec.to_builtins(cut)], renews=row.renews and left > 0
    )
    settle(row.customer, [row.plan_id])
    if not left:
        issued = Coupon.objects.filter(customer=row.customer, key__startswith=f"membership:{row.pk}:")
        issued.filter(state=CouponState.ISSUED).update(state=CouponState.VOIDED, changed_at=now)
        issued.filter(state=CouponState.HELD).update(ends_at=now)
        # What returns lives on for as long as it had when it was used.
        issued.filter(state=CouponState.REDEEMED).update(ends_at=F("changed_at"))


def _purchase(row: Membership) -> Purchase:
    cuts = msgspec.convert(row.cuts, tuple[Cut, ...])
    return Purchase(bought_on=row.bought_on, months=row.months, days=row.days, pieces=row.pieces, cuts=cuts)


def _known(key: str, customer: int, plan: Plan) -> Begun | None:
    row = Membership.objects.filter(key=key).first()
    if row is None:
        return None
    if row.customer != customer or row.plan_id != plan.pk:
        raise invalid_argument("key", "key names a membership of somebody else; take another key.")
    return Begun(row.pk, row.first, row.after, repeated=True)


def _begun(membership: int) -> Begun:
    row = Membership.objects.get(pk=membership)
    return Begun(row.pk, row.first, row.after)


def _check_key(key: str) -> None:
    if not 0 < len(key) <= 200 or "\x00" in key:
        raise invalid_argument("key", "key must have 1 to 200 characters.")


def _refused(word: str, sentence: str, field: str = "plan") -> WotuError:
    return WotuError(ErrorCode.LIMIT_REACHED, sentence, field=field, given={"refusal": word})
