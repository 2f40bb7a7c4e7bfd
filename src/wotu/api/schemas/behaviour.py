"""Questions of behaviour and their answers; their pages under ``docs/questions/`` tell the rules."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Field, Schema

from wotu.api.schemas.questions import EventChoice, Events, Scope, Scoped, Weekday

EventSet = EventChoice | list[EventChoice]
Period = Literal["day", "week", "month"]
_SPAN = "A duration such as `30m`, `7d` or `2w`."


class Renaming(Schema, extra="forbid"):
    """A name for all events that match as a whole; `*` stands for any text."""

    pattern: str = Field(max_length=512, examples=["Page: /item/*"])
    name: str = Field(max_length=512, examples=["Item"])


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
