"""A customer sends in photos of receipts, and sees what became of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from wotu.accounts import limits
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.h5.deeds import Said
from wotu.h5.pages import of_member
from wotu.ledger import reads as ledger
from wotu.ledger.choices import UnitKind
from wotu.ledger.payout_services import payouts_of
from wotu.loyalty.choices import PaidIn, ReceiptState
from wotu.loyalty.coupons import words
from wotu.loyalty.membership.reads import today
from wotu.loyalty.participation import PromotionRefusal
from wotu.loyalty.pricing.written import minor
from wotu.loyalty.receipts import reads, services
from wotu.loyalty.receipts.rules import WHOLE

_SENDS = 20
_TYPED = ("shop", "day", "number", "amount", "offer")
_LONGEST, _DIGITS = 200, 18


@of_member
@require_http_methods(["GET", "HEAD", "POST"])
def receipts(request: HttpRequest, token: str, customer: int) -> HttpResponse:
    """The form, and what became of everything that was sent in; 20 tries in a quarter of an hour."""
    now, context, typed, status = timezone.now(), {}, {}, HTTPStatus.OK
    if request.method == "POST":
        typed = {name: request.POST.get(name, "")[:_LONGEST] for name in _TYPED}
        try:
            said = _send(customer, request, now)
        except limits.AttemptsSpent:
            said = Said(gettext("Too many tries. Come back in a quarter of an hour."), good=False)
            status = HTTPStatus.TOO_MANY_REQUESTS
        except WotuError as error:
            said, status = Said(_why_not(error), good=False), HTTPStatus.CONFLICT
        context, typed = {"said": said.text, "good": said.good}, {} if said.good else typed
    return render(request, "h5/receipts.html", _shown(token, customer, typed, now) | context, status=status)


def _send(customer: int, request: HttpRequest, now: datetime) -> Said:
    nobody = hashlib.sha256(str(customer).encode()).hexdigest()
    limits.spend_attempt((limits.Subject(f"receipt:{nobody}", _SENDS),), now)
    sent, photo = request.POST, request.FILES.get("photo")
    if photo is None:
        raise invalid_argument("photo", "Send a photo of at most 5 MB.")
    offer = reads.offer(_number(sent.get("offer", "")), now)
    try:
        day = date.fromisoformat(sent.get("day", ""))
    except ValueError as error:
        raise invalid_argument("day", "Write the day of the receipt.") from error
    amount = minor(sent.get("amount", "").strip()[:_LONGEST], offer.currency, field="amount")
    typed = services.Typed(_text(sent, "shop"), day, _text(sent, "number"), amount)
    made = services.send(offer.number, customer, typed, photo.read(), now=now)
    if made.repeated:
        return Said(gettext("We have this receipt already."))
    return Said(gettext("Thank you. We look at it and tell you here what it brings."))


def _shown(token: str, customer: int, typed: dict[str, str], now: datetime) -> dict[str, Any]:
    day = today(now)
    open_now = reads.open_offers(now, day)
    return {
        "space": settings.WOTU_SETTINGS.name, "language": get_language(), "token": token, "today": day,
        "offers": [_offer(each, typed, alone=len(open_now) == 1) for each in open_now],
        "mine": [_receipt(each) for each in reads.receipts_of(customer)], "accounts": list(_accounts(customer)),
    }  # fmt: skip


def _accounts(customer: int) -> Iterator[dict[str, Any]]:
    """Money that cash back has left on the customer's account, of each currency, and what was paid out of it."""
    for each in ledger.balances(customer):
        if each.unit.kind == UnitKind.MONEY:
            currency = each.unit.code.partition(":")[2]
            paid = [(row.at, words.money(row.amount, currency)) for row in payouts_of(customer, each.unit.code)]
            if each.free or paid:
                yield {"free": words.money(each.free, currency), "paid": paid}


def _offer(row: reads.Offer, typed: dict[str, str], *, alone: bool) -> dict[str, Any]:
    """An offer in words; what was typed for it stays in its form, which is open then, or when there is no other."""
    mine = typed if typed.get("offer") == str(row.number) else {}
    terms = row.terms
    worth = words.money(terms.fixed, row.currency) if terms.fixed else f"{terms.rate * 100 / WHOLE:g}%"
    unit = {"worth": worth}
    in_points = row.paid_in == PaidIn.POINTS
    said = [gettext("%(worth)s back in points") % unit if in_points else gettext("%(worth)s back") % unit]
    if terms.least:
        said.append(gettext("on receipts from %(amount)s") % {"amount": words.money(terms.least, row.currency)})
    if terms.most_per_receipt is not None:
        most = {"amount": words.money(terms.most_per_receipt, row.currency)}
        said.append(gettext("at most %(amount)s a receipt") % most)
    return {"row": row, "said": said, "typed": mine, "open": alone or bool(mine)}


def _receipt(row: reads.ReceiptRow) -> dict[str, Any]:
    brought = ""
    if row.state == ReceiptState.APPROVED:
        brought = words.money(row.cash, row.currency)
        if row.paid_in == PaidIn.POINTS:
            brought = gettext("%(points)s points") % {"points": words.number(row.paid)}
    return {
        "row": row, "state": ReceiptState(row.state).label, "brought": brought,
        "amount": words.money(row.amount, row.currency),
    }  # fmt: skip


def _why_not(error: WotuError) -> str:
    by_word = {
        PromotionRefusal.NOT_RUNNING: gettext("This campaign is not running."),
        PromotionRefusal.OUTSIDE_WINDOW: gettext("This receipt is not of the days of the offer."),
        PromotionRefusal.TOO_LATE: gettext("The time to send this receipt in is over."),
        PromotionRefusal.ALREADY_PAID: gettext("This receipt has been paid for. Each pays once."),
        PromotionRefusal.TOO_MANY_WAITING: gettext("We are still looking at your other receipts. Come back later."),
    }
    word = error.given.get("refusal")
    if isinstance(word, str) and word in set(PromotionRefusal):
        return by_word.get(PromotionRefusal(word), gettext("This cannot be done now."))
    by_field = {
        "photo": gettext("Choose a photo: JPEG, PNG or WebP, at most 5 MB."),
        "amount": gettext("Write the amount on the receipt, such as 20 or 9.90."),
        "day": gettext("Choose the day on the receipt."),
        "number": gettext("Write the number of the receipt."),
        "shop": gettext("Name the shop."),
    }
    if error.code in (ErrorCode.INVALID_ARGUMENT, ErrorCode.TOO_LARGE) and error.field in by_field:
        return by_field[error.field]
    return gettext("This cannot be done now.")


def _text(sent: QueryDict, name: str) -> str:
    return sent.get(name, "")[:_LONGEST]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
