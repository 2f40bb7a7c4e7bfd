"""A customer's own page, opened by a signed link: balance, what expires when, coupons, and a field for codes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, get_supported_language_variant, gettext, override
from django.views.decorators.http import require_safe

from wotu.accounts import limits
from wotu.answers.kept import workspace
from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.errors import WotuError
from wotu.core.periods import to_micros
from wotu.ledger import reads
from wotu.loyalty import coupon_services, links, wallet
from wotu.loyalty import coupon_words as words
from wotu.loyalty.validity import first_day_of, last_day_of

_GUESSES = 10
_POINTS = "points"

Page = Callable[..., HttpResponse]


@dataclass(frozen=True)
class ShownLot:
    """Points that came together: not before ``from_day``, up to ``last_day``."""

    amount: str
    from_day: date | None
    last_day: date | None


def of_member(page: Page) -> Page:
    """A page for whoever has the link; ``?lang=`` chooses the language, else the browser does."""

    @login_not_required
    @wraps(page)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        with override(_language(request)):
            customer = _customer(token)
            if customer is None:
                context = {"space": settings.WOTU_SETTINGS.name, "language": get_language()}
                return _private(render(request, "h5/ended.html", context, status=HTTPStatus.FORBIDDEN))
            return _private(page(request, token, customer))

    return opened


@of_member
@require_safe
def member(request: HttpRequest, token: str, customer: int) -> HttpResponse:
    """What the customer has."""
    return render(request, "h5/member.html", _context(token, customer))


@of_member
def claim(request: HttpRequest, token: str, customer: int) -> HttpResponse:
    """A code becomes a coupon of the customer's own; after ten wrong ones in 15 minutes nothing is looked up."""
    if request.method != "POST":
        return render(request, "h5/member.html", _context(token, customer))
    code, now = request.POST.get("code", ""), timezone.now()
    guesses = (limits.Subject("claim:" + hashlib.sha256(str(customer).encode()).hexdigest(), _GUESSES),)
    try:
        limits.spend_attempt(guesses, now)
        coupon_services.claim(code, customer, now=now, zone=settings.WOTU_SETTINGS.zone)
    except limits.AttemptsSpent:
        said, status = gettext("Too many tries. Come back in a quarter of an hour."), HTTPStatus.TOO_MANY_REQUESTS
    except WotuError as error:
        said, status = _refusal(error), HTTPStatus.CONFLICT
    else:
        limits.give_back(guesses)
        context = _context(token, customer) | {"said": gettext("The coupon is yours."), "good": True}
        return render(request, "h5/member.html", context)
    context = _context(token, customer) | {"said": said, "code": code[:64]}
    return render(request, "h5/member.html", context, status=status)


def _context(token: str, customer: int) -> dict[str, Any]:
    now = timezone.now()
    had = next((each for each in reads.balances(customer) if each.unit.code == _POINTS), None)
    points = {name: words.number(getattr(had, name, 0)) for name in ("free", "held", "pending", "owed")}
    lots = [lot for lot in reads.lots(customer, _POINTS) if lot.waits or lot.expires_at is None or lot.expires_at > now]
    return {
        "space": settings.WOTU_SETTINGS.name, "language": get_language(), "token": token,
        "points": {name: text for name, text in points.items() if name == "free" or text != "0"},
        "lots": [ShownLot(words.number(lot.remaining), _day(lot.available_at), _last(lot.expires_at)) for lot in lots],
        "coupons": [words.card(each, now, settings.WOTU_SETTINGS.zone) for each in wallet.coupons_of(customer, now)],
    }  # fmt: skip


def _day(at: datetime | None) -> date | None:
    return None if at is None else first_day_of(to_micros(at), settings.WOTU_SETTINGS.zone)


def _last(ends: datetime | None) -> date | None:
    return None if ends is None else last_day_of(to_micros(ends), settings.WOTU_SETTINGS.zone)


def _customer(token: str) -> int | None:
    """Whom the link opens now: the survivor after a merge, nobody after an erasure."""
    number = links.customer_of(token, now=timezone.now())
    if number is None:
        return None
    try:
        return customer_number(workspace().customer(customer_text(number)).customer_id)
    except WotuError:
        return None


def _language(request: HttpRequest) -> str:
    try:
        return get_supported_language_variant(request.GET.get("lang", ""))
    except LookupError:
        return get_language() or "en"


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex"
    return response


def _refusal(error: WotuError) -> str:
    sentences = {
        "expired": gettext("This coupon has expired."),
        "customer_limit": gettext("You have had as many of these coupons as one may have."),
        "not_running": gettext("This campaign is not running."),
    }
    return sentences.get(str(error.given.get("refusal")), gettext("This code cannot be used."))
