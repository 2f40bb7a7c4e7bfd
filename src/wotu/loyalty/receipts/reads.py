"""Offers and receipts as plain data: what waits for review, what looks like another one, and what came of an offer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import CampaignState, ReceiptState
from wotu.loyalty.receipts.models import Receipt, ReceiptOffer, ReceiptPhoto
from wotu.loyalty.receipts.rules import CashBack, Window

_DIGITS = 18
MOST_OWN = 50


@dataclass(frozen=True)
class Offer:
    """What an offer promises, and whether its campaign runs; amounts are minor units."""

    number: int
    campaign: str
    campaign_name: str
    currency: str
    name: str
    paid_in: str
    terms: CashBack
    window: Window
    most_per_customer: int | None
    shops: tuple[str, ...]
    running: bool


@dataclass(frozen=True)
class OfferRow(Offer):
    """An offer and what came of it: receipts by state, and what those approved have brought, in minor units."""

    waiting: int
    approved: int
    refused: int
    reversed: int
    cash: int


@dataclass(frozen=True)
class ReceiptRow:
    """A receipt. ``customer`` is a customer's number, negative where nobody's any more.

    ``same_receipt`` counts others of the same day and number, whatever shop was typed, ``same_photo`` others with the
    very same file.
    """

    number: int
    offer: int
    offer_name: str
    campaign: str
    currency: str
    paid_in: str
    customer: int
    shop: str
    day: date
    receipt_number: str
    amount: int
    state: str
    cash: int
    paid: int
    reason: str
    decided_by: str
    sent_at: datetime
    decided_at: datetime | None
    has_photo: bool
    same_receipt: int
    same_photo: int


@dataclass(frozen=True)
class ReceiptPage:
    """Those that wait are oldest first, others newest first; ``next`` is the place of the following page."""

    rows: tuple[ReceiptRow, ...]
    next: str | None


@dataclass(frozen=True)
class Photo:
    """A photo of a receipt, of a media type that was read off its bytes."""

    kind: str
    content: bytes


def terms_of(row: ReceiptOffer) -> CashBack:
    """What the offer pays."""
    return CashBack(rate=row.rate, fixed=row.fixed, least=row.least, most_per_receipt=row.most_per_receipt)


def window_of(row: ReceiptOffer) -> Window:
    """On which days it does."""
    return Window(first_day=row.first_day, last_day=row.last_day, claim_days=row.claim_days)


def offers(now: datetime) -> tuple[OfferRow, ...]:
    """All offers, the newest first."""
    return tuple(_counted_offer(row, now) for row in _counted().order_by("-pk"))


def offer_row(number: int, now: datetime) -> OfferRow:
    """One offer with what came of it; raises ``not_found``."""
    row = _counted().filter(pk=number).first()
    if row is None:
        raise _no_offer()
    return _counted_offer(row, now)


def offer(number: int, now: datetime) -> Offer:
    """One offer; raises ``not_found``."""
    row = ReceiptOffer.objects.select_related("campaign").filter(pk=number).first()
    if row is None:
        raise _no_offer()
    return Offer(**_told_of_offer(row, now))


def open_offers(now: datetime, today: date) -> tuple[Offer, ...]:
    """Offers that take receipts today, the first to end first. Customers ask: no receipts are counted for them."""
    live = ReceiptOffer.objects.filter(campaign__state=CampaignState.LIVE, first_day__lte=today)
    found = live.select_related("campaign").order_by("last_day", "pk")
    shown = (Offer(**_told_of_offer(row, now)) for row in found)
    return tuple(row for row in shown if row.running and today <= row.window.last_day + _claim(row))


def receipts(*, state: str = "", offer: int | None = None, before: str | None = None, limit: int = 50) -> ReceiptPage:
    """A page of receipts."""
    rows = Receipt.objects.filter(customer__gte=0)
    if state:
        rows = rows.filter(state=state)
    if offer is not None:
        rows = rows.filter(offer=offer)
    oldest_first = state == ReceiptState.WAITING
    if before is not None:
        if not before.isascii() or not before.isdigit() or len(before) > _DIGITS:
            raise invalid_argument("before", "before must be next of the page before.")
        rows = rows.filter(pk__gt=int(before)) if oldest_first else rows.filter(pk__lt=int(before))
    found = list(_told(rows.order_by("pk" if oldest_first else "-pk"))[: limit + 1])
    page = found[:limit]
    return ReceiptPage(_rows(page), str(page[-1].pk) if len(found) > limit else None)


def receipt(number: int) -> ReceiptRow:
    """One receipt; raises ``not_found``."""
    found = list(_told(Receipt.objects.filter(pk=number)))
    if not found:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such receipt.", field="receipt")
    return _rows(found)[0]


def alike(number: int) -> tuple[ReceiptRow, ...]:
    """Other receipts with the same day and number, or with the very same photo."""
    row = Receipt.objects.filter(pk=number).first()
    if row is None:
        return ()
    same = Q(plain_number=row.plain_number, day=row.day) if row.plain_number else Q(pk=None)
    photo = Q(photo_sha256=row.photo_sha256) if row.photo_sha256 else Q(pk=None)
    return _rows(list(_told(Receipt.objects.filter(same | photo).exclude(pk=number).order_by("pk"))[:MOST_OWN]))


def receipts_of(customer: int) -> tuple[ReceiptRow, ...]:
    """What a customer has sent in, newest first; at most 50."""
    return _rows(list(_told(Receipt.objects.filter(customer=customer).order_by("-pk"))[:MOST_OWN]))


def photo(number: int) -> Photo:
    """The photo of a receipt; raises ``not_found`` when there is none (any more)."""
    row = ReceiptPhoto.objects.filter(receipt=number).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no photo of this receipt.", field="receipt")
    return Photo(row.kind, bytes(row.content))


def _claim(row: Offer) -> timedelta:
    return timedelta(days=row.window.claim_days)


def _no_offer() -> WotuError:
    return WotuError(ErrorCode.NOT_FOUND, "There is no such offer.", field="offer")


def _counted() -> QuerySet[ReceiptOffer]:
    told = {state.value: Count("receipts", filter=Q(receipts__state=state)) for state in ReceiptState}
    return ReceiptOffer.objects.select_related("campaign").annotate(
        **{f"{name}_count": count for name, count in told.items()},
        cash_sum=Sum("receipts__cash", filter=Q(receipts__state=ReceiptState.APPROVED)),
    )


def _told_of_offer(row: ReceiptOffer, now: datetime) -> dict[str, Any]:
    return {
        "number": row.pk, "campaign": row.campaign.code, "campaign_name": row.campaign.name,
        "currency": row.campaign.currency, "name": row.name, "paid_in": row.paid_in, "terms": terms_of(row),
        "window": window_of(row), "most_per_customer": row.most_per_customer, "shops": tuple(row.shops),
        "running": is_running(row.campaign, now),
    }  # fmt: skip


def _counted_offer(row: ReceiptOffer, now: datetime) -> OfferRow:
    counts = {state.value: getattr(row, f"{state.value}_count") for state in ReceiptState}
    cash = int(row.cash_sum or 0)  # type: ignore[attr-defined]
    return OfferRow(**_told_of_offer(row, now), **counts, cash=cash)


def _told(rows: QuerySet[Receipt]) -> QuerySet[Receipt]:
    return rows.select_related("offer__campaign").annotate(
        photos=Exists(ReceiptPhoto.objects.filter(receipt=OuterRef("pk")))
    )


def _rows(found: Sequence[Receipt]) -> tuple[ReceiptRow, ...]:
    numbers = _how_often("plain_number", "day", [(row.plain_number, row.day) for row in found])
    files = _how_often("photo_sha256", "photo_sha256", [(row.photo_sha256, row.photo_sha256) for row in found])
    return tuple(
        ReceiptRow(
            row.pk, row.offer_id, row.offer.name, row.offer.campaign.code, row.offer.campaign.currency,
            row.offer.paid_in, row.customer, row.shop, row.day, row.number, row.amount, row.state, row.cash, row.paid,
            row.reason, row.decided_by, row.sent_at, row.decided_at, bool(row.photos),  # type: ignore[attr-defined]
            max(0, numbers[row.plain_number, row.day] - 1), max(0, files[row.photo_sha256, row.photo_sha256] - 1),
        )
        for row in found
    )  # fmt: skip


def _how_often(field: str, other: str, wanted: Iterable[tuple[object, object]]) -> Counter[tuple[object, object]]:
    """How many receipts have each pair of values; what is empty is like nothing."""
    pairs = {pair for pair in wanted if pair[0]}
    rows = Receipt.objects.filter(**{f"{field}__in": {first for first, _ in pairs}}).order_by()
    counted: Counter[tuple[object, object]] = Counter()
    for first, second, number in rows.values_list(field, other).annotate(number=Count("pk")):
        counted[first, second] += number
    return counted
