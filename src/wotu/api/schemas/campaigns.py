"""Campaigns, kinds of coupons, batches of codes, and coupons."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema

from wotu.api.schemas.pages import Paging
from wotu.api.schemas.texts import Count, Id, Identifier, Label, Money, Name
from wotu.api.schemas.times import Day, Instant
from wotu.loyalty.choices import CampaignState, ForWhom

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Reason = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Rate = Annotated[float, Field(ge=0, le=1, description="Taken off: 0.15 is 15 % off.", examples=[0.15])]


class Budget(Schema):
    """How much of a budget is left, as decimal text."""

    total: str
    used: str
    held: str
    left: str


class Campaign(Schema):
    """Something launched together. `budget` is null without a limit."""

    code: str
    name: str
    state: str = Field(description="draft, live, paused or ended.")
    currency: str
    budget: Budget | None
    starts_at: datetime | None
    ends_at: datetime | None
    created_by: str
    approved_by: str
    created_at: datetime
    launched_at: datetime | None


class CampaignQuery(Paging):
    """Which campaigns."""

    state: CampaignState | None = Field(None, description="Only those in this state.")


class NewCampaign(Schema, extra="forbid"):
    """A campaign to be written as a draft."""

    code: str = Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["spring"])
    name: Name
    budget: Money | None = Field(None, description="The most its discounts may cost; null: no limit.")
    currency: Currency | None = Field(None, description="Of the workspace, unless named.")
    starts_at: Instant | None = None
    ends_at: Instant | None = Field(None, description="Not included.")


class AmountOff(Schema, extra="forbid"):
    """So much off, at most what the lines cost."""

    type: Literal["amount_off"]
    amount: Money


class PercentOff(Schema, extra="forbid"):
    """A share of the price off."""

    type: Literal["percent"]
    rate: Rate


class Exchange(Schema, extra="forbid"):
    """One piece, the dearest in scope, for a price."""

    type: Literal["exchange"]
    price: Money = "0"


class GiftOf(Schema, extra="forbid"):
    """Pieces of a product beside the order; `worth` each is what a return without them costs."""

    type: Literal["gift"]
    product_id: Id
    quantity: int = Field(1, ge=1, le=1_000_000)
    worth: Money = "0"


class FreeShipping(Schema, extra="forbid"):
    """The shipping fee, up to `most_off`."""

    type: Literal["free_shipping"]


class Threshold(Schema, extra="forbid"):
    """What the lines in scope must reach; exactly reaching it is enough."""

    amount: Money = "0"
    pieces: int = Field(0, ge=0, le=1_000_000)


class RuleScope(Schema, extra="forbid"):
    """Products and categories (paths from the root); none named: all."""

    products: list[Id] = Field([], max_length=1_000)
    categories: list[list[Id]] = Field([], max_length=1_000)
    without_products: list[Id] = Field([], max_length=1_000)
    without_categories: list[list[Id]] = Field([], max_length=1_000)


class CouponRule(Schema, extra="forbid"):
    """What a coupon takes off; see `docs/explanation/prices.md`."""

    effect: Annotated[AmountOff | PercentOff | Exchange | GiftOf | FreeShipping, Field(discriminator="type")]
    threshold: Threshold | None = None
    scope: RuleScope | None = None
    measured_at: Literal["list", "deal", "left"] = "deal"
    channels: list[Id] = Field([], max_length=100)
    without_channels: list[Id] = Field([], max_length=100)
    stores: list[Id] = Field([], max_length=1_000)
    tiers: list[Id] = Field([], max_length=100)
    group: Label = Field("", description="Of a group one coupon is used; empty: of this kind of coupon one.")
    exclusive: bool = Field(False, description="Used alone.")
    priority: int = Field(100, ge=0, le=1_000_000)
    most_off: Money | None = None
    on_return: Literal["full", "per_line", "never"] = "full"


class DaysAfterIssue(Schema, extra="forbid"):
    """Valid for calendar days, the first `wait` days after the day of issue."""

    type: Literal["days"]
    days: int = Field(ge=1, le=36_500)
    wait: int = Field(0, ge=0, le=36_500)


class FixedDates(Schema, extra="forbid"):
    """The same days for everybody, both included."""

    type: Literal["dates"]
    first_day: Day | None = None
    last_day: Day | None = None


class Promise(Schema, extra="forbid"):
    """What coupons promise, how long, and to whom. What is not named of the last stays as it was."""

    rule: CouponRule
    term: Annotated[DaysAfterIssue | FixedDates, Field(discriminator="type")]
    for_whom: ForWhom | None = Field(None, description="chosen: a list, a column or a program picks the customers.")
    reason: Reason | None = Field(None, description="Why they get it and others do not, as customers read it.")


class NewTemplate(Promise, extra="forbid"):
    """A kind of coupon, for everybody unless named. `total` is how many there may be, null: any number."""

    name: Name
    total: Count | None = None
    per_customer: Count | None = 1
    per_day: Count | None = None
    shared_code: Id | None = Field(None, description="One code for all.", examples=["WELCOME"])


class Template(Schema):
    """A kind of coupon as its last version promises it, and how many there are."""

    id: int
    campaign: str
    name: str
    version: int
    rule: dict[str, Any]
    term: dict[str, Any]
    total: int | None
    per_customer: int | None
    per_day: int | None
    shared_code: str | None
    for_whom: str
    reason: str
    issued: int
    held: int
    redeemed: int
    voided: int
    left: int | None
    created_at: datetime


class CampaignInFull(Campaign):
    """A campaign with its kinds of coupons."""

    coupon_templates: list[Template]


class LawOfCheck(Schema):
    """Where the law asks for something; `article` is null when several do."""

    name: str
    name_zh: str
    number: str
    number_zh: str
    article: int | None
    since: date
    source: str
    source_zh: str


class LaunchFinding(Schema):
    """Something to know before a launch; `blocks`: it stops the launch. No legal advice."""

    code: str
    blocks: bool
    field: str | None
    text: str
    text_zh: str
    laws: list[LawOfCheck]


class LaunchFindings(Schema):
    """What was found of a campaign, what stops its launch first."""

    items: list[LaunchFinding]


class NewIssue(Schema, extra="forbid"):
    """Whom a coupon is for, and why: for one `key` it is issued once."""

    customer: Identifier
    key: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$", examples=["birthday-2026"])]


class NewBatch(Schema, extra="forbid"):
    """How many codes to make."""

    count: int = Field(ge=1, le=1_000_000)
    name: Name
    prefix: str = Field("", pattern="^[A-Z0-9]{0,12}$")


class Batch(Schema):
    """Codes made together. `taken_at`: when they were downloaded."""

    id: int
    coupon_template: int
    name: str
    count: int
    created_by: str
    created_at: datetime
    taken_by: str
    taken_at: datetime | None


class Batches(Schema):
    """Batches of a kind of coupon, newest first."""

    items: list[Batch]


class Coupon(Schema):
    """One coupon. `state`: issued, held, redeemed, voided or expired."""

    id: int
    coupon_template: int
    name: str
    campaign: str
    code: str | None
    customer: str | None
    state: str
    starts_at: datetime | None
    ends_at: datetime | None = Field(description="Not included.")
    order_id: str | None
    held_until: datetime | None


class IssuedCoupon(Coupon):
    """A coupon, and whether it had been issued before for this key or code."""

    repeated: bool


class CouponQuery(Paging):
    """The coupons of a customer, or the one of a code."""

    customer: Identifier | None = None
    code: str | None = Field(None, min_length=1, max_length=64)


class Claim(Schema, extra="forbid"):
    """Who claims which code."""

    customer: Identifier
    code: str = Field(min_length=1, max_length=1_000)
