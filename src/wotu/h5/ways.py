"""Other pages that a customer can go to from their own: each is there only while there is something on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext

from wotu.loyalty.contests import reads as contests
from wotu.loyalty.lottery import own_reads as lotteries
from wotu.loyalty.lottery import words
from wotu.loyalty.membership.reads import today
from wotu.loyalty.receipts import reads as receipts

_MOST = 5


@dataclass(frozen=True)
class Way:
    """Where to, and how it is called."""

    address: str
    name: str


def of_member(token: str, customer: int, now: datetime) -> list[Way]:
    """The pages that have something for the customer now."""
    return list(_ways(token, customer, now))


def _ways(token: str, customer: int, now: datetime) -> Iterator[Way]:
    if receipts.open_offers(now, today(now)) or receipts.receipts_of(customer):
        yield Way(reverse("h5:receipts", args=[token]), gettext("Cash back for receipts"))
    for each in lotteries.open_to(customer, now):
        yield Way(reverse("h5:lottery", args=[token, each.code]), words.name(each.name_zh, each.name_en))
    for row in contests.contests_of(customer, now)[:_MOST]:
        yield Way(reverse("h5:contest", args=[token, row.number]), row.name)
