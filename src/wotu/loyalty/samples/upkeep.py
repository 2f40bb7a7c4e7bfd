"""Those who got a sample are asked about it, once, when its day has come; not those who have bought the product."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from wotu.loyalty import member_news
from wotu.loyalty.choices import Reminder, SampleState
from wotu.loyalty.membership.reads import today
from wotu.loyalty.samples import purchases
from wotu.loyalty.samples.models import SampleOffer, SampleRequest

REMINDER = "Sample Reminder Due"
_AT_ONCE = 500


def remind(now: datetime) -> int:
    """Tell of each sample whose day has come; how many were told.

    The row is marked with the message that tells it, so it is told once.
    """
    told = 0
    for offer in SampleOffer.objects.order_by("pk"):
        due = SampleRequest.objects.filter(
            offer=offer, state=SampleState.GIVEN, reminder=Reminder.DUE, customer__gte=0,
            given_at__lte=now - timedelta(days=offer.remind_after),
        ).order_by("pk")  # fmt: skip
        while some := list(due[:_AT_ONCE]):
            told += sum(_remind(offer, some, now))
    return told


def _remind(offer: SampleOffer, rows: list[SampleRequest], now: datetime) -> list[bool]:
    since = min(row.given_at for row in rows if row.given_at is not None)
    bought = purchases.of(offer.product_id, {row.customer for row in rows}, since=since)
    return [_settle(offer, row, bought.get(row.customer, []), now) for row in rows]


def _settle(offer: SampleOffer, row: SampleRequest, bought: list[datetime], now: datetime) -> bool:
    assert row.given_at is not None, "only samples that were given are asked about"
    given = row.given_at
    wanted = not any(each > given for each in bought)
    state = {"reminder": Reminder.SENT, "reminded_at": now} if wanted else {"reminder": Reminder.BOUGHT}
    with transaction.atomic():
        # Merged or erased meanwhile, it is looked at again, or never.
        mine = SampleRequest.objects.filter(pk=row.pk, customer=row.customer, reminder=Reminder.DUE)
        if not mine.update(**state):
            return False
        if wanted:
            member_news.tell(
                REMINDER, row.customer, key=f"sample-reminder:{row.pk}", at=now, name=offer.name,
                product_id=offer.product_id, given_on=today(given).isoformat(),
            )  # fmt: skip
    return wanted
