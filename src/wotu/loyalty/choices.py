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


class ForWhom(TextChoices):
    """Whom a kind of coupon is for: whoever comes, or customers that a list, a column or a program picks."""

    EVERYBODY = "everybody", _("Everybody")
    CHOSEN = "chosen", _("Chosen customers")


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


class OrderSource(TextChoices):
    """Who told of an order."""

    CHECKOUT = "checkout", pgettext_lazy("order", "Checkout")
    MESSAGE = "message", pgettext_lazy("order", "Message")


class ProgrammeState(TextChoices):
    """A programme gives, or rests: what was earned stays."""

    LIVE = "live", pgettext_lazy("programme", "Live")
    PAUSED = "paused", pgettext_lazy("programme", "Paused")


class Joining(TextChoices):
    """How customers come into a programme."""

    BY_ORDER = "by_order", _("With the first paid order")
    BY_HAND = "by_hand", _("When they join")


class Expiry(TextChoices):
    """When points end."""

    NEVER = "never", _("Never")
    DAYS = "days", _("After so many days")
    MONTH_END = "month_end", _("At the end of a month")
    YEAR_END = "year_end", _("At the end of a year")


class BadgeMetric(TextChoices):
    """What a badge counts; orders and spend are net of returns."""

    ORDERS = "orders", _("Paid orders")
    SPENT = "spent", _("Money spent")
    GROWTH = "growth", _("Growth value")
    CHECK_INS = "check_ins", _("Check-ins")
    LONGEST_STREAK = "longest_streak", _("Longest streak")


class MembershipSource(TextChoices):
    """What a membership came from."""

    ORDER = "order", pgettext_lazy("membership", "Order")
    GIVEN = "given", pgettext_lazy("membership", "Given")
    TRIAL = "trial", pgettext_lazy("membership", "Trial")


class CodePeriod(TextChoices):
    """How often a member may have a code of a partner."""

    MONTH = "month", _("One a month")
    ONCE = "once", _("One for good")


class PaidIn(TextChoices):
    """What cash back for a receipt is paid in."""

    POINTS = "points", _("Points")
    MONEY = "money", _("Money")


class ReceiptState(TextChoices):
    """A receipt waits for review, is approved or refused; what was approved may be taken back."""

    WAITING = "waiting", pgettext_lazy("receipt", "Waiting")
    APPROVED = "approved", pgettext_lazy("receipt", "Approved")
    REFUSED = "refused", pgettext_lazy("receipt", "Refused")
    REVERSED = "reversed", pgettext_lazy("receipt", "Taken back")


class SampleState(TextChoices):
    """Somebody asks for a sample and gets it, or is turned down."""

    REQUESTED = "requested", pgettext_lazy("sample", "Waiting")
    GIVEN = "given", pgettext_lazy("sample", "Given")
    TURNED_DOWN = "turned_down", pgettext_lazy("sample", "Turned down")


class HandedOver(TextChoices):
    """How a sample came to its owner."""

    HANDED = "handed", _("Handed over")
    SHIPPED = "shipped", _("Shipped")


class Reminder(TextChoices):
    """Whether the owner of a sample is still to be asked, was asked, or had bought by then."""

    DUE = "due", pgettext_lazy("reminder", "Due")
    SENT = "sent", pgettext_lazy("reminder", "Sent")
    BOUGHT = "bought", pgettext_lazy("reminder", "Had bought")


class ContestMetric(TextChoices):
    """What a contest counts; money, orders and points less what came back."""

    SPENT = "spent", _("Money spent")
    ORDERS = "orders", _("Paid orders")
    POINTS = "points", _("Points earned")
    EVENT = "event", _("How often an event happened")


class ContestTie(TextChoices):
    """Who stands before of two with the same score."""

    EARLIER = "earlier", _("Who reached it earlier")
    SHARED = "shared", _("Nobody: they share the place")


class AwardState(TextChoices):
    """A prize was given, or could not be."""

    GIVEN = "given", pgettext_lazy("prize", "Given")
    REFUSED = "refused", pgettext_lazy("prize", "Not given")
