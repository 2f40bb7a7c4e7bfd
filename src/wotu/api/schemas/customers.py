"""Customers: the list, one customer, what they ordered and did, who they are, what they allow."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema

from wotu.api.schemas.pages import Paging


class CustomerQuery(Paging):
    """Which customers, in which order."""

    search: str = Field("", max_length=200, description="Part of a name or identifier, or a whole identifier.")
    where: str = Field("", max_length=4_000, description="A filter over traits.", examples=['trait.city == "上海"'])
    segment: str = Field("", description="A value segment of RFM.", examples=["important_keep"])
    sort: str = Field(
        "-revenue",
        description="`revenue`, `orders`, `last_order`, `last_seen`, `first_seen` or `name`; `-` in front: descending.",
    )


class CustomerRow(Schema):
    """A line of the list of customers."""

    customer_id: str = Field(examples=["c42"])
    identifier: str = Field(description="The main identifier as `type:value`.", examples=["phone:13800000001"])
    name: str | None
    segment: str | None
    orders: int
    revenue: str = Field(description="Net, in the workspace's currency.", examples=["1280.00"])
    last_order: date | None
    first_seen: datetime | None
    last_seen: datetime | None
    identified: bool


class CustomerPage(Schema):
    """Some of the customers that fit; ``total`` counts all of them."""

    items: list[CustomerRow]
    next: str | None = Field(description="Give it as `cursor` for the following page; null at the end.")
    total: int


class Identifier(Schema):
    """A way the customer is known."""

    type: str = Field(examples=["phone"])
    value: str = Field(examples=["13800000001"])
    namespace: str = Field(description="Of user ids: the system they come from.", examples=["default"])


class RfmRow(Schema):
    """The customer's line in RFM."""

    recency_days: int
    frequency: int
    monetary: str
    r: int
    f: int
    m: int
    score: int
    segment: str


class Customer(Schema):
    """A customer at a glance."""

    customer_id: str = Field(examples=["c42"])
    name: str | None
    identifiers: list[Identifier]
    traits: dict[str, Any]
    first_seen: datetime | None
    last_seen: datetime | None
    events: int
    orders: int
    revenue: str
    rfm: RfmRow | None


class OrderLine(Schema):
    """A product of an order."""

    product_id: str | None
    name: str | None
    category: str | None
    quantity: str | None
    price: str | None
    amount: str | None


class Order(Schema):
    """An order with its lines; ``refunded`` is what was given back so far."""

    order_id: str
    time: datetime
    revenue: str
    refunded: str
    cancelled: bool
    lines: list[OrderLine]


class TimelineEvent(Schema):
    """Something the customer did or that was done."""

    time: datetime
    event: str = Field(examples=["Order Completed"])
    properties: dict[str, Any]
    seq: int


class TimelineQuery(Paging):
    """Which part of a timeline."""

    event: str = Field("", max_length=512, description="Only events of this name.")


class IdentityEvent(Schema):
    """One thing that became known of who the customer is, or was decided."""

    time: datetime
    what: str = Field(description="`link`, `join`, `merge` or `split`.", examples=["join"])
    identifiers: list[Identifier]
    source: str
    message_id: str | None
    by: str | None
    reason: str | None
    seq: int


class Consent(Schema):
    """How consent stands for one channel and purpose."""

    channel: str = Field(examples=["sms"])
    purpose: str = Field(examples=["marketing"])
    given: bool
    time: datetime
    event: str
    source: str | None
    by: str | None


class Consents(Schema):
    """What the customer allows now."""

    items: list[Consent]


class NewConsent(Schema, extra="forbid"):
    """A consent that was given or withdrawn."""

    channel: str = Field(max_length=32, examples=["sms"])
    purpose: str = Field(max_length=32, examples=["marketing"])
    given: bool
    source: str = Field("", max_length=200, description="Where the customer said it.", examples=["store counter"])


class Merge(Schema, extra="forbid"):
    """Two customers that are one."""

    a: str = Field(max_length=512, examples=["c42"])
    b: str = Field(max_length=512, examples=["phone:13800000001"])
    reason: str | None = Field(None, max_length=500)


class Split(Schema, extra="forbid"):
    """An identifier that is taken off its customer."""

    identifier: str = Field(max_length=512, examples=["phone:13800000001"])
    namespace: str | None = Field(None, max_length=512, description="Chooses among user ids.")
    reason: str | None = Field(None, max_length=500)


class Decided(Schema):
    """The customer that came of it."""

    customer: str = Field(examples=["c42"])
