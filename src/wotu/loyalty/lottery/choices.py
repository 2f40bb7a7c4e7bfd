"""States and kinds of lotteries."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Look(TextChoices):
    """How a lottery is shown to those who play."""

    WHEEL = "wheel", _("Wheel")
    SCRATCH = "scratch", _("Scratch card")


class PrizeKind(TextChoices):
    """What a prize is. Goods are handed out by staff; thanks are a kind word, of which there is no end."""

    COUPON = "coupon", pgettext_lazy("prize", "Coupon")
    POINTS = "points", pgettext_lazy("prize", "Points")
    GOODS = "goods", pgettext_lazy("prize", "Goods")
    THANKS = "thanks", pgettext_lazy("prize", "Thanks")


class Outcome(TextChoices):
    """What a draw came to. Only ``WON`` takes a ticket."""

    WON = "won", pgettext_lazy("draw", "Won")
    THANKS = "thanks", pgettext_lazy("draw", "Thanks")
    NOTHING = "nothing", pgettext_lazy("draw", "Nothing")
    NONE_LEFT = "none_left", pgettext_lazy("draw", "No ticket left")
    WON_ENOUGH = "won_enough", pgettext_lazy("draw", "Had won as often as one may")


class WinState(TextChoices):
    """What became of a win. ``OWED``: it could not be given at once and is tried again."""

    GIVEN = "given", pgettext_lazy("win", "Given")
    OWED = "owed", pgettext_lazy("win", "Owed")
    TO_HAND_OUT = "to_hand", pgettext_lazy("win", "To be handed out")
    HANDED_OUT = "handed", pgettext_lazy("win", "Handed out")
