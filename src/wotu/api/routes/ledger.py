"""What customers have and how it came about; limits and liability of the house; adjustments by hand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import P, PathEx, Query, Router

from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.cursors import continuing
from wotu.api.idempotency import once_id, write
from wotu.api.schemas import ledger as told
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.core.customer_ids import customer_number
from wotu.core.errors import invalid_argument
from wotu.ledger import due_services, house_reads, proof_services, reads
from wotu.ledger.adjusting_services import adjust
from wotu.ledger.house_reads import LimitRow
from wotu.ledger.payout_services import pay_out
from wotu.ledger.reads import Balance, Side, StatementEntry, TransferRef
from wotu.loyalty.pricing.written import minor

router = Router(tags=["Ledger"])
Number = PathEx[int, P(ge=1, le=2**63 - 1)]


@router.get(
    "/customers/{identifier}/balances",
    response=answers(Page[told.Balance], NOT_FOUND),
    summary="Balances of a customer",
    operation_id="list_balances",
)
def list_balances(request: HttpRequest, identifier: str) -> Page[Any]:
    """What the customer has of each unit, after what was due is carried out. There is one page."""
    customer, _ = _seen(request, identifier)
    return page([_balance(each) for each in reads.balances(customer)], None)


@router.get(
    "/customers/{identifier}/lots",
    response=answers(Page[told.Lot], NOT_FOUND),
    summary="Lots of a customer",
    operation_id="list_lots",
)
def list_lots(request: HttpRequest, identifier: str, asked: Query[told.LotQuery]) -> Page[Any]:
    """In the order in which they are spent, then those that wait. There is one page."""
    customer, sight = _seen(request, identifier)
    found = reads.lots(customer, asked.unit, spent=asked.spent)
    return page([{**asdict(each), "source": _ref(each.source, sight)} for each in found], None)


@router.get(
    "/customers/{identifier}/statement",
    response=answers(Page[told.StatementEntry], NOT_FOUND),
    summary="Statement of a customer",
    operation_id="list_statement",
)
def list_statement(request: HttpRequest, identifier: str, asked: Query[told.StatementQuery]) -> Page[Any]:
    """Every posting, newest first, with the balance after it."""
    customer, sight = _seen(request, identifier)
    with continuing():
        found = reads.statement(customer, asked.unit, purpose=asked.purpose, before=asked.place, limit=asked.limit)
    return page([_entry(each, sight) for each in found.entries], found.next)


@router.post(
    "/customers/{identifier}/adjustments",
    response=answers(told.Adjusted, NOT_FOUND, CONFLICT),
    summary="Adjust a balance by hand",
    operation_id="adjust_balance",
    openapi_extra=IDEMPOTENT,
)
@write(Action.ADJUST_BALANCE, in_control=True)
def adjust_balance(request: HttpRequest, identifier: str, asked: told.NewAdjustment) -> told.Adjusted:
    """Give an amount, or take a negative one off what is free. The reason stands in the statement."""
    caller = caller_of(request)
    customer = _number(workspace().customer(identifier).customer_id)
    receipt = adjust(
        (once_id(request) or uuid4().hex)[:32], customer=customer, unit=asked.unit, amount=asked.amount,
        reason=asked.reason, by=caller.actor, now=timezone.now(), expires_at=_aware(asked.expires_at, "expires_at"),
        address=caller.address,
    )  # fmt: skip
    (balance,) = [each for each in reads.balances(customer) if each.unit.code == asked.unit]
    return told.Adjusted(transfer=receipt.transfer, balance=told.Balance(**_balance(balance)))


@router.post(
    "/customers/{identifier}/payouts",
    response=answers(told.Adjusted, NOT_FOUND, CONFLICT),
    summary="Note that money was paid out",
    operation_id="pay_out",
    openapi_extra=IDEMPOTENT,
)
@write(Action.ADJUST_BALANCE, in_control=True)
def pay_out_money(request: HttpRequest, identifier: str, asked: told.NewPayout) -> told.Adjusted:
    """Money off what the customer has free, such as cash back, once it was paid. The note stands in the statement."""
    caller, unit = caller_of(request), f"money:{asked.currency}"
    customer = _number(workspace().customer(identifier).customer_id)
    receipt = pay_out(
        (once_id(request) or uuid4().hex)[:32], customer=customer, unit=unit,
        amount=minor(asked.amount, asked.currency, field="amount"), note=asked.note, by=caller.actor,
        now=timezone.now(), address=caller.address,
    )  # fmt: skip
    (balance,) = [each for each in reads.balances(customer) if each.unit.code == unit]
    return told.Adjusted(transfer=receipt.transfer, balance=told.Balance(**_balance(balance)))


@router.get("/ledger/units", response=answers(Page[told.Unit]), summary="Units", operation_id="list_units")
def list_units(request: HttpRequest) -> Page[Any]:
    """Everything that is counted. There is one page."""
    caller_of(request).require(Action.READ)
    return page([asdict(each) for each in reads.units()], None)


@router.get(
    "/ledger/transfers/{number}",
    response=answers(told.Transfer, NOT_FOUND),
    summary="One transfer",
    operation_id="get_transfer",
)
def get_transfer(request: HttpRequest, number: Number) -> dict[str, Any]:
    """All its postings, what it reverses and what reverses it."""
    sight = _sight(request)
    found = reads.transfer(number)
    return {
        "transfer": _ref(found.transfer, sight),
        "postings": [
            {"id": each.id, "account": _account(each.account), "lot": each.lot, "amount": each.amount}
            for each in found.postings
        ],
        "reverses": _ref(found.reverses, sight) if found.reverses else None,
        "reversals": [_ref(each, sight) for each in found.reversals],
    }


@router.get("/ledger/limits", response=answers(Page[told.Limit]), summary="Limits", operation_id="list_limits")
def list_limits(request: HttpRequest, asked: Query[told.LimitQuery]) -> Page[Any]:
    """Budgets, stock and caps, newest first, their slices summed."""
    caller_of(request).require(Action.READ)
    with continuing():
        found = house_reads.limits(unit_code=asked.unit, before=asked.place, limit=asked.limit)
    return page([_limit(each) for each in found.rows], found.next)


@router.get(
    "/ledger/limits/{number}", response=answers(told.Limit, NOT_FOUND), summary="One limit", operation_id="get_limit"
)
def get_limit(request: HttpRequest, number: Number) -> dict[str, Any]:
    """By the number of its account."""
    caller_of(request).require(Action.READ)
    due_services.end_holds_of(number, now=timezone.now())
    return _limit(house_reads.limit_of(number)[0])


@router.get(
    "/ledger/liability", response=answers(Page[told.Liability]), summary="Liability", operation_id="list_liability"
)
def list_liability(request: HttpRequest, asked: Query[told.LiabilityQuery]) -> Page[Any]:
    """What was issued of each unit and what became of it, with the same by programme. There is one page."""
    caller_of(request).require(Action.READ)
    return page([asdict(each) for each in house_reads.liability(asked.unit)], None)


@router.get("/ledger/expiry", response=answers(Page[told.Expiring]), summary="Expiry calendar", operation_id="expiry")
def expiry(request: HttpRequest, asked: Query[told.ExpiryQuery]) -> Page[Any]:
    """What will expire of a unit from now on, unless it is spent before. There is one page."""
    caller_of(request).require(Action.READ)
    found = house_reads.expiry_calendar(
        asked.unit, since=timezone.now(), until=_aware(asked.until, "until"), by=asked.by,
        zone=settings.WOTU_SETTINGS.zone,
    )  # fmt: skip
    return page([asdict(each) for each in found], None)


@router.get("/ledger/proof", response=answers(told.Proof), summary="Proof of the ledger", operation_id="get_proof")
def get_proof(request: HttpRequest) -> told.Proof:
    """Whether the ledger agreed with itself when it was last proved."""
    caller_of(request).require(Action.READ)
    last = proof_services.last_proof()
    if last is None:
        return told.Proof(at=None, agreed_at=None, differences=None)
    return told.Proof(at=last.at, agreed_at=last.agreed_at, differences=last.differences)


def _seen(request: HttpRequest, identifier: str) -> tuple[int, Sight]:
    """The customer's number with nothing due, and what the caller may see of them."""
    sight = _sight(request)
    profile = workspace().customer(identifier)
    customer = _number(profile.customer_id)
    due_services.carry_out_due(customer, now=timezone.now())
    return customer, sight.knowing(profile.identifiers)


def _number(customer_id: str) -> int:
    number = customer_number(customer_id)
    assert number is not None
    return number


def _sight(request: HttpRequest) -> Sight:
    caller = caller_of(request)
    caller.require(Action.READ)
    return caller.sight


def _aware(moment: datetime | None, field: str) -> datetime | None:
    if moment is not None and timezone.is_naive(moment):
        raise invalid_argument(field, f"{field} must have an offset, as in 2026-03-01T00:00:00+08:00.")
    return moment


def _balance(each: Balance) -> dict[str, Any]:
    return asdict(each)


def _account(side: Side) -> dict[str, Any]:
    return {
        "id": side.account, "unit": side.unit.code, "owner_kind": side.owner_kind, "customer_id": side.customer_id,
        "purpose": side.purpose,
    }  # fmt: skip


def _ref(transfer: TransferRef, sight: Sight) -> dict[str, Any]:
    cause = {**asdict(transfer.cause), "event": sight.text(transfer.cause.event)}
    return {"id": transfer.id, "at": transfer.at, "cause": cause}


def _entry(each: StatementEntry, sight: Sight) -> dict[str, Any]:
    return {
        "id": each.id, "transfer": _ref(each.transfer, sight), "account": _account(each.account),
        "counter": [_account(side) for side in each.counter], "lot": each.lot, "amount": each.amount,
        "balance": each.balance, "reverses": each.reverses, "reversed_by": list(each.reversed_by),
    }  # fmt: skip


def _limit(row: LimitRow) -> dict[str, Any]:
    return {**asdict(row), "left": row.left}
