"""The funnel: both kernels agree, customers reconcile with counts, impossible input is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.insight import funnel_any, funnel_ordered, funnel_walker
from wotu.insight.funnel import funnel
from wotu.timeline.questions import Source

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)


def log(text: str, customer: str = "A") -> list[SeriesEvent]:
    """``"v0 c2:app"``: first letters of names with hours, and after a colon the channel."""
    names = {"v": "View", "c": "Cart", "o": "Order", "x": "Refund"}
    events: list[SeriesEvent] = []
    for seq, word in enumerate(text.split()):
        said, _, channel = word.partition(":")
        events.append((customer, names[said[0]], NOON + int(said[1:]) * HOUR, seq, {"channel": channel or None}))
    return events


@pytest.fixture(scope="module")
def asking() -> Iterator[Source]:
    events = [*log("v0 c1 o2"), *log("v0:app v5:app c6:app", "B"), *log("v0:web", "C"), *log("c0 x1", "D")]
    traits = {"A": {"tier": "gold"}, "B": {"tier": "银"}}
    with built(events, properties={"channel": pa.string()}, traits=traits) as generation:
        yield source(generation, now=NOON + timedelta(days=30), zone=SHANGHAI)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_kernels_agree(data: st.DataObject) -> None:
    """The pass over plain funnels and the walk of every start credit the same attempts; in any order too."""
    steps = data.draw(st.integers(2, 5))
    shared = data.draw(st.booleans())
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    counts = rng.integers(0, 30, 12)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    times = np.concatenate([np.sort(rng.integers(0, 60, count)) for count in counts]).astype(np.int64)
    symbol = rng.integers(0, 7, offsets[-1]).astype(np.uint16)
    sets = np.full(7, 1 << 63, np.uint64)
    for step in range(steps):
        sets[rng.integers(0, 7) if shared else step] |= np.uint64(1 << step)
    kept, nothing = rng.random(12) < 0.9, np.empty(0, np.int64)
    within, since, until = 10, int(rng.integers(0, 20)), int(rng.integers(30, 70))
    rules = np.ascontiguousarray(np.array([(0, 1 << 60, 0)] * (steps + 1), np.int64).T)
    slots = funnel_ordered.slots(sets, steps)
    quick = funnel_ordered.credit(offsets, times, symbol, slots, sets, kept, steps, within, since, until)
    boundaries = np.array([since, until])
    own = np.ascontiguousarray(rules[:, :steps])
    walked = funnel_walker.walk(offsets, times, symbol, sets, kept, nothing, own, steps, 0, within, boundaries)
    assert all(np.array_equal(a, b) for a, b in zip(quick, walked, strict=True))
    if slots.max() <= steps + 1:
        of_any = (sets & np.uint64((1 << steps) - 1)) << np.uint64(1)
        of_any |= (of_any > 0).astype(np.uint64)
        quick = funnel_any.credit(offsets, times, symbol, slots, kept, steps, within, since, until)
        walked = funnel_walker.walk(offsets, times, symbol, of_any, kept, nothing, rules, steps, 2, within, boundaries)
        assert all(np.array_equal(a, b) for a, b in zip(quick, walked, strict=True))


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_a_customer_with_very_many_events_is_no_stall(order: str) -> None:
    events = 200_000
    offsets, times = np.array([0, events]), np.arange(events, dtype=np.int64)
    symbol, sets = np.zeros(events, np.uint16), np.full(1, (1 << 63) | 0b11111, np.uint64)
    rules = np.ascontiguousarray(np.array([(0, 1 << 60, 0)] * 6, np.int64).T)
    own = rules if order == "any" else np.ascontiguousarray(rules[:, :5])
    if order == "any":
        sets = sets << np.uint64(1) | np.uint64(1)
    number = ("ordered", "strict", "any").index(order)
    # The window is one event too short for the last step: no start gets all the way, and all are walked.
    unit, reached, at = funnel_walker.walk(
        offsets, times, symbol, sets, np.ones(1, np.bool_), np.empty(0, np.int64), own, 5, number, 3,
        np.array([0, events]),
    )  # fmt: skip
    assert (unit.tolist(), reached.tolist(), at.tolist()) == ([0], [0b1111], [[0, 1, 2, 3, -1]])


def test_customers_reconcile(asking: Source) -> None:
    answer = funnel(asking, ["View", "Cart", "Order"], within="1d", by="trait.tier")
    assert [step.customers for step in answer.steps] == [3, 2, 1]
    assert answer.customers() == ["c0", "c1", "c2"]
    assert answer.customers(1, dropped=True) == ["c2"]
    assert answer.customers(2, dropped=True) == ["c1"]
    assert {group.value: answer.customers(2, group=group.value) for group in answer.groups} == {
        "gold": ["c0"], "银": ["c1"], "(none)": [],
    }  # fmt: skip
    assert answer.table.column("group").to_pylist() == [None] * 3 + ["gold"] * 3 + ["银"] * 3 + ["(none)"] * 3
    assert len(answer.figure().data) == 3


def test_top_names_some_values_and_says_how_many_there_are(asking: Source) -> None:
    said = funnel(asking, ["View", "Cart"], by="channel", top=1).to_dict()
    assert [group["value"] for group in said["groups"]] == ["app", "(other)", "(none)"]
    assert (said["by"], said["values"]) == ("channel", 2)
    assert [sum(group["steps"][k]["customers"] for group in said["groups"]) for k in (0, 1)] == [3, 2]


def test_views(asking: Source) -> None:
    steps = ["View", "Cart"]
    times = funnel(asking, steps, view="times", bins=["30m", "2h"])
    assert times.to_dict()["times"] == [
        {"from_seconds": 0.0, "to_seconds": 1800.0, "customers": 0},
        {"from_seconds": 1800.0, "to_seconds": 7200.0, "customers": 1},
        {"from_seconds": 7200.0, "to_seconds": None, "customers": 1},
    ]
    trend = funnel(asking, steps, view="trend", until=NOON + 8 * HOUR)
    assert trend.to_dict()["trend"] == [
        {"time": "2026-01-05", "complete": True, "window_over": True, "customers": [3, 2], "conversion": 2 / 3},
        {"time": "2026-01-06", "complete": False, "window_over": True, "customers": [1, 1], "conversion": None},
    ]
    assert times.figure().data
    assert trend.figure().data


def test_nobody(asking: Source) -> None:
    said = funnel(asking, ["Refund", "View"], since="2027-01-01", until="2027-01-02", by="channel", view="times")
    assert [(step.customers, step.from_start, step.median_seconds) for step in said.steps] == [(0, None, None)] * 2
    assert said.groups == ()
    assert sum(each.customers for each in said.times) == 0


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"steps": ["View"]}, "steps"),
        ({"steps": "View"}, "steps"),
        ({"steps": ["View"] * 10_000}, "steps"),
        ({"steps": ["View", []]}, "steps[1]"),
        ({"steps": ["View", {"event": "Cart", "optional": True}]}, "steps"),
        ({"steps": [{"event": "View", "optional": True}, "Cart"]}, "steps[0].optional"),
        ({"steps": ["View", {"event": "Cart", "optional": "yes"}]}, "steps[1].optional"),
        ({"steps": ["View", {"event": "Cart", "within": "0d"}]}, "steps[1].within"),
        ({"steps": ["View", {"event": "Cart", "within": "1h", "gap": "2h"}]}, "steps[1].gap"),
        ({"steps": [{"event": "View", "gap": "2h"}, "Cart"]}, "steps[0].gap"),
        ({"within": "0d"}, "within"),
        ({"within": "-1d"}, "within"),
        ({"within": 7}, "within"),
        ({"order": "sideways"}, "order"),
        ({"count": "visits"}, "count"),
        ({"view": "pie"}, "view"),
        ({"bins": 0}, "bins"),
        ({"bins": ["1h", "1h"]}, "bins[1]"),
        ({"top": 0}, "top"),
        ({"exclude": [{"event": "Refund", "after": 2, "before": 1}]}, "exclude[0].before"),
        ({"exclude": [{"event": "Refund", "after": 0, "before": 1}]}, "exclude[0].after"),
        ({"exclude": [{"event": "Refund", "after": 1, "before": 3}]}, "exclude[0].before"),
        ({"exclude": ["Refund"], "order": "any"}, "exclude"),
        ({"steps": ["View", {"event": "Cart", "gap": "1h"}], "order": "any"}, "steps[1]"),
        ({"hold": "trait.tier"}, "hold"),
        ({"by": {"property": "channel", "at": "step:3"}}, "by.at"),
        ({"by": {"property": "channel", "at": "middle"}}, "by.at"),
        ({"by": {"name": "channel"}}, "by"),
    ],
)  # fmt: skip
def test_impossible_input_is_named(asking: Source, parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        funnel(asking, **{"steps": ["View", "Cart"], **parameters})
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


@pytest.mark.parametrize(
    ("parameters", "code", "field", "near"),
    [
        ({"steps": ["View", "Carts"]}, ErrorCode.UNKNOWN_EVENT, "steps[1]", "Cart"),
        ({"exclude": ["Refunds"]}, ErrorCode.UNKNOWN_EVENT, "exclude[0]", "Refund"),
        ({"hold": "chanel"}, ErrorCode.UNKNOWN_PROPERTY, "hold", "channel"),
        ({"by": "chanel"}, ErrorCode.UNKNOWN_PROPERTY, "by", "channel"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(
    asking: Source, parameters: dict[str, Any], code: ErrorCode, field: str, near: str
) -> None:
    with pytest.raises(WotuError, match=near) as caught:
        funnel(asking, **{"steps": ["View", "Cart"], **parameters})
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({"step": 3}, "step"), ({"step": 2, "dropped": True}, "dropped"), ({"group": "gold"}, "group")],
)
def test_customers_that_cannot_be_are_refused(asking: Source, parameters: dict[str, Any], field: str) -> None:
    answer = funnel(asking, ["View", "Cart"])
    with pytest.raises(WotuError) as caught:
        answer.customers(**parameters)
    assert caught.value.field == field
