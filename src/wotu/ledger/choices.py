"""The words of the ledger: what is counted, whose an account is, and what it is for."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UnitKind(TextChoices):
    """What an amount counts."""

    POINTS = "points", _("Points")
    GROWTH = "growth", _("Growth value")
    MONEY = "money", _("Money")
    COUPON = "coupon", _("Coupons")
    STOCK = "stock", _("Stock")
    SEAT = "seat", _("Seats")
    CARD = "card", _("Cards")
    USES = "uses", _("Uses")


class Owner(TextChoices):
    """Whose an account is. What remains of an erased customer keeps the sums right and names nobody."""

    CUSTOMER = "customer", _("Customer")
    PROGRAMME = "programme", _("Programme")
    HOUSE = "house", pgettext_lazy("ledger", "House")
    ERASED = "erased", _("Erased customer")


class Purpose(TextChoices):
    """What an account is for. The first three are a customer's, ``LIMIT`` a programme's, the others the house's."""

    MAIN = "main", pgettext_lazy("account", "To spend")
    PENDING = "pending", pgettext_lazy("account", "Not yet to spend")
    DEBT = "debt", pgettext_lazy("account", "Owed")
    LIMIT = "limit", pgettext_lazy("account", "Limit")
    ISSUED = "issued", pgettext_lazy("account", "Issued")
    REDEEMED = "redeemed", pgettext_lazy("account", "Redeemed")
    EXPIRED = "expired", pgettext_lazy("account", "Expired")
    ADJUSTED = "adjusted", pgettext_lazy("account", "Adjusted by staff")


HOUSE_PURPOSES = (Purpose.ISSUED, Purpose.REDEEMED, Purpose.EXPIRED, Purpose.ADJUSTED)


class HoldState(TextChoices):
    """What became of a hold."""

    HELD = "held", _("Held")
    CAPTURED = "captured", _("Captured")
    RELEASED = "released", _("Released")
    EXPIRED = "expired", pgettext_lazy("hold", "Expired")
