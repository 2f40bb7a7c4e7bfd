"""Forms of receipts: an offer as it is typed, and what staff read off a photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.loyalty.typed import TypedFields
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import PaidIn
from wotu.loyalty.receipts.rules import WHOLE, CashBack, Window
from wotu.loyalty.receipts.services import Typed

KINDS = ("rate", "fixed")
NAMES = (
    "campaign", "name", "kind", "rate", "fixed", "least", "most_per_receipt", "most_per_customer", "paid_in",
    "first_day", "last_day", "claim_days", "shops",
)  # fmt: skip
BLANK = dict.fromkeys(NAMES, "") | {"kind": "rate", "paid_in": PaidIn.POINTS.value, "claim_days": "14"}


@dataclass(frozen=True)
class PlannedOffer:
    """An offer that was typed and can be."""

    campaign: CampaignRow
    name: str
    terms: CashBack
    window: Window
    paid_in: str
    most_per_customer: int | None
    shops: list[str]


def posted(given: Mapping[str, str]) -> dict[str, str]:
    """What was typed, word for word."""
    return {name: given.get(name, "")[:20_000] for name in NAMES}


def offer_of(
    typed: Mapping[str, str], choices: Mapping[str, CampaignRow]
) -> tuple[PlannedOffer | None, dict[str, str]]:  # fmt: skip
    """The offer of a form, or what is wrong with which field."""
    form = TypedFields(typed)
    campaign = choices.get(typed.get("campaign", ""))
    if campaign is None:
        form.refuse("campaign", _("Choose one of the options."))
        return None, form.errors
    by_rate = form.choice("kind", KINDS) == "rate"
    money = {
        name: form.money(name, campaign.currency, positive=name != "least")
        for name in ("fixed", "least", "most_per_receipt", "most_per_customer")
        if name != "fixed" or not by_rate
    }
    rate = int(form.rate("rate") * WHOLE) if by_rate else 0
    if not by_rate and money["fixed"] is None:
        form.refuse("fixed", _("Write an amount such as 20 or 9.90."))
    first, last = _day(form, "first_day"), _day(form, "last_day")
    if first and last and last < first:
        form.refuse("last_day", _("The last day must not be before the first."))
    claim_days = form.whole("claim_days", least=0, most=366)
    told: dict[str, Any] = {
        "name": form.text("name", most=120), "paid_in": form.choice("paid_in", tuple(PaidIn.values)),
        "shops": form.ids("shops"),
    }  # fmt: skip
    if form.errors or first is None or last is None:
        return None, form.errors
    terms = CashBack(
        rate=rate, fixed=money.get("fixed") or 0, least=money["least"] or 0, most_per_receipt=money["most_per_receipt"]
    )
    window = Window(first_day=first, last_day=last, claim_days=14 if claim_days is None else claim_days)
    return PlannedOffer(
        campaign=campaign, terms=terms, window=window, most_per_customer=money["most_per_customer"], **told
    ), {}  # fmt: skip


def seen_of(typed: Mapping[str, str], currency: str) -> tuple[Typed | None, dict[str, str]]:
    """What staff read off a photo, or what is wrong with which field."""
    form = TypedFields({name: typed.get(name, "")[:500] for name in ("shop", "day", "number", "amount")})
    shop, number = form.text("shop", most=120), form.text("number", most=80)
    day, amount = _day(form, "day"), form.money("amount", currency, positive=True)
    if amount is None:
        form.refuse("amount", _("Write an amount such as 20 or 9.90."))
    if form.errors or day is None or amount is None:
        return None, form.errors
    return Typed(shop, day, number, amount), {}


def _day(form: TypedFields, name: str) -> date | None:
    found = form.day(name)
    if found is None:
        form.refuse(name, _("Write a date such as 2026-01-31."))
    return found
