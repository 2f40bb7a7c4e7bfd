"""What falls due by itself: notices before a membership renews, and the coupons of each month of a term."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef

from wotu.core.errors import WotuError
from wotu.core.money import decimal_text
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.loyalty import member_news
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.membership import reads
from wotu.loyalty.membership.benefits import Benefits
from wotu.loyalty.membership.locks import lock
from wotu.loyalty.membership.models import Membership, Plan, RenewalNotice
from wotu.loyalty.membership.terms import month_of

RENEWAL = "Membership Renewal Due"
_LONGEST_NOTICE = 60
_AT_ONCE = 500


def notify_renewals(now: datetime) -> int:
    """Tell each customer whose membership renews soon, once for each renewal; how many were told.

    The notice is written with the message that tells it, so whoever asks for the proof finds both or neither.
    """
    day = reads.today(now)
    following = Membership.objects.filter(customer=OuterRef("customer"), plan=OuterRef("plan"))
    soon = Membership.objects.filter(
        ~Exists(RenewalNotice.objects.filter(membership=OuterRef("pk"), renews_on=OuterRef("after"))),
        ~Exists(following.filter(after__gt=OuterRef("after"))), renews=True, customer__gte=0, after__gt=day,
        after__lte=day + timedelta(days=_LONGEST_NOTICE), first__lt=F("after"),
    )  # fmt: skip
    rows = soon.order_by("pk").values_list("pk", "customer", "after", "plan__notice_days")
    due = [row for row in rows.iterator(chunk_size=_AT_ONCE) if row[2] - day <= timedelta(days=row[3])]
    return sum(_notify(number, customer, after, now) for number, customer, after, _days in due)


@again_after_deadlock
def issue_coupons(membership: int, now: datetime) -> int:
    """Issue the coupons of the month that a term is in, each once; how many are new.

    A coupon that cannot be issued now (its campaign rests, none is left) is tried again while its month lasts.
    """
    customer = Membership.objects.filter(pk=membership, customer__gte=0).values_list("customer", flat=True).first()
    if customer is None:
        return 0
    with transaction.atomic():
        # Whoever ends it meanwhile makes its coupons void: all of them, or none is issued any more.
        lock(customer)
        row = Membership.objects.select_related("plan").filter(pk=membership, customer=customer).first()
        return 0 if row is None else _issue(row, now)


def _issue(row: Membership, now: datetime) -> int:
    day = reads.today(now)
    if not row.first <= day < row.after:
        return 0
    month, issued = month_of(row.first, day), 0
    for each in sorted(msgspec.convert(row.plan.benefits, Benefits).coupons, key=lambda some: some.template):
        for number in range(each.count):
            key = f"membership:{row.pk}:{month}:{number}"
            try:
                made = coupon_services.issue(
                    each.template, row.customer, key=key, now=now, zone=settings.WOTU_SETTINGS.zone
                )
            except WotuError:
                break
            issued += not made.repeated
    return issued


def issue_due_coupons(now: datetime) -> int:
    """Issue the coupons of this month to everybody whose term runs; how many are new.

    A membership whose coupons fail keeps nobody else from theirs; the first failure is raised after all the others.
    """
    day, issued, failed = reads.today(now), 0, list[Exception]()
    brings = [row.pk for row in Plan.objects.order_by("pk") if row.benefits.get("coupons")]
    running = Membership.objects.filter(first__lte=day, after__gt=day, customer__gte=0, plan__in=brings).order_by("pk")
    for number in running.values_list("pk", flat=True).iterator():
        try:
            issued += issue_coupons(number, now)
        except OperationalError:
            # The database, not the membership: all of it is tried again.
            raise
        except Exception as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return issued


@again_after_deadlock
def _notify(number: int, customer: int, after: date, now: datetime) -> bool:
    """Tell of a renewal, unless the customer stopped it, or is another one, since it was looked for."""
    with transaction.atomic():
        lock(customer)
        rows = Membership.objects.select_related("plan")
        row = rows.filter(pk=number, customer=customer, renews=True, after=after).first()
        if row is None:
            return False
        _, new = RenewalNotice.objects.get_or_create(
            membership=row, renews_on=row.after, defaults={"price": row.plan.price, "at": now}
        )
        if new:
            member_news.tell(
                RENEWAL, row.customer, key=f"membership-renewal:{row.pk}:{row.after}", at=now, plan=row.plan.code,
                name=row.plan.name, renews_on=row.after.isoformat(),
                price=decimal_text(row.plan.price, row.plan.currency), currency=row.plan.currency,
            )  # fmt: skip
    return new
