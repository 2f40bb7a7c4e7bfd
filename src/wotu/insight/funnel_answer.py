"""What a funnel answers: customers, rates and times of each step, and who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wotu.core.customer_ids import customer_texts
from wotu.core.errors import Reason, invalid_argument
from wotu.insight.answers import Reach, ratio
from wotu.insight.breakdown import Groups, ranked
from wotu.insight.drawing import columns, funnel_bars, lines
from wotu.insight.funnel_fold import Chunk, FunnelPartial
from wotu.insight.funnel_question import Funnel
from wotu.insight.funnel_views import TimeBin, TrendDay, histogram, time_range, trend
from wotu.timeline.questions import Source

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Integers = npt.NDArray[np.int64]
_SECOND = 1_000_000


@dataclass(frozen=True)
class FunnelStep:
    """One step: how many reached it; ``from_previous`` is the share of the last step before that is not optional.

    Times are seconds since the step taken before, of credited attempts.
    """

    step: int
    event: str
    optional: bool
    customers: int
    from_start: float | None
    from_previous: float | None
    mean_seconds: float | None
    median_seconds: float | None
    p90_seconds: float | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "step": self.step, "event": self.event, "optional": self.optional, "customers": self.customers,
            "from_start": self.from_start, "from_previous": self.from_previous, "mean_seconds": self.mean_seconds,
            "median_seconds": self.median_seconds, "p90_seconds": self.p90_seconds,
        }  # fmt: skip


@dataclass(frozen=True)
class FunnelGroup:
    """The steps of those with one value of the breakdown."""

    value: str
    steps: tuple[FunnelStep, ...]


@dataclass(frozen=True)
class Members:
    """Who is behind the numbers: of every credited attempt whose it is, the steps it took, its group."""

    chunks: tuple[Chunk, ...]
    groups: Groups | None

    @cached_property
    def ids(self) -> Integers:
        return _joined([chunk.ids for chunk in self.chunks])

    @cached_property
    def reached(self) -> npt.NDArray[np.uint32]:
        return np.concatenate([chunk.reached for chunk in self.chunks])

    def took(self, step: int) -> npt.NDArray[np.bool_]:
        """Which attempts took the step, from 0."""
        return (self.reached >> np.uint32(step) & np.uint32(1)).astype(np.bool_)


@dataclass(frozen=True)
class FunnelAnswer:
    """The steps in order; with ``by`` those of each group too."""

    question: Funnel
    steps: tuple[FunnelStep, ...]
    groups: tuple[FunnelGroup, ...]
    values: int | None
    times: tuple[TimeBin, ...]
    trend: tuple[TrendDay, ...]
    reach: Reach
    members: Members = field(repr=False, compare=False)

    def customers(self, step: int = 1, *, dropped: bool = False, group: str | None = None) -> list[str]:
        """Wotu ids of those who reached ``step``, oldest first; ``dropped``: of these who did not reach the next
        step that is not optional. ``group`` is one value of ``by``."""
        if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step <= len(self.steps):
            raise invalid_argument(
                "step",
                f"step={step!r} is no step from 1 to {len(self.steps)}.",
                Reason.NO_SUCH_STEP,
                most=len(self.steps),
            )
        chosen = self.members.took(step - 1)
        if dropped:
            following = [each.step for each in self.steps if each.step > step and not each.optional]
            if not following or self.steps[step - 1].optional:
                raise invalid_argument(
                    "dropped", f"nobody drops off at step {step}: no step has to follow it.", Reason.NO_STEP_AFTER
                )
            chosen &= ~self.members.took(following[0] - 1)
        if group is not None:
            chosen &= self._in_group(group)
        return customer_texts(np.unique(self.members.ids[chosen]).tolist())

    def _in_group(self, group: str) -> npt.NDArray[np.bool_]:
        labels = [each.value for each in self.groups]
        if self.members.groups is None or group not in labels:
            known = ", ".join(labels) or "none without by="
            raise invalid_argument("group", f"group={group!r} is not one of the answer's groups: {known}.")
        return self.members.groups.group == labels.index(group)

    @property
    def table(self) -> pa.Table:
        """One row per step (and group), with the columns of the JSON."""
        rows = [step.to_dict() for step in self.steps]
        if self.question.by is not None:
            rows = [{"group": None, **row} for row in rows]
            rows += [{"group": group.value, **step.to_dict()} for group in self.groups for step in group.steps]
        return pa.Table.from_pylist(rows)

    def to_dict(self) -> dict[str, Any]:
        by = self.question.by
        said: dict[str, Any] = {
            "question": "funnel", "customers": self.steps[0].customers,
            "order": self.question.order, "within_seconds": self.question.within // _SECOND,
            "counted": "sessions" if self.question.session_gap else "customers",
            "steps": [step.to_dict() for step in self.steps],
            "by": None if by is None else by.of.name,
            "groups": [
                {"value": group.value, "steps": [step.to_dict() for step in group.steps]} for group in self.groups
            ],
        }  # fmt: skip
        if by is not None:
            said["values"] = self.values
        if self.question.view == "times":
            said["times"] = [each.to_dict() for each in self.times]
        if self.question.view == "trend":
            said["trend"] = [day.to_dict() for day in self.trend]
        return said | {"scope": self.reach.to_dict()}

    def figure(self) -> Figure:
        """By the view: a bar per step (and group), a bar per time from start to end, or conversion by day."""
        if self.question.view == "times":
            return columns("From start to end", {time_range(each): each.customers for each in self.times}, "customers")
        if self.question.view == "trend":
            days = [day.time for day in self.trend]
            return lines(
                "Conversion by day", days, {"conversion": [day.conversion for day in self.trend]}, "conversion"
            )
        names = [f"{step.step} {step.event}" for step in self.steps]
        parts = {group.value: [step.customers for step in group.steps] for group in self.groups}
        return funnel_bars("Funnel", names, parts or {"": [step.customers for step in self.steps]})


def answer(
    question: Funnel, partial: FunnelPartial, source: Source, *, top: int, bins: int | tuple[int, ...]
) -> FunnelAnswer:
    """The answer of all shards together."""
    reach = Reach.of(source, customers=partial.customers, events=partial.events, timezone=str(question.scope.zone))
    groups = None
    if question.by is not None:
        groups = ranked(question.by.of, _joined([chunk.values for chunk in partial.chunks]), source, top=top)
    members = Members(partial.chunks, groups)
    steps = len(question.steps)
    counts = [int(members.took(step).sum()) for step in range(steps)]
    waits = [_joined([chunk.waits[step] for chunk in partial.chunks]) for step in range(steps - 1)]
    return FunnelAnswer(
        question, _steps(question, counts, waits), _groups(question, members, waits),
        None if groups is None else groups.values,
        histogram(_joined([chunk.whole for chunk in partial.chunks]), bins) if question.view == "times" else (),
        trend(question, partial.by_day) if question.view == "trend" else (),
        reach, members,
    )  # fmt: skip


def _groups(question: Funnel, members: Members, waits: Sequence[Integers]) -> tuple[FunnelGroup, ...]:
    groups = members.groups
    if groups is None:
        return ()
    places = [groups.group[members.took(step)] for step in range(len(question.steps))]
    counts = [np.bincount(place, minlength=len(groups.labels)) for place in places]
    orders = [np.argsort(place, kind="stable") for place in places[1:]]
    parts = [
        np.split(wait[order], np.cumsum(count)[:-1])
        for wait, order, count in zip(waits, orders, counts[1:], strict=True)
    ]
    return tuple(
        FunnelGroup(label, _steps(question, [int(count[i]) for count in counts], [part[i] for part in parts]))
        for i, label in enumerate(groups.labels)
    )


def _steps(question: Funnel, counts: Sequence[int], waits: Sequence[Integers]) -> tuple[FunnelStep, ...]:
    found: list[FunnelStep] = []
    before: int | None = None
    for number, (step, count) in enumerate(zip(question.steps, counts, strict=True)):
        mean, median, p90 = (None, None, None) if number == 0 else quantiles(waits[number - 1])
        found.append(FunnelStep(
            number + 1, step.events.label, step.optional, count, ratio(count, counts[0]),
            ratio(count, count if before is None else before), mean, median, p90,
        ))  # fmt: skip
        before = before if step.optional else count
    return tuple(found)


def quantiles(waits: Integers) -> tuple[float | None, float | None, float | None]:
    """Mean, median and ninth decile of µs, in seconds, by linear interpolation; no value of nothing."""
    count = len(waits)
    if not count:
        return None, None, None
    # Whole µs and tenths: nothing is rounded before the one division.
    ranks = [(count - 1) * 5, (count - 1) * 9]
    needed = sorted({min(rank // 10 + more, count - 1) for rank in ranks for more in (0, 1)})
    parted = np.partition(waits, needed)
    median, p90 = (
        (int(parted[rank // 10]) * (10 - rank % 10) + int(parted[min(rank // 10 + 1, count - 1)]) * (rank % 10))
        / (10 * _SECOND)
        for rank in ranks
    )
    return int(waits.sum()) / (count * _SECOND), median, p90


def _joined(arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(arrays)
