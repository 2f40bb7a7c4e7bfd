"""Offers of cash back and receipts in the words of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wotu.console import figures
from wotu.console.loyalty.campaign_words import money, span
from wotu.core.customer_ids import customer_text
from wotu.loyalty.choices import PaidIn, ReceiptState
from wotu.loyalty.receipts.reads import OfferRow, ReceiptRow
from wotu.loyalty.receipts.rules import WHOLE


@dataclass(frozen=True)
class ShownOffer:
    """An offer in words."""

    row: OfferRow
    promise: str
    limits: str
    days: str
    cash: str


@dataclass(frozen=True)
class ShownReceipt:
    """A receipt in words; ``flags`` say what somebody should look at."""

    row: ReceiptRow
    state: str
    customer_id: str
    amount: str
    day: str
    brought: str
    flags: tuple[str, ...]


def shown_offer(row: OfferRow) -> ShownOffer:
    """What an offer promises and what it brought."""
    terms = row.terms
    worth = money(terms.fixed, row.currency) if terms.fixed else f"{terms.rate * 100 / WHOLE:g}%"
    unit = _("in points") if row.paid_in == PaidIn.POINTS else _("in money")
    limits = [
        _("from %(amount)s on") % {"amount": money(terms.least, row.currency)} if terms.least else "",
        _("at most %(amount)s a receipt") % {"amount": money(terms.most_per_receipt, row.currency)}
        if terms.most_per_receipt is not None else "",
        _("at most %(amount)s a person") % {"amount": money(row.most_per_customer, row.currency)}
        if row.most_per_customer is not None else "",
    ]  # fmt: skip
    return ShownOffer(
        row, _("%(worth)s of each receipt, %(unit)s") % {"worth": worth, "unit": unit},
        " · ".join(each for each in limits if each), span(row.window.first_day, row.window.last_day),
        money(row.cash, row.currency),
    )  # fmt: skip


def shown_receipt(row: ReceiptRow) -> ShownReceipt:
    """A receipt with its state in words."""
    brought = ""
    if row.cash:
        brought = money(row.cash, row.currency)
        if row.paid_in == PaidIn.POINTS:
            points = {"points": figures.count_exact(row.paid), "amount": brought}
            brought = _("%(points)s points (%(amount)s)") % points
    return ShownReceipt(
        row, str(ReceiptState(row.state).label), customer_text(row.customer) if row.customer >= 0 else "",
        money(row.amount, row.currency), figures.day(row.day), brought, tuple(_flags(row)),
    )  # fmt: skip


def _flags(row: ReceiptRow) -> Iterator[str]:
    if number := row.same_receipt:
        said = ngettext(
            "%(number)s other receipt has this day and number", "%(number)s other receipts have this day and number",
            number,
        )  # fmt: skip
        yield said % {"number": figures.count_exact(number)}
    if number := row.same_photo:
        said = ngettext(
            "%(number)s other receipt has the very same photo", "%(number)s other receipts have the very same photo",
            number,
        )  # fmt: skip
        yield said % {"number": figures.count_exact(number)}
