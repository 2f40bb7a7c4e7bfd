"""The common vocabulary: events every workspace knows, and the properties whose type is fixed.

Everything else is free-form and welcome; an unknown name in a question is an error only when no
message ever carried it.
"""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from wotu.core.properties import MONEY

ORDER_COMPLETED = "Order Completed"
ORDER_REFUNDED = "Order Refunded"
ORDER_CANCELLED = "Order Cancelled"
ORDER_EVENTS = (ORDER_COMPLETED, ORDER_REFUNDED, ORDER_CANCELLED)

MESSAGE_UNSUBSCRIBED = "Message Unsubscribed"

_COMMERCE = (
    "Product Viewed", "Products Searched", "Product Added", "Checkout Started", ORDER_COMPLETED, "Order Delivered",
    ORDER_CANCELLED, ORDER_REFUNDED, "Coupon Redeemed", "Product Reviewed",
)  # fmt: skip
_GROWTH = (
    "Exposed", "Ad Clicked", "Lead Created", "Opportunity Created", "Opportunity Stage Changed", "Opportunity Won",
    "Opportunity Lost", "Trial Started", "Signed Up",
)  # fmt: skip
_RELATIONS = (
    "Friend Added", "Friend Deleted", "Group Joined", "Group Left", "Message Received", "Message Replied",
    "Content Shared", "Shared Link Opened", "Invite Sent", "Invite Accepted",
)  # fmt: skip
_LIVE = ("Live Reserved", "Live Joined", "Live Interacted")
_VOICE = ("Survey Answered", "Complaint Opened", "Complaint Closed")
TOUCHES = (
    "Message Sent", "Message Delivered", "Message Opened", "Message Clicked", "Message Bounced", MESSAGE_UNSUBSCRIBED,
)  # fmt: skip
CONSENT_GIVEN = "Consent Given"
CONSENT_WITHDRAWN = "Consent Withdrawn"
_CONSENT = (CONSENT_GIVEN, CONSENT_WITHDRAWN)
EVENTS = (*_COMMERCE, *_GROWTH, *_RELATIONS, *_LIVE, *_VOICE, *TOUCHES, *_CONSENT)

# ``texts``: a list of texts.
PropertyKind = Literal["text", "texts", "number", "boolean", "time", "money", "key"]

# A key names one thing of very many (an order); it can be compared but not grouped by.
_TEXTS = (
    "currency", "coupon", "store_id", "channel", "campaign", "staff_id", "scene", "product_id", "category", "purpose",
)  # fmt: skip
PROPERTIES: dict[str, PropertyKind] = {
    "order_id": "key",
    "refund_id": "key",
    **dict.fromkeys(MONEY, "money"),
    **dict.fromkeys(_TEXTS, "text"),
    "quantity": "number",
    "price": "number",
    "score": "number",
}

COLUMN_TYPES: dict[PropertyKind, pa.DataType] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "key": pa.string(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "money": pa.int64(),
}


def kind_of(name: str, column_type: pa.DataType) -> PropertyKind:
    """The kind of property ``name`` whose lake column has ``column_type``."""
    if name in PROPERTIES:
        return PROPERTIES[name]
    if pa.types.is_boolean(column_type):
        return "boolean"
    if pa.types.is_timestamp(column_type):
        return "time"
    if pa.types.is_list(column_type):
        return "texts"
    return "number" if pa.types.is_floating(column_type) or pa.types.is_integer(column_type) else "text"
