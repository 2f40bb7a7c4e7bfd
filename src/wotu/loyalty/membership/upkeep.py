"""What falls due by itself: notices before a membership renews, and the coupons of each month of a term."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import OperationalError, transaction

from wotu.core.errors import WotuError
from wotu.core.money import decimal_text
from wotu.loyalty import member_news
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.membership import reads
from wotu.loyalty.membership.benefits import Benefits
from wotu.loyalty.membership.models import Membership, RenewalNotice
from wotu.loyalty.membership.terms import month_of

RENEWAL = "Membership Renewal Due"
_LONGEST_NOTICE = 60
_AT_ONCE = 500


def notify_renewals(now: datetime) -> int:
    """Tell each customer whose membership renews soon, once for each renewal; how many were told.

    The notice is written with the message that tells it, so whoever asks for the proof finds both or neither.
    """
    day, told = reads.today(now), 0
    soon = Membership.objects.filter(renews=True, after__gt=day, after__lte=day + timedelta(days=_LONGEST_NOTICE),
                                     customer__gte=0).select_related("plan").order_by("pk")  # fmt: skip
    for row in soon.iterator(chunk_size=_AT_ONCE):
        if row.after - day > timedelta(days=row.plan.notice_days) or row.first == row.after:
            continue
        if not Membership.objects.filter(customer=row.customer, plan=row.plan_id, after__gt=row.after).exists():
            told += _notify(row, now)
    return told


def issue_coupons(membership: int, now: datetime) -> int:
    """Issue the coupons of the month that a term is in, each once; how many are new.

    A coupon that cannot be issued now (its campaign rests, none is left) is tried again while its month lasts.
    """
    row = Membership.objects.select_related("plan").filter(pk=membership, customer__gte=0).first()
    day = reads.today(now)
    if row is None or not row.first <= day < row.after:
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
    running = Membership.objects.filter(first__lte=day, after__gt=day, customer__gte=0).order_by("pk")
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


def _notify(row: Membership, now: datetime) -> bool:
    with transaction.atomic():
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
