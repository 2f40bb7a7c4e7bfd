"""Samples are offered, asked for, handed out or turned down; the statement that takes a piece checks the stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.ledger import limit_services
from wotu.ledger import services as ledger
from wotu.ledger.choices import UnitKind
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.rules import Cause, check_amount
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import HandedOver, SampleState
from wotu.loyalty.models import Campaign
from wotu.loyalty.participation import PromotionRefusal, refused
from wotu.loyalty.programme import tier_reads
from wotu.loyalty.samples.models import SampleOffer, SampleRequest
from wotu.loyalty.samples.rules import Following

_LONGEST_REASON, _MOST_TIERS, _LONGEST_TIER = 200, 20, 40


@dataclass(frozen=True)
class Asked:
    """A request for a sample; ``repeated`` when the customer had asked for one before."""

    request: int
    state: str
    repeated: bool = False


def create_offer(
    campaign: int, name: str, product_id: str, pieces: int, following: Following, *, by: str, now: datetime,
    tiers: Sequence[str] = (),
) -> int:  # fmt: skip
    """Give ``pieces`` samples of a product away while the campaign runs; the number of the offer."""
    for field, text in (("name", name.strip()), ("product_id", product_id)):
        if not 0 < len(text) <= 120 or "\x00" in text:
            raise invalid_argument(field, f"{field} must have 1 to 120 characters.")
    if len(tiers) > _MOST_TIERS or not all(0 < len(each) <= _LONGEST_TIER and "\x00" not in each for each in tiers):
        raise invalid_argument("tiers", "Name at most 20 levels of 1 to 40 characters.")
    check_amount(pieces, field="pieces")
    with transaction.atomic():
        row = Campaign.objects.filter(pk=campaign).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
        made = SampleOffer.objects.create(
            campaign=row, name=name.strip(), product_id=product_id, pieces=pieces, tiers=list(dict.fromkeys(tiers)),
            remind_after=following.remind_after, measure=following.measure, created_by=by[:80], created_at=now,
        )  # fmt: skip
        ledger.open_unit(_unit(made.pk), UnitKind.STOCK, made.name)
        cause = Cause(row.code, 1, f"samples:{made.pk}", "stock", "open")
        account = limit_services.open_limit(cause, unit=_unit(made.pk), owner=made.pk, total=pieces, now=now)
        SampleOffer.objects.filter(pk=made.pk).update(stock_account=account)
    return made.pk


@again_after_deadlock
def ask(offer: int, customer: int, *, now: datetime) -> Asked:
    """Ask for a sample: one a person, however often they tap. A piece is kept for them at once.

    Raises ``promotion_refused``; then nothing is changed.
    """
    with transaction.atomic():
        row = SampleOffer.objects.select_related("campaign").filter(pk=offer).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such offer.", field="offer")
        known = SampleRequest.objects.filter(offer=row, customer=customer).first()
        if known is not None:
            return Asked(known.pk, known.state, repeated=True)
        if not is_running(row.campaign, now):
            raise refused(PromotionRefusal.NOT_RUNNING, field="offer")
        if row.tiers and tier_reads.level_of(customer, now) not in row.tiers:
            raise refused(PromotionRefusal.WRONG_TIER, field="offer")
        made = _insert(row, customer, now)
        if made is None:
            known = SampleRequest.objects.get(offer=row, customer=customer)
            return Asked(known.pk, known.state, repeated=True)
        _take_piece(row, made, now)
        crash_point("loyalty-sample-asked")
    return Asked(made.pk, made.state)


def hand_out(request: int, how: str, *, by: str, now: datetime) -> bool:
    """Note that a sample was handed over or shipped; false when it had been. From then on its owner is followed."""
    if how not in HandedOver.values:
        raise invalid_argument("how", f"how must be one of {', '.join(HandedOver.values)}.", Reason.NOT_A_CHOICE)
    with transaction.atomic():
        row = _locked(request)
        if row.state == SampleState.GIVEN:
            return False
        _undecided(row)
        SampleRequest.objects.filter(pk=row.pk).update(
            state=SampleState.GIVEN, handed_over=how, given_at=now, decided_by=by[:80]
        )
    return True


@again_after_deadlock
def turn_down(request: int, reason: str, *, by: str, now: datetime) -> bool:
    """Give somebody no sample, with a reason that they read; the piece is there for others. False when it had been."""
    words = " ".join(reason.split())
    if not 0 < len(words) <= _LONGEST_REASON or "\x00" in words:
        raise invalid_argument("reason", "reason must have 1 to 200 characters.")
    with transaction.atomic():
        row = _locked(request)
        if row.state == SampleState.TURNED_DOWN:
            return False
        _undecided(row)
        SampleRequest.objects.filter(pk=row.pk).update(
            state=SampleState.TURNED_DOWN, reason=words, decided_by=by[:80]
        )  # fmt: skip
        give_piece_back(row, now=now)
    return True


def give_piece_back(row: SampleRequest, *, now: datetime) -> None:
    """Put the piece of a request back into stock, within the caller's transaction."""
    assert row.offer.stock_account is not None, "an offer has its stock from the moment it is written"
    spent = ledger.transfer_of(_cause(row, "piece"))
    cause = _cause(row, "piece-back")
    limit_services.return_to_limit(cause, row.offer.stock_account, 1, reverses=spent, now=now)


def _insert(row: SampleOffer, customer: int, now: datetime) -> SampleRequest | None:
    try:
        with transaction.atomic():
            return SampleRequest.objects.create(offer=row, customer=customer, asked_at=now)
    except IntegrityError:
        # The same person asked at this moment.
        return None


def _take_piece(row: SampleOffer, made: SampleRequest, now: datetime) -> None:
    assert row.stock_account is not None, "an offer has its stock from the moment it is written"
    try:
        limit_services.spend_limit(_cause(made, "piece"), row.stock_account, 1, unit=_unit(row.pk), now=now)
    except WotuError as error:
        if error.code != ErrorCode.LIMIT_REACHED:
            raise
        raise refused(PromotionRefusal.NONE_LEFT, field="offer") from error


def _locked(request: int) -> SampleRequest:
    rows = SampleRequest.objects.select_for_update(of=("self",)).select_related("offer__campaign")
    row = rows.filter(pk=request).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such request.", field="request")
    return row


def _undecided(row: SampleRequest) -> None:
    if row.state != SampleState.REQUESTED:
        raise refused(PromotionRefusal.ALREADY_DECIDED, field="request", state=row.state)


def _cause(row: SampleRequest, effect: str) -> Cause:
    return Cause(row.offer.campaign.code, 1, f"sample:{row.pk}", "asker", effect)


def _unit(offer: int) -> str:
    return f"stock:samples-{offer}"
