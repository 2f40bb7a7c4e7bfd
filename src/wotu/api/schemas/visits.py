"""Visits and activity, and their answers; their pages under ``docs/questions/`` tell the rules."""

from __future__ import annotations

from typing import Literal

from ninja import Field, Schema

from wotu.api.schemas.questions import BY, SPAN, TOP, CalendarUnit, Events, EventSet, Scope, Scoped, Weekday

_GAP = "Silence that ends a visit; the workspace's, if not given."


class StickinessQuestion(Scoped):
    """On how many days was each customer active, and what share of them comes on one day?"""

    events: Events | None = Field(None, examples=["Product Viewed"])
    unit: CalendarUnit = "day"
    week_start: Weekday | None = None


class ActiveUnits(Schema):
    """Customers who were active in so many units."""

    days: int
    customers: int


class ActivePeriod(Schema):
    """Customers who were active in one period."""

    period: str
    customers: int


class StickinessAnswer(Schema):
    """Customers by active units; `dau_mau` is the mean of customers a unit by the customers of the range."""

    question: Literal["stickiness"]
    unit: str
    active_days: list[ActiveUnits]
    periods: list[ActivePeriod]
    dau_mau: float | None
    scope: Scope


class SessionsQuestion(Scoped):
    """How many visits were there, by how many customers, how long and how full?"""

    events: Events | None = Field(None, examples=["Product Viewed"])
    unit: CalendarUnit = "day"
    gap: str | None = Field(None, max_length=32, description=_GAP, examples=["30m"])
    by: str | None = Field(None, max_length=600, description=f"`entry_event`. {BY}")
    top: int = Field(10, ge=1, description=TOP)
    week_start: Weekday | None = None


class VisitNumbers(Schema):
    """Visits in numbers."""

    sessions: int
    customers: int
    events: int
    single_event_sessions: int
    sessions_per_customer: float | None
    events_per_session: float | None
    mean_seconds: float | None
    median_seconds: float | None


class SessionsPeriod(VisitNumbers):
    """The visits that began in a period."""

    period: str
    complete: bool


class SessionsGroup(VisitNumbers):
    """The visits of one value of `by`."""

    value: str


class CustomersBySessions(Schema):
    """Customers with so many visits."""

    sessions: int
    customers: int


class SessionsAnswer(VisitNumbers):
    """All visits, and those of each period and group."""

    question: Literal["sessions"]
    unit: str
    customers_by_sessions: list[CustomersBySessions]
    periods: list[SessionsPeriod]
    by: str | None
    groups: list[SessionsGroup]
    scope: Scope


class ActivityQuestion(Scoped):
    """How long and how full is a visit, how often do customers visit?"""

    events: Events | None = Field(None, examples=["Product Viewed"])
    gap: str | None = Field(None, max_length=32, description=_GAP, examples=["30m"])


class Spread(Schema):
    """How a measure is spread."""

    mean: float | None
    median: float | None
    p90: float | None


class CustomersByVisits(Schema):
    """Customers with so many visits."""

    visits: int
    customers: int


class ActivityAnswer(Schema):
    """What a visit, a customer and the time between two visits are like."""

    question: Literal["activity"]
    visits: int
    customers: int
    visits_per_week: float | None
    seconds_per_visit: Spread
    events_per_visit: Spread
    visits_per_customer: Spread
    interval_seconds: Spread
    customers_by_visits: list[CustomersByVisits]
    scope: Scope


class OutputQuestion(Scoped):
    """How many conversions and how much revenue does a visit bring, and a customer?"""

    conversion: EventSet = Field("Order Completed", examples=["Order Completed"])
    unit: CalendarUnit = "day"
    gap: str | None = Field(None, max_length=32, description=_GAP, examples=["30m"])
    week_start: Weekday | None = None


class OutputNumbers(Schema):
    """Conversions and revenue in numbers; money is decimal text."""

    visits: int
    customers: int
    conversions: int
    converting_visits: int
    converting_customers: int
    conversion_rate: float | None
    conversions_per_visit: float | None
    conversions_per_customer: float | None
    revenue: str
    revenue_per_visit: str | None
    revenue_per_customer: str | None


class OutputPeriod(OutputNumbers):
    """The visits that began in a period."""

    period: str
    complete: bool


class OutputAnswer(OutputNumbers):
    """All visits, and those of each period."""

    question: Literal["output"]
    unit: str
    conversion: str
    unconverted: int
    periods: list[OutputPeriod]
    scope: Scope


class ActiveCustomersQuestion(Scoped):
    """Who did the key behaviour often enough in each period, and who was lost?"""

    events: Events | None = Field(None, examples=["Order Completed"])
    min_count: int = Field(1, ge=1)
    duration: str | None = Field(None, max_length=32, description=f"Time in visits instead. {SPAN}")
    unit: CalendarUnit = "month"
    churned_after: int = Field(1, ge=1, description="Periods without being active.")
    gap: str | None = Field(None, max_length=32, description=_GAP, examples=["30m"])
    week_start: Weekday | None = None


class ActiveCustomersPeriod(Schema):
    """One period; null where it is not over."""

    period: str
    complete: bool
    active: int
    churned: int | None
    lost: int | None


class ActiveCustomersAnswer(Schema):
    """Active customers by period, and those who were lost."""

    question: Literal["active_customers"]
    unit: str
    min_count: int
    duration: str | None
    churned_after: int
    periods: list[ActiveCustomersPeriod]
    scope: Scope
