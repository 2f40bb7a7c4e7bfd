"""Separation: what tells those who went on from a step of a funnel from those who stopped there?

Everybody credited with step k either *converted* (reached the next step that is not optional) or *dropped*. A
candidate is something a customer has or has not: an event done ``before`` step k, up to the window back; an event
done ``between`` step k and the next (for those who dropped, the end of the window); a value of a property of the
event of step k; a value of a trait. For each: its share among converted and among dropped, their difference with a
95 % interval (Newcombe), lift (share among converted ÷ share among dropped), Fisher's exact p-value, and the
p-value after correction over all candidates tested (Benjamini–Hochberg). A candidate that fewer than ``least``
customers have, or all but fewer than ``least``, is not tested. Those who dropped had the whole window, those who
converted had until they did: read ``between`` with that in mind. All of it is evidence for a test, not a cause.

Of four who viewed, A and B bought, C and D did not; A, B and C had redeemed a coupon before: share 2/2 among
converted, 1/2 among dropped, lift 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from numba import njit, types

from wotu.core.errors import Reason, invalid_argument
from wotu.core.properties import property_name
from wotu.insight.breakdown import Breakdown
from wotu.insight.funnel_fold import credited
from wotu.insight.funnel_question import Funnel, Order, checked
from wotu.insight.path_names import PathNames, path_names
from wotu.insight.separation_answer import Counted, SeparationAnswer, separated
from wotu.insight.units import units
from wotu.timeline.kernel_types import READ, READ32, SETS, SYMBOL
from wotu.timeline.manifest import Manifest
from wotu.timeline.questions import EventSpec, Moment, Source
from wotu.timeline.shard import Shard
from wotu.timeline.symbols import symbols

_PLACES = types.Array(types.int32, 1, "A", readonly=True)
_GROUPED = ("text", "boolean", "number", "money")


@dataclass(frozen=True, kw_only=True)
class Separation:
    """The question: ``step`` and the next step that is not optional, from 0; ``columns``: properties and traits;
    ``names``: what events are shown as."""

    funnel: Funnel
    step: int
    following: int
    columns: tuple[Breakdown, ...]
    names: PathNames


@dataclass(frozen=True)
class SeparationPartial:
    """Who converted and who dropped; per event (rows) customers that did it before and between, of converted and
    of dropped each; per column its raw values with converted and dropped customers."""

    converted: npt.NDArray[np.int64]
    dropped: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    values: tuple[tuple[Counted, ...], ...]
    customers: int
    looked_at: int

    def __add__(self, other: SeparationPartial) -> SeparationPartial:
        return SeparationPartial(
            np.concatenate([self.converted, other.converted]), np.concatenate([self.dropped, other.dropped]),
            self.events + other.events,
            tuple(mine + theirs for mine, theirs in zip(self.values, other.values, strict=True)),
            self.customers + other.customers, self.looked_at + other.looked_at,
        )  # fmt: skip


def separation(
    source: Source, steps: Sequence[EventSpec], *, step: int = 1, within: str = "7d", order: Order = "ordered",
    exclude: Sequence[Mapping[str, object]] | None = None, hold: str | None = None, least: int = 20, top: int = 50,
    since: Moment = None, until: Moment = None, where: str | Mapping[str, object] = "", audience: str | None = None,
    timezone: str | None = None,
) -> SeparationAnswer:  # fmt: skip
    """What tells those who went on from ``step`` of a funnel from those who stopped there?

    ``steps``, ``within``, ``order``, ``exclude`` and ``hold`` as of ``funnel``. A candidate is tested when at least
    ``least`` customers have it and as many have not; the ``top`` that separate most surely are listed.
    """
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    funnel = checked(source, steps, within=within, order=order, exclude=exclude, hold=hold, scope=scope)
    for name, number in (("least", least), ("top", top)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise invalid_argument(name, f"{name}={number!r} must be at least 1.", Reason.TOO_SMALL, least=1)
    question = Separation(
        funnel=funnel,
        step=step - 1,
        following=_following(funnel, step),
        columns=_columns(source.manifest),
        names=path_names(source.manifest.shown_events),
    )
    found = source.run(partial(fold, question))
    return separated(
        question.funnel, question.step, question.following, found.converted, found.dropped, found.events,
        list(zip(question.columns, found.values, strict=True)), question.names.names, source, least=least, top=top,
        looked_at=(found.customers, found.looked_at),
    )  # fmt: skip


def _following(funnel: Funnel, step: int) -> int:
    """The step to go on to, from 0."""
    count = len(funnel.steps)
    if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step <= count:
        raise invalid_argument("step", f"step={step!r} is no step from 1 to {count}.", Reason.NO_SUCH_STEP, most=count)
    later = [number for number in range(step, count) if not funnel.steps[number].optional]
    if not later or funnel.steps[step - 1].optional:
        raise invalid_argument(
            "step", f"nobody drops off at step {step}: no step has to follow it.", Reason.NO_STEP_AFTER
        )
    return later[0]


def _columns(manifest: Manifest) -> tuple[Breakdown, ...]:
    """Every property and trait whose values more than one customer can have."""
    columns = [(property_name(column), kind, False) for column, kind in manifest.properties.items()]
    columns += [(f"trait.{name}", kind, True) for name, kind in manifest.traits.items()]
    return tuple(Breakdown(name, kind, of_customers) for name, kind, of_customers in columns if kind in _GROUPED)


def fold(question: Separation, shard: Shard) -> SeparationPartial:
    """One shard's converted and dropped, with what they had."""
    funnel = question.funnel
    found = symbols(shard, funnel.sets, funnel.scope)
    counted = units(shard, found.kept, 0)
    attempts = credited(funnel, shard, found, counted)
    there = attempts.at[:, question.step] >= 0
    unit, at = attempts.unit[there].astype(np.int64), attempts.at[there]
    here, following = at[:, question.step], at[:, question.following]
    went_on = following >= 0
    events = _done(
        at[:, 0], here, following, counted.offsets[unit], counted.offsets[unit + 1], shard.time, shard.code,
        question.names.of_code, found.symbol, found.sets, funnel.within, len(question.names.names),
    )  # fmt: skip
    rows = here.astype(np.int64)
    values = tuple((Counted.of(column.at(shard, rows, unit), went_on),) for column in question.columns)
    ids, own = shard.ids[unit], np.diff(shard.offsets)[found.kept]
    return SeparationPartial(ids[went_on], ids[~went_on], events, values, int((own > 0).sum()), int(own.sum()))


@njit(
    types.int64[:, ::1](
        _PLACES, _PLACES, _PLACES, READ, READ, READ, SYMBOL, READ32, SYMBOL, SETS, types.int64, types.int64
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def _done(start, here, following, begin, end, time, code, name_of, symbol, sets, within, names):  # type: ignore[no-untyped-def]
    """Customers per event name: before of converted, before of dropped, between of converted, between of dropped."""
    counts, last = np.zeros((names, 4), np.int64), np.full(names, -1, np.int64)
    for x in range(len(here)):
        dropped = 0 if following[x] >= 0 else 1
        j = here[x] - 1
        while j >= begin[x] and time[here[x]] - time[j] <= within:
            name = name_of[code[j]]
            if sets[symbol[j]] >> np.uint64(63) and last[name] != 2 * x:
                last[name] = 2 * x
                counts[name, dropped] += 1
            j -= 1
        stop = end[x] if dropped else following[x]
        j = here[x] + 1
        while j < stop and time[j] - time[start[x]] <= within:
            name = name_of[code[j]]
            if sets[symbol[j]] >> np.uint64(63) and last[name] != 2 * x + 1:
                last[name] = 2 * x + 1
                counts[name, 2 + dropped] += 1
            j += 1
    return counts
