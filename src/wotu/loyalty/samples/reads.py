"""Offers of samples and requests for them as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import limit_services
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import CampaignState, Reminder, SampleState
from wotu.loyalty.programme import tier_reads
from wotu.loyalty.samples import purchases
from wotu.loyalty.samples.models import SampleOffer, SampleRequest
from wotu.loyalty.samples.rules import Following, PurchaseRate, purchase_rate

_DIGITS = 18


@dataclass(frozen=True)
class OfferRow:
    """An offer, what is left of it, and how many asked, got one, and were turned down."""

    number: int
    campaign: str
    campaign_name: str
    name: str
    product_id: str
    pieces: int
    left: int
    tiers: tuple[str, ...]
    following: Following
    running: bool
    requested: int
    given: int
    turned_down: int
    reminded: int


@dataclass(frozen=True)
class RequestRow:
    """A request; ``customer`` is a customer's number, negative where nobody's any more."""

    number: int
    offer: int
    offer_name: str
    product_id: str
    campaign: str
    customer: int
    state: str
    handed_over: str
    reason: str
    asked_at: datetime
    given_at: datetime | None
    reminded_at: datetime | None
    decided_by: str


@dataclass(frozen=True)
class RequestPage:
    """Oldest first where they wait, else newest first; ``next`` is the place of the following page."""

    rows: tuple[RequestRow, ...]
    next: str | None


@dataclass(frozen=True)
class OwnSample:
    """A sample as its customer sees it: ``number`` is the offer's, ``state`` empty while they may ask for one.

    ``ask_about``: the day has come to ask how it was, and the product was not bought yet.
    """

    number: int
    name: str
    state: str
    reason: str
    left: int
    ask_about: bool


def following_of(row: SampleOffer) -> Following:
    """When one is asked, and how long a purchase counts."""
    return Following(remind_after=row.remind_after, measure=row.measure)


def offers(now: datetime) -> tuple[OfferRow, ...]:
    """All offers, the newest first."""
    return _offers(list(_counted().order_by("-pk")), now)


def offer(number: int, now: datetime) -> OfferRow:
    """One offer; raises ``not_found``."""
    found = list(_counted().filter(pk=number))
    if not found:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such offer.", field="offer")
    return _offers(found, now)[0]


def requests(*, state: str = "", offer: int | None = None, before: str | None = None, limit: int = 50) -> RequestPage:
    """A page of requests."""
    rows = SampleRequest.objects.filter(customer__gte=0).select_related("offer__campaign")
    if state:
        rows = rows.filter(state=state)
    if offer is not None:
        rows = rows.filter(offer=offer)
    oldest_first = state == SampleState.REQUESTED
    if before is not None:
        if not before.isascii() or not before.isdigit() or len(before) > _DIGITS:
            raise invalid_argument("before", "before must be next of the page before.")
        rows = rows.filter(pk__gt=int(before)) if oldest_first else rows.filter(pk__lt=int(before))
    found = list(rows.order_by("pk" if oldest_first else "-pk")[: limit + 1])
    page = found[:limit]
    return RequestPage(tuple(_request(row) for row in page), str(page[-1].pk) if len(found) > limit else None)


def request(number: int) -> RequestRow:
    """One request; raises ``not_found``."""
    row = SampleRequest.objects.select_related("offer__campaign").filter(pk=number).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such request.", field="request")
    return _request(row)


def samples_of(customer: int, now: datetime) -> tuple[OwnSample, ...]:
    """What a customer asked for, and what they may ask for now."""
    rows = SampleRequest.objects.filter(customer=customer).select_related("offer").order_by("-pk")
    mine = {row.offer_id: row for row in rows}
    live = SampleOffer.objects.select_related("campaign").filter(campaign__state=CampaignState.LIVE)
    others = live.exclude(pk__in=mine).order_by("-pk")
    found = [each for each in others if is_running(each.campaign, now)]
    if any(each.tiers for each in found):
        level = tier_reads.level_of(customer, now)
        found = [each for each in found if not each.tiers or level in each.tiers]
    rooms = _rooms(found)
    open_ones = tuple(
        OwnSample(each.pk, each.name, "", "", rooms[each.pk], ask_about=False) for each in found if rooms[each.pk]
    )
    return open_ones + tuple(_own(row, now) for row in mine.values())


def rate(number: int, now: datetime) -> PurchaseRate:
    """How many of those who got a sample bought the product in time; those who were erased are in none of it."""
    row = SampleOffer.objects.filter(pk=number).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such offer.", field="offer")
    given = SampleRequest.objects.filter(offer=row, state=SampleState.GIVEN, customer__gte=0)
    when = {customer: at for customer, at in given.values_list("customer", "given_at") if at is not None}
    first, last = min(when.values(), default=now), max(when.values(), default=now)
    bought = purchases.of(row.product_id, when, since=first, until=last + timedelta(days=row.measure))
    return purchase_rate(following_of(row), ((at, bought.get(customer, ())) for customer, at in when.items()), now)


def _own(row: SampleRequest, now: datetime) -> OwnSample:
    over = row.given_at is None or now >= row.given_at + timedelta(days=row.offer.measure)
    ask_about = row.reminder == Reminder.SENT and not over and not _bought(row)
    return OwnSample(row.offer_id, row.offer.name, row.state, row.reason, 0, ask_about)


def _bought(row: SampleRequest) -> bool:
    assert row.given_at is not None, "only what was given is asked about"
    mine = purchases.of(row.offer.product_id, [row.customer], since=row.given_at).get(row.customer, ())
    return following_of(row.offer).bought(row.given_at, mine)


def _counted() -> QuerySet[SampleOffer]:
    told = {state.value: Count("requests", filter=Q(requests__state=state)) for state in SampleState}
    reminded = Count("requests", filter=Q(requests__reminder=Reminder.SENT))
    counts = {f"{name}_count": count for name, count in told.items()}
    return SampleOffer.objects.select_related("campaign").annotate(reminded_count=reminded, **counts)


def _offers(rows: Sequence[SampleOffer], now: datetime) -> tuple[OfferRow, ...]:
    left = _rooms(rows)
    return tuple(
        OfferRow(
            row.pk, row.campaign.code, row.campaign.name, row.name, row.product_id, row.pieces,
            left[row.pk], tuple(row.tiers), following_of(row), is_running(row.campaign, now),
            **{state.value: getattr(row, f"{state.value}_count") for state in SampleState},
            reminded=row.reminded_count,  # type: ignore[attr-defined]
        )
        for row in rows
    )  # fmt: skip


def _rooms(rows: Sequence[SampleOffer]) -> dict[int, int]:
    """How many pieces each offer has left."""
    rooms = limit_services.rooms(each.stock_account for each in rows if each.stock_account is not None)
    return {row.pk: rooms[row.stock_account].left if row.stock_account in rooms else 0 for row in rows}


def _request(row: SampleRequest) -> RequestRow:
    return RequestRow(
        row.pk, row.offer_id, row.offer.name, row.offer.product_id, row.offer.campaign.code, row.customer, row.state,
        row.handed_over, row.reason, row.asked_at, row.given_at, row.reminded_at, row.decided_by,
    )  # fmt: skip
