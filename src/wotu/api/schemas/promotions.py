"""Promotions: what a campaign takes off by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema

from wotu.api.schemas.campaigns import (
    AmountOff,
    FreeShipping,
    GiftOf,
    PercentOff,
    Rate,
    RuleScope,
    Threshold,
)
from wotu.api.schemas.texts import Id, Identifier, Label, Money, Name
from wotu.api.schemas.times import Instant

_Pieces = Annotated[int, Field(ge=1, le=1_000_000)]


class ReductionStep(Schema, extra="forbid"):
    """From `at` on (an amount, or pieces), `off` is taken off."""

    at: Money
    off: Money


class DiscountStep(Schema, extra="forbid"):
    """From `at` on (an amount, or pieces), `rate` is taken off."""

    at: Money
    rate: Rate


class FullReduction(Schema, extra="forbid"):
    """满减: the amount of the highest step reached; with `every`, that of the one step each time."""

    type: Literal["full_reduction"]
    steps: list[ReductionStep] = Field(min_length=1, max_length=20)
    by: Literal["amount", "pieces"] = "amount"
    every: bool = False


class FullDiscount(Schema, extra="forbid"):
    """满折: the rate of the highest step reached."""

    type: Literal["full_discount"]
    steps: list[DiscountStep] = Field(min_length=1, max_length=20)
    by: Literal["amount", "pieces"] = "amount"


class _SpecialPrice(Schema, extra="forbid"):
    prices: dict[Id, Money] = Field({}, max_length=1_000, description="By product.", examples=[{"tea": "9.90"}])
    rate: Rate = 0


class LimitedTimePrice(_SpecialPrice, extra="forbid"):
    """限时价: prices of products; others in scope at `rate` off."""

    type: Literal["limited_time_price"]


class FlashPrice(_SpecialPrice, extra="forbid"):
    """秒杀价: the same, beside slots with a stock."""

    type: Literal["flash_price"]


class BuyGet(Schema, extra="forbid"):
    """买X送Y: for every `buy` pieces, `get` further ones at `rate` off, the cheapest first; of `got`, if named."""

    type: Literal["buy_get"]
    buy: _Pieces
    get: _Pieces = 1
    rate: Rate = 1
    got: RuleScope | None = None


class Bundle(Schema, extra="forbid"):
    """组合价: each complete set of `pieces` costs `price`."""

    type: Literal["bundle"]
    pieces: dict[Id, _Pieces] = Field(min_length=1, max_length=100)
    price: Money


class PromotionRule(Schema, extra="forbid"):
    """What is taken off; see `docs/explanation/prices.md`."""

    effect: Annotated[
        FullReduction | FullDiscount | AmountOff | PercentOff | LimitedTimePrice | FlashPrice | BuyGet | Bundle | GiftOf
        | FreeShipping,
        Field(discriminator="type"),
    ]  # fmt: skip
    threshold: Threshold | None = None
    scope: RuleScope | None = None
    measured_at: Literal["list", "deal", "left"] = "deal"
    channels: list[Id] = Field([], max_length=100)
    without_channels: list[Id] = Field([], max_length=100)
    stores: list[Id] = Field([], max_length=1_000)
    tiers: list[Id] = Field([], max_length=100)
    group: Label = Field("", description="Of a group one rule is used.")
    exclusive: bool = Field(False, description="Used alone.")
    priority: int = Field(100, ge=0, le=1_000_000)
    most_off: Money | None = None
    most_times: int | None = Field(None, ge=1, le=1_000_000, description="In one order: sets, 每满, pieces at a price.")
    on_return: Literal["full", "per_line", "never"] = "full"


class NewSlot(Schema, extra="forbid"):
    """A time it runs at; null: as its campaign. `total` is of orders, or of pieces at a special price."""

    starts_at: Instant | None = None
    ends_at: Instant | None = Field(None, description="Not included.")
    total: int | None = Field(None, ge=1, le=1_000_000_000)


class NewPromotion(Schema, extra="forbid"):
    """A promotion of a draft. For everybody, unless `audience` names a list or `customers` names them."""

    name: Name
    rule: PromotionRule
    per_customer: int | None = Field(None, ge=1, le=1_000_000, description="Orders, or pieces at a special price.")
    slots: list[NewSlot] = Field([NewSlot(starts_at=None, ends_at=None, total=None)], min_length=1, max_length=200)
    audience: Label | None = Field(None, description="A list of customers, as it is now.")
    customers: list[Identifier] | None = Field(None, max_length=10_000)
    reason: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = Field(
        "", description="Why these customers or levels, as customers read it; a launch may be refused without."
    )


class Slot(Schema):
    """A slot; `used`, `held` and `left` are null without a total."""

    number: int
    starts_at: datetime | None
    ends_at: datetime | None
    total: int | None
    used: int | None
    held: int | None
    left: int | None


class Promotion(Schema):
    """A promotion, and what paid orders have of it. `listed` is how many customers it is for, null: everybody."""

    id: int
    campaign: str
    name: str
    rule: dict[str, Any]
    per_customer: int | None
    listed: int | None
    reason: str
    slots: list[Slot]
    orders: int
    customers: int
    cost: str
    created_by: str
    created_at: datetime
    ended_at: datetime | None


class Promotions(Schema):
    """Promotions of a campaign, oldest first."""

    items: list[Promotion]
