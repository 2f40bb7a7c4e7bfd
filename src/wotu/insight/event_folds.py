"""The folds of event analysis: cells of event set × group × period, the frequencies of groups, and who."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wotu.insight.breakdown import Breakdown, Frequencies, Naming, frequencies
from wotu.insight.event_cells import (
    Cells,
    Clock,
    count_common,
    count_customers,
    count_rare,
    customers_of_cell,
    rows_in_range,
    rows_of_cells,
)
from wotu.insight.measures import Measure, Summary, summary
from wotu.timeline.questions import EventSet, Scope
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import PASSES, Symbols, symbols

Integers = npt.NDArray[np.int64]
ANY_GROUP = -1
_NO_GROUPS = np.zeros(1, np.int16)
_NOBODY = np.empty(0, np.int64)


@dataclass(frozen=True, kw_only=True)
class Events:
    """The question, about as many sets as symbols can tell apart."""

    sets: tuple[EventSet, ...]
    measure: Measure
    scope: Scope
    clock: Clock
    naming: Naming | None = None
    _numbers: dict[tuple[str, ...], npt.NDArray[np.uint32]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def is_apart(self) -> bool:
        """Whether events are counted, and nothing else, in sets that their names alone tell apart: however many."""
        names = [name for each in self.sets for name, where in each.choices if where is None]
        plain = len(names) == sum(len(each.choices) for each in self.sets) and all(each.choices for each in self.sets)
        return self.measure.kind == "count" and self.naming is None and plain and len(set(names)) == len(names)

    def numbers(self, events: tuple[str, ...]) -> npt.NDArray[np.uint32]:
        """Per code of an event name the number of its set, and behind them, for what is no event, that of none."""
        if (known := self._numbers.get(events)) is None:
            known = self._numbers[events] = _set_numbers(events, self.sets)
        return known

    @property
    def groups(self) -> int:
        return 1 if self.naming is None else len(self.naming.labels)


@dataclass(frozen=True)
class EventsPartial:
    """Per cell events, customers and what the measure needs; events and customers in any."""

    count: Integers
    customers: Integers
    values: Summary | None
    events: int
    everybody: int

    def __add__(self, other: EventsPartial) -> EventsPartial:
        return self._with(other, self.count + other.count)

    def absorb(self, other: EventsPartial) -> EventsPartial:
        """The sum, in the counts of this one; what came from another process cannot be written to."""
        if not self.count.flags.writeable:
            return self + other
        return self._with(other, np.add(self.count, other.count, out=self.count))

    def _with(self, other: EventsPartial, count: Integers) -> EventsPartial:
        both = None if self.values is None or other.values is None else self.values + other.values
        return EventsPartial(
            count, self.customers + other.customers, both, self.events + other.events,
            self.everybody + other.everybody,
        )  # fmt: skip


def fold(question: Events, shard: Shard) -> EventsPartial:
    """One shard's cells."""
    at, group = question.clock, _groups(question, shard)
    if question.is_apart:
        found = symbols(shard, (), question.scope)
        numbers = question.numbers(shard.manifest.events)[found.code]
        cells = Cells.apart(numbers, len(question.sets), at)
    else:
        found = symbols(shard, question.sets, question.scope)
        cells = Cells.of(found.sets, len(question.sets), question.groups, at)
    if question.measure.kind == "count" and question.naming is None and not cells.several:
        return _counted(shard, found, cells, at)
    where = (at.periods, at.ends, at.shift, int(at.boundaries[0]), at.until, cells.per_row)
    count, customers, events, everybody = count_customers(
        shard.offsets, shard.time, found.symbol, cells.row, cells.sets, group, found.kept, *where, cells.groups,
        cells.count,
    )  # fmt: skip
    values = None
    if question.measure.property is not None:
        rows, places = rows_of_cells(
            shard.offsets, shard.time, found.symbol, cells.sets, group, found.kept, *where, cells.groups,
            int(count.sum()),
        )  # fmt: skip
        values = summary(question.measure, shard, rows, places, cells.count)
    return EventsPartial(count, _NOBODY if question.measure.kind == "count" else customers, values, events, everybody)


def _counted(shard: Shard, found: Symbols, cells: Cells, at: Clock) -> EventsPartial:
    """Events alone, each in one cell at most."""
    counting = count_rare if cells.are_rare(found.symbol) else count_common
    count, events, everybody = counting(
        shard.offsets, shard.time, found.symbol, cells.first, found.kept, at.periods, at.ends, at.shift,
        int(at.boundaries[0]), at.until, cells.per_row, cells.count,
    )  # fmt: skip
    return EventsPartial(count, _NOBODY, None, events, everybody)


def _set_numbers(events: tuple[str, ...], sets: tuple[EventSet, ...]) -> npt.NDArray[np.uint32]:
    codes = {name: code for code, name in enumerate(events)}
    numbers = np.full(len(events) + 1, len(sets), np.uint32)
    for number, each in enumerate(sets):
        for name, _ in each.choices:
            if name in codes:
                numbers[codes[name]] = number
    return numbers


def fold_values(question: Events, by: Breakdown, shard: Shard) -> Frequencies:
    """How often each value of ``by`` is there, in events of any set."""
    found, at = symbols(shard, question.sets, question.scope), question.clock
    sets = found.sets & ~PASSES
    rows = rows_in_range(shard.offsets, shard.time, found.symbol, sets, found.kept, int(at.boundaries[0]), at.until)
    return frequencies(by, shard, rows)


def fold_customers(question: Events, group: int, since: int, until: int, shard: Shard) -> list[int]:
    """The customers with an event of any set, of a group (``ANY_GROUP``: of any), in a range."""
    found, groups = symbols(shard, question.sets, question.scope), _groups(question, shard)
    sets = found.sets & ~PASSES
    mask = customers_of_cell(shard.offsets, shard.time, found.symbol, sets, groups, found.kept, group, since, until)
    ids: list[int] = shard.ids[mask].tolist()
    return ids


def _groups(question: Events, shard: Shard) -> npt.NDArray[np.int16]:
    return _NO_GROUPS if question.naming is None else question.naming.of_events(shard)
