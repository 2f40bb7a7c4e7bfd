"""What a customer may do on their page: claim a code, check in, take an item, a partner's code, end a renewal.

Each answers with the page and a sentence. Tapped twice it is done once, by the key that the page gave or by the day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext, ngettext

from wotu.accounts import limits
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons import words
from wotu.loyalty.membership import services
from wotu.loyalty.programme import check_in_services, mall_services, member_reads
from wotu.loyalty.samples import services as samples

_GUESSES = 10
_DIGITS = 18
_LONGEST_KEY = 32


class Said(NamedTuple):
    """A sentence for the top of the page."""

    text: str
    good: bool = True


Deed = Callable[[int, QueryDict, datetime], Said]


def claim(customer: int, sent: QueryDict, now: datetime) -> Said:
    """A code becomes a coupon of the customer's own; after ten wrong ones in 15 minutes nothing is looked up."""
    guesses = (limits.Subject("claim:" + hashlib.sha256(str(customer).encode()).hexdigest(), _GUESSES),)
    limits.spend_attempt(guesses, now)
    coupon_services.claim(sent.get("code", ""), customer, now=now, zone=settings.WOTU_SETTINGS.zone)
    limits.give_back(guesses)
    return Said(gettext("The coupon is yours."))


def check_in(customer: int, _sent: QueryDict, now: datetime) -> Said:
    """Checks in for today, once."""
    club = member_reads.in_programme(customer, now=now)
    if club is None or club.streak is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no check-in.", field="check_in")
    made = check_in_services.check_in(customer, now=now, code=club.code)
    if not made.points:
        return Said(gettext("Checked in."))
    said = ngettext("Checked in: %(points)s point.", "Checked in: %(points)s points.", made.points)
    return Said(said % {"points": words.number(made.points)})


def redeem(customer: int, sent: QueryDict, now: datetime) -> Said:
    """Takes an item of the points mall, once for a page."""
    once = sent.get("once", "").replace("\x00", "")[:_LONGEST_KEY]
    if not once:
        raise invalid_argument("once", "Open the page anew and take the item there.")
    # The button says which item, and how many points stood beside it.
    number, _, points = sent.get("item", "").partition("-")
    mall_services.redeem_item(
        _whole(number), customer, key=f"page:{customer}:{once}", now=now, zone=settings.WOTU_SETTINGS.zone,
        points=_whole(points) if points else None,
    )  # fmt: skip
    return Said(gettext("It is yours."))


def partner(customer: int, sent: QueryDict, now: datetime) -> Said:
    """Takes the code of a partner that this period has for the member."""
    services.take_code(_whole(sent.get("pool", "")), customer, now=now)
    return Said(gettext("Here is your code."))


def stop_renewal(customer: int, sent: QueryDict, now: datetime) -> Said:
    """A membership no longer renews by itself; it stays until its end."""
    services.set_renews(customer, sent.get("plan", "")[:40].replace("\x00", ""), renews=False, now=now)
    return Said(gettext("It no longer renews. You stay a member until its end."))


def sample(customer: int, sent: QueryDict, now: datetime) -> Said:
    """Asks for a sample, once a person."""
    samples.ask(_whole(sent.get("offer", "")), customer, now=now)
    return Said(gettext("Asked for. We tell you here when it is on its way."))


DEEDS: dict[str, Deed] = {
    "claim": claim, "check-in": check_in, "redeem": redeem, "partner": partner, "stop-renewal": stop_renewal,
    "sample": sample,
}  # fmt: skip


def refusal(error: WotuError) -> str:
    """Why something was not done, for the customer."""
    if error.code == ErrorCode.INSUFFICIENT_BALANCE:
        return gettext("You do not have enough points for it.")
    by_word = {
        "expired": gettext("This coupon has expired."),
        "customer_limit": gettext("You have had as many of these coupons as one may have."),
        "not_running": gettext("This campaign is not running."),
        "none_left": gettext("None is left. Come back later."),
        "price_changed": gettext("It costs more points by now. Look again before you take it."),
        "no_member": gettext("This is for members."),
        "wrong_tier": gettext("This is for customers of other levels."),
    }
    word = str(error.given.get("refusal"))
    if error.field in ("code", "coupon"):
        return by_word.get(word, gettext("This code cannot be used."))
    of_item = error.field == "item" and word != "price_changed"
    if error.code == ErrorCode.LIMIT_REACHED and (of_item or word not in by_word):
        return gettext("None is left for you.")
    return by_word.get(word, gettext("This cannot be done now."))


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
