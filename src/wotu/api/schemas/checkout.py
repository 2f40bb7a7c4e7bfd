"""A shop's checkout: carts, prices, orders and returns. Amounts are decimal text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import StrictInt, StrictStr

from wotu.api.schemas.campaigns import Currency
from wotu.api.schemas.texts import Id, Identifier, Label, Money

MOST_LINES, MOST_PICKS = 500, 20
Pick = Annotated[StrictStr, Field(min_length=1, max_length=1_000)] | Annotated[StrictInt, Field(ge=1)]


class CartLine(Schema, extra="forbid"):
    """Pieces of one product at their list price."""

    line_id: Id
    product_id: Id
    quantity: int = Field(1, ge=1, le=1_000_000)
    unit_price: Money
    category: list[Id] = Field([], max_length=20, description="A path from the root.")


class QuoteAsked(Schema, extra="forbid"):
    """A cart, whose it is, and which coupons are to be used."""

    customer: Identifier
    lines: list[CartLine] = Field(min_length=1, max_length=MOST_LINES)
    picks: list[Pick] = Field(
        [], max_length=MOST_PICKS, description="Codes as they were typed, and ids of the customer's coupons.",
        examples=[["WELCOME", 12]],
    )  # fmt: skip
    shipping: Money = "0"
    currency: Currency | None = Field(None, description="Of the workspace, unless named.")
    channel: Label = ""
    store: Label = ""
    order_id: Id | None = Field(None, description="Coupons held for this order are free for it.")


class HoldAsked(QuoteAsked, extra="forbid"):
    """The same for an order: what the price takes is kept for it."""

    order_id: Id
    hold_for: str = Field("15m", max_length=12, description="A duration up to 1d.", examples=["15m"])
    payable: Money | None = Field(None, description="What the customer was shown; at any other price nothing is held.")


class OrderNamed(Schema, extra="forbid"):
    """An order that was held."""

    order_id: Id


class PaidOrder(OrderNamed, extra="forbid"):
    """An order that is paid, and how."""

    paid_with: str = Field("", max_length=40, pattern=r"^[^\x00]*$", examples=["wechat"])


class ReturnedLine(Schema, extra="forbid"):
    """Pieces that come back."""

    line_id: Id
    quantity: int = Field(ge=1, le=1_000_000)


class ReturnAsked(OrderNamed, extra="forbid"):
    """What comes back of a paid order. A `refund_id` is carried out once."""

    refund_id: Id
    lines: list[ReturnedLine] = Field(min_length=1, max_length=MOST_LINES)
    threshold: Literal["keep", "recompute"] = Field(
        "keep", description="Whether discounts stay with the pieces, or are reckoned anew for those that remain."
    )
    shipping: Literal["never", "with_the_last_piece"] = "never"


class Discount(Schema):
    """What a rule takes off a line."""

    rule: str
    amount: str
    points: int | None


class PricedLine(Schema):
    """A line at list price, its discounts, and what is left to pay."""

    line_id: str
    quantity: int
    listed: str
    discount: str
    payable: str
    discounts: list[Discount]


class Gift(Schema):
    """Pieces beside the order."""

    line_id: str
    rule: str
    product_id: str
    quantity: int


class UsedRule(Schema):
    """A rule at work. `code` is what was typed, `coupon` the coupon's id; both null for what is no coupon.

    `promotion` is the id of a promotion.
    """

    rule: str
    promotion: int | None
    code: str | None
    coupon: int | None
    amount: str
    shipping: str
    points: int


class RefusedPick(Schema):
    """A pick that is not used. `missing` and `missing_pieces`: how much more a threshold takes."""

    code: str | None
    coupon: int | None
    reason: str = Field(examples=["below_threshold"])
    missing: str | None
    missing_pieces: int | None
    by: str | None = Field(description="The rule it does not go together with.")


class MissedPromotion(Schema):
    """A promotion for goods of the cart that is not used. `missing` and `missing_pieces`: how much more it takes."""

    id: int
    name: str
    reason: str = Field(examples=["below_threshold"])
    missing: str | None
    missing_pieces: int | None
    by: str | None = Field(description="The rule it does not go together with.")
    starts_at: datetime | None


class Quote(Schema):
    """What a cart costs: `payable` is with `shipping`, which is what is left of the fee."""

    currency: str
    listed: str
    discount: str
    shipping: str
    payable: str
    points: int
    lines: list[PricedLine]
    gifts: list[Gift]
    used: list[UsedRule]
    refused: list[RefusedPick]
    promotions: list[MissedPromotion]


class LineRefund(Schema):
    """What pieces of a line bring back; with quantity 0, what an earlier return had withheld."""

    line_id: str
    quantity: int
    amount: str
    points: int


class Refund(Schema):
    """One return: the money and points it gives back, and ids of coupons that may be used again."""

    refund_id: str
    amount: str
    points: int
    shipping: str
    withheld: str
    coupons: list[int]
    lines: list[LineRefund]


class Returned(Refund):
    """A return; `repeated` when it had been carried out before."""

    order_id: str
    repeated: bool


class Kept(Schema):
    """What is held or spent for an order: of budgets, by campaign, and points."""

    budgets: dict[str, str]
    points: int


class Order(Schema):
    """An order: `state` is held, paid or released."""

    order_id: str
    customer: str
    state: str
    held_until: datetime | None
    paid_at: datetime | None
    quote: Quote | None
    kept: Kept
    returns: list[Refund]
