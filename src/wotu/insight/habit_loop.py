"""Habit loop: how often do customers go round trigger → action → reward → investment, and do they come unasked?

A loop starts at a trigger in range and takes the earliest action, reward and investment after it, in that order, all
within ``within`` of the trigger, boundary included; they may lie after ``until``. Loops of a customer do not overlap:
the next starts at the first trigger after the last event that the loop before took. A loop that reached the
investment is complete; it counts in the week of its trigger. A customer-week is a week of the range in which the
customer had any event. ``since`` moves back to the start of its week.

A return is a visit in range of a customer who had a visit before. Visits are cut where there is no event for longer
than ``gap``; messages by us are no visit. A return is unprompted (an internal trigger) when no message came before
its first event within ``message_within``. Where no message was ever recorded, that cannot be known.

Six events of one customer, ``within="1d"``: a message on Monday 9:00, opened 9:05, prize 9:10, review 9:15 → one
complete loop; opened on Tuesday 20:00 and 20:10 → one return, unprompted, since the message was 35 hours ago.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.durations import parse_duration
from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import WEEKDAYS, Periods, periods
from wotu.facts.vocabulary import TOUCHES
from wotu.insight.answers import Reach, ratio
from wotu.insight.drawing import lines
from wotu.insight.habit_loop_kernel import (
    AS_MANY,
    CUSTOMERS,
    FURTHEST,
    RETURNS,
    STEPS,
    UNASKED,
    UNPROMPTED,
    rounds,
)  # fmt: skip
from wotu.insight.who import Found
from wotu.timeline.questions import EventSet, EventSpec, Moment, Scope, Source, event_set
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
NAMES = ("trigger", "action", "reward", "investment")
NO_MESSAGES = "no estimate, because no message events exist"


@dataclass(frozen=True, kw_only=True)
class HabitLoop:
    """The question; ``sets`` are trigger, action, reward, investment and messages."""

    sets: tuple[EventSet, ...]
    within: int
    gap: int
    message_within: int
    weeks: Periods
    scope: Scope
    messages_known: bool


@dataclass(frozen=True)
class HabitPartial:
    """``counts`` as the kernel gives them, per week; ``spread``: customer-weeks by complete loops, from 1 on."""

    counts: Integers
    spread: Integers
    customers: int
    events: int

    def __add__(self, other: HabitPartial) -> HabitPartial:
        return HabitPartial(
            self.counts + other.counts,
            self.spread + other.spread,
            self.customers + other.customers,
            self.events + other.events,
        )


@dataclass(frozen=True)
class HabitWeek:
    """The counts of one week, or of all; ``known`` whether messages were ever recorded."""

    counts: tuple[int, ...]
    complete: bool
    known: bool

    @property
    def reached(self) -> tuple[int, ...]:
        """Attempts by the step they reached: triggers, with action, with reward, complete loops."""
        return self.counts[:STEPS]

    def to_dict(self) -> dict[str, Any]:
        customers, returns, unprompted = (self.counts[column] for column in (CUSTOMERS, RETURNS, UNPROMPTED))
        loops = self.reached[-1]
        return {
            "customers": customers, "reached": list(self.reached), "loops": loops,
            "loops_per_customer": ratio(loops, customers) if self.complete else None,
            "returns": returns, "unprompted": unprompted if self.known else None,
            "unprompted_share": ratio(unprompted, returns) if self.complete and self.known else None,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class HabitAnswer:
    """Over the range and by week."""

    question: HabitLoop
    counts: Integers
    spread: Integers
    reach: Reach
    _source: Source = field(repr=False)

    @property
    def total(self) -> HabitWeek:
        return HabitWeek(tuple(self.counts.sum(axis=0).tolist()), True, self.question.messages_known)

    @property
    def weeks(self) -> tuple[HabitWeek, ...]:
        over = min(self.question.scope.until, self.question.scope.now)
        ends = self.question.weeks.boundaries[1:]
        return tuple(
            HabitWeek(tuple(row), end <= over, self.question.messages_known)
            for row, end in zip(self.counts.tolist(), ends, strict=True)
        )

    @property
    def distribution(self) -> tuple[int, ...]:
        """Customer-weeks with 0, 1, 2 … complete loops; the last entry has ``MOST_LOOPS`` or more."""
        some = self.spread[1:].tolist()
        return (self.total.counts[CUSTOMERS] - sum(some), *some)

    def customers(
        self, step: str | None = None, *, loops: int | None = None, unprompted: bool = False, week: str | None = None
    ) -> list[str]:
        """Who reached ``step``, or had at least so many complete ``loops`` in a week, or came ``unprompted``; in
        ``week``, or in any week of the range. Wotu ids, oldest first."""
        if (step is not None) + (loops is not None) + unprompted != 1:
            raise invalid_argument("step", "ask for one of step=, loops= and unprompted=True.")
        if step is not None and step not in NAMES:
            raise invalid_argument(
                "step", f"step={step!r} is not known; use one of {', '.join(NAMES)}.", Reason.NOT_A_CHOICE
            )
        if loops is not None and loops < 1:
            raise invalid_argument("loops", f"loops={loops} must be at least 1.", Reason.TOO_SMALL, least=1)
        labels = self.question.weeks.labels
        if week is not None and week not in labels:
            message = f"week={week!r} is not one of the answer; they go from {labels[0]} to {labels[-1]}."
            raise invalid_argument("week", message)
        chosen = np.array([week in (None, label) for label in labels], np.bool_)
        if step is not None:
            column, least = FURTHEST, NAMES.index(step) + 1
        else:
            column, least = (UNASKED if unprompted else AS_MANY), 1
        return self._source.run(partial(_who, self.question, column, least, loops or 1, chosen)).texts()

    @property
    def table(self) -> pa.Table:
        """One row per week, with the columns of the JSON; a column for each step that was reached."""
        rows = [
            {name: value for name, value in week.items() if name != "reached"} | dict(zip(NAMES, reached, strict=True))
            for week, reached in ((week, week["reached"]) for week in self.to_dict()["weeks"])
        ]
        return pa.Table.from_pylist(rows)

    def figure(self) -> Figure:
        """Complete loops per customer, by week."""
        weeks = [week.to_dict()["loops_per_customer"] for week in self.weeks]
        return lines("Habit loops by week", self.question.weeks.labels, {"loops": weeks}, "loops per customer")

    def to_dict(self) -> dict[str, Any]:
        total = self.total.to_dict()
        reached = total.pop("reached")
        rates = [None, *(ratio(after, before) for before, after in pairwise(reached))]
        return {
            "question": "habit_loop",
            "steps": [
                {"step": name, "event": events.label, "reached": count, "from_previous": rate}
                for name, events, count, rate in zip(NAMES, self.question.sets, reached, rates, strict=False)
            ],
            "customer_weeks": total["customers"],
            "loops": total["loops"],
            "loops_per_customer_week": total["loops_per_customer"],
            "distribution": [
                {"loops": loops, "customer_weeks": weeks} for loops, weeks in enumerate(self.distribution) if weeks
            ],
            "returns": total["returns"],
            "unprompted": total["unprompted"],
            "unprompted_share": total["unprompted_share"],
            "unprompted_because": None if self.question.messages_known else NO_MESSAGES,
            "weeks": [
                {"week": label, "complete": week.complete} | week.to_dict()
                for label, week in zip(self.question.weeks.labels, self.weeks, strict=True)
            ],
            "scope": self.reach.to_dict(),
        }


def habit_loop(
    source: Source, *, trigger: EventSpec, action: EventSpec, reward: EventSpec, investment: EventSpec,
    within: str = "7d", messages: EventSpec = TOUCHES, message_within: str | None = None, gap: str = "30m",
    since: Moment = None, until: Moment = None, week_start: str | None = None, where: str | dict[str, object] = "",
    audience: str | None = None, timezone: str | None = None,
) -> HabitAnswer:  # fmt: skip
    """How often do customers go round the loop of trigger, action, reward and investment, and do they come unasked?

    Each of the four is a name, ``{"event": …, "where": …}`` or a list meaning any of them. ``within``: how long after
    its trigger a loop may take. ``messages``: what counts as a message by us; a return with one at most
    ``message_within`` (else ``within``) before it was prompted. ``gap``: the silence that ends a visit.
    """
    silence = parse_duration(gap, field="gap")
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone, gap=silence)
    first_day = week_start or source.week_start
    if first_day not in WEEKDAYS:
        raise invalid_argument(
            "week_start", f"week_start={first_day!r} is not a weekday such as monday.", Reason.NOT_A_CHOICE
        )
    given = {"trigger": trigger, "action": action, "reward": reward, "investment": investment, "messages": messages}
    sets = {name: event_set(events, source.manifest, field=name) for name, events in given.items()}
    window = parse_duration(within, field="within")
    question = HabitLoop(
        sets=tuple(sets.values()),
        within=window,
        gap=silence,
        message_within=window if message_within is None else parse_duration(message_within, field="message_within"),
        weeks=periods(scope.since, scope.until, "week", scope.zone, first_day),
        scope=scope,
        messages_known=any(name in source.manifest.events for name, _ in sets["messages"].choices),
    )
    total = source.run(partial(fold, question))
    reach = Reach.of(source, customers=total.customers, events=total.events, timezone=str(scope.zone))
    return HabitAnswer(question, total.counts, total.spread, reach, source)


def fold(question: HabitLoop, shard: Shard) -> HabitPartial:
    """One shard's counts."""
    counts, spread, _, customers, events = _rounds(question, shard, 1, np.zeros(len(question.weeks), np.bool_))
    return HabitPartial(counts, spread, customers, events)


def _who(
    question: HabitLoop, column: int, least: int, loops: int, chosen: npt.NDArray[np.bool_], shard: Shard
) -> Found:  # fmt: skip
    traits = _rounds(question, shard, loops, chosen)[2]
    return Found(shard.ids[traits[:, column] >= least])


def _rounds(question: HabitLoop, shard: Shard, loops: int, chosen: npt.NDArray[np.bool_]) -> Any:
    found = symbols(shard, question.sets, question.scope)
    return rounds(
        shard.offsets, shard.time, found.symbol, found.sets, found.kept, question.within, question.gap,
        question.message_within, np.array(question.weeks.boundaries, np.int64), question.scope.until, loops, chosen,
    )  # fmt: skip
