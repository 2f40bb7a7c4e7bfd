"""Separation counts what a plain reading of its rules counts, and corrects over all it tested."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from insight.funnel_asking import asking, ids, parameters
from oracles import funnel as oracle
from oracles.behaviour_strategies import FunnelCase, funnel_cases
from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.core.errors import WotuError
from wotu.insight.association import TwoByTwo, adjusted
from wotu.insight.separation import separation
from wotu.insight.separation_answer import SeparationAnswer

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
Row = tuple[str, str, str | None, str | None, int, int]


def usable(case: FunnelCase) -> bool:
    """The second step has to be reached, and customers are counted."""
    question = case["question"]
    return question.count == "customers" and not question.steps[1].optional


def expected(case: FunnelCase) -> tuple[set[Row], int, int]:
    """Every candidate that somebody has and somebody has not, by reading the events one after the other."""
    question, events = case["question"], case["events"]
    chosen = list(oracle.credited(oracle.attempts(events, question)).values())
    counts: dict[tuple[str, str, str | None, str | None], list[int]] = {}
    went = sum(attempt.events[1] is not None for attempt in chosen)
    for attempt in chosen:
        dropped = int(attempt.events[1] is None)
        for had in _had(events, attempt, question):
            counts.setdefault(had, [0, 0])[dropped] += 1
    rows = {(*had, *of) for had, of in counts.items() if 0 < sum(of) < len(chosen)}
    return rows, went, len(chosen) - went  # type: ignore[return-value]


def _had(
    events: list[SeriesEvent], attempt: oracle.Attempt, question: oracle.Funnel
) -> set[tuple[str, str, str | None, str | None]]:
    own = oracle._in_order(events, attempt.unit[0])
    here, following = attempt.events[0], attempt.events[1]
    assert here is not None
    had: set[tuple[str, str, str | None, str | None]] = set()
    for name in ("channel",):
        value = events[here][4].get(name)
        had.add(("property", name, "(none)" if value is None else str(value), None))
    for place in own:
        if not question.where(events[place][4]):
            continue
        apart = (events[place][2] - events[here][2]).total_seconds()
        if own.index(place) < own.index(here) and -apart <= question.within.total_seconds():
            had.add(("event", events[place][1], None, "before"))
        until = len(own) if following is None else own.index(following)
        if own.index(here) < own.index(place) < until and apart <= question.within.total_seconds():
            had.add(("event", events[place][1], None, "between"))
    return had


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(funnel_cases().filter(usable))
def test_candidates_are_counted_as_told(case: FunnelCase) -> None:
    told, went, stopped = expected(case)
    asked = {name: value for name, value in parameters(case["question"]).items() if name != "count"}
    with asking(case["events"], case["zone"]) as reading:
        answer = separation(reading, **asked, least=1, top=1000)
    found = {
        (each.kind, each.name, each.value, each.when, each.converted, each.dropped) for each in answer.candidates
    }  # fmt: skip
    assert found == (told if went and stopped else set())
    assert answer.tested == len(answer.candidates)
    names = ids(case)
    chosen = oracle.credited(oracle.attempts(case["events"], case["question"])).values()
    for converted in (True, False):
        members = {names[each.unit[0]] for each in chosen if (each.events[1] is not None) == converted}
        assert set(answer.customers(converted=converted)) == members


def customers(count: int) -> list[SeriesEvent]:
    """Views by everybody; a coupon before it, an app and gold tier go with buying, a search with nothing."""
    log: list[SeriesEvent] = []
    for number in range(count):
        who, buys = f"u{number}", number % 2 == 0
        held = {"channel": "app" if buys or number % 8 == 1 else "web"}
        day = NOON + timedelta(days=number % 5)
        if buys or number % 10 == 1:
            log.append((who, "Coupon", day - timedelta(hours=1), len(log), {}))
        if number % 3 == 0:
            log.append((who, "Search", day - timedelta(hours=2), len(log), {}))
        log.append((who, "View", day, len(log), held))
        if buys:
            log.append((who, "Order", day + timedelta(hours=1), len(log), {}))
    return log


def answer_of(shards: int = 3, **options: Any) -> SeparationAnswer:
    log = customers(200)
    traits = {f"u{number}": {"tier": "gold" if number % 2 == 0 else "银"} for number in range(200)}
    with built(log, properties={"channel": pa.string()}, traits=traits, shards=shards) as generation:
        reading = source(generation, now=NOON + timedelta(days=30), zone=SHANGHAI)
        return separation(reading, ["View", "Order"], within="1d", **options)


def test_what_separates_stands_first_and_chance_last() -> None:
    said = answer_of().to_dict()
    assert (said["converted"], said["dropped"], said["from"], said["to"]) == (100, 100, "View", "Order")
    rows = said["candidates"]
    assert [(row["name"], row["value"] or row["when"]) for row in rows[:2]] == [
        ("trait.tier", "gold"),
        ("trait.tier", "银"),
    ]
    coupon = next(row for row in rows if row["name"] == "Coupon")
    assert (coupon["converted"], coupon["dropped"], coupon["lift"]) == (100, 20, 5.0)
    assert coupon["interval"][0] < coupon["difference"] == 0.8 < coupon["interval"][1]
    search = next(row for row in rows if row["name"] == "Search")
    assert search["adjusted_p"] > 0.5
    p_values = [TwoByTwo(r["converted"], r["dropped"], 100 - r["converted"], 100 - r["dropped"]).p_value for r in rows]
    assert [row["p_value"] for row in rows] == p_values
    assert [row["adjusted_p"] for row in rows] == adjusted(p_values).tolist()
    assert "not a cause" in said["note"]


def test_shards_change_nothing_and_top_and_least_cut() -> None:
    whole = answer_of(shards=1)
    assert answer_of(shards=32).to_dict() == whole.to_dict()
    first = answer_of(top=2)
    assert (first.candidates, first.tested) == (whole.candidates[:2], whole.tested)
    assert {each.name for each in answer_of(least=80).candidates} == {"trait.tier", "Coupon"}
    assert answer_of(least=101).candidates == ()
    assert whole.table.num_rows == len(whole.candidates)
    assert whole.figure().data


@pytest.mark.parametrize(
    ("options", "field"), [({"step": 2}, "step"), ({"step": 0}, "step"), ({"least": 0}, "least"), ({"top": 0}, "top")]
)
def test_impossible_input_is_named(options: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        answer_of(**options)
    assert caught.value.field == field
