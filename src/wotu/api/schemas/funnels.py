"""Funnel and retention, and their answers; their pages under ``docs/questions/`` tell the rules."""

from __future__ import annotations

from typing import Literal

from ninja import Field, Schema

from wotu.api.schemas.questions import (
    BY,
    SPAN,
    TOP,
    CalendarUnit,
    EventChoice,
    EventSet,
    Scope,
    Scoped,
    Weekday,
    Where,
)


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
    within: str = Field("7d", max_length=32, description=SPAN)
    order: Literal["ordered", "strict", "any"] = "ordered"
    exclude: list[Exclusion] | None = None
    hold: str | None = Field(None, max_length=600, description="A property whose value all steps share.")
    by: str | ByAt | None = Field(None, description=BY)
    top: int = Field(10, ge=1, description=TOP)
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
    """How many took so long from start to end; the last bin of borders has no end."""

    from_seconds: float
    to_seconds: float | None
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


class SeparationQuestion(Scoped):
    """What tells those who went on from a step of a funnel from those who stopped there?"""

    steps: list[str | Step | list[EventChoice]] = Field(examples=[["Product Viewed", "Order Completed"]])
    step: int = Field(1, ge=1, description="Between this step and the next.")
    within: str = Field("7d", max_length=32, description=SPAN)
    order: Literal["ordered", "strict", "any"] = "ordered"
    exclude: list[Exclusion] | None = None
    hold: str | None = Field(None, max_length=600, description="A property whose value all steps share.")
    least: int = Field(20, ge=1, description="How many must have a candidate, and have it not.")
    top: int = Field(50, ge=1, description="How many candidates are told.")


class SeparationCandidate(Schema):
    """Something that some of them have and others have not."""

    kind: str
    name: str
    value: str | None
    when: str | None
    converted: int
    dropped: int
    share_converted: float | None
    share_dropped: float | None
    lift: float | None
    difference: float | None
    interval: list[float]
    p_value: float
    adjusted_p: float


class SeparationAnswer(Schema):
    """Candidates, the surest first."""

    question: Literal["separation"]
    step: int
    origin: str = Field(alias="from")
    to: str
    converted: int
    dropped: int
    tested: int
    candidates: list[SeparationCandidate]
    note: str
    scope: Scope


class RetentionQuestion(Scoped):
    """Of the customers born in each period, how many came back later?"""

    born: EventSet | None = Field(None, examples=["Signed Up"])
    returns: EventSet | None = Field(None, examples=["Order Completed"])
    unit: CalendarUnit = "day"
    mode: Literal["on", "within", "on_or_after"] = "on"
    cohort: Literal["first", "first_ever", "every"] = "first"
    min_count: int = Field(1, ge=1)
    periods: int | None = Field(None, ge=0, description="The indexes 0 to N.")
    brackets: list[str] | None = Field(None, examples=[["1", "2-3", "4-7"]])
    rolling: bool = False
    measure: Literal["customers", "revenue"] = "customers"
    week_start: Weekday | None = None
    by: str | None = Field(None, max_length=600, description=BY)
    top: int = Field(10, ge=1, description=TOP)


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
    unconverted: int | None = None
    brackets: list[str] | None = None
    cohorts: list[Cohort]
    overall: list[RetentionPeriod]
    by: str | None
    groups: list[RetentionGroup]
    scope: Scope
