"""Paths and routes, and their answers; their pages under ``docs/questions/`` tell the rules."""

from __future__ import annotations

from typing import Literal

from ninja import Field, Schema

from wotu.api.schemas.questions import SPAN, EventSet, Scope, Scoped


class Renaming(Schema, extra="forbid"):
    """A name for all events that match as a whole; `*` stands for any text."""

    pattern: str = Field(max_length=512, examples=["Page: /item/*"])
    name: str = Field(max_length=512, examples=["Item"])


class PathsQuestion(Scoped):
    """Which way do customers go in a session?"""

    start: EventSet | None = Field(None, examples=["Product Viewed"])
    end: EventSet | None = Field(None, examples=["Order Completed"])
    steps: int = Field(5, ge=1, le=10)
    gap: str = Field("30m", max_length=32, description=SPAN)
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


class SmartPathQuestion(Scoped):
    """By which routes do customers come to a goal, and who set out and did not arrive?"""

    goal: EventSet = Field(examples=["Order Completed"])
    start: EventSet | None = Field(None, examples=["Product Viewed"])
    across: bool = Field(False, description="Let a route go on beyond the session.")
    steps: int = Field(20, ge=3, le=50, description="Of a longer route the beginning and the goal are told.")
    gap: str = Field("30m", max_length=32, description=SPAN)
    top: int = Field(10, ge=1, description="How many routes are told.")
    clean: list[Literal["trailing slash"] | Renaming] = Field([], max_length=100)


class Route(Schema):
    """A distinct route; `share` is of the sessions that arrived."""

    route: int
    events: list[str]
    length: int | None
    sessions: int
    customers: int
    share: float | None
    median_seconds: float | None
    cut: bool


class Lost(Schema):
    """Who set out and did not arrive."""

    starts: int
    customers: int


class SmartPathAnswer(Schema):
    """The most frequent routes, and who did not arrive."""

    question: Literal["smart_path"]
    goal: str
    start: str | None
    across: bool
    starts: int
    arrived: int
    rate: float | None
    customers: int
    distinct: int
    longer: int
    routes: list[Route]
    lost: Lost
    scope: Scope
