"""Where a promotion begins: what shops take off by itself most, with values that are sensible and easily changed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wotu.console.loyalty.presets import Preset

PROMOTION_PRESETS = (
    Preset(
        "steps", pgettext_lazy("preset", "Amount off in steps"),
        _("The more is bought, the more is taken off. Lifts the basket; the first step lies near the usual one."),
        filled={"effect": "full_reduction", "steps": "199 20\n299 40\n499 80", "budget": "20000"},
    ),
    Preset(
        "pieces", pgettext_lazy("preset", "Percentage off by pieces"),
        _("A second and a third piece cost less. For goods that are used up."),
        filled={"effect": "full_discount", "by": "pieces", "steps": "2 10\n3 15", "budget": "20000"},
    ),
    Preset(
        "buy-get", pgettext_lazy("preset", "Buy two, get one"),
        _("The cheapest of three is free. Moves stock without touching the price tag."),
        filled={"effect": "buy_get", "buy": "2", "get": "1", "budget": "20000"},
    ),
    Preset(
        "limited", pgettext_lazy("preset", "Limited-time price"),
        _("Named products cost less for some days."),
        filled={"effect": "limited_time_price", "price_rate": "20", "budget": "20000"},
    ),
    Preset(
        "flash", pgettext_lazy("preset", "Flash sale"),
        _("A few pieces at a striking price, at a time of the day, so many a person. Nothing is sold twice."),
        filled={"effect": "flash_price", "prices": "SKU-1 9.90", "per_customer": "1", "total": "100",
                "daily_from": "20:00", "daily_until": "22:00", "budget": "20000"},
    ),
    Preset(
        "bundle", pgettext_lazy("preset", "Bundle"),
        _("Products that go together cost less together."),
        filled={"effect": "bundle", "set": "SKU-1 1\nSKU-2 1", "price": "99", "budget": "20000"},
    ),
    Preset(
        "gift", pgettext_lazy("preset", "Gift with an order"),
        _("A product goes with orders from a sum on; cheaper than the same amount off."),
        filled={"effect": "gift", "product_id": "SKU-1", "threshold": "199", "total": "500", "budget": "20000"},
    ),
)  # fmt: skip
BY_KEY = {each.key: each for each in PROMOTION_PRESETS}
