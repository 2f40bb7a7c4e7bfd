"""Receipts are sent in, approved, refused and taken back; each in one transaction with what it moves.

A receipt pays once, whoever sends it: the database lets one row of the same shop, day and number be approved. What it
brings is spent of the campaign's budget in the same transaction; where less is left, nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.rules import check_amount
from wotu.loyalty import allowances
from wotu.loyalty.campaigns.services import is_running
from wotu.loyalty.choices import ReceiptState
from wotu.loyalty.membership.reads import today
from wotu.loyalty.participation import PromotionRefusal, refused
from wotu.loyalty.receipts import paying, photos
from wotu.loyalty.receipts.models import Receipt, ReceiptOffer, ReceiptPhoto
from wotu.loyalty.receipts.reads import terms_of, window_of
from wotu.loyalty.receipts.rules import cash_back, plain_number, same_receipt

MOST_WAITING = 20
_LONGEST_SHOP, _LONGEST_NUMBER, _LONGEST_REASON = 120, 80, 200


@dataclass(frozen=True)
class Sent:
    """A receipt; ``repeated`` when the customer had sent it in before and it was not refused."""

    receipt: int
    repeated: bool = False


@dataclass(frozen=True)
class Approved:
    """What a receipt brought: ``cash`` in minor units, ``paid`` in the unit it was paid in."""

    cash: int
    paid: int
    repeated: bool = False


@dataclass(frozen=True)
class Typed:
    """What stands on a receipt, as somebody read it."""

    shop: str
    day: date
    number: str
    amount: int


@again_after_deadlock
def send(offer: int, customer: int, typed: Typed, photo: bytes, *, now: datetime) -> Sent:
    """Send a receipt in for review; sent twice by the same customer it is one.

    Raises ``promotion_refused``, or naming the field that cannot be.
    """
    (kind, picture), told = photos.cleaned(photo), _checked(typed)
    with transaction.atomic():
        row = ReceiptOffer.objects.select_related("campaign").filter(pk=offer).first()
        if row is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such offer.", field="offer")
        if not is_running(row.campaign, now):
            raise refused(PromotionRefusal.NOT_RUNNING, field="offer")
        _fits(row, told, sent_on=today(now))
        allowances.lock(f"receipts:customer:{customer}", customer=customer)
        same = same_receipt(told.shop, told.day, told.number)
        known = _known(customer, same)
        if known is not None:
            return Sent(known, repeated=True)
        made = Receipt.objects.create(
            offer=row,
            customer=customer,
            shop=told.shop,
            day=told.day,
            number=told.number,
            plain_number=plain_number(told.number),
            amount=told.amount,
            same=same,
            photo_sha256=photos.digest(picture),
            sent_at=now,
        )
        ReceiptPhoto.objects.create(receipt=made, kind=kind, content=picture)
    return Sent(made.pk)


@again_after_deadlock
def approve(receipt: int, seen: Typed | None = None, *, by: str, now: datetime) -> Approved:
    """Pay a receipt as it was ``seen`` on the photo (as it was typed, unless given), once however often it is asked.

    Refused with ``promotion_refused``; then nothing is changed.
    """
    with transaction.atomic():
        row = _locked(receipt)
        if row.state == ReceiptState.APPROVED:
            return Approved(row.cash, row.paid, repeated=True)
        if row.state != ReceiptState.WAITING:
            raise refused(PromotionRefusal.ALREADY_DECIDED, field="receipt", state=row.state)
        told = _checked(seen or Typed(row.shop, row.day, row.number, row.amount))
        _fits(row.offer, told, sent_on=today(row.sent_at))
        scope = paying.scope_of(row)
        used = allowances.lock(scope, customer=row.customer)
        cash, paid = _due(row.offer, told.amount, used)
        transfer, budget = paying.pay(row, cash, paid, now=now)
        allowances.add(scope, cash)
        _mark(row, told, cash=cash, paid=paid, transfer=transfer, budget_transfer=budget, by=by, now=now)
        crash_point("loyalty-receipt-approved")
    return Approved(cash, paid)


def refuse(receipt: int, reason: str, *, by: str, now: datetime) -> bool:
    """Refuse a receipt with a reason that its sender reads; false when it had been refused."""
    words = _reason(reason)
    with transaction.atomic():
        row = _locked(receipt)
        if row.state == ReceiptState.REFUSED:
            return False
        if row.state != ReceiptState.WAITING:
            raise refused(PromotionRefusal.ALREADY_DECIDED, field="receipt", state=row.state)
        _set(row, ReceiptState.REFUSED, reason=words, by=by, now=now)
    return True


@again_after_deadlock
def reverse(receipt: int, reason: str, *, by: str, now: datetime) -> bool:
    """Take back what a receipt brought; false when it had been. The budget has it again, and so has the cap.

    What the customer has spent of it is owed, and repaid by what they get later. The receipt may pay another sender.
    """
    words = _reason(reason)
    with transaction.atomic():
        row = _locked(receipt)
        if row.state == ReceiptState.REVERSED:
            return False
        if row.state != ReceiptState.APPROVED:
            raise refused(PromotionRefusal.NOT_APPROVED, field="receipt", state=row.state)
        if row.customer >= 0:
            scope = paying.scope_of(row)
            allowances.lock(scope, customer=row.customer)
            allowances.add(scope, -row.cash)
        paying.take_back(row, now=now)
        _set(row, ReceiptState.REVERSED, reason=words, by=by, now=now)
        crash_point("loyalty-receipt-reversed")
    return True


def _due(offer: ReceiptOffer, amount: int, used: int) -> tuple[int, int]:
    """What is due in minor units, and in the unit it is paid in."""
    worth = paying.worth_of(offer)
    terms = terms_of(offer)
    left = None if offer.most_per_customer is None else max(0, offer.most_per_customer - used)
    cash = cash_back(terms, amount, left=left, worth=worth)
    if not cash:
        bound = cash_back(terms, amount, worth=worth) > 0
        raise refused(PromotionRefusal.CUSTOMER_LIMIT if bound else PromotionRefusal.NOTHING_DUE, field="amount")
    return cash, cash // worth


def _mark(
    row: Receipt, told: Typed, *, cash: int, paid: int, transfer: int, budget_transfer: int | None, by: str,
    now: datetime,
) -> None:  # fmt: skip
    try:
        with transaction.atomic():
            Receipt.objects.filter(pk=row.pk).update(
                shop=told.shop,
                day=told.day,
                number=told.number,
                plain_number=plain_number(told.number),
                amount=told.amount,
                same=same_receipt(told.shop, told.day, told.number),
                state=ReceiptState.APPROVED,
                cash=cash,
                paid=paid,
                transfer=transfer,
                budget_transfer=budget_transfer,
                decided_by=by[:80],
                decided_at=now,
            )
    except IntegrityError as error:
        raise refused(PromotionRefusal.ALREADY_PAID, field="receipt") from error


def _set(row: Receipt, state: ReceiptState, *, reason: str, by: str, now: datetime) -> None:
    Receipt.objects.filter(pk=row.pk).update(state=state, reason=reason, decided_by=by[:80], decided_at=now)


def _known(customer: int, same: str) -> int | None:
    """The customer's own receipt that is the same one; raises where it was paid to somebody, or too many wait."""
    alive = Receipt.objects.filter(same=same, state__in=[ReceiptState.WAITING, ReceiptState.APPROVED])
    mine = alive.filter(customer=customer).order_by("pk").values_list("pk", flat=True).first()
    if mine is not None:
        return mine
    if alive.filter(state=ReceiptState.APPROVED).exists():
        raise refused(PromotionRefusal.ALREADY_PAID, field="number")
    if Receipt.objects.filter(customer=customer, state=ReceiptState.WAITING).count() >= MOST_WAITING:
        raise refused(PromotionRefusal.TOO_MANY_WAITING, field="offer", most=MOST_WAITING)
    return None


def _fits(row: ReceiptOffer, told: Typed, *, sent_on: date) -> None:
    """Refuse a receipt that the offer is not for: of another day or shop, or sent in too late."""
    window = window_of(row)
    if not window.has(told.day):
        raise refused(PromotionRefusal.OUTSIDE_WINDOW, field="day")
    if not window.in_time(told.day, sent_on):
        late = told.day < sent_on
        raise refused(PromotionRefusal.TOO_LATE if late else PromotionRefusal.OUTSIDE_WINDOW, field="day")
    if row.shops and told.shop not in row.shops:
        raise invalid_argument("shop", "shop must be one of the shops of the offer.")


def _locked(receipt: int) -> Receipt:
    rows = Receipt.objects.select_for_update(of=("self",)).select_related("offer__campaign")
    row = rows.filter(pk=receipt).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such receipt.", field="receipt")
    return row


def _checked(typed: Typed) -> Typed:
    check_amount(typed.amount)
    shop, number = " ".join(typed.shop.split()), typed.number.strip()
    if not 0 < len(shop) <= _LONGEST_SHOP or "\x00" in shop:
        raise invalid_argument("shop", "shop must have 1 to 120 characters.")
    if not 0 < len(number) <= _LONGEST_NUMBER or not 0 < len(plain_number(number)) <= _LONGEST_NUMBER:
        raise invalid_argument("number", "number must have 1 to 80 characters, one of them a letter or digit.")
    return Typed(shop, typed.day, number, typed.amount)


def _reason(reason: str) -> str:
    words = " ".join(reason.split())
    if not 0 < len(words) <= _LONGEST_REASON or "\x00" in words:
        raise invalid_argument("reason", "reason must have 1 to 200 characters.")
    return words
