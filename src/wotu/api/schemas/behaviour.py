"""Questions of behaviour and their answers; their pages under ``docs/questions/`` tell the rules."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Field, Schema

from wotu.api.schemas.questions import EventChoice, Events, Scope, Scoped, Weekday, Where

EventSet = EventChoice | list[EventChoice]
Period = Literal["day", "week", "month"]
_SPAN = "A duration such as `30m`, `7d` or `2w`."
_BY = "A property or `trait.x` to group by."
_TOP = "How many groups are named; the others are `(other)`."


class Renaming(Schema, extra="forbid"):
    """A name for all events that match as a whole; `*` stands for any text."""

    pattern: str = Field(max_length=512, examples=["Page: /item/*"])
    name: str = Field(max_length=512, examples=["Item"])


class Step(Schema, extra="forbid"):
    """A step of a funnel: events of which only some count, and when."""

    event: str | list[str] = Field(examples=["Order Completed"])
    where: Where | None = None
    optional: bool = False
    within: str | None = Field(None, max_length=32, description="At most so long after the step taken before.")
    gap: str | None = Field(None, max_length=32, description="At least so long after the step taken before.")


class Exclusion(Schema, extra="forbid"):
    """An event that voids an attempt between two steps, counted from 1."""

    event: str | list[str] = Field(examples=["Order Refunded"])
    where: Where | None = None
    after: int = Field(1, ge=1, le=100)
    before: int | None = Field(None, ge=1, le=100, description="The last step that is not optional, if not given.")


class ByAt(Schema, extra="forbid"):
    """A property, and at which event of the attempt it is read."""

    property: str = Field(max_length=600, examples=["channel"])
    at: str = Field("step:1", max_length=32, description="`step:N`, `last`, `first_touch` or `last_touch`.")


class FunnelQuestion(Scoped):
    """How many customers did the steps one after another, and who stopped where?"""

    steps: list[str | Step | list[EventChoice]] = Field(examples=[["Product Viewed", "Order Completed"]])
    within: str = Field("7d", max_length=32, description=_SPAN)
    order: Literal["ordered", "strict", "any"] = "ordered"
    exclude: list[Exclusion] | None = None
    hold: str | None = Field(None, max_length=600, description="A property whose value all steps share.")
    by: str | ByAt | None = Field(None, description=_BY)
    top: int = Field(10, ge=1, description=_TOP)
    count: Literal["customers", "sessions"] = "customers"
    view: Literal["steps", "times", "trend"] = "steps"
    bins: int | list[str] | None = Field(None, description="Of `times`: how many bins, or their borders as durations.")


class FunnelStep(Schema):
    """One step; times are from the step taken before."""

    step: int
    event: str
    optional: bool
    customers: int
    from_start: float | None
    from_previous: float | None
    mean_seconds: float | None
    median_seconds: float | None
    p90_seconds: float | None


class FunnelGroup(Schema):
    """The steps of those with one value of `by`."""

    value: str
    steps: list[FunnelStep]


class FunnelTime(Schema):
    """How many took so long from start to end."""

    from_seconds: float
    to_seconds: float
    customers: int


class FunnelDay(Schema):
    """Customers at each step of the attempts that started on a day."""

    time: str
    complete: bool
    window_over: bool
    customers: list[int]
    conversion: float | None


class FunnelAnswer(Schema):
    """The steps in order; with `by` those of each group; `times` and `trend` with their view."""

    question: Literal["funnel"]
    customers: int
    order: str
    within_seconds: int | float
    counted: str
    steps: list[FunnelStep]
    by: str | None
    groups: list[FunnelGroup]
    values: int | None = None
    times: list[FunnelTime] | None = None
    trend: list[FunnelDay] | None = None
    scope: Scope


class RetentionQuestion(Scoped):
    """Of the customers born in each period, how many came back later?"""

    born: EventSet | None = Field(None, examples=["Signed Up"])
    returns: EventSet | None = Field(None, examples=["Order Completed"])
    unit: Period = "day"
    mode: Literal["on", "within", "on_or_after"] = "on"
    cohort: Literal["first", "first_ever", "every"] = "first"
    min_count: int = Field(1, ge=1)
    periods: int | None = Field(None, ge=0, description="The indexes 0 to N.")
    brackets: list[str] | None = Field(None, examples=[["1", "2-3", "4-7"]])
    rolling: bool = False
    measure: Literal["customers", "revenue"] = "customers"
    week_start: Weekday | None = None
    by: str | None = Field(None, max_length=600, description=_BY)
    top: int = Field(10, ge=1, description=_TOP)


class Cohort(Schema):
    """One cohort; null where a period is not over."""

    cohort: str
    complete: bool
    size: int
    returned: list[int | None]
    revenue: list[str | None] | None = None


class RetentionPeriod(Schema):
    """One period over all cohorts for which it is over."""

    period: int
    eligible: int
    returned: int
    rate: float | None
    base: str | None = None
    revenue: str | None = None
    revenue_rate: float | None = None


class RetentionGroup(Schema):
    """The cohorts of those with one value of `by`."""

    value: str
    cohorts: list[Cohort]
    overall: list[RetentionPeriod]


class RetentionAnswer(Schema):
    """Cohorts by period, and all of them together."""

    question: Literal["retention"]
    unit: str
    mode: str
    cohort: str
    measure: str
    rolling: bool
    brackets: list[str] | None = None
    cohorts: list[Cohort]
    overall: list[RetentionPeriod]
    by: str | None
    groups: list[RetentionGroup]
    scope: Scope


class HabitLoopQuestion(Scoped):
    """How often do customers go round the loop of trigger, action, reward and investment, and do they come unasked?"""

    trigger: EventSet = Field(examples=["Message Sent"])
    action: EventSet = Field(examples=["Product Viewed"])
    reward: EventSet = Field(examples=["Coupon Redeemed"])
    investment: EventSet = Field(examples=["Product Reviewed"])
    within: str = Field("7d", max_length=32, description=_SPAN)
    messages: EventSet | None = Field(None, description="What counts as a message by us.")
    message_within: str | None = Field(None, max_length=32, description=_SPAN)
    gap: str = Field("30m", max_length=32, description=_SPAN)
    week_start: Weekday | None = None


class HabitStep(Schema):
    """How many loops reached a step."""

    step: str
    event: str
    reached: int
    from_previous: float | None


class HabitSpread(Schema):
    """Customer-weeks by complete loops."""

    loops: int
    customer_weeks: int


class HabitWeek(Schema):
    """One week."""

    week: str
    complete: bool
    customers: int
    reached: list[int]
    loops: int
    loops_per_customer: float | None
    returns: int
    unprompted: int | None
    unprompted_share: float | None


class HabitLoopAnswer(Schema):
    """Loops over the range and by week."""

    question: Literal["habit_loop"]
    steps: list[HabitStep]
    customer_weeks: int
    loops: int
    loops_per_customer_week: float | None
    distribution: list[HabitSpread]
    returns: int
    unprompted: int | None
    unprompted_share: float | None
    unprompted_because: str | None
    weeks: list[HabitWeek]
    scope: Scope


class PathsQuestion(Scoped):
    """Which way do customers go in a session?"""

    start: EventSet | None = Field(None, examples=["Product Viewed"])
    end: EventSet | None = Field(None, examples=["Order Completed"])
    steps: int = Field(5, ge=1, le=10)
    gap: str = Field("30m", max_length=32, description=_SPAN)
    top: int = Field(20, ge=1, le=100)
    clean: list[Literal["trailing slash"] | Renaming] = Field([], max_length=100)


class PathNode(Schema):
    """An event at a step; ``cut``: of its visits, those not shown beyond it."""

    id: str
    step: int
    event: str
    visits: int
    cut: int


class PathLink(Schema):
    """From node to node."""

    source: str
    target: str
    visits: int
    median_seconds: float | None


class PathsAnswer(Schema):
    """Nodes and the links between them; visits are sessions."""

    question: Literal["paths"]
    start: str | None
    end: str | None
    steps: int
    customers: int
    sessions: int
    nodes: list[PathNode]
    links: list[PathLink]
    scope: Scope


class StageTerms(Schema, extra="forbid"):
    """A rule of a lifecycle scheme; one that asks nothing fits everybody."""

    stage: str = Field(max_length=64, examples=["new"])
    name: str = Field("", max_length=64, examples=["新"])
    first_within: str = Field("", max_length=32, description=_SPAN, examples=["30d"])
    active_within: str = Field("", max_length=32, description=_SPAN, examples=["30d"])


class GrowthPathQuestion(Scoped):
    """From which lifecycle stage to which do customers go, and who is stuck?"""

    scheme: Literal["activity", "relationship"] | list[StageTerms] = "activity"
    events: Events | None = Field(None, examples=["Order Completed"])
    unit: Period = "month"
    stuck_after: str | dict[str, str] | None = Field(None, description=_SPAN, examples=["60d"])
    week_start: Weekday | None = None


class StageStay(Schema):
    """Who is in a stage at the end of the range, and how long stays that ended lasted."""

    stage: str
    name: str
    customers: int
    stays: int
    median_days: float | None
    p90_days: float | None
    stuck_after_days: float | None
    stuck: int | None


class Transition(Schema):
    """Customers who went from one stage to another; `none` is no event yet."""

    origin: str = Field(alias="from")
    to: str
    customers: int
    share: float | None


class GrowthPathPeriod(Schema):
    """The transitions of one period."""

    period: str
    complete: bool
    transitions: list[Transition]


class GrowthPathAnswer(Schema):
    """Stages, transitions over the periods that are over, and those of each period."""

    question: Literal["growth_path"]
    unit: str
    scheme: list[dict[str, Any]]
    stages: list[StageStay]
    matrix: list[Transition]
    periods: list[GrowthPathPeriod]
    scope: Scope
