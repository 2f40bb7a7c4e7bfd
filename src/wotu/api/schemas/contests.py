"""Contests: what counts, who joined, places and prizes."""

from __future__ import annotations

from datetime import datetime

from ninja import Field, Schema

from wotu.api.schemas.texts import Identifier, Label, Name
from wotu.api.schemas.times import Instant
from wotu.loyalty.choices import ContestMetric, ContestTie


class Prize(Schema, extra="forbid"):
    """What places `first` to `last` win, each."""

    first: int = Field(ge=1, le=1_000)
    last: int = Field(ge=1, le=1_000)
    points: int = Field(0, ge=0, le=10**12)
    coupon_template: int | None = Field(None, ge=1, lt=2**63)


class NewContest(Schema, extra="forbid"):
    """`metric` is `spent`, `orders`, `points`, or `event` with the name of one."""

    name: Name
    metric: ContestMetric
    event: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    tie: ContestTie = ContestTie.EARLIER
    prizes: list[Prize] = Field(min_length=1, max_length=100)
    starts_at: Instant
    ends_at: Instant
    cut_off: Instant = Field(description="Until then what comes back is taken off; prizes go out after it.")


class Contest(Schema):
    """A contest, how many joined, and what it gave."""

    id: int
    campaign: str
    currency: str
    name: str
    metric: str
    event: str
    tie: str
    prizes: list[Prize]
    starts_at: datetime
    ends_at: datetime
    cut_off: datetime
    counted_at: datetime | None = Field(description="When places were counted last.")
    settled_at: datetime | None
    joinable: bool
    entries: int
    ranked: int
    given: int
    refused: int = Field(description="Prizes that could not be given.")


class NewEntry(Schema, extra="forbid"):
    """Who joins, and what others read of them."""

    customer: Identifier
    nickname: Label = Field("", max_length=20, description="Empty: the first letter of the name.")


class Place(Schema):
    """A place. `shown` is the nickname or what is left of the name; `customer` is null for who may not know."""

    place: int | None
    shown: str
    customer: str | None
    score: str = Field(description="As decimal text where money is counted.")
    reached_at: datetime | None
    points: int
    coupons: int
    missed: str = Field(description="Why a prize could not be given, such as budget_empty; else empty.")


class OwnPlace(Place):
    """The place of a customer who joined, and whether they had joined before."""

    repeated: bool


class Board(Schema):
    """The first places, as they were counted at `counted_at`."""

    counted_at: datetime | None
    items: list[Place]


class SettledContest(Contest):
    """A contest with its places and prizes; `repeated`: it had been settled before."""

    repeated: bool
