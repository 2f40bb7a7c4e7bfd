"""The axis of time that charts of answers share, and the team's notes on days as marks on it.

A place of the axis is named in full, with its year, so that no two are one; what stands under it is short. The page
leaves ticks out where it is narrow, and writes the year under the first of each (``layout.meta``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from wotu.accounts.sight import Sight
from wotu.console import figures
from wotu.console.asking.drawing import LEAST_PLACES, mark, safe
from wotu.console.asking.shared import period_end, period_label, period_words

_WIDEST = 60


class DayNote(Protocol):
    """A note of the team on a day."""

    @property
    def day(self) -> date: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Numbered:
    """A note with the number its mark has in charts."""

    number: int
    day: date
    text: str


@dataclass(frozen=True)
class Times:
    """Periods of an answer by their labels, in order, each a ``unit`` long."""

    labels: tuple[str, ...]
    unit: str

    @property
    def places(self) -> list[str]:
        """A name for each period, and no two the same: an hour that a clock shows twice says which it is."""
        names = [period_words(label, self.unit) for label in self.labels]
        return [
            f"{name} ({label[19:] or place})" if place and names[place - 1] == name else name
            for place, (name, label) in enumerate(zip(names, self.labels, strict=True))
        ]

    def axis(self) -> dict[str, Any]:
        """The layout of the axis; a short history starts on the left."""
        places, ticks = self.places, [period_label(label, self.unit) for label in self.labels]
        most = max(len(places), LEAST_PLACES) - 0.5
        return {
            "type": "category", "tickangle": 0, "range": [-0.5, most], "tickvals": places, "ticktext": ticks,
            "categoryorder": "array", "categoryarray": places,
        }  # fmt: skip

    def layout(self) -> dict[str, Any]:
        """What a chart's layout needs of it."""
        years = [] if self.unit == "month" else [label[:4] for label in self.labels]
        return {"xaxis": self.axis(), "meta": {"years": years}}

    def place_of(self, day: date) -> int | None:
        """The period that holds a day: where two of a day's hours could, the first."""
        for place, label in enumerate(self.labels):
            if date.fromisoformat(label[:10]) <= day < period_end(label, self.unit):
                return place
        return None


def numbered(notes: Iterable[DayNote], sight: Sight) -> tuple[Numbered, ...]:
    """Notes in the order of their days, numbered as their marks are, as this person may read them."""
    ordered = sorted(notes, key=lambda note: note.day)
    return tuple(Numbered(place, note.day, sight.text(note.text)) for place, note in enumerate(ordered, start=1))


def marked(charts: Mapping[str, Any], times: Times | None, notes: Sequence[Numbered]) -> Mapping[str, Any]:
    """A chart by theme with a line and a number where something was noted; the same where nothing was."""
    by_place: dict[int, list[Numbered]] = {}
    for note in notes if times is not None else ():
        place = times.place_of(note.day) if times is not None else None
        if place is not None:
            by_place.setdefault(place, []).append(note)
    if not by_place:
        return charts
    marks = [(place, _numbers(found), "<br>".join(map(_said, found))) for place, found in sorted(by_place.items())]
    return {theme: mark(figure, theme, marks) for theme, figure in charts.items()}


def _numbers(notes: Sequence[Numbered]) -> str:
    first, last = notes[0].number, notes[-1].number
    return str(first) if first == last else f"{first}–{last}"


def _said(note: Numbered) -> str:
    text = note.text if len(note.text) <= _WIDEST else f"{note.text[:_WIDEST]}…"
    return f"{note.number} · {safe(figures.day(note.day))} {safe(text)}"
