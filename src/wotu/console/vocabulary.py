"""What the events and properties of the common vocabulary are called in the language of the page.

A name that is not of the vocabulary stays as it came.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from wotu.console import figures
from wotu.core.properties import MONEY

EVENTS: dict[str, str | Promise] = {
    "Product Viewed": pgettext_lazy("event", "Product Viewed"),
    "Products Searched": pgettext_lazy("event", "Products Searched"),
    "Product Added": pgettext_lazy("event", "Product Added"),
    "Checkout Started": pgettext_lazy("event", "Checkout Started"),
    "Order Completed": pgettext_lazy("event", "Order Completed"),
    "Order Delivered": pgettext_lazy("event", "Order Delivered"),
    "Order Cancelled": pgettext_lazy("event", "Order Cancelled"),
    "Order Refunded": pgettext_lazy("event", "Order Refunded"),
    "Coupon Redeemed": pgettext_lazy("event", "Coupon Redeemed"),
    "Product Reviewed": pgettext_lazy("event", "Product Reviewed"),
    "Exposed": pgettext_lazy("event", "Exposed"),
    "Ad Clicked": pgettext_lazy("event", "Ad Clicked"),
    "Lead Created": pgettext_lazy("event", "Lead Created"),
    "Opportunity Created": pgettext_lazy("event", "Opportunity Created"),
    "Opportunity Stage Changed": pgettext_lazy("event", "Opportunity Stage Changed"),
    "Opportunity Won": pgettext_lazy("event", "Opportunity Won"),
    "Opportunity Lost": pgettext_lazy("event", "Opportunity Lost"),
    "Trial Started": pgettext_lazy("event", "Trial Started"),
    "Signed Up": pgettext_lazy("event", "Signed Up"),
    "Friend Added": pgettext_lazy("event", "Friend Added"),
    "Friend Deleted": pgettext_lazy("event", "Friend Deleted"),
    "Group Joined": pgettext_lazy("event", "Group Joined"),
    "Group Left": pgettext_lazy("event", "Group Left"),
    "Message Received": pgettext_lazy("event", "Message Received"),
    "Message Replied": pgettext_lazy("event", "Message Replied"),
    "Content Shared": pgettext_lazy("event", "Content Shared"),
    "Shared Link Opened": pgettext_lazy("event", "Shared Link Opened"),
    "Invite Sent": pgettext_lazy("event", "Invite Sent"),
    "Invite Accepted": pgettext_lazy("event", "Invite Accepted"),
    "Live Reserved": pgettext_lazy("event", "Live Reserved"),
    "Live Joined": pgettext_lazy("event", "Live Joined"),
    "Live Interacted": pgettext_lazy("event", "Live Interacted"),
    "Survey Answered": pgettext_lazy("event", "Survey Answered"),
    "Complaint Opened": pgettext_lazy("event", "Complaint Opened"),
    "Complaint Closed": pgettext_lazy("event", "Complaint Closed"),
    "Message Sent": pgettext_lazy("event", "Message Sent"),
    "Message Delivered": pgettext_lazy("event", "Message Delivered"),
    "Message Opened": pgettext_lazy("event", "Message Opened"),
    "Message Clicked": pgettext_lazy("event", "Message Clicked"),
    "Message Bounced": pgettext_lazy("event", "Message Bounced"),
    "Message Unsubscribed": pgettext_lazy("event", "Message Unsubscribed"),
    "Consent Given": pgettext_lazy("event", "Consent Given"),
    "Consent Withdrawn": pgettext_lazy("event", "Consent Withdrawn"),
}

PROPERTIES: dict[str, str | Promise] = {
    "order_id": pgettext_lazy("property", "order_id"),
    "refund_id": pgettext_lazy("property", "refund_id"),
    "revenue": pgettext_lazy("property", "revenue"),
    "discount": pgettext_lazy("property", "discount"),
    "shipping": pgettext_lazy("property", "shipping"),
    "tax": pgettext_lazy("property", "tax"),
    "currency": pgettext_lazy("property", "currency"),
    "coupon": pgettext_lazy("property", "coupon"),
    "store_id": pgettext_lazy("property", "store_id"),
    "channel": pgettext_lazy("property", "channel"),
    "campaign": pgettext_lazy("property", "campaign"),
    "staff_id": pgettext_lazy("property", "staff_id"),
    "scene": pgettext_lazy("property", "scene"),
    "product_id": pgettext_lazy("property", "product_id"),
    "category": pgettext_lazy("property", "category"),
    "quantity": pgettext_lazy("property", "quantity"),
    "price": pgettext_lazy("property", "price"),
    "score": pgettext_lazy("property", "score"),
    "purpose": pgettext_lazy("property", "purpose"),
}


def event_name(event: str) -> str:
    """An event's name as the language of the page has it."""
    return str(EVENTS.get(event, event))


def property_name(name: str, event: str = "") -> str:
    """A property's name as the language of the page has it; a refund's amount is called what it is."""
    if (event, name) == ("Order Refunded", "revenue"):
        return pgettext("property", "Refunded amount")
    return str(PROPERTIES.get(name, name))


def property_value(name: str, value: Any, currency: str) -> str:
    """A property's value as it is shown: amounts with their currency, anything else as ``plain_value``."""
    if name not in MONEY or isinstance(value, bool):
        return plain_value(value)
    try:
        return figures.money_exact(Decimal(str(value)), currency)
    except InvalidOperation:
        return plain_value(value)


def plain_value(value: Any) -> str:
    """Any value in words: a list is listed, an object is JSON, and what is missing is a dash."""
    if value is None:
        return figures.NO_VALUE
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, tuple)):
        between = "、" if figures.locale().language == "zh" else ", "
        return between.join(plain_value(each) for each in value) or figures.NO_VALUE
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else list_text(str(value))


def list_text(text: str) -> str:
    """A text as it is, but a list that is kept as JSON with its values one after another."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return plain_value(found) if all(isinstance(each, (str, int, float)) for each in found) else text
