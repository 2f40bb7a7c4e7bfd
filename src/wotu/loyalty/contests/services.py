"""Contests are written, joined, counted and settled: all places and prizes in one transaction, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from unicodedata import category

import msgspec
from django.db import IntegrityError, transaction

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import CampaignState, ContestMetric, ContestTie
from wotu.loyalty.contests import awarding, event_following
from wotu.loyalty.contests.models import Contest, ContestEntry, ContestTally
from wotu.loyalty.contests.ranks import Entrant, Prize, Score, check_prizes, places, winners
from wotu.loyalty.contests.scores import scores
from wotu.loyalty.models import Campaign, CouponTemplate
from wotu.loyalty.participation import PromotionRefusal, refused
from wotu.loyalty.programme.services import point_worth_in, programme
from wotu.loyalty.validity import FIRST_DAY, LAST_DAY

LONGEST_NICKNAME = 20
_AT_ONCE = 500


@dataclass(frozen=True)
class Joined:
    """An entry; ``repeated`` when the customer had joined before."""

    entry: int
    repeated: bool = False


@dataclass(frozen=True)
class Settled:
    """How many have a place, and how many prizes were given and could not be."""

    ranked: int
    given: int
    refused: int
    repeated: bool = False


def create_contest(
    campaign: int, name: str, metric: str, prizes: Sequence[Prize], *, starts_at: datetime, ends_at: datetime,
    cut_off: datetime, by: str, now: datetime, tie: str = "earlier", event: str = "",
) -> int:  # fmt: skip
    """Write a contest of a campaign; its number. Customers join while the campaign runs and the contest has not ended.

    An event is counted from now on, so that its contest cannot begin before.
    """
    _check(name, metric, tie, event, prizes)
    for field, at in (("starts_at", starts_at), ("ends_at", ends_at), ("cut_off", cut_off)):
        if not FIRST_DAY.year <= at.year < LAST_DAY.year:
            raise invalid_argument(field, f"{field} must lie between {FIRST_DAY} and {LAST_DAY}.", Reason.OUT_OF_RANGE)
    if not starts_at < ends_at <= cut_off:
        raise invalid_argument("ends_at", "A contest starts, then ends, then comes the cut-off.")
    if metric == ContestMetric.EVENT and starts_at < now:
        raise invalid_argument("starts_at", "A contest over an event cannot begin before it is written.")
    with transaction.atomic():
        row = Campaign.objects.filter(pk=campaign).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
        if any(each.points for each in prizes):
            point_worth_in(row.currency, field="prizes")
        elif metric == ContestMetric.POINTS:
            programme()
        if metric == ContestMetric.EVENT:
            event_following.begin_now()
        made = Contest.objects.create(
            campaign=row, name=name.strip(), metric=metric, event=event, tie=tie, starts_at=starts_at, ends_at=ends_at,
            cut_off=cut_off, prizes=[msgspec.to_builtins(each) for each in prizes], created_by=by[:80], created_at=now,
        )  # fmt: skip
    return made.pk


def join(contest: int, customer: int, *, now: datetime, nickname: str = "", masked: str = "") -> Joined:
    """Join, once; joined again, the nickname changes while nothing is settled.

    What the customer did since the contest began counts, whenever they join.
    """
    typed = checked_nickname(nickname)
    with transaction.atomic():
        row = _locked(contest, lock=False)
        mine = ContestEntry.objects.filter(contest=row, customer=customer)
        known = mine.values_list("pk", flat=True).first()
        if known is not None:
            if row.settled_at is None:
                mine.update(nickname=typed)
            return Joined(known, repeated=True)
        if not is_running(row.campaign, now) or now >= row.ends_at:
            raise refused(PromotionRefusal.NOT_RUNNING, field="contest")
        entry = ContestEntry(contest=row, customer=customer, nickname=typed, masked=masked[:20], joined_at=now)
        try:
            with transaction.atomic():
                entry.save(force_insert=True)
        except IntegrityError:
            return Joined(mine.values_list("pk", flat=True)[0], repeated=True)
    return Joined(entry.pk)


def leave(contest: int, customer: int) -> bool:
    """Leave a contest that is not settled; false when the customer is not in it. Nothing of them is shown then."""
    with transaction.atomic():
        row = _locked(contest)
        if row.settled_at is not None:
            raise refused(PromotionRefusal.ALREADY_DECIDED, field="contest")
        return bool(ContestEntry.objects.filter(contest=row, customer=customer).delete()[0])


def clear_nickname(contest: int, entry: int) -> bool:
    """Take a nickname of a contest away that should not be read; false when there is none."""
    return bool(ContestEntry.objects.filter(pk=entry, contest=contest).exclude(nickname="").update(nickname=""))


@again_after_deadlock
def count(contest: int, *, now: datetime) -> int:
    """Count places as they are now; how many have one. A settled contest stays as it is."""
    # Scores of many people take a while: nobody else's write waits for them.
    found, changed = _counted(_locked(contest, lock=False))
    with transaction.atomic():
        row = _locked(contest)
        if row.settled_at is not None:
            return ContestEntry.objects.filter(contest=row, place__isnull=False).count()
        if row.counted_at is None or row.counted_at <= now:
            _write(changed)
            Contest.objects.filter(pk=row.pk).update(counted_at=now)
    return len(found)


@again_after_deadlock
def settle(contest: int, *, by: str, now: datetime) -> Settled:
    """Count the final places and give the prizes, once, after the cut-off; asked again, it tells what was done."""
    with transaction.atomic():
        row = _locked(contest)
        if row.settled_at is not None:
            return _settled(row, repeated=True)
        if now < row.cut_off:
            raise refused(PromotionRefusal.TOO_EARLY, field="contest")
        if row.campaign.state == CampaignState.DRAFT:
            raise refused(PromotionRefusal.NOT_RUNNING, field="contest")
        found, changed = _counted(row)
        _write(changed)
        prizes = msgspec.convert(row.prizes, tuple[Prize, ...])
        for won in winners(found, prizes):
            awarding.give(row, won, now=now)
            crash_point("loyalty-contest-awarded")
        Contest.objects.filter(pk=row.pk).update(counted_at=now, settled_at=now, settled_by=by[:80])
        # Nothing is counted any more, least of all what those did who never joined.
        ContestTally.objects.filter(contest=row).delete()
        crash_point("loyalty-contest-settled")
        return _settled(row)


def checked_nickname(nickname: str) -> str:
    """A nickname as it is shown: one line without signs that cannot be seen."""
    words = " ".join(nickname.split())
    if len(words) > LONGEST_NICKNAME or any(category(each)[0] == "C" for each in words):
        raise invalid_argument("nickname", f"A nickname has at most {LONGEST_NICKNAME} characters, all to be seen.")
    return words


def _counted(row: Contest) -> tuple[dict[int, int], list[ContestEntry]]:
    """The places by entry, and the entries whose score or place has changed, with the new ones."""
    entries = list(ContestEntry.objects.filter(contest=row, customer__gte=0).order_by("pk"))
    reached = scores(row, {each.customer for each in entries})
    entrants = [Entrant(each.pk, reached.get(each.customer, Score(0, None)), each.joined_at) for each in entries]
    found = places(entrants, "shared" if row.tie == ContestTie.SHARED else "earlier")
    changed = []
    for entry, entrant in zip(entries, entrants, strict=True):
        now = (*entrant.score, found.get(entry.pk))
        if (entry.score, entry.reached_at, entry.place) != now:
            entry.score, entry.reached_at, entry.place = now
            changed.append(entry)
    return found, changed


def _write(changed: Sequence[ContestEntry]) -> None:
    ContestEntry.objects.bulk_update(changed, ["score", "reached_at", "place"], batch_size=_AT_ONCE)


def _settled(row: Contest, *, repeated: bool = False) -> Settled:
    given, missed = awarding.counts(row)
    ranked = ContestEntry.objects.filter(contest=row, place__isnull=False).count()
    return Settled(ranked, given, missed, repeated)


def _locked(contest: int, *, lock: bool = True) -> Contest:
    rows = Contest.objects.select_related("campaign")
    row = (rows.select_for_update(of=("self",), no_key=True) if lock else rows).filter(pk=contest).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such contest.", field="contest")
    return row


def _check(name: str, metric: str, tie: str, event: str, prizes: Sequence[Prize]) -> None:
    if not 0 < len(name.strip()) <= 120 or "\x00" in name:
        raise invalid_argument("name", "Write a name of 1 to 120 characters.")
    for field, value, choices in (("metric", metric, ContestMetric.values), ("tie", tie, ContestTie.values)):
        if value not in choices:
            raise invalid_argument(field, f"{field} must be one of {', '.join(choices)}.", Reason.NOT_A_CHOICE)
    if (metric == ContestMetric.EVENT) != bool(event) or len(event) > 200 or "\x00" in event:
        raise invalid_argument("event", "Name the event to count, for a contest over an event alone.")
    check_prizes(prizes)
    wanted = {each.template for each in prizes if each.template is not None}
    if CouponTemplate.objects.filter(pk__in=wanted).count() != len(wanted):
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such coupon template.", field="prizes")
