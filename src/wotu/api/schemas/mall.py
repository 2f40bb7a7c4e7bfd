"""The points mall: items, and who took them."""

from __future__ import annotations

from datetime import datetime

from ninja import Field, Schema

from wotu.api.schemas.pages import Paging
from wotu.api.schemas.texts import Count, Identifier, Name
from wotu.ledger.rules import LARGEST_AMOUNT


class ItemChange(Schema, extra="forbid"):
    """An item as it is to be. `stock` is how many there are in all with those taken, `per_customer` how many each may
    have; null: any number."""

    name: Name
    points: int = Field(ge=1, le=LARGEST_AMOUNT)
    stock: Count | None = None
    per_customer: int | None = Field(None, ge=1, le=1_000_000_000)


class NewItem(ItemChange, extra="forbid"):
    """Something for points: goods, or a coupon of a template."""

    coupon_template: int | None = Field(None, ge=1, le=2**63 - 1, description="The kind of coupon it is.")


class Item(Schema):
    """Something for points. `left` is how many there still are, `taken` how many customers have."""

    id: int
    programme: str
    name: str
    points: int
    coupon_template: int | None
    stock: int | None
    left: int | None
    per_customer: int | None
    taken: int
    offered: bool
    created_at: datetime


class ItemOffered(Schema, extra="forbid"):
    """Whether an item can be taken; what was taken stays taken."""

    offered: bool


class NewRedemption(Schema, extra="forbid"):
    """Who takes an item, once for `key`."""

    customer: Identifier
    key: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$", examples=["order-1018"])
    points: int | None = Field(
        None, ge=1, le=LARGEST_AMOUNT, description="What the customer was told it costs; refused if it costs more now."
    )


class Redemption(Schema):
    """An item that somebody took, and the coupon it was. `customer` is null once they were erased."""

    id: int
    item: int
    name: str
    customer: str | None
    key: str
    points: int
    coupon: int | None
    at: datetime
    cancelled_at: datetime | None


class Redeemed(Redemption):
    """An item taken; `repeated` when it had been for this key."""

    repeated: bool


class Cancelled(Redemption):
    """An item given back; `repeated` when it had been."""

    repeated: bool


class RedemptionQuery(Paging):
    """What was taken, by one customer or of one item where they are named."""

    customer: Identifier | None = None
    item: int | None = Field(None, ge=1, le=2**63 - 1)
