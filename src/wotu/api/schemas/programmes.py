"""Points programmes: their terms, what earns how much, levels, and who is in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema

from wotu.api.schemas.campaigns import Currency, RuleScope
from wotu.api.schemas.memberships import PlanCode
from wotu.api.schemas.texts import Count, Id, Identifier, Money, Name
from wotu.api.schemas.times import Day
from wotu.loyalty.choices import Expiry, Joining

LevelKey = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$", examples=["gold"])]
Percent = Annotated[int, Field(ge=0, le=10_000, description="150 is one and a half.")]
Weekday = Literal["1", "2", "3", "4", "5", "6", "7"]
Whole = Annotated[int, Field(ge=-(10**15), le=10**15)]
Fact = Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] | bool | Whole


class EarnBase(Schema, extra="forbid"):
    """What counts besides money paid for goods without tax."""

    tax: bool = False
    shipping: bool = False
    points: bool = Field(False, description="What points paid.")
    coupons: bool = Field(False, description="What coupons paid.")


class EarnRule(Schema, extra="forbid"):
    """`points` for each `per` of the base, or once for the event where `per` is null. See
    `docs/explanation/points-and-tiers.md`."""

    rule_id: LevelKey = Field(examples=["base"])
    points: int = Field(ge=0, le=1_000_000)
    per: Money | None = None
    event: Id = Field("Order Completed", description="`Order Completed` or `Check-in`.")
    unit: Literal["points", "growth"] = "points"
    where: dict[LevelKey, Fact] = Field(
        {}, max_length=20, description="Facts and the values they must have.", examples=[{"day_of_seven": 7}]
    )
    scope: RuleScope | None = None
    base: EarnBase = EarnBase.model_validate({})
    least: Money = Field("0", description="The base that it takes.")
    by_tier: dict[LevelKey, Percent] = Field({}, max_length=50, description="Percent by level.")
    by_weekday: dict[Weekday, Percent] = Field({}, max_length=7, description="Percent by day, 1 is Monday.")
    by_day: dict[Day, Percent] = Field({}, max_length=400, description="Percent by date.")
    most_per_order: Count | None = None
    most_per_day: Count | None = None
    most_per_month: Count | None = None
    rounding: Literal["down", "half_up"] = "down"


class TierLevel(Schema, extra="forbid"):
    """A level and the growth value it takes."""

    key: LevelKey
    at: Count


class Tiers(Schema, extra="forbid"):
    """Levels from the lowest to the highest. `months` null: a level is for good."""

    levels: list[TierLevel] = Field([], max_length=50)
    window_months: int | None = Field(None, ge=1, le=1_200, description="Growth value of so many months counts.")
    months: int | None = Field(None, ge=1, le=1_200, description="How long a level holds.")
    on_end: Literal["one_step", "by_balance"] = "by_balance"
    grace_days: int = Field(0, ge=0, le=366)


class Terms(Schema):
    """Terms of a programme. What is not given is the workspace's or the usual, or stays as it is."""

    zone: str | None = Field(None, max_length=64, pattern=r"^[^\x00]*$", examples=["Asia/Shanghai"])
    joining: Joining | None = None
    day_starts_at: int | None = Field(None, ge=0, le=23, description="The hour of its zone.")
    available_after_days: int | None = Field(None, ge=0, le=366)
    expiry: Expiry | None = None
    expiry_count: int | None = Field(None, ge=0, le=3_660)
    point_worth: Money | None = Field(None, description="What a point pays.", examples=["0.01"])
    most_share: float | None = Field(None, ge=0, le=1, description="Of an order points may pay.", examples=[0.5])
    return_grace_days: int | None = Field(None, ge=0, le=366)
    notice_days: int | None = Field(None, ge=0, le=366, description="Members are told so long before points end.")


class NewProgramme(Terms, extra="forbid"):
    """A programme, in force at once."""

    code: PlanCode = Field("club", examples=["club"])
    name: Name
    currency: Currency | None = Field(None, description="Of the workspace, unless named.")
    earn: list[EarnRule] = Field([], max_length=100)
    tiers: Tiers = Tiers.model_validate({})


class ProgrammeChange(Terms, extra="forbid"):
    """What is to be different from now on; `earn` and `tiers` each replace all that was."""

    name: Name | None = None
    earn: list[EarnRule] | None = Field(None, max_length=100)
    tiers: Tiers | None = None


class Programme(Schema):
    """A programme with its terms, and how many are in it. `version` is that of the rules in force, 0 before any."""

    code: str
    name: str
    state: str = Field(description="live or paused.")
    currency: str
    zone: str
    joining: str
    day_starts_at: int
    available_after_days: int
    expiry: str
    expiry_count: int
    point_worth: str
    most_share: float
    return_grace_days: int
    notice_days: int
    points_unit: str = Field(description="Of the ledger.")
    growth_unit: str
    version: int
    members: int
    created_by: str
    created_at: datetime


class ProgrammeInFull(Programme):
    """A programme with the rules in force."""

    earn: list[dict[str, Any]] = Field(description="As they are written, whole.")
    tiers: dict[str, Any]


class Member(Schema):
    """A customer in a programme."""

    customer: str
    joined_at: datetime


class Joined(Member):
    """A customer in a programme; `repeated` when they had been."""

    repeated: bool


class NewMember(Schema, extra="forbid"):
    """Who is to join."""

    customer: Identifier


class PointsBalance(Schema):
    """Points of a customer."""

    free: int = Field(description="What can be spent now.")
    held: int
    pending: int = Field(description="What was earned and cannot be spent yet.")
    owed: int


class PointsLot(Schema):
    """Points that came together; null: at once, and for good."""

    points: int
    available_at: datetime | None
    expires_at: datetime | None


class LevelStanding(Schema):
    """The level (empty: none) since when until when, and what the next one takes of growth value."""

    level: str
    since: date | None
    last_day: date | None
    in_grace: bool
    by_hand: bool
    balance: int
    next_level: str
    missing: int
    progress: float | None = Field(description="Share of what the next level takes; null at the top.")


class MemberInFull(Schema):
    """What a customer has in a programme. `joined_at` is null for who is not in it, `streak` where none is kept."""

    customer: str
    programme: str
    joined_at: datetime | None
    points: PointsBalance
    lots: list[PointsLot] = Field(description="In the order in which they are spent, then those that wait.")
    level: LevelStanding | None
    streak: int | None
    checked_in_today: bool | None


class NewLevel(Schema, extra="forbid"):
    """A level by hand, both days included. `first_day` null: today of the programme; `last_day` null: for good."""

    level: LevelKey
    first_day: Day | None = None
    last_day: Day | None = None
