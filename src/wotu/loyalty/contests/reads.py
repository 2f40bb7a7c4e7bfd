"""Contests, places and prizes as plain data. A name is never told: a nickname is, or what is left of a masked name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db.models import Count, F, Q, QuerySet

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import AwardState, CampaignState
from wotu.loyalty.contests.models import Contest, ContestAward, ContestEntry
from wotu.loyalty.contests.ranks import Prize
from wotu.loyalty.models import CouponTemplate

BOARD = 20
_SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class ContestRow:
    """What a contest counts, until when, and what there is to win."""

    number: int
    campaign: str
    campaign_name: str
    currency: str
    name: str
    metric: str
    event: str
    tie: str
    prizes: tuple[Prize, ...]
    starts_at: datetime
    ends_at: datetime
    cut_off: datetime
    counted_at: datetime | None
    settled_at: datetime | None
    settled_by: str
    joinable: bool


@dataclass(frozen=True)
class CountedContest(ContestRow):
    """A contest and how many joined, have a place, and won; ``refused`` prizes could not be given."""

    entries: int
    ranked: int
    given: int
    refused: int


@dataclass(frozen=True)
class PlaceRow:
    """Somebody's place. ``shown`` is the nickname or the masked name; ``customer`` is for staff, negative where erased.

    ``points`` and ``coupons`` are what they were given, ``missed`` why a prize could not be.
    """

    entry: int
    customer: int
    shown: str
    has_nickname: bool
    place: int | None
    score: int
    reached_at: datetime | None
    joined_at: datetime
    points: int
    coupons: int
    missed: str


def masked(name: str) -> str:
    """What of a name may be read by others: its first letter.

    >>> masked("王小明"), masked(" Ann Lee "), masked("")
    ('王**', 'A**', '**')
    """
    return f"{name.strip()[:1]}**"


def contests(now: datetime) -> tuple[CountedContest, ...]:
    """All contests, the newest first."""
    return tuple(_counted_row(row, now) for row in _counted().order_by("-pk"))


def counted_contest(number: int, now: datetime) -> CountedContest:
    """One contest with how many joined and won; raises ``not_found``."""
    row = _counted().filter(pk=number).first()
    if row is None:
        raise _no_contest()
    return _counted_row(row, now)


def contest(number: int, now: datetime) -> ContestRow:
    """One contest; raises ``not_found``."""
    row = Contest.objects.select_related("campaign").filter(pk=number).first()
    if row is None:
        raise _no_contest()
    return ContestRow(**_told(row, now))


def contests_of(customer: int, now: datetime) -> tuple[ContestRow, ...]:
    """Contests that a customer may join, or is in until a month after they are settled; the first to end first.

    Customers ask: nobody else's entries are counted for them.
    """
    joined = set(ContestEntry.objects.filter(customer=customer).values_list("contest", flat=True))
    mine = Q(pk__in=joined) & (Q(settled_at=None) | Q(settled_at__gt=now - _SHOWN_FOR))
    live = Q(campaign__state=CampaignState.LIVE, settled_at=None, ends_at__gt=now)
    found = Contest.objects.select_related("campaign").filter(mine | live).order_by("ends_at", "pk")
    rows = (ContestRow(**_told(each, now)) for each in found)
    return tuple(row for row in rows if row.joinable or row.number in joined)


def board(number: int, *, limit: int = BOARD) -> tuple[PlaceRow, ...]:
    """The first places as they were counted last."""
    rows = ContestEntry.objects.filter(contest=number, place__isnull=False).order_by("place", "reached_at", "pk")
    return _places(list(rows[:limit]))


def place_of(number: int, customer: int) -> PlaceRow | None:
    """The place of a customer; ``None`` for who has not joined."""
    return next(iter(_places(list(ContestEntry.objects.filter(contest=number, customer=customer)))), None)


def everybody(number: int) -> Iterator[PlaceRow]:
    """All who joined: by place, then those without one."""
    rows = ContestEntry.objects.filter(contest=number).order_by(F("place").asc(nulls_last=True), "reached_at", "pk")
    numbers = list(rows.values_list("pk", flat=True))
    for start in range(0, len(numbers), 500):
        some = {row.pk: row for row in ContestEntry.objects.filter(pk__in=numbers[start : start + 500])}
        yield from _places([some[each] for each in numbers[start : start + 500] if each in some])


def coupon_names(prizes: Iterable[Prize]) -> dict[int, str]:
    """What the coupons among prizes are called, by template."""
    wanted = [each.template for each in prizes if each.template is not None]
    return dict(CouponTemplate.objects.filter(pk__in=wanted).values_list("pk", "name"))


def _counted() -> QuerySet[Contest]:
    return Contest.objects.select_related("campaign").annotate(
        entry_count=Count("entries", distinct=True),
        ranked_count=Count("entries", filter=Q(entries__place__isnull=False), distinct=True),
        given_count=Count("entries__awards", filter=Q(entries__awards__state=AwardState.GIVEN), distinct=True),
        refused_count=Count("entries__awards", filter=Q(entries__awards__state=AwardState.REFUSED), distinct=True),
    )


def _no_contest() -> WotuError:
    return WotuError(ErrorCode.NOT_FOUND, "There is no such contest.", field="contest")


def _told(row: Contest, now: datetime) -> dict[str, Any]:
    same = ("name", "metric", "event", "tie", "starts_at", "ends_at", "cut_off", "counted_at", "settled_at",
            "settled_by")  # fmt: skip
    return {
        "number": row.pk, "campaign": row.campaign.code, "campaign_name": row.campaign.name,
        "currency": row.campaign.currency, "prizes": msgspec.convert(row.prizes, tuple[Prize, ...]),
        "joinable": row.settled_at is None and now < row.ends_at and is_running(row.campaign, now),
        **{name: getattr(row, name) for name in same},
    }  # fmt: skip


def _counted_row(row: Contest, now: datetime) -> CountedContest:
    counts = {name: getattr(row, f"{name}_count") for name in ("ranked", "given", "refused")}
    return CountedContest(**_told(row, now), entries=row.entry_count, **counts)  # type: ignore[attr-defined]


def _places(rows: Sequence[ContestEntry]) -> tuple[PlaceRow, ...]:
    won: dict[int, list[ContestAward]] = {}
    for award in ContestAward.objects.filter(entry__in=[row.pk for row in rows]):
        won.setdefault(award.entry_id, []).append(award)
    return tuple(
        PlaceRow(
            row.pk, row.customer, row.nickname or row.masked or "**", bool(row.nickname), row.place, row.score,
            row.reached_at, row.joined_at,
            sum(each.points for each in won.get(row.pk, ()) if each.state == AwardState.GIVEN),
            sum(each.coupon is not None for each in won.get(row.pk, ())),
            next((each.refusal for each in won.get(row.pk, ()) if each.state == AwardState.REFUSED), ""),
        )
        for row in rows
    )  # fmt: skip
