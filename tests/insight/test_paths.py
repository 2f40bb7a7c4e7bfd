"""Paths: worked examples, conservation, shards, refusals."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.insight.paths import PathsAnswer, paths
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 5, tzinfo=ZONE)
NOW = datetime(2026, 2, 1, tzinfo=ZONE)


def log(events: list[tuple[str, str, float]]) -> list[SeriesEvent]:
    """(customer, event, minutes after the start)."""
    return [(who, event, START + timedelta(minutes=at), seq, {}) for seq, (who, event, at) in enumerate(events)]


def walk(**ways: str) -> list[SeriesEvent]:
    """Customers by name, a letter per event and minute."""
    return log([(who, event, at) for who, way in ways.items() for at, event in enumerate(way)])


def ask(events: list[SeriesEvent], *, shards: int = 3, threads: bool = False, **parameters: Any) -> PathsAnswer:
    with built(events, shards=shards) as generation:
        executor = ThreadExecutor(2) if threads else SerialExecutor()
        answer = paths(source(generation, now=NOW, zone=ZONE, executor=executor), **parameters)
        check_conservation(answer)
        check_customers(answer)
        return answer


def check_conservation(answer: PathsAnswer) -> None:
    """Away from the anchor, every node has as many visits as go into it and as go on from it or are cut."""
    backward = any(node.step < 0 for node in answer.nodes)
    into, out = Counter[str](), Counter[str]()
    for link in answer.links:
        near, far = (link.target, link.source) if backward else (link.source, link.target)
        out[near] += link.visits
        into[far] += link.visits
    for node in answer.nodes:
        if node.step:
            assert node.visits == into[node.id]
        if node.event not in ("(end)", "(start)"):
            assert node.visits == out[node.id] + node.cut
    assert sum(node.visits for node in answer.nodes if node.step == 0) == answer.sessions


def check_customers(answer: PathsAnswer) -> None:
    """Customers of the first step are those of the question; a node has those of the links that lead on."""
    assert len(answer.customers()) == answer.customer_count
    first = {who for node in answer.nodes if node.step == 0 for who in answer.customers(node=node.id)}
    assert sorted(first) == sorted(answer.customers())
    for node in answer.nodes:
        ours = set(answer.customers(node=node.id))
        assert 0 < len(ours) <= node.visits
        if node.step:
            beside = [link for link in answer.links if node.id in (link.source, link.target)]
            near = [link for link in beside if link.target == node.id or node.step < 0]
            towards = [link for link in near if abs(int(link.source.split(":")[0])) < abs(node.step) or node.step < 0]
            assert ours == {who for link in towards if _leads_to(link, node) for who in _customers(answer, link)}


def _leads_to(link: Any, node: Any) -> bool:
    return (link.source if node.step < 0 else link.target) == node.id


def _customers(answer: PathsAnswer, link: Any) -> list[str]:
    return answer.customers(link=(link.source, link.target))


def drawn(answer: PathsAnswer) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    nodes = {node.id: node.visits for node in answer.nodes}
    return nodes, {(link.source, link.target): link.visits for link in answer.links}


def test_forward_from_the_first_visit() -> None:
    nodes, links = drawn(ask(walk(a="AABC", b="AB"), steps=3))
    assert nodes == {"0:A": 2, "1:B": 2, "2:C": 1, "2:(end)": 1}
    assert links == {("0:A", "1:B"): 2, ("1:B", "2:C"): 1, ("1:B", "2:(end)"): 1}


def test_the_end_shows_only_before_the_last_step() -> None:
    assert set(drawn(ask(walk(a="ABC"), steps=4))[0]) == {"0:A", "1:B", "2:C", "3:(end)"}
    assert set(drawn(ask(walk(a="ABC"), steps=3))[0]) == {"0:A", "1:B", "2:C"}


def test_from_a_start_up_to_an_end_and_between_both() -> None:
    events = walk(a="ABCDBCE", b="CA")
    assert set(drawn(ask(events, start="C", steps=3))[1]) == {
        ("0:C", "1:D"), ("1:D", "2:B"), ("0:C", "1:A"), ("1:A", "2:(end)"),
    }  # fmt: skip
    assert set(drawn(ask(events, end="C", steps=3))[1]) == {
        ("-1:B", "0:C"), ("-2:A", "-1:B"), ("-1:(start)", "0:C"),
    }  # fmt: skip
    between = ask(events, start="B", end=["E", "D"], steps=5)
    assert set(drawn(between)[1]) == {("0:B", "1:C"), ("1:C", "2:D"), ("2:D", "3:(end)")}
    assert (between.customer_count, between.reach.customers, between.reach.events) == (1, 2, 9)


def test_an_end_that_is_the_start_must_come_after_it() -> None:
    assert drawn(ask(walk(a="AABA", b="AAB"), start="A", end="A"))[0] == {
        "0:A": 1, "1:B": 1, "2:A": 1, "3:(end)": 1,
    }  # fmt: skip


def test_silence_longer_than_the_gap_cuts() -> None:
    events = log([("a", "A", 0), ("a", "B", 30), ("b", "A", 0), ("b", "B", 30 + 1 / 60_000_000)])
    assert drawn(ask(events))[0] == {"0:A": 2, "1:B": 1, "0:B": 1, "1:(end)": 2, "2:(end)": 1}
    assert drawn(ask(events, gap="31m"))[0] == {"0:A": 2, "1:B": 2, "2:(end)": 2}


def test_the_first_event_of_a_session_is_in_range() -> None:
    events = log([("a", "A", -1), ("a", "B", 1), ("a", "C", 60), ("a", "D", 80)])
    answer = ask(events, since=START, until=START + timedelta(minutes=70))
    assert drawn(answer)[0] == {"0:C": 1, "1:D": 1, "2:(end)": 1}


def test_times_run_from_the_last_of_a_visit_to_the_first_of_the_next() -> None:
    events = log([("a", "A", 0), ("a", "A", 3), ("a", "B", 4), ("a", "B", 10), ("b", "A", 0), ("b", "B", 2)])
    for parameters in ({}, {"end": "B"}, {"start": "A", "end": "B"}):
        medians = [link.median_seconds for link in ask(events, **parameters).links if link.median_seconds is not None]
        assert medians == [(1 + 2) / 2 * 60]


def test_rare_names_are_other_and_its_neighbours_one_visit() -> None:
    events = walk(a="AXYB", b="AB", c="AZ")
    assert drawn(ask(events, top=2))[0] == {
        "0:A": 3, "1:(other)": 2, "1:B": 1, "2:B": 1, "2:(end)": 2, "3:(end)": 1,
    }  # fmt: skip
    # The start keeps its name, and ties are ranked by name.
    assert drawn(ask(events, start="X", top=1, steps=2))[0] == {"0:X": 1, "1:(other)": 1}
    assert drawn(ask(events, start="X", top=2, steps=3))[0] == {"0:X": 1, "1:(other)": 1, "2:B": 1}


def test_clean_up_rules_give_several_events_one_name() -> None:
    events = log([("a", "/item/1", 0), ("a", "/item/2/", 1), ("a", "Page: /", 2), ("a", "/tea/", 3), ("a", "/tea", 4)])
    rules = ["trailing slash", {"pattern": "/item/*", "name": r"商品 \1"}]
    assert set(drawn(ask(events, clean=rules))[0]) == {r"0:商品 \1", "1:Page: /", "2:/tea", "3:(end)"}


def test_names_of_our_own_nodes_are_quoted() -> None:
    events = log([("a", "(end)", 0), ("a", "(other)", 1)])
    assert set(drawn(ask(events))[0]) == {'0:"(end)"', '1:"(other)"', "2:(end)"}


def test_where_chooses_what_is_shown_and_cuts_nothing() -> None:
    events: list[SeriesEvent] = [
        ("a", event, START + timedelta(minutes=20 * at), at, {"channel": channel})
        for at, (event, channel) in enumerate([("A", "app"), ("X", "web"), ("A", "app"), ("B", "app")])
    ]
    import pyarrow as pa

    with built(events, properties={"channel": pa.string()}) as generation:
        asking = source(generation, now=NOW, zone=ZONE)
        answer = paths(asking, where='channel == "app"')
        begun = paths(asking, start={"event": "A", "where": 'channel == "app"'}, where='channel == "app"')
    assert drawn(answer)[0] == drawn(begun)[0] == {"0:A": 1, "1:B": 1, "2:(end)": 1}
    assert answer.links[0].median_seconds == 20 * 60


def test_no_events_at_all() -> None:
    answer = ask([])
    assert (answer.customer_count, answer.sessions, answer.nodes, answer.links) == (0, 0, (), ())
    assert answer.table.num_rows == 0
    assert answer.figure() is not None


ways = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("ABCDE"), st.integers(0, 200)), max_size=25)
asked = st.fixed_dictionaries(
    {"steps": st.integers(1, 4), "top": st.integers(1, 4)},
    optional={"start": st.sampled_from([None, "A", ["A", "B"]]), "end": st.sampled_from([None, "C", "A"])},
)


@settings(max_examples=25, deadline=None)
@given(ways, asked)
def test_shards_and_threads_change_nothing(way: list[tuple[str, str, float]], parameters: dict[str, Any]) -> None:
    events = [*log(way), *walk(z="ABC")]
    expected = ask(events, shards=1, **parameters).to_dict()
    assert ask(events, shards=3, **parameters).to_dict() == expected
    assert ask(events, shards=32, threads=True, **parameters).to_dict() == expected


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"steps": 0}, "steps"),
        ({"steps": 11}, "steps"),
        ({"start": ["A"] * 101}, "start"),
        ({"top": 0}, "top"),
        ({"top": 101}, "top"),
        ({"gap": "0m"}, "gap"),
        ({"gap": "soon"}, "gap"),
        ({"clean": "trailing slash"}, "clean"),
        ({"clean": ["trailing slashes"]}, "clean[0]"),
        ({"clean": [{"pattern": "", "name": "x"}]}, "clean[0]"),
        ({"clean": ["trailing slash", {"pattern": "x"}]}, "clean[1]"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "until"),
        ({"audience": "vip"}, "audience"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        ask(walk(a="AB"), **parameters)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


def test_unknown_events_are_named_with_the_nearest() -> None:
    with pytest.raises(WotuError, match="Nearest") as caught:
        ask(walk(a="AB"), start=["A", "Oder Completed"])
    assert (caught.value.code, caught.value.field) == (ErrorCode.UNKNOWN_EVENT, "start")


def test_what_is_not_in_the_answer_has_no_customers() -> None:
    answer = ask(walk(a="AB"))
    for field, given_ids in (("node", {"node": "7:A"}), ("link", {"link": ("0:B", "1:A")})):
        with pytest.raises(WotuError) as caught:
            answer.customers(**given_ids)  # type: ignore[arg-type]
        assert caught.value.field == field
    with pytest.raises(WotuError, match="not both"):
        answer.customers(node="0:A", link=("0:A", "1:B"))
