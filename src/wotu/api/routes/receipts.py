"""Cash back for receipts: offers are written, receipts sent in, approved, refused and taken back."""

from __future__ import annotations

import binascii
from base64 import b64decode
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.code_attempts import number_of
from wotu.api.cursors import continuing
from wotu.api.idempotency import write
from wotu.api.schemas import receipts as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, TOO_LARGE, answers
from wotu.api.schemas.pages import Page, page
from wotu.core.customer_ids import customer_text
from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.campaigns.approval import check_may_promise
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.pricing.written import basis_points, minor
from wotu.loyalty.receipts import offer_services, reads, services
from wotu.loyalty.receipts.rules import WHOLE, CashBack, Window
from wotu.loyalty.receipts.services import Typed

router = Router(tags=["Receipts"])


@router.get(
    "/receipt-offers",
    response=answers(Page[told.ReceiptOffer]),
    summary="List offers of cash back for receipts",
    operation_id="list_receipt_offers",
)
def list_receipt_offers(request: HttpRequest) -> Page[Any]:
    """Newest first, with what came of each."""
    caller_of(request).require(Action.READ)
    return page([_shown_offer(each) for each in reads.offers(timezone.now())], None)


@router.post(
    "/campaigns/{code}/receipt-offers",
    response=answers(told.ReceiptOffer, NOT_FOUND, status=HTTPStatus.CREATED),
    summary="Offer cash back for receipts",
    operation_id="create_receipt_offer",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, status=HTTPStatus.CREATED, in_control=True)
def create_receipt_offer(request: HttpRequest, code: str, asked: told.NewReceiptOffer) -> told.ReceiptOffer:
    """The campaign's budget pays; for one that was launched without a budget, owners only."""
    now, caller, found = timezone.now(), caller_of(request), campaign_reads.campaign(code)
    check_may_promise(
        caller.role,
        launched=found.state != CampaignState.DRAFT,
        budget=None if found.budget is None else found.budget.total,
        currency=found.currency,
        above=workspace().settings.approval_above,
    )

    def money(field: str) -> int | None:
        text = getattr(asked, field)
        return None if text is None else minor(text, found.currency, field=field)

    terms = CashBack(
        rate=basis_points("rate", asked.rate),
        fixed=money("fixed") or 0,
        least=money("least") or 0,
        most_per_receipt=money("most_per_receipt"),
    )
    window = Window(first_day=asked.first_day, last_day=asked.last_day, claim_days=asked.claim_days)
    made = offer_services.create_offer(
        found.number,
        asked.name,
        terms,
        window,
        paid_in=asked.paid_in,
        by=caller.name,
        now=now,
        most_per_customer=money("most_per_customer"),
        shops=asked.shops,
    )
    _tell(request, AuditAction.EDIT_CAMPAIGN, code, what="receipt_offer", offer=made)
    return _shown_offer(reads.offer_row(made, now))


@router.post(
    "/receipt-offers/{id}/receipts",
    response=answers(told.SentReceipt, NOT_FOUND, CONFLICT, TOO_LARGE, status=HTTPStatus.CREATED),
    summary="Send a receipt in",
    operation_id="send_receipt",
    openapi_extra=IDEMPOTENT,
)
@write(Action.CHECKOUT, status=HTTPStatus.CREATED, in_control=True)
def send_receipt(request: HttpRequest, id: int, asked: told.NewReceipt) -> told.SentReceipt:  # noqa: A002
    """It waits for review. The same one again by the same customer is that one."""
    currency = reads.offer(id, timezone.now()).currency
    typed = Typed(asked.shop, asked.day, asked.number, minor(asked.amount, currency, field="amount"))
    sent = services.send(id, number_of(asked.customer), typed, _photo(asked.photo), now=timezone.now())
    return told.SentReceipt(**_shown(reads.receipt(sent.receipt)).model_dump(), repeated=sent.repeated)


@router.get(
    "/receipts", response=answers(Page[told.Receipt]), summary="List receipts", operation_id="list_receipts"
)  # fmt: skip
def list_receipts(request: HttpRequest, asked: Query[told.ReceiptQuery]) -> Page[Any]:
    """Those that wait are oldest first, others newest first."""
    caller_of(request).require(Action.SEE_IDENTIFIERS)
    with continuing():
        found = reads.receipts(state=asked.state or "", offer=asked.offer, before=asked.place, limit=asked.limit)
    return page([_shown(each) for each in found.rows], found.next)


@router.get(
    "/receipts/{id}", response=answers(told.Receipt, NOT_FOUND), summary="One receipt", operation_id="get_receipt"
)  # fmt: skip
def get_receipt(request: HttpRequest, id: int) -> told.Receipt:  # noqa: A002
    """Without its photo, which the console shows."""
    caller_of(request).require(Action.SEE_IDENTIFIERS)
    return _shown(reads.receipt(id))


@router.post(
    "/receipts/{id}/approve",
    response=answers(told.DecidedReceipt, NOT_FOUND, CONFLICT),
    summary="Approve a receipt",
    operation_id="approve_receipt",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def approve_receipt(request: HttpRequest, id: int, asked: told.Seen) -> told.DecidedReceipt:  # noqa: A002
    """It pays once, and no other receipt of its shop, day and number does."""
    row, caller = reads.receipt(id), caller_of(request)
    amount = row.amount if asked.amount is None else minor(asked.amount, row.currency, field="amount")
    seen = Typed(asked.shop or row.shop, asked.day or row.day, asked.number or row.receipt_number, amount)
    done = services.approve(id, seen, by=caller.name, now=timezone.now())
    if not done.repeated:
        _tell(request, AuditAction.DECIDE_RECEIPT, _target(row), what="approve", receipt=id, cash=done.cash)
    return _decided(id, repeated=done.repeated)


@router.post(
    "/receipts/{id}/refuse",
    response=answers(told.DecidedReceipt, NOT_FOUND, CONFLICT),
    summary="Refuse a receipt",
    operation_id="refuse_receipt",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def refuse_receipt(request: HttpRequest, id: int, asked: told.Because) -> told.DecidedReceipt:  # noqa: A002
    """The customer reads the reason, and may send a better photo."""
    row, caller = reads.receipt(id), caller_of(request)
    done = services.refuse(id, asked.reason, by=caller.name, now=timezone.now())
    if done:
        _tell(request, AuditAction.DECIDE_RECEIPT, _target(row), what="refuse", receipt=id)
    return _decided(id, repeated=not done)


@router.post(
    "/receipts/{id}/reverse",
    response=answers(told.DecidedReceipt, NOT_FOUND, CONFLICT),
    summary="Take back what a receipt brought",
    operation_id="reverse_receipt",
    openapi_extra=IDEMPOTENT,
)
@write(Action.RUN_CAMPAIGNS, in_control=True)
def reverse_receipt(request: HttpRequest, id: int, asked: told.Because) -> told.DecidedReceipt:  # noqa: A002
    """The budget has it again; what the customer has spent of it is owed."""
    row, caller = reads.receipt(id), caller_of(request)
    done = services.reverse(id, asked.reason, by=caller.name, now=timezone.now())
    if done:
        _tell(request, AuditAction.DECIDE_RECEIPT, _target(row), what="reverse", receipt=id)
    return _decided(id, repeated=not done)


def _photo(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument("photo", "photo must be base64.") from error


def _decided(number: int, *, repeated: bool) -> told.DecidedReceipt:
    return told.DecidedReceipt(**_shown(reads.receipt(number)).model_dump(), repeated=repeated)


def _shown(row: reads.ReceiptRow) -> told.Receipt:
    same = {name: getattr(row, name) for name in told.Receipt.model_fields if hasattr(row, name)}
    changed = {
        "id": row.number,
        "customer": customer_text(row.customer) if row.customer >= 0 else None,
        "number": row.receipt_number,
        "amount": decimal_text(row.amount, row.currency),
        "cash": decimal_text(row.cash, row.currency),
    }
    return told.Receipt(**same | changed)


def _shown_offer(row: reads.OfferRow) -> told.ReceiptOffer:
    def money(amount: int | None) -> str | None:
        return None if amount is None else decimal_text(amount, row.currency)

    names = ("campaign", "currency", "name", "paid_in", "running", "waiting", "approved", "refused", "reversed")
    return told.ReceiptOffer(
        id=row.number,
        rate=row.terms.rate / WHOLE,
        fixed=decimal_text(row.terms.fixed, row.currency),
        least=decimal_text(row.terms.least, row.currency),
        most_per_receipt=money(row.terms.most_per_receipt),
        most_per_customer=money(row.most_per_customer),
        first_day=row.window.first_day,
        last_day=row.window.last_day,
        claim_days=row.window.claim_days,
        shops=list(row.shops),
        cash=decimal_text(row.cash, row.currency),
        **{name: getattr(row, name) for name in names},
    )


def _target(row: reads.ReceiptRow) -> str:
    return customer_text(row.customer) if row.customer >= 0 else f"receipt {row.number}"


def _tell(request: HttpRequest, action: AuditAction, target: str, **detail: Any) -> None:
    caller = caller_of(request)
    record(actor=caller.actor, action=action, target=target, address=caller.address, detail=detail)
