"""States of campaigns, coupons and orders."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CampaignState(TextChoices):
    """A campaign is written, runs, may rest, and ends for good."""

    DRAFT = "draft", _("Draft")
    LIVE = "live", _("Live")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class CouponState(TextChoices):
    """A coupon is issued, held for an order, redeemed by it, and may return; or it is made void."""

    ISSUED = "issued", pgettext_lazy("coupon", "Issued")
    HELD = "held", pgettext_lazy("coupon", "Held")
    REDEEMED = "redeemed", pgettext_lazy("coupon", "Redeemed")
    VOIDED = "voided", pgettext_lazy("coupon", "Void")


class OrderState(TextChoices):
    """An order is held at its price, paid, or let go."""

    HELD = "held", pgettext_lazy("order", "Held")
    PAID = "paid", pgettext_lazy("order", "Paid")
    RELEASED = "released", pgettext_lazy("order", "Let go")
