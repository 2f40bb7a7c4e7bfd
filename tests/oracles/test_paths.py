"""The oracles of paths, smart path and path patterns against examples worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from .behaviour_strategies import PathCase, path_cases
from .events import SeriesEvent
from .path_pattern import matches, who
from .paths import PathAnswer, Paths, paths
from .smart_path import smart_path
from .test_funnel import START, log

RANGE: dict[str, Any] = {"since": START, "until": START + timedelta(days=1)}


BETWEEN = {"start": frozenset("A"), "end": frozenset("C")}


def ask(events: list[SeriesEvent], **options: Any) -> PathAnswer:
    return paths(events, Paths(**(RANGE | options)))


@pytest.mark.parametrize(
    ("_case", "events", "options", "nodes"),
    [
        ("from the first event", "A0 B1 C2", {}, {"0A": 1, "1B": 1, "2C": 1, "3(end)": 1}),
        ("repeats collapse", "A0 A1 B2 A3", {}, {"0A": 1, "1B": 1, "2A": 1, "3(end)": 1}),
        ("no end at the last column", "A0 B1 C2", {"steps": 3}, {"0A": 1, "1B": 1, "2C": 1}),
        ("a longer path is cut", "A0 B1 C2", {"steps": 2}, {"0A": 1, "1B": 1}),
        ("from a start", "X0 A1 B2 A3", {"start": frozenset("A")}, {"0A": 1, "1B": 1, "2A": 1, "3(end)": 1}),
        ("backward", "A0 B1 C2 D3", {"end": frozenset("C")}, {"0C": 1, "-1B": 1, "-2A": 1, "-3(start)": 1}),
        ("between", "X0 A1 B2 C3 D4", BETWEEN | {"steps": 3}, {"0A": 1, "1B": 1, "2C": 1}),
        ("without the end nothing", "A1 B2", BETWEEN, {}),
        ("two sessions", "A0 B31", {}, {"0A": 1, "1(end)": 2, "0B": 1}),
        ("rare ones are other", "A0 B1 C2 A3", {"top": 1, "steps": 4}, {"0A": 1, "1(other)": 1, "2A": 1, "3(end)": 1}),
    ],
)  # fmt: skip
def test_nodes(_case: str, events: str, options: dict[str, Any], nodes: dict[str, int]) -> None:
    answer = ask(log(events), **options)
    assert {f"{step}{name}": visits for (step, name), visits in answer.nodes.items()} == nodes


def test_links_carry_the_time_from_the_last_of_a_run() -> None:
    answer = ask(log("A0 A5 B7") + log("A0 B4", "李雷"))
    assert sorted(answer.links[(0, "A"), (1, "B")]) == [120, 240]
    assert answer.customers == {"王芳", "李雷"}
    assert answer.who[2, "(end)"] == {"王芳", "李雷"}


def test_smart_path_ranks_distinct_routes() -> None:
    events = log("A0 B1 G2") + log("A0 B3 B4 G6", "李雷") + log("A0 G1", "Zoë") + log("A0 B1", "c4")
    told = smart_path(events, goal=frozenset("G"), start=frozenset("A"), **RANGE)
    assert (told.starts, told.arrived, told.lost_customers) == (4, 3, {"c4"})
    assert [(route.names, route.sessions, route.share) for route in told.routes] == [
        (("A", "B", "G"), 2, Fraction(2, 3)),
        (("A", "G"), 1, Fraction(1, 3)),
    ]
    assert told.routes[0].median_seconds == 240


def test_smart_path_without_a_start_begins_with_the_session() -> None:
    told = smart_path(log("X0 G1 G60 X120"), goal=frozenset("G"), **RANGE)
    assert (told.starts, [route.names for route in told.routes]) == (3, [("G",), ("X", "G")])


@pytest.mark.parametrize(
    ("pattern", "path", "there"),
    [
        ("a b", "xaby", True),
        ("a b", "axb", False),
        ("a . b", "axb", True),
        ("a .. b", "axyzb", True),
        ("a .. b", "ab", True),
        ("a !r b", "axb", True),
        ("a !r b", "arb", False),
        ("a !r b", "ab", False),
        ("a !r* b", "ab", True),
        ("a !r* b", "axyb", True),
        ("a !r* b", "axrb", False),
        ("v+ (c|w) !r o", "vvcxo", True),
        ("v+ (c|w) !r o", "vvcro", False),
        ("v? o", "o", True),
        ("(a b)+ c", "ababc", True),
        ("!(a|b) c", "bc", False),
        ('"a" b', "ab", True),
        ("a*", "", True),
    ],
)
def test_path_patterns(pattern: str, path: str, there: bool) -> None:
    assert matches(pattern, path) == there


def test_pattern_in_a_session_or_across() -> None:
    events = log("a0 b60")
    assert who(events, "a b", **RANGE) == set()
    assert who(events, "a b", across=True, **RANGE) == {"王芳"}


@settings(max_examples=60, deadline=None)
@given(path_cases())
def test_what_holds_for_every_log(case: PathCase) -> None:
    question = case["question"]
    answer = paths(case["events"], question)
    for node, visits in answer.nodes.items():
        into = sum(len(times) for (_, target), times in answer.links.items() if target == node)
        out = sum(len(times) for (source, _), times in answer.links.items() if source == node)
        step, name = node
        if not question.backward:
            assert step == 0 or into == visits
            assert name == "(end)" or step == question.steps - 1 or out == visits
        elif step:
            assert out == visits
