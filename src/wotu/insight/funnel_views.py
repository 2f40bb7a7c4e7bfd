"""Further views of a funnel: how long it took from start to end, and the funnel by the day of the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import Periods, periods
from wotu.insight.answers import ratio
from wotu.insight.funnel_question import Funnel, duration

Integers = npt.NDArray[np.int64]

BINS, MOST_BINS = 20, 200
_SECOND = 1_000_000


@dataclass(frozen=True)
class TimeBin:
    """Customers that took ``from_seconds`` or more and less than ``to_seconds`` from start to end; ``None``: no end."""

    from_seconds: float
    to_seconds: float | None
    customers: int

    def to_dict(self) -> dict[str, Any]:
        return {"from_seconds": self.from_seconds, "to_seconds": self.to_seconds, "customers": self.customers}


@dataclass(frozen=True)
class TrendDay:
    """The furthest attempts that started on a day. ``complete``: the day is over; ``window_over``: nothing started
    on it can get further."""

    time: str
    complete: bool
    window_over: bool
    customers: tuple[int, ...]
    converted: int

    @property
    def conversion(self) -> float | None:
        return ratio(self.converted, self.customers[0]) if self.complete else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "time": self.time, "complete": self.complete, "window_over": self.window_over,
            "customers": list(self.customers), "conversion": self.conversion,
        }  # fmt: skip


def check_bins(bins: int | Sequence[str] | None) -> int | tuple[int, ...]:
    """A number of equal bins, or the borders between bins in µs."""
    if bins is None:
        return BINS
    if isinstance(bins, int) and not isinstance(bins, bool):
        if not 1 <= bins <= MOST_BINS:
            raise invalid_argument(
                "bins", f"bins={bins} must be from 1 to {MOST_BINS}.", Reason.OUT_OF_RANGE, least=1, most=MOST_BINS
            )
        return bins
    if isinstance(bins, (str, bool)) or not 1 <= len(bins) < MOST_BINS:
        raise invalid_argument(
            "bins", 'bins must be a number, or durations between bins such as ["10m", "1h", "1d"].', Reason.NOT_RISING
        )
    borders = tuple(duration(border, f"bins[{i}]") for i, border in enumerate(bins))
    for i in range(1, len(borders)):
        if borders[i] <= borders[i - 1]:
            raise invalid_argument(
                f"bins[{i}]", f"bins[{i}]={bins[i]!r} must be longer than the one before it.", Reason.NOT_RISING
            )
    return borders


def histogram(whole: Integers, bins: int | tuple[int, ...]) -> tuple[TimeBin, ...]:
    """How many of the times lie in each bin: of whole µs, the first from 0, the last with the longest time in it."""
    if isinstance(bins, int):
        width = max(1, -(-(int(whole.max()) + 1) // bins)) if len(whole) else _SECOND
        edges: list[int | None] = [width * i for i in range(bins + 1)]
    else:
        edges = [0, *bins, None]
    limits = [edge for edge in edges[1:] if edge is not None]
    counts = np.bincount(np.searchsorted(np.array(limits, np.int64), whole, side="right"), minlength=len(edges) - 1)
    return tuple(
        TimeBin((edges[i] or 0) / _SECOND, None if (end := edges[i + 1]) is None else end / _SECOND, int(counts[i]))
        for i in range(len(edges) - 1)
    )


def time_range(of: TimeBin) -> str:
    """A bin in words that people read, such as ``1h – 2h``."""
    start = _short(of.from_seconds)
    return f"{start} +" if of.to_seconds is None else f"{start} – {_short(of.to_seconds)}"


def _short(seconds: float) -> str:
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= length:
            return f"{round(seconds / length, 1):g}{unit}"
    return f"{round(seconds, 1):g}s"


def days(question: Funnel) -> Periods:
    """The days on which attempts of the range start."""
    scope = question.scope
    return periods(scope.since, scope.until, "day", scope.zone)


def trend(question: Funnel, counts: Integers) -> tuple[TrendDay, ...]:
    """A day per row of ``counts``."""
    counted, scope = days(question), question.scope
    return tuple(
        TrendDay(
            label,
            counted.boundaries[i + 1] <= min(scope.until, scope.now),
            counted.boundaries[i + 1] + question.within <= scope.now,
            tuple(int(n) for n in counts[i]),
            int(counts[i, question.last]),
        )
        for i, label in enumerate(counted.labels)
    )
