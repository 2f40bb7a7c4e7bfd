"""What came in: tallies against a plain count, the newest events, one message whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.settle.messages import track

from wotu.core.errors import ErrorCode, WotuError
from wotu.workspace import Workspace
from wotu.workspace.tally import Tally

Make = Callable[..., Workspace]
_ZONE = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1).date()
_VALUES = st.sampled_from([None, 1, 2.5, "x", True, [1], {"a": 1}])
_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "event": st.sampled_from(["A", "B"]),
            "user": st.sampled_from(["u", "v"]),
            "hours": st.integers(-60, 60),
            "source": st.sampled_from(["web", "shop"]),
            "p": _VALUES,
            "q": _VALUES,
        }
    ),
    max_size=12,
)


def _message(given: dict[str, Any]) -> dict[str, Any]:
    time = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=given["hours"])
    held = {name: given[name] for name in ("p", "q") if given[name] is not None}
    return track(given["event"], given["user"], time=time.isoformat(), **held)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_MESSAGES, st.integers(1, 4))
def test_a_tally_counts_as_people_would(make_workspace: Make, messages: list[dict[str, Any]], size: int) -> None:
    """However messages come in portions, and whenever one looks: every message is counted once, every value is."""
    workspace = make_workspace()
    for start in range(0, len(messages), size):
        for one in messages[start : start + size]:
            workspace.collect([_message(one)], source=one["source"])
        workspace.arrivals.tally()
    counting = workspace.arrivals.tally()
    assert counting.done == 1.0
    tally = counting.tally
    assert tally is not None

    streams = {(each.source, each.event): each for each in tally.streams}
    expected = Counter((one["source"], one["event"]) for one in messages)
    assert {key: stream.count for key, stream in streams.items()} == dict(expected)
    days = Counter(
        (one["source"], one["event"],
         ((datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=one["hours"])).astimezone(_ZONE).date() - _EPOCH).days)
        for one in messages
    )  # fmt: skip
    found = {(*key, day): count for key, stream in streams.items() for day, count in stream.days.items()}
    assert found == dict(days)
    for name in ("p", "q"):
        given_values = sum(one[name] is not None for one in messages)
        present = sum(stream.present.get(name, 0) for stream in streams.values())
        drift = sum(sum(stream.drift.get(name, {}).values()) for stream in streams.values())
        assert present + drift == given_values
        # A value that does not fit is of another type than the column.
        kinds = {kind for stream in streams.values() for kind in stream.drift.get(name, {})}
        assert tally.columns.get(name) not in kinds


def test_other_types_are_drift_and_lists_of_texts_are_not(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("A", size=1), track("A", size=2), track("A", size="large"), track("A", tags=["x"])])
    tally = workspace.arrivals.tally().tally
    assert tally is not None
    (stream,) = tally.streams
    assert (stream.present, stream.drift) == ({"size": 2, "tags": 1}, {"size": {"text": 1}})
    assert tally.columns == {"size": "number", "tags": "texts"}


def test_messages_are_classed_by_how_long_they_took(make_workspace: Make) -> None:
    workspace = make_workspace()
    now = datetime.now(UTC)
    ages = (timedelta(seconds=1), timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=2), timedelta(days=9))
    workspace.collect([track("A", time=(now - age).isoformat()) for age in ages])
    tally = workspace.arrivals.tally().tally
    assert tally is not None
    (ways,) = tally.streams[0].ways.values()
    assert ways == [1, 1, 1, 0, 1, 1]


def test_a_tally_is_made_anew_where_messages_are_gone(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("A"), track("B")])
    tally = workspace.arrivals.tally().tally
    assert tally is not None
    # As if the record had held more when it was counted.
    tally.rows += 5
    tally.streams[0].count += 5
    workspace.collect([track("A")])
    again = workspace.arrivals.tally().tally
    assert again is not None
    assert {stream.event: stream.count for stream in again.streams} == {"A": 2, "B": 1}


def test_much_is_counted_beside_and_kept_for_the_next_process(
    make_workspace: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wotu.workspace.tally_keeper._AT_ONCE", 1)
    workspace = make_workspace()
    workspace.collect([track("A"), track("B"), track("A")])
    first = workspace.arrivals.tally()
    assert first.tally is None
    thread = workspace._tally._thread
    assert thread is not None
    thread.join(30)
    counted = workspace.arrivals.tally().tally
    assert counted is not None
    assert sum(stream.count for stream in counted.streams) == 3

    monkeypatch.setattr(Tally, "add", lambda *_: pytest.fail("it was counted again"))
    reopened = Workspace.open(workspace.path).arrivals.tally().tally
    assert reopened == counted


def test_the_newest_are_those_that_came_last(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("A", "u", time="2026-01-05T00:00:00Z", p="x")])
    workspace.collect([track("B", "v", time="2020-01-01T00:00:00Z"), track("A", "w", time="2021-01-01T00:00:00Z")])
    # Whoever is joined moves to another layer; their events are shown once.
    workspace.collect([{"type": "identify", "userId": "u", "traits": {"name": "王芳", "phone": "13800000001"}}])
    found = workspace.arrivals.newest()
    assert [(each.event, each.time.year) for each in found] == [("A", 2021), ("B", 2020), ("A", 2026)]
    assert (found[2].name, found[2].properties) == ("王芳", {"p": "x"})
    assert {each.value for each in found[2].identifiers} == {"u", "+8613800000001"}
    assert [each.event for each in workspace.arrivals.newest(limit=1)] == ["A"]
    assert [each.event for each in workspace.arrivals.newest(event="B")] == ["B"]
    assert workspace.arrivals.newest(event="unknown") == []


def test_a_message_is_told_as_it_came(make_workspace: Make) -> None:
    workspace = make_workspace()
    held = {"order_id": "o", "revenue": "12.50", "note": "hi", "odd": [1],
            "products": [{"product_id": "p", "quantity": 2, "price": "1.25"}]}  # fmt: skip
    workspace.collect([track("Order Completed", "u", message="m1", **held)], source="shop")
    (event,) = workspace.arrivals.newest()
    found = workspace.arrivals.message(event.seq)
    assert found.event == event
    record = json.loads(json.dumps(found.record, default=str))
    assert (record["source"], record["message_id"], record["event"]) == ("shop", "m1", "Order Completed")
    assert record["properties"] == {"order_id": "o", "revenue": "12.50", "note": "hi", "odd": [1]}
    assert [line["product_id"] for line in record["products"]] == ["p"]
    with pytest.raises(WotuError) as refused:
        workspace.arrivals.message(10**9)
    assert refused.value.code is ErrorCode.NOT_FOUND


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_MESSAGES, st.sampled_from(["", "A"]))
def test_values_are_counted_as_people_would(make_workspace: Make, messages: list[dict[str, Any]], event: str) -> None:
    messages = [one | {"p": one["p"] if isinstance(one["p"], str) else None, "q": None} for one in messages]
    if not any(one["p"] for one in messages) or (event and event not in {one["event"] for one in messages}):
        return
    workspace = make_workspace()
    workspace.collect([_message(one) for one in messages])
    question, found = workspace.arrivals.values("p", event=event)
    asked = [one for one in messages if event in ("", one["event"])]
    given_values = [one["p"] for one in asked if one["p"] is not None]
    assert question.kind == "text"
    assert (found.of, found.present, found.counts) == (len(asked), len(given_values), Counter(given_values))


def test_values_of_other_kinds(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect(
        [track("A", n=1, ok=True), track("A", n=2.5, ok=False), track("A", ok=True),
         {"type": "identify", "userId": "u", "traits": {"level": "gold"}}]
    )  # fmt: skip
    _, numbers = workspace.arrivals.values("n")
    assert (numbers.of, numbers.present, numbers.least, numbers.greatest) == (3, 2, 1.0, 2.5)
    _, answers = workspace.arrivals.values("ok")
    assert answers.counts == Counter({"true": 2, "false": 1})
    _, levels = workspace.arrivals.values("trait.level")
    assert (levels.of, levels.counts) == (1, Counter({"gold": 1}))
    for name, event, code in (("m", "", ErrorCode.UNKNOWN_PROPERTY), ("n", "Z", ErrorCode.UNKNOWN_EVENT)):
        with pytest.raises(WotuError) as refused:
            workspace.arrivals.values(name, event=event)
        assert refused.value.code is code
