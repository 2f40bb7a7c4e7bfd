"""Questions and their answers: the same names as in Python, the same JSON as ``to_dict()``."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Field, Schema

Scalar = str | int | float | bool
Where = str | dict[str, Scalar]
Unit = Literal["hour", "day", "week", "month"]
CalendarUnit = Literal["day", "week", "month"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WHERE = Field("", description="A filter, or an object of equal values.", examples=['channel == "wechat"'])
BY = "A property or `trait.x` to group by."
TOP = "How many groups are named; the others are `(other)`."
SPAN = "A duration such as `30m`, `7d` or `2w`."
_MOMENT = "A date or a time, such as `2026-01-01`; half-open."


class EventFilter(Schema, extra="forbid"):
    """An event of which only some count."""

    event: str = Field(max_length=512, examples=["Order Completed"])
    where: Where | None = None


EventChoice = str | EventFilter
EventSet = EventChoice | list[EventChoice]
Events = EventChoice | list[EventChoice | list[EventChoice]]


class Scoped(Schema, extra="forbid"):
    """What most questions share."""

    since: str | None = Field(None, max_length=64, description=_MOMENT, examples=["2026-01-01"])
    until: str | None = Field(None, max_length=64, description=_MOMENT, examples=["2026-02-01"])
    where: Where = _WHERE
    audience: str | None = Field(None, max_length=100, description="Only customers of this list.", examples=["vip"])
    timezone: str | None = Field(None, max_length=64, examples=["Asia/Shanghai"])


class EventsQuestion(Scoped):
    """How often, by how many customers, with what amounts did events happen?"""

    events: Events = Field(examples=[["Order Completed"]])
    measure: str = Field(
        "customers",
        max_length=600,
        description="`customers`, `count`, `per_customer`, `sum:P`, `avg:P` or a percentile such as `p90:P`.",
        examples=["sum:revenue"],
    )
    unit: Unit = "day"
    by: str | None = Field(None, max_length=600, description=BY)
    top: int = Field(10, ge=1, le=100, description="How many groups are named.")
    compare: str | None = Field(
        None,
        max_length=140,
        description="`previous`, or a range to compare with.",
        examples=["previous", "2025-01-01..2025-02-01"],
    )
    formula: str = Field("", max_length=200, description="Over the events by letter.", examples=["A/B"])


class GrowthQuestion(Scoped):
    """Who is new, came again, came back, stayed away?"""

    events: Events | None = Field(None, examples=["Order Completed"])
    unit: Unit = "week"
    periods: int | None = Field(None, ge=1, le=10_000, description="Only the last so many.")
    week_start: Weekday | None = None


class StagesQuestion(Scoped):
    """How many customers reached each stage?"""

    preset: Literal["b2c", "b2b"] | None = Field(None, description="Ask with these rules instead of the company's.")
    rules: dict[str, Any] | None = Field(None, description="Rules that stand in for those of their stages.")


class OverviewQuestion(Schema, extra="forbid"):
    """The last days against the days before them."""

    days: int = Field(28, ge=1, le=3_660)


class Thresholds(Schema, extra="forbid"):
    """Where *high* begins: days, orders, money."""

    r: Scalar = Field(examples=[30])
    f: Scalar = Field(examples=[2])
    m: Scalar = Field(examples=["500.00"])


class Layers(Schema, extra="forbid"):
    """How value segments are made."""

    window: str | None = Field(None, max_length=32, examples=["365d"])
    monetary: Literal["total", "average"] = "total"
    split: Literal["mean", "median", "score"] | Thresholds = "mean"


class RfmQuestion(Layers):
    """How recently, how often and for how much did customers order?"""

    as_of: str | None = Field(None, max_length=32, examples=["2026-03-01"])


class MovementQuestion(Layers):
    """Who moved between value segments from one day to another?"""

    before: str = Field(max_length=32, examples=["2026-01-01"])
    after: str | None = Field(None, max_length=32, examples=["2026-03-01"])


class Scope(Schema):
    """What an answer looked at."""

    customers: int
    events: int
    timezone: str
    seq: int


class Point(Schema):
    """A value in one period; null where an average has nothing to average."""

    time: str
    value: int | float | str | None


class Series(Schema):
    """One line of an event analysis."""

    label: str
    group: str | None
    points: list[Point]
    previous: list[Point] | None = None


class EventsAnswer(Schema):
    """Values by period, for each event and group."""

    question: Literal["events"]
    unit: str
    measure: str
    formula: str | None = None
    unconverted: int | None = None
    series: list[Series]
    scope: Scope


class GrowthPeriod(Schema):
    """One period of growth accounting."""

    period: str
    complete: bool
    new: int
    returning: int
    resurrecting: int
    dormant: int
    quick_ratio: float | None


class GrowthAnswer(Schema):
    """Customers by period."""

    question: Literal["growth_accounting"]
    unit: str
    periods: list[GrowthPeriod]
    scope: Scope


class Figure(Schema):
    """A figure now and in the days before; money is decimal text."""

    value: int | float | str | None
    previous: int | float | str | None
    unit: Literal["money", "count", "rate"]
    trend: list[float | None]


class Contribution(Schema):
    """How much of the change of revenue came from one factor."""

    factor: str
    amount: str
    value: int | float | str | None
    previous: int | float | str | None


class OverviewAnswer(Schema):
    """Figures by name, and what changed the revenue."""

    question: Literal["overview"]
    days: int
    since: str
    until: str
    previous_since: str
    figures: dict[str, Figure]
    changes: list[Contribution]
    scope: Scope


class ShownThresholds(Schema):
    """Where *high* began; with `score`, mean scores."""

    r: float
    f: float
    m: float | str


class Segment(Schema):
    """One of the eight value segments."""

    segment: str
    name: str
    customers: int
    revenue: str


class Anonymous(Schema):
    """Customers without a strong identifier, who are in no segment."""

    customers: int
    orders: int
    revenue: str


class RfmAnswer(Schema):
    """The eight value segments."""

    question: Literal["rfm"]
    as_of: str
    customers: int
    monetary: str
    split: str
    thresholds: ShownThresholds
    degenerate: list[str]
    segments: list[Segment]
    anonymous: Anonymous
    unconverted: int
    scope: Scope


class Flow(Schema):
    """Customers who went from one segment to another; `none` is no order yet."""

    origin: str = Field(alias="from")
    to: str
    customers: int


class MovementAnswer(Schema):
    """Every flow between segments that somebody took."""

    question: Literal["rfm_movement"]
    before: str
    after: str
    flows: list[Flow]
    scope: Scope


class StageCount(Schema):
    """One stage; ``from_previous``: of those who reached the stage before, the share that reached this one."""

    stage: str
    name: str
    rule: str
    customers: int
    from_previous: float | None
    anonymous: int


class StagesAnswer(Schema):
    """The stages that have a rule."""

    question: Literal["stages"]
    stages: list[StageCount]
    scope: Scope
