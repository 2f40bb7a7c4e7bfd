"""Answers made readable: the finding in one sentence, charts, a table, the definition, and over what it was computed.

``present(asked, answer, …)`` gives a ``Presented``, whatever the question: pages, dashboards and files need to know
nothing else. Charts are Plotly figures in plain data by theme (``{"light": …, "dark": …}``). A cell's ``pick`` are
the arguments of ``answer.customers`` for whom its number counts; ``who`` is the address part that opens them in the
list of customers. Nothing here asks the workspace: ``answering.answer_of`` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from wotu.accounts.sight import Sight
from wotu.console.asking.declaring import Asked
from wotu.console.asking.definitions import Definition, definition_of
from wotu.console.asking.sealing import sealed
from wotu.console.asking.times import DayNote, Numbered, Times, marked, numbered

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One place of a table: how it reads, and its ``exact`` value for files and tooltips."""

    shown: str
    exact: Any = None
    pick: Mapping[str, Any] | None = None
    who: str = ""
    heat: int = 0
    tag: str = ""
    is_text: bool = False


@dataclass(frozen=True)
class Column:
    """A heading; ``numeric`` columns stand on the right."""

    name: str
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """The numbers of a chart, and often more. The first cell of a row names it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]

    def exact_rows(self) -> Iterator[list[Any]]:
        """The rows for a file."""
        return ([cell.exact if cell.exact is not None else None for cell in row] for row in self.rows)


@dataclass(frozen=True)
class Chart:
    """A picture of the answer; ``said`` tells a screen reader what it shows. One over time has its ``times``."""

    key: str
    title: str
    figures: Figures
    said: str = ""
    times: Times | None = None


@dataclass(frozen=True)
class Fact:
    """A headline number: its name, how it reads, its change in words, whom it counts."""

    name: str
    shown: str
    exact: str = ""
    change: Any = None
    before: str = ""
    more_is: str = "good"
    pick: Mapping[str, Any] | None = None
    who: str = ""
    note: str = ""

    @property
    def tone(self) -> str:
        """Whether the change is good news, bad news, or neither."""
        if self.change is None or self.change.direction not in ("up", "down") or not self.more_is:
            return ""
        return "good" if (self.change.direction == "up") == (self.more_is == "good") else "bad"


@dataclass(frozen=True)
class Scope:
    """Over what an answer was computed, and when."""

    customers: int
    events: int
    timezone: str
    seq: int
    computed_at: datetime


@dataclass(frozen=True)
class Presented:
    """An answer as people read it."""

    finding: str
    charts: tuple[Chart, ...]
    table: Table
    definition: Definition
    scope: Scope
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    is_empty: bool = False
    day_notes: tuple[Numbered, ...] = ()

    @property
    def is_marked(self) -> bool:
        """Whether notes on days have marks in a chart."""
        return bool(self.day_notes) and any(chart.times for chart in self.charts)


@dataclass(frozen=True)
class Found:
    """What a question's ``present`` makes of an answer."""

    finding: str
    charts: tuple[Chart, ...]
    table: Table
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()
    is_empty: bool = False


@dataclass(frozen=True)
class Given:
    """What a question's ``present`` is given: the question, its answer, that of the time before (to compare with),
    who looks, and the day it is in the data."""

    asked: Asked
    answer: Any
    before: Any
    sight: Sight
    now: datetime

    @property
    def currency(self) -> str:
        return str(settings.WOTU_SETTINGS.currency)

    @property
    def until(self) -> date:
        """The day before which the answer ends."""
        until = self.asked.parameters.get("until")
        return min(date.fromisoformat(until), self.now.date()) if until else self.now.date()

    def href(self, pick: Mapping[str, Any] | None) -> str:
        """Where a click on a number of a chart leads; nowhere from a number of nobody."""
        return f"{reverse('console:customers')}?{who_query(self.asked, pick, self.sight)}" if pick else ""

    def pick(self, **arguments: Any) -> Mapping[str, Any] | None:
        """Arguments for ``customers``, where the answer can name whom it counted."""
        return arguments if hasattr(self.answer, "customers") else None


def present(
    asked: Asked, answer: Any, before: Any = None, *, sight: Sight, now: datetime, computed_at: datetime,
    day_notes: Iterable[DayNote] = (),
) -> Presented:  # fmt: skip
    """The answer to ``asked``, with that of the time before where it is compared, and notes of the team on its days."""
    found: Found = asked.question.present(Given(asked, answer, before, sight, now))
    reach = answer.reach
    scope = Scope(reach.customers, reach.events, reach.timezone, reach.seq, computed_at)
    rows = tuple(tuple(_opened(asked, cell, sight) for cell in row) for row in found.table.rows)
    facts = tuple(replace(each, who=who_query(asked, each.pick, sight)) for each in found.facts)
    noted = numbered(day_notes, sight)
    charts = tuple(replace(each, figures=marked(each.figures, each.times, noted)) for each in found.charts)
    return Presented(
        found.finding, charts, replace(found.table, rows=rows), definition_of(asked, now), scope, facts,
        found.notes, found.is_empty, noted,
    )  # fmt: skip


def who_query(asked: Asked, pick: Mapping[str, Any] | None, sight: Sight) -> str:
    """The part of an address that lists whom a number counted; empty for a number of nobody."""
    if pick is None:
        return ""
    return urlencode({"who": json.dumps(asked.to_dict() | {"pick": sealed(pick, sight)}, ensure_ascii=False)})


def _opened(asked: Asked, cell: Cell, sight: Sight) -> Cell:
    return replace(cell, who=who_query(asked, cell.pick, sight)) if cell.pick is not None else cell


def columns(*names: str, numeric: Sequence[bool] = ()) -> tuple[Column, ...]:
    """Headings of which the first names the rows and the others are numbers."""
    return tuple(Column(name, numeric[place] if numeric else place > 0) for place, name in enumerate(names))
