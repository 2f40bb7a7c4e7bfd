"""Stages: how many customers reached 曝光, 线索, 商机, 成交, 交付, 复购 in the range, and who?

A stage is reached by an event that its rule names and that passes ``where``, in the range; a rule of the
n-th time counts over the whole history, so that the range chooses what is counted, never what is known. A
trait rule holds of customers as they are now, whatever the range. ``from_previous``: of the identified
customers who reached the stage before, the share that reached this one too, in whichever order (增购 and
转介绍 look back at 成交). Identified customers count; the others stand beside them as ``anonymous``. See
``facts.stages`` for the rules.

Six events of A (viewed, added, ordered, ordered) and B (viewed, ordered) with the rules of consumers →
exposure 2 · lead 1 · opportunity 0 · deal 2 · delivery 0 · repurchase 1; half of those exposed became leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit, types

from wotu.core.customer_ids import customer_texts
from wotu.core.errors import ErrorCode, Reason, WotuError
from wotu.facts.stages import BESIDE, NAMES, EventRule, OrderRule, Rule, check_stage, stage_rules
from wotu.facts.vocabulary import ORDER_COMPLETED
from wotu.insight.answers import Reach, ratio
from wotu.timeline.expression import Expression, names, of_customers
from wotu.timeline.filters import read_filter
from wotu.timeline.kernel_types import MASK, READ
from wotu.timeline.manifest import Manifest
from wotu.timeline.masks import Mask, customer_mask
from wotu.timeline.net_orders import net_orders
from wotu.timeline.questions import EventSet, Moment, Scope, Source, event_sets
from wotu.timeline.shard import Shard

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class StageTest:
    """One stage with its rule made ready: ``events`` from the ``nth`` on, ``orders`` only those that count;
    or, where ``events`` is none, customers as ``trait`` says."""

    stage: str
    rule: Rule
    events: EventSet | None = None
    trait: Expression | None = None
    orders: bool = False
    nth: int = 1


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The question."""

    tests: tuple[StageTest, ...]
    scope: Scope

    @property
    def by_traits(self) -> bool:
        """Whether ``where`` is about customers alone."""
        where = self.scope.where
        return where is not None and all(of_customers(condition.name) for condition in names(where))


@dataclass(frozen=True)
class StagesPartial:
    """``reached``: stage × customer; ``customer`` their numbers; ``events`` that were looked at."""

    reached: npt.NDArray[np.bool_]
    customer: Integers
    identified: npt.NDArray[np.bool_]
    events: int

    def __add__(self, other: StagesPartial) -> StagesPartial:
        return StagesPartial(
            np.concatenate([self.reached, other.reached], axis=1),
            np.concatenate([self.customer, other.customer]),
            np.concatenate([self.identified, other.identified]),
            self.events + other.events,
        )


@dataclass(frozen=True)
class StageCount:
    """One stage; ``both`` reached the stage before too."""

    stage: str
    name: str
    rule: str
    customers: int
    anonymous: int
    both: int | None
    previous: int | None

    @property
    def from_previous(self) -> float | None:
        return None if self.both is None else ratio(self.both, self.previous or 0)


@dataclass(frozen=True, eq=False)
class StagesAnswer:
    """Every stage that has a rule, in the order of the stages."""

    stages: tuple[StageCount, ...]
    partial: StagesPartial
    reach: Reach

    def customers(self, stage: str) -> list[str]:
        """The identified customers who reached ``stage``, oldest first."""
        check_stage(stage, "stage")
        row = next((i for i, count in enumerate(self.stages) if count.stage == stage), None)
        if row is None:
            return []
        chosen = self.partial.reached[row] & self.partial.identified
        return customer_texts(np.sort(self.partial.customer[chosen]).tolist())

    @property
    def table(self) -> pa.Table:
        """One row per stage, with the columns of the JSON."""
        return pa.Table.from_pylist(self.to_dict()["stages"])

    def to_dict(self) -> dict[str, Any]:
        rows = [
            {
                "stage": count.stage, "name": count.name, "rule": count.rule, "customers": count.customers,
                "from_previous": count.from_previous, "anonymous": count.anonymous,
            }
            for count in self.stages
        ]  # fmt: skip
        return {"question": "stages", "stages": rows, "scope": self.reach.to_dict()}


def stages(
    source: Source, rules: Mapping[str, Any], *, since: Moment = None, until: Moment = None,
    where: str | dict[str, object] = "", audience: str | None = None, timezone: str | None = None,
) -> StagesAnswer:  # fmt: skip
    """Ask the question with ``rules`` by stage."""
    scope = source.scope(since=since, until=until, where=where, audience=audience, timezone=timezone)
    question = Stages(tests=stage_tests(rules, source.manifest), scope=scope)
    partial = source.executor.run(lambda shard: fold(question, shard), source.generation.shards)
    return _answer(question, partial, source)


def stage_tests(rules: Mapping[str, Any], manifest: Manifest) -> tuple[StageTest, ...]:
    """The rules made ready for the data; an unknown event or property is named, with the nearest names."""
    return tuple(_test(stage, rule, manifest) for stage, rule in stage_rules(rules).items())


def _test(stage: str, rule: Rule, manifest: Manifest) -> StageTest:
    field = f"rules.{stage}"
    if isinstance(rule, EventRule):
        return StageTest(stage=stage, rule=rule, events=_events(rule.choices, manifest, field), nth=rule.nth)
    if isinstance(rule, OrderRule):
        events = _events(((ORDER_COMPLETED, rule.where),), manifest, field)
        return StageTest(stage=stage, rule=rule, events=events, nth=rule.nth, orders=True)
    trait = read_filter(rule.where, manifest, field=f"{field}.trait")
    for condition in names(trait) if trait is not None else ():
        if not condition.name.startswith("trait."):
            raise _not_a_trait(condition.name, f"{field}.trait")
    return StageTest(stage=stage, rule=rule, trait=trait)


def _events(choices: tuple[tuple[str, str], ...], manifest: Manifest, field: str) -> EventSet:
    """Any of the choices; an error says which of them, in the words of the rule."""
    made: list[EventSet] = []
    for number, (event, where) in enumerate(choices):
        place = f"{field}[{number}]" if len(choices) > 1 else field
        try:
            made += event_sets({"event": event, "where": where} if where else event, manifest, field=place)
        except WotuError as error:
            # ``event_sets`` counts what it is given; a rule names one event.
            message = error.message.replace(f"{place}[0]", place)
            at = (error.field or place).replace(f"{place}[0]", place)
            raise WotuError(error.code, message, field=at, reason=error.reason, given=error.given) from error
    return EventSet(" | ".join(each.label for each in made), tuple(choice for each in made for choice in each.choices))


def _not_a_trait(name: str, field: str) -> WotuError:
    message = f"{field}: {name!r} belongs to events; a trait rule looks at trait.{name}, an event rule at its where."
    return WotuError(ErrorCode.INVALID_EXPRESSION, message, field=field, reason=Reason.OF_EVENTS, given={"name": name})


def fold(question: Stages, shard: Shard) -> StagesPartial:
    """Which customers of one shard reached which stage."""
    scope = question.scope
    counted = scope.mask(shard) & (shard.time >= scope.since) & (shard.time < scope.until)
    rows = [_reached(test, question, shard, counted) for test in question.tests]
    reached = np.stack(rows) if rows else np.zeros((0, len(shard.ids)), np.bool_)
    shown = shard.shown
    return StagesPartial(reached[:, shown], shard.ids[shown], shard.identified[shown], int(counted.sum()))


def _reached(test: StageTest, question: Stages, shard: Shard, counted: Mask) -> Mask:
    scope = question.scope
    if test.events is None:
        held = customer_mask(test.trait, shard, scope.terms)
        if scope.where is None:
            return held
        if question.by_traits:
            return held & customer_mask(scope.where, shard, scope.terms)
        return held & _who(shard.offsets, counted, counted, 1)
    mask = test.events.mask(shard, scope.terms)
    if test.orders:
        _keep_counting(mask, shard, scope.now)
    return _who(shard.offsets, mask, counted, test.nth)


def _keep_counting(mask: Mask, shard: Shard, now: int) -> None:
    """Take the events of orders that do not count as of ``now`` out of ``mask``."""
    _, counts = net_orders(shard.orders, until=now)
    rows = np.flatnonzero(mask)
    mask[rows] = np.isin(shard.seq[rows], shard.part.tables["orders"]["seq"].to_numpy()[counts], assume_unique=True)


@njit(types.boolean[::1](READ, MASK, MASK, types.int64), cache=True, nogil=True)
def _who(offsets, mask, counted, nth):  # type: ignore[no-untyped-def]
    """Which customers have an event of ``mask``, the ``nth`` of theirs or later, that is counted."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for i in range(len(offsets) - 1):
        times = 0
        for j in range(offsets[i], offsets[i + 1]):
            if mask[j]:
                times += 1
                if times >= nth and counted[j]:
                    found[i] = True
                    break
    return found


def _answer(question: Stages, partial: StagesPartial, source: Source) -> StagesAnswer:
    identified = partial.reached & partial.identified
    listed = [test.stage for test in question.tests]
    counts = []
    for row, test in enumerate(question.tests):
        before = _before(listed, row)
        counts.append(
            StageCount(
                stage=test.stage,
                name=NAMES[test.stage],
                rule=test.rule.text,
                customers=int(identified[row].sum()),
                anonymous=int((partial.reached[row] & ~partial.identified).sum()),
                both=None if before is None else int((identified[before] & identified[row]).sum()),
                previous=None if before is None else int(identified[before].sum()),
            )
        )
    anybody = int(partial.reached.any(axis=0).sum()) if listed else 0
    zone = str(question.scope.zone)
    return StagesAnswer(
        tuple(counts), partial, Reach.of(source, customers=anybody, events=partial.events, timezone=zone)
    )


def _before(listed: list[str], row: int) -> int | None:
    """The stage that ``from_previous`` looks back at: the one before; of what customers do beside buying, the deal."""
    if listed[row] in BESIDE:
        return listed.index("deal") if "deal" in listed else None
    return row - 1 if row else None
