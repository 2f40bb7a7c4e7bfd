"""What the step doctor says: signals side by side, which differs most, and what one can try."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wotu.core.durations import SECOND
from wotu.core.errors import Reason, invalid_argument
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import bars
from wotu.insight.intervals import (
    Floats,
    Interval,
    Moments,
    difference_of_means,
    difference_of_medians,
    difference_of_shares,
)  # fmt: skip
from wotu.insight.step_doctor_fold import STOPPED, WENT_ON, DoctorPartial, StepDoctor, who
from wotu.insight.step_doctor_kernel import AFTER_STEPS, OFFER, PRICE, SPENT
from wotu.insight.step_doctor_words import (
    CAUTION,
    FORMULA,
    LEVERS,
    NOTHING,
    SIGNALS,
    Signal,
    Words,
    differs_most,
)  # fmt: skip
from wotu.timeline.questions import Source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_KEYS = tuple(signal.key for signal in SIGNALS)


@dataclass(frozen=True)
class Comparison:
    """One signal: its value among those who went on and those who stopped, or ``because`` there is none."""

    signal: Signal
    went_on: float | None = None
    stopped: float | None = None
    interval: Interval | None = None
    standardised: float | None = None
    because: str | None = None

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]

    def to_dict(self) -> dict[str, Any]:
        known = self.went_on is not None and self.stopped is not None
        low, high = self.interval or (None, None)
        return {
            "signal": self.signal.key, "name": self.signal.name.to_dict(), "measure": self.signal.kind,
            "went_on": self.went_on, "stopped": self.stopped,
            "lift": ratio(self.went_on or 0, self.stopped or 0) if known else None,
            "difference": (self.went_on or 0) - (self.stopped or 0) if known else None,
            "difference_low": low, "difference_high": high, "standardised": self.standardised, "because": self.because,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class DoctorAnswer:
    """``comparisons`` in the order of the signals."""

    question: StepDoctor
    went_on: int
    stopped: int
    comparisons: tuple[Comparison, ...]
    reach: Reach
    _source: Source = field(repr=False)

    @property
    def differs_most(self) -> Comparison | None:
        """Of the signals that differ by more than chance, the one with the greatest standardised difference; time is
        left out, since who stops leaves no mark of when."""
        clear = [each for each in self.comparisons if each.clear and each.signal.kind != "median"]
        return max(clear, key=lambda each: abs(each.standardised or 0.0), default=None)

    @property
    def conclusion(self) -> Words:
        most = self.differs_most
        return NOTHING if most is None else differs_most(most.signal, (most.standardised or 0.0) > 0)

    def customers(self, *, went_on: bool = False, signal: str | None = None, has: bool = True) -> list[str]:
        """Who stopped (or ``went_on``); with ``signal`` those of them who have any of it, or with ``has=False`` none.
        Wotu ids, oldest first."""
        if signal is not None and signal not in _KEYS:
            raise invalid_argument(
                "signal", f"signal={signal!r} is not known; use one of {', '.join(_KEYS)}.", Reason.NOT_A_CHOICE
            )
        place = None if signal is None else _KEYS.index(signal)
        return self._source.run(partial(who, self.question, went_on, place, has)).texts()

    @property
    def table(self) -> pa.Table:
        """One row per signal, with the columns of the JSON (names in English) and its lever."""
        rows = [
            {"lever": each.signal.lever} | each.to_dict() | {"name": each.signal.name.en} for each in self.comparisons
        ]
        return pa.Table.from_pylist(rows)

    def figure(self) -> Figure:
        """The standardised difference of every signal that was measured."""
        values = {each.signal.name.en: each.standardised for each in self.comparisons if each.standardised is not None}
        return bars("Step doctor", values, "standardised difference, went on − stopped")

    def to_dict(self) -> dict[str, Any]:
        steps, most = self.question.funnel.steps, self.differs_most
        return {
            "question": "step_doctor",
            "step": self.question.step + 1,
            "from": steps[self.question.step].events.label,
            "to": steps[self.question.step + 1].events.label,
            "customers": self.went_on + self.stopped,
            "went_on": self.went_on,
            "stopped": self.stopped,
            "rate": ratio(self.went_on, self.went_on + self.stopped),
            "formula": FORMULA.to_dict(),
            "differs_most": None if most is None else {"lever": most.signal.lever, "signal": most.signal.key},
            "conclusion": self.conclusion.to_dict(),
            "caution": CAUTION.to_dict(),
            "levers": [
                {
                    "lever": lever, "name": words.name.to_dict(), "place": words.place.to_dict(),
                    "signals": [each.to_dict() for each in self.comparisons if each.signal.lever == lever],
                    "try": [words.to_dict() for words in words.try_],
                }
                for lever, words in LEVERS.items()
            ],
            "scope": self.reach.to_dict(),
        }  # fmt: skip


def answered(question: StepDoctor, total: DoctorPartial, source: Source, least: int) -> DoctorAnswer:
    """The comparison of every signal that the data hold, if there are ``least`` customers in both groups."""
    stopped, went_on = (int(total.customers[group]) for group in (STOPPED, WENT_ON))
    few = None
    if min(stopped, went_on) < least:
        few = f"no estimate, because {went_on} customers went on and {stopped} stopped; {least} of each are needed"
    missing = _missing(question, total, source)
    comparisons = tuple(
        Comparison(signal, because=missing.get(signal.key) or few)
        if signal.key in missing or few is not None
        else _compared(signal, place, total)
        for place, signal in enumerate(SIGNALS)
    )
    zone = str(question.funnel.scope.zone)
    reach = Reach.of(source, customers=stopped + went_on, events=total.looked_at, timezone=zone)
    return DoctorAnswer(question, went_on, stopped, comparisons, reach, source)


def _missing(question: StepDoctor, total: DoctorPartial, source: Source) -> dict[str, str]:
    """Why a signal has no estimate, where the data do not have what it is made of."""
    events = source.manifest.events
    known = {
        name: any(event in events for event, _ in chosen.choices)
        for name, chosen in zip(AFTER_STEPS, question.sets, strict=True)
    }
    if question.every_page:
        known["pages"] = any(event.startswith(("Page: ", "Screen: ")) for event in events)
    known["offered"] |= bool(total.carried & OFFER)
    # Taking what was never offered says nothing of offers; the event itself does.
    missing = {name: f"no estimate, because no {_SAID[name]} exist" for name, there in known.items() if not there}
    if not total.carried & PRICE:
        missing["price_seen"] = "no estimate, because no event carries a price"
    return missing


_SAID = {
    "views": "view events", "pages": "pages or screens", "fields": "field events were named (fields=), or none",
    "errors": "error events", "messages": "message events", "slots": "slot events",
    "offered": "events with a coupon or discount, and no offer events,", "taken": "events of taking a coupon",
}  # fmt: skip


_LEAST_SPREAD = 1e-9


def _compared(signal: Signal, place: int, total: DoctorPartial) -> Comparison:
    mine, theirs = (int(total.customers[group]) for group in (WENT_ON, STOPPED))
    if signal.kind == "median":
        assert place == SPENT
        return _medians(signal, *(np.sort(np.concatenate(total.spent[group])) / SECOND for group in (WENT_ON, STOPPED)))
    any_, sums, squares = (
        [int(total.sums[group, measure, place]) for group in (WENT_ON, STOPPED)] for measure in range(3)
    )
    if signal.kind == "share":
        a, b = any_[0] / mine, any_[1] / theirs
        interval = difference_of_shares(any_[0], mine, any_[1], theirs)
        return Comparison(signal, a, b, interval, _per_spread(a - b, a * (1 - a), b * (1 - b)))
    first, second = Moments(mine, sums[0], squares[0]), Moments(theirs, sums[1], squares[1])
    standardised = _per_spread(first.mean - second.mean, first.variance, second.variance)
    return Comparison(signal, first.mean, second.mean, difference_of_means(first, second), standardised)


def _medians(signal: Signal, mine: Floats, theirs: Floats) -> Comparison:
    logs = np.log1p(mine), np.log1p(theirs)
    standardised = _per_spread(
        float(logs[0].mean() - logs[1].mean()), float(logs[0].var(ddof=1)), float(logs[1].var(ddof=1))
    )
    medians = float(np.median(mine)), float(np.median(theirs))
    return Comparison(signal, *medians, difference_of_medians(mine, theirs), standardised)


def _per_spread(difference: float, variance: float, other: float) -> float | None:
    """A difference in units of the spread in both groups; no value where nobody differs from anybody."""
    spread = sqrt((variance + other) / 2)
    # Equal values have a variance that is not quite 0 once they went through logarithms.
    return difference / spread if spread > _LEAST_SPREAD else None
