"""Members are told before their points end, once for each end; the row that says so is the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from wotu.core.crash_points import crash_point
from wotu.core.periods import to_micros
from wotu.ledger import expiry_reads
from wotu.ledger.expiry_reads import Ending
from wotu.loyalty import member_news
from wotu.loyalty.models import ExpiryNotice, Programme
from wotu.loyalty.validity import last_day_of

EXPIRING = "Points Expiring"
_AT_ONCE = 200


def notify_expiring(now: datetime) -> int:
    """Tell every member whose points end within the days their programme names; how many were told.

    A programme that rests tells as well: what was earned in it ends all the same. Notice and message are written
    together, so whoever asks for the proof finds both or neither.
    """
    told = 0
    for row in Programme.objects.filter(notice_days__gt=0).order_by("code"):
        until = now + timedelta(days=row.notice_days)
        # Read to the end first: SQLite lets nobody write who still reads what others have changed since.
        found = list(expiry_reads.ending(row.points_unit, after=now, until=until))
        for start in range(0, len(found), _AT_ONCE):
            told += _tell(row, found[start : start + _AT_ONCE], now)
    return told


def _tell(row: Programme, some: Sequence[Ending], now: datetime) -> int:
    with transaction.atomic():
        new = list(_untold(row, some))
        ExpiryNotice.objects.bulk_create(
            ExpiryNotice(programme=row, customer=each.customer, expires_at=each.at, points=each.amount, at=now)
            for each in new
        )
        for each in new:
            last = last_day_of(to_micros(each.at), ZoneInfo(row.zone))
            member_news.tell(
                EXPIRING, each.customer, key=f"points-expiring:{row.pk}:{each.customer}:{to_micros(each.at)}", at=now,
                programme=row.code, points=each.amount, last_day=str(last),
            )  # fmt: skip
        crash_point("loyalty-expiry-told")
    return len(new)


def _untold(row: Programme, some: Sequence[Ending]) -> Iterator[Ending]:
    known = set(
        ExpiryNotice.objects.filter(
            programme=row, customer__in={each.customer for each in some}, expires_at__gte=min(each.at for each in some)
        ).values_list("customer", "expires_at")
    )
    return (each for each in some if (each.customer, each.at) not in known)
