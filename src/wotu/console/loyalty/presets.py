"""Where a campaign begins: kinds of coupons that shops use most, with values that are sensible and easily changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = str | Promise


@dataclass(frozen=True)
class Preset:
    """A start: what it is called, when one uses it, and what the form is filled with. ``coupon`` is for customers."""

    key: str
    name: Words
    purpose: Words
    coupon: Words = ""
    filled: Mapping[str, str] = field(default_factory=dict)


PRESETS = (
    Preset(
        "threshold", pgettext_lazy("preset", "Amount off from a sum"),
        _("Lifts what an order is worth: the threshold lies a little above the usual basket."),
        _("Off your next order"),
        {"effect": "amount_off", "amount": "20", "threshold": "199", "days": "14", "total": "1000", "budget": "10000"},
    ),
    Preset(
        "percent", pgettext_lazy("preset", "Percentage off"),
        _("For a season or a range of products. The most it takes off keeps large orders affordable."),
        _("Season's discount"),
        {"effect": "percent", "rate": "15", "most_off": "50", "days": "14", "total": "1000", "budget": "10000"},
    ),
    Preset(
        "newcomer", pgettext_lazy("preset", "New customers"),
        _("Makes the first order easy. Short, so that it is used while the visit is fresh."),
        _("Welcome"),
        {"effect": "amount_off", "amount": "10", "threshold": "39", "days": "7", "total": "1000", "budget": "8000"},
    ),
    Preset(
        "winback", pgettext_lazy("preset", "Come back"),
        _("For customers who have not bought for a while: worth more, valid for a shorter time."),
        _("We miss you"),
        {"effect": "amount_off", "amount": "30", "threshold": "149", "days": "7", "total": "500", "budget": "8000"},
    ),
    Preset(
        "shipping", pgettext_lazy("preset", "Free shipping"),
        _("Takes away the reason most carts are left for."),
        _("Free shipping"),
        {"effect": "free_shipping", "most_off": "15", "threshold": "59", "days": "14", "total": "1000",
         "budget": "10000"},
    ),
    Preset(
        "exchange", pgettext_lazy("preset", "Voucher for a product"),
        _("One piece of a product for nothing or a small price: a sample, a gift at the counter."),
        _("One for you"),
        {"effect": "exchange", "price": "0", "days": "30", "total": "200", "budget": "5000"},
    ),
    Preset(
        "birthday", pgettext_lazy("preset", "Birthday"),
        _("Given by your shop or app on the day, one a person, valid for a month."),
        _("Happy birthday"),
        {"effect": "percent", "rate": "20", "most_off": "40", "days": "30", "budget": "8000"},
    ),
    Preset(
        "password", pgettext_lazy("preset", "Shared code"),
        _("One word for all: on a poster, in a live stream, in a group. Everybody uses it once."),
        _("Shared code"),
        {"effect": "amount_off", "amount": "5", "threshold": "29", "term": "dates", "total": "2000",
         "budget": "10000", "shared_code": "HELLO"},
    ),
)  # fmt: skip
BY_KEY = {each.key: each for each in PRESETS}
