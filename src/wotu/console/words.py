"""What the figures, factors and segments are called, what they mean, and what to do about them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class FigureWords:
    """A figure's name and definition; ``more_is`` tells whether a rise is good news."""

    name: str | Promise
    definition: str | Promise
    more_is: str = "good"


@dataclass(frozen=True)
class SegmentWords:
    """A value segment's name, the look of its customers, and what to do for them."""

    name: str | Promise
    look: str | Promise
    action: str | Promise


FIGURES: dict[str, FigureWords] = {
    "revenue": FigureWords(
        _("Net revenue"),
        _("Revenue of orders in the period, less refunds. A refund counts at the time of its order."),
    ),
    "orders": FigureWords(_("Orders"), _("Orders in the period that were not cancelled or refunded in full.")),
    "active_customers": FigureWords(_("Active customers"), _("Customers who ordered at least once in the period.")),
    "repeat_rate": FigureWords(
        _("Repeat rate"),
        _("Customers with an earlier order who order in the period ÷ customers with an earlier order."),
    ),
    "order_value": FigureWords(_("Order value"), _("Net revenue of the period ÷ its orders.")),
    "new_customers": FigureWords(_("New customers"), _("Customers whose first order ever is in the period.")),
    "returning_customers": FigureWords(
        _("Returning"), _("Customers who ordered in this period and in the one before.")
    ),
    "resurrecting_customers": FigureWords(
        _("Resurrecting"), _("Customers who ordered in this period, not in the one before, but earlier than that.")
    ),
    "dormant_customers": FigureWords(
        _("Dormant"), _("Customers who ordered in the period before and not in this one."), "bad"
    ),
}

FACTORS: dict[str, str | Promise] = {
    "existing_customers": _("Existing customers"),
    "repeat_rate": _("Repeat rate"),
    "repeat_amount": _("Repeat amount"),
    "new_customers": _("New customers"),
    "first_order_value": _("First order value"),
}
FACTOR_UNITS = {
    "existing_customers": "count",
    "repeat_rate": "rate",
    "repeat_amount": "money",
    "new_customers": "count",
    "first_order_value": "money",
}
EXISTING_FACTORS = ("existing_customers", "repeat_rate", "repeat_amount")

SEGMENTS: dict[str, SegmentWords] = {
    "important_value": SegmentWords(
        _("Important value"),
        _("recent · often · much"),
        _("Keep and deepen: own benefits, early access."),
    ),
    "important_develop": SegmentWords(
        _("Important develop"),
        _("recent · seldom · much"),
        _("Raise frequency: related categories, regular delivery."),
    ),
    "important_keep": SegmentWords(
        _("Important keep"),
        _("long ago · often · much"),
        _("Reach out in person: they are leaving."),
    ),
    "important_winback": SegmentWords(
        _("Important win back"),
        _("long ago · seldom · much"),
        _("Find the reason, then give one to return."),
    ),
    "general_value": SegmentWords(
        _("General value"),
        _("recent · often · little"),
        _("Raise the basket: bundles, a threshold just above their usual."),
    ),
    "general_develop": SegmentWords(
        _("General develop"),
        _("recent · seldom · little"),
        _("Win the next order: a light offer soon after the last."),
    ),
    "general_keep": SegmentWords(
        _("General keep"),
        _("long ago · often · little"),
        _("Wake them with what they used to buy."),
    ),
    "general_winback": SegmentWords(
        _("General win back"),
        _("long ago · seldom · little"),
        _("Spend little: automatic messages only."),
    ),
}
NO_SEGMENT = _("No order yet")

VALUE_KINDS: dict[str, str | Promise] = {
    "text": pgettext_lazy("kind of value", "text"),
    "texts": pgettext_lazy("kind of value", "list of texts"),
    "number": pgettext_lazy("kind of value", "number"),
    "boolean": pgettext_lazy("kind of value", "yes or no"),
    "time": pgettext_lazy("kind of value", "time"),
    "money": pgettext_lazy("kind of value", "amount"),
    "key": pgettext_lazy("kind of value", "number of a thing"),
    "list": pgettext_lazy("kind of value", "list"),
    "object": pgettext_lazy("kind of value", "object"),
}
STAGES: dict[str, str | Promise] = {
    "exposure": pgettext_lazy("stage", "Exposure"),
    "lead": pgettext_lazy("stage", "Lead"),
    "opportunity": pgettext_lazy("stage", "Opportunity"),
    "deal": pgettext_lazy("stage", "Deal"),
    "delivery": pgettext_lazy("stage", "Delivery"),
    "repurchase": pgettext_lazy("stage", "Repurchase"),
    "expansion": pgettext_lazy("stage", "Expansion"),
    "referral": pgettext_lazy("stage", "Referral"),
}

# What stands beside an entry of the audit.
DETAILS: dict[str, str | Promise] = {
    "asked": pgettext_lazy("audit", "filter"),
    "by": pgettext_lazy("audit", "by"),
    "channel": pgettext_lazy("audit", "channel"),
    "accepted": pgettext_lazy("audit", "taken in"),
    "duplicates": pgettext_lazy("audit", "seen before"),
    "field": pgettext_lazy("audit", "field"),
    "given": pgettext_lazy("audit", "given"),
    "key": pgettext_lazy("audit", "row"),
    "left": pgettext_lazy("audit", "left"),
    "mended": pgettext_lazy("audit", "mended"),
    "reason": pgettext_lazy("audit", "reason"),
    "source": pgettext_lazy("audit", "source"),
    "stages": pgettext_lazy("audit", "stages"),
    "kind": pgettext_lazy("audit", "kind"),
    "name": pgettext_lazy("audit", "name"),
    "namespace": pgettext_lazy("audit", "namespace"),
    "new": pgettext_lazy("audit", "new key"),
    "overlap_hours": pgettext_lazy("audit", "overlap, hours"),
    "purpose": pgettext_lazy("audit", "purpose"),
    "role": pgettext_lazy("audit", "role"),
    "rows": pgettext_lazy("audit", "rows"),
}
ROLES: dict[str, str | Promise] = {
    "owner": _("May do everything, and decides who is in the team."),
    "marketer": _("Works with customers: sees identifiers, edits, merges, exports."),
    "analyst": _("Asks and exports; identifiers are masked."),
    "viewer": _("Reads; identifiers are masked."),
}
CHANNELS: dict[str, str | Promise] = {
    "sms": pgettext_lazy("channel", "SMS"),
    "email": pgettext_lazy("channel", "E-mail"),
    "wechat": pgettext_lazy("channel", "WeChat"),
    "push": pgettext_lazy("channel", "App push"),
    "phone": pgettext_lazy("channel", "Phone call"),
}
PURPOSES: dict[str, str | Promise] = {
    "marketing": pgettext_lazy("purpose", "Marketing"),
    "service": pgettext_lazy("purpose", "Service messages"),
    "profiling": pgettext_lazy("purpose", "Profiling"),
}

IDENTIFIER_TYPES: dict[str, str | Promise] = {
    "user_id": _("User ID"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "unionid": "UnionID",
    "openid": "OpenID",
    "external_userid": _("WeCom ID"),
    "member_no": _("Member number"),
    "anonymous_id": _("Anonymous ID"),
    "device_id": _("Device ID"),
}


def segment_name(key: str | None) -> str:
    """A segment's name in the language of the page; what is no segment has none yet."""
    words = SEGMENTS.get(key or "")
    return str(words.name if words else NO_SEGMENT)
