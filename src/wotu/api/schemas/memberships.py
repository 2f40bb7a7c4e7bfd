"""Plans, memberships, what a customer has of a programme, and codes of partners."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from wotu.api.schemas.campaigns import Currency, Rate
from wotu.api.schemas.texts import Count, Id, Identifier, Money, Name
from wotu.loyalty.choices import CodePeriod

PlanCode = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["plus"])]


class MonthlyCoupons(Schema, extra="forbid"):
    """So many coupons of a template in each month of a term."""

    template: int = Field(ge=1, le=2**62)
    count: int = Field(1, ge=1, le=20)


class PlanBenefits(Schema, extra="forbid"):
    """What a plan brings; of several plans and a level the better of each."""

    multiplier: int = Field(100, ge=100, le=10_000, description="Percent of the points that money earns.")
    price_off: Rate = Field(0, description="Off list prices: 0.1 is 10 % off.")
    free_shipping: bool = False
    coupons: list[MonthlyCoupons] = Field([], max_length=20)


class PlanTerms(Schema, extra="forbid"):
    """What a plan is: a piece of it lasts `months` and `days`."""

    name: Name
    price: Money
    months: int = Field(0, ge=0, le=120)
    days: int = Field(0, ge=0, le=3_660)
    trial_days: int = Field(0, ge=0, le=366)
    renews: bool = False
    notice_days: int = Field(5, ge=0, le=60, description="How long before a renewal it is told; 5 at least.")
    benefits: PlanBenefits = PlanBenefits.model_validate({})


class NewPlan(PlanTerms, extra="forbid"):
    """A plan to be offered; what stands here besides its terms is settled with it."""

    code: PlanCode
    product_id: Id = Field(description="What an order line names when it is this plan.")
    currency: Currency | None = Field(None, description="Of the workspace, unless named.")
    grace_days: int = Field(0, ge=0, le=90)


class Plan(Schema):
    """A plan, and how many are members today."""

    code: str
    name: str
    product_id: str
    price: str
    currency: str
    months: int
    days: int
    trial_days: int
    grace_days: int
    renews: bool
    notice_days: int
    benefits: PlanBenefits
    offered: bool
    members: int


class PlanOffered(Schema, extra="forbid"):
    """Whether a plan can be bought anew; members keep what they bought."""

    offered: bool


class OwnPlan(Schema):
    """A membership of a customer. `membership` is the number of the term that runs; null in grace."""

    plan: str
    name: str
    membership: int | None
    first_day: date
    last_day: date
    in_grace: bool
    trial: bool
    renews: bool
    renews_on: date | None
    noticed_at: datetime | None = Field(description="When the customer was told of the renewal.")


class Level(Schema):
    """The level of a programme (empty: none), until when, and what the next one takes of growth value."""

    level: str
    last_day: date | None
    in_grace: bool
    balance: int
    next_level: str
    missing: int


class SavedThisYear(Schema):
    """What the customer saved since 1 January, as decimal text."""

    currency: str
    total: str
    discounts: str
    shipping: str
    points: str


class MemberRead(Schema):
    """What a customer has: `programme` and what goes with it are null where there is no programme."""

    customer: str
    programme: str | None
    level: Level | None
    points: int | None = Field(description="That can be spent now.")
    streak: int | None = Field(description="Days checked in in a row; null where there is no check-in.")
    checked_in_today: bool | None
    plans: list[OwnPlan]
    saved: SavedThisYear


class NewMembership(Schema, extra="forbid"):
    """A membership given, once for `key`."""

    plan: PlanCode
    key: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")
    pieces: int = Field(1, ge=1, le=100)


class PlanNamed(Schema, extra="forbid"):
    """A plan by its code."""

    plan: PlanCode


class Renewal(Schema, extra="forbid"):
    """Whether a membership renews by itself."""

    plan: PlanCode
    renews: bool


class Term(Schema):
    """A term: member from `first_day`, no longer on the day `after`. `repeated`: it had been begun for this key."""

    membership: int
    first_day: date
    after: date
    repeated: bool


class RefundQuery(Schema):
    """What of benefits taken is kept back: nothing (`keep`), or what their coupons took off orders (`deduct`)."""

    taken: Literal["keep", "deduct"] = "keep"


class RefundDue(Schema):
    """What is due if the membership ends today, as decimal text."""

    amount: str
    paid: str
    taken: str
    currency: str
    days: int
    unused: int


class MembershipEnded(Schema):
    """Whether it ended with this request."""

    ended: bool


class CheckInAsked(Schema, extra="forbid"):
    """A check-in for today."""

    programme: PlanCode


class CheckedIn(Schema):
    """The programme's day, days in a row, and points given."""

    day: date
    streak: int
    points: int
    repeated: bool


class NewPool(Schema, extra="forbid"):
    """A pool for codes of a partner; below `low_at` it is low."""

    name: Name
    period: CodePeriod = CodePeriod.MONTH
    low_at: Count = 0


class Pool(Schema):
    """Codes of a partner for members of a plan."""

    id: int
    plan: str
    name: str
    period: str
    left: int
    taken: int
    low: bool


class NewCodes(Schema, extra="forbid"):
    """Codes as the partner gave them; those that are there already are passed over."""

    codes: list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]] = Field(min_length=1, max_length=10_000)


class CodesAdded(Schema):
    """How many were new."""

    added: int


class TakeAsked(Schema, extra="forbid"):
    """For whom."""

    customer: Identifier


class PartnerCode(Schema):
    """The member's code of this period."""

    code: str | None
    repeated: bool
