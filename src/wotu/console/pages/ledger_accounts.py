"""Ledger, Accounts: a customer's balances, the lots they are made of, and every posting that explains them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.answers import workspace
from wotu.console.data_tabs import allowed
from wotu.console.ledger_tabs import ledger_page
from wotu.console.ledger_typed import refusal, typed_amount, typed_day
from wotu.console.ledger_words import PARTS, amount, side_address, side_words, signed, why
from wotu.console.pages.search import customers_found, searched
from wotu.console.permissions import require, signed_in_member
from wotu.console.sight import Sight, sight_of
from wotu.core.customer_ids import customer_number
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.ledger import due_services, reads
from wotu.ledger.adjusting_services import LONGEST_REASON, adjust
from wotu.ledger.choices import UnitKind
from wotu.ledger.payout_services import LONGEST_NOTE, pay_out
from wotu.ledger.reads import Balance, LotRow, PostingRow, Side, Statement, StatementEntry, UnitRow

_FOUND = 20


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Whose balance is to be explained."""
    require(request, Action.READ)
    words = searched(request, "who")
    found = customers_found(request, words, most=_FOUND)
    rows = [(row, balances_of(customer_number(row.customer_id) or 0)) for row in found.rows] if found else []
    context = {"words": words, "found": rows, "total": found.total if found else 0}
    return ledger_page(request, "console/ledger/accounts.html", "accounts", context)


@require_safe
def customer(request: HttpRequest, customer_id: str) -> HttpResponse:
    """A customer's balances; of the chosen unit the lots and the statement."""
    require(request, Action.READ)
    return _customer_page(request, customer_id, {})


@require_http_methods(["GET", "POST"])
def adjust_balance(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Give or take an amount by hand; whoever opens the address is led to the customer."""
    if request.method != "POST":
        return redirect("console:ledger-customer", customer_id)
    require(request, Action.ADJUST_BALANCE)
    found = workspace().customer(customer_id).customer_id
    unit: UnitRow | None = None
    try:
        unit = reads.unit(request.POST.get("unit", ""))
        taken = -1 if request.POST.get("way") == "take" else 1
        adjust(
            request.POST.get("key", ""), customer=customer_number(found) or 0, unit=unit.code,
            amount=taken * typed_amount(request.POST.get("amount", ""), unit), reason=request.POST.get("reason", ""),
            by=signed_in_member(request), now=timezone.now(), expires_at=typed_day(request.POST.get("until", "")),
            address=client_address(request)[0],
        )  # fmt: skip
    except WotuError as error:
        return _customer_page(
            request, customer_id, {"refused": refusal(error, unit), "typed": request.POST}, status=422
        )
    return redirect(f"{reverse('console:ledger-customer', args=[found])}?{urlencode({'unit': unit.code, 'done': '1'})}")


@require_http_methods(["GET", "POST"])
def pay_out_money(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Note that money of a customer was paid out; whoever opens the address is led to the customer."""
    if request.method != "POST":
        return redirect("console:ledger-customer", customer_id)
    require(request, Action.ADJUST_BALANCE)
    found = workspace().customer(customer_id).customer_id
    unit: UnitRow | None = None
    try:
        unit = reads.unit(request.POST.get("unit", ""))
        if unit.kind != UnitKind.MONEY:
            raise invalid_argument("unit", _("Only money is paid out."), Reason.SAID)
        pay_out(
            request.POST.get("key", ""), customer=customer_number(found) or 0, unit=unit.code,
            amount=typed_amount(request.POST.get("amount", ""), unit), note=request.POST.get("note", ""),
            by=signed_in_member(request), now=timezone.now(), address=client_address(request)[0],
        )  # fmt: skip
    except WotuError as error:
        told = {"not_paid": refusal(error, unit), "typed": request.POST}
        return _customer_page(request, customer_id, told, status=422)
    where = reverse("console:ledger-customer", args=[found])
    return redirect(f"{where}?{urlencode({'unit': unit.code, 'done': 'paid'})}")


@require_safe
def account(request: HttpRequest, number: int) -> HttpResponse:
    """Everything that moved one account of the house, or of who is erased."""
    require(request, Action.READ)
    side = reads.account_side(number)
    statement = reads.account_statement(number, before=request.GET.get("before") or None)
    context = {"side": _side(side), "unit": side.unit, **entries_context(request, statement, side.unit)}
    return ledger_page(request, "console/ledger/account.html", "accounts", context)


@require_safe
def transfer(request: HttpRequest, number: int) -> HttpResponse:
    """One transfer: why it was, everything it moved, what it reverses and what reverses it."""
    require(request, Action.READ)
    told, sight = reads.transfer(number), sight_of(request)
    context = {
        "told": told,
        "why": why(told.transfer, sight),
        "postings": [_posting(each) for each in told.postings],
        "reverses": (told.reverses, why(told.reverses, sight)) if told.reverses else None,
        "reversals": [(each, why(each, sight)) for each in told.reversals],
    }  # fmt: skip
    return ledger_page(request, "console/ledger/transfer.html", "accounts", context)


def entries_context(request: HttpRequest, statement: Statement, unit: UnitRow) -> dict[str, Any]:
    """What the table of postings needs."""
    sight = sight_of(request)
    kept = {name: str(request.GET[name]) for name in ("unit", "part") if name in request.GET}
    return {
        "entries": [_entry(each, unit, sight) for each in statement.entries],
        "more": urlencode({**kept, "before": statement.next}) if statement.next else "",
        "first_page": not request.GET.get("before"),
        "sum": amount(statement.balance, unit),
    }


def value_context(customer_id: str) -> dict[str, Any]:
    """What a customer has, for the card on their page."""
    return {"balances": balances_of(customer_number(customer_id) or 0)}


def _customer_page(request: HttpRequest, customer_id: str, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
    profile = workspace().customer(customer_id)
    sight = sight_of(request).knowing(profile.identifiers)
    number = customer_number(profile.customer_id) or 0
    due_services.carry_out_due(number, now=timezone.now())
    balances = reads.balances(number)
    wanted = request.POST.get("unit") or request.GET.get("unit")
    chosen = next((each for each in balances if each.unit.code == wanted), balances[0] if balances else None)
    context: dict[str, Any] = {
        "profile_id": profile.customer_id,
        "title": sight.text(profile.name) if profile.name else profile.customer_id,
        "balances": _balances(balances),
        "may_adjust": allowed(request, Action.ADJUST_BALANCE),
        "every_unit": reads.units(),
        "key": uuid4().hex,
        "longest_reason": LONGEST_REASON,
        "longest_note": LONGEST_NOTE,
        "done": request.GET.get("done", ""),
        "typed": {},
        "chosen_unit": wanted or (chosen.unit.code if chosen else ""),
        **more,
    }
    if chosen is not None:
        context |= _explained(request, number, chosen)
    return ledger_page(request, "console/ledger/customer.html", "accounts", context, status=status)


def _explained(request: HttpRequest, number: int, chosen: Balance) -> dict[str, Any]:
    part, unit = request.GET.get("part", ""), chosen.unit
    part = part if part in PARTS else ""
    statement = reads.statement(number, unit.code, purpose=part, before=request.GET.get("before") or None)
    sight = sight_of(request)
    return {
        "chosen": _balance(chosen),
        "unit": unit,
        "may_pay_out": unit.kind == UnitKind.MONEY and chosen.free > 0 and allowed(request, Action.ADJUST_BALANCE),
        "lots": [_lot(each, unit, sight) for each in reads.lots(number, unit.code)],
        "parts": [(key, words, key == part) for key, words in PARTS.items()],
        **entries_context(request, statement, unit),
    }


def balances_of(number: int) -> list[dict[str, Any]]:
    """What a customer has of each unit, as it stands now."""
    due_services.carry_out_due(number, now=timezone.now())
    return _balances(reads.balances(number))


def _balances(found: Sequence[Balance]) -> list[dict[str, Any]]:
    """Units of one name, as points and growth value of a programme, are told apart by what they count."""
    names = Counter(each.unit.name for each in found)
    return [
        _balance(each) | ({"name": _with_kind(each.unit)} if names[each.unit.name] > 1 else {}) for each in found
    ]  # fmt: skip


def _with_kind(unit: UnitRow) -> str:
    return f"{unit.name} · {UnitKind(unit.kind).label}"


def _balance(each: Balance) -> dict[str, Any]:
    parts = ("free", "held", "pending", "owed", "net")
    return {"unit": each.unit, "name": each.unit.name,
            **{part: amount(getattr(each, part), each.unit) for part in parts},
            "has": {part: bool(getattr(each, part)) for part in parts}}  # fmt: skip


def _lot(each: LotRow, unit: UnitRow, sight: Sight) -> dict[str, Any]:
    return {
        "lot": each, "why": why(each.source, sight), "granted": amount(each.granted, unit),
        "remaining": amount(each.remaining, unit),
    }  # fmt: skip


def _entry(each: StatementEntry, unit: UnitRow, sight: Sight) -> dict[str, Any]:
    return {
        "entry": each, "why": why(each.transfer, sight), "side": _side(each.account),
        "counter": [_side(side) for side in each.counter], "amount": signed(each.amount, unit),
        "balance": amount(each.balance, unit), "out": each.amount < 0,
    }  # fmt: skip


def _posting(each: PostingRow) -> dict[str, Any]:
    unit = each.account.unit
    return {"side": _side(each.account), "unit": unit, "lot": each.lot, "amount": signed(each.amount, unit),
            "out": each.amount < 0}  # fmt: skip


def _side(side: Side) -> dict[str, str]:
    return {"words": side_words(side), "address": side_address(side)}
