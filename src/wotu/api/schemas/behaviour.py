"""Habits, stages and what makes customers stay, and their answers; ``docs/questions/`` tells the rules."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Field, Schema

from wotu.api.schemas.questions import SPAN, CalendarUnit, Events, EventSet, Scope, Scoped, Weekday


class Words(Schema):
    """The same in both languages."""

    en: str
    zh: str


class StepDoctorQuestion(Scoped):
    """Why do customers stop between a step and the next: motivation, friction, prompt or reward?"""

    steps: list[EventSet] = Field(examples=[["Checkout Started", "Order Completed"]])
    step: int = Field(1, ge=1, description="Between this step and the next.")
    within: str = Field("7d", max_length=32, description=SPAN)
    before: str = Field("30d", max_length=32, description="How long before the step intent and rewards are looked for.")
    shortly: str = Field("1d", max_length=32, description="How long before the step prompts are looked for.")
    views: EventSet | None = Field(None, description="What counts as looking at something.")
    pages: EventSet | None = Field(None, description="Else all pages and screens.")
    fields: EventSet | None = Field(None, description="Events of filling in a form.")
    errors: EventSet | None = Field(None, description="Else the names that speak of an error.")
    messages: EventSet | None = Field(None, description="What counts as a message by us.")
    slots: EventSet | None = Field(None, description="What counts as being shown something.")
    offers: EventSet | None = Field(None, description="Besides every event with a coupon or a discount.")
    taken: EventSet | None = Field(None, description="What counts as taking a reward.")
    min_customers: int = Field(30, ge=2, description="How many must have gone on, and stopped.")


class DoctorSignal(Schema):
    """A signal of those who went on against those who stopped; `because` says why it has no value."""

    signal: str
    name: Words
    measure: str
    went_on: float | None
    stopped: float | None
    lift: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    standardised: float | None
    because: str | Words | None


class DoctorLever(Schema):
    """A lever of behaviour, its signals, and what one can try."""

    lever: str
    name: Words
    place: Words
    signals: list[DoctorSignal]
    attempts: list[Words] = Field(alias="try")


class DoctorMost(Schema):
    """The signal that differs most."""

    lever: str
    signal: str


class StepDoctorAnswer(Schema):
    """Who went on and who stopped, and in what they differ."""

    question: Literal["step_doctor"]
    step: int
    origin: str = Field(alias="from")
    to: str
    customers: int
    went_on: int
    stopped: int
    rate: float | None
    formula: Words
    differs_most: DoctorMost | None
    conclusion: Words
    caution: Words
    levers: list[DoctorLever]
    scope: Scope


class HabitLoopQuestion(Scoped):
    """How often do customers go round the loop of trigger, action, reward and investment, and do they come unasked?"""

    trigger: EventSet = Field(examples=["Message Sent"])
    action: EventSet = Field(examples=["Product Viewed"])
    reward: EventSet = Field(examples=["Coupon Redeemed"])
    investment: EventSet = Field(examples=["Product Reviewed"])
    within: str = Field("7d", max_length=32, description=SPAN)
    messages: EventSet | None = Field(None, description="What counts as a message by us.")
    message_within: str | None = Field(None, max_length=32, description=SPAN)
    gap: str = Field("30m", max_length=32, description=SPAN)
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


class StageTerms(Schema, extra="forbid"):
    """A rule of a lifecycle scheme; one that asks nothing fits everybody."""

    stage: str = Field(max_length=64, examples=["new"])
    name: str = Field("", max_length=64, examples=["新"])
    first_within: str = Field("", max_length=32, description=SPAN, examples=["30d"])
    active_within: str = Field("", max_length=32, description=SPAN, examples=["30d"])


class GrowthPathQuestion(Scoped):
    """From which lifecycle stage to which do customers go, and who is stuck?"""

    scheme: Literal["activity", "relationship"] | list[StageTerms] = "activity"
    events: Events | None = Field(None, examples=["Order Completed"])
    unit: CalendarUnit = "month"
    stuck_after: str | dict[str, str] | None = Field(None, description=SPAN, examples=["60d"])
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


class AhaQuestion(Scoped):
    """Which behaviour in the first days tells the customers who stay from those who do not?"""

    born: EventSet | None = Field(None, examples=["Signed Up"])
    returns: EventSet | None = Field(None, examples=["Order Completed"])
    within: str = Field("7d", max_length=32, description="The first days.")
    unit: CalendarUnit = "week"
    period: int = Field(4, ge=1, description="Who stayed came in the period so many after that of birth.")
    min_customers: int = Field(30, ge=1, description="How many must have done it, and not done it.")
    top: int = Field(20, ge=1, description="How many candidates are told.")
    week_start: Weekday | None = None


class AhaCandidate(Schema):
    """A behaviour and how it goes with staying, on the half of customers that it was not ranked on."""

    rank: int
    kind: str
    event: str | None
    least: int
    label: str
    did: int
    share: float | None
    retention_with: float | None
    retention_without: float | None
    lift: float | None
    difference_low: float | None
    difference_high: float | None
    precision: float | None
    recall: float | None
    mcc: float | None
    p_value: float | None
    adjusted_p_value: float | None
    ranked_mcc: float | None


class AhaAnswer(Schema):
    """Candidates, best first; `because` says why there is none."""

    question: Literal["aha"]
    unit: str
    period: int
    customers: int
    ranked_on: int
    reported_on: int
    retention: float | None
    tested: int
    because: str | None
    candidates: list[AhaCandidate]
    scope: Scope
