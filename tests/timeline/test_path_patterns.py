"""Path patterns choose the customers the slow referee chooses; what cannot be read is pointed at."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from oracles.behaviour_strategies import path_patterns, timelines
from oracles.events import SeriesEvent
from oracles.path_pattern import who as slow_who
from timeline.building import built, source, subjects
from wotu.core.errors import ErrorCode, WotuError
from wotu.facts.vocabulary import EVENTS
from wotu.insight.growth_accounting import growth_accounting
from wotu.timeline.automaton import check_size
from wotu.timeline.expression import parse
from wotu.timeline.path_pattern import names_of, parse_pattern
from wotu.timeline.symbols import kept_customers

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 5, tzinfo=ZONE)
EVER = {"since": datetime(1980, 1, 1, tzinfo=UTC), "until": datetime(2100, 1, 1, tzinfo=UTC)}


def chosen(events: list[SeriesEvent], where: str, *, shards: int = 3) -> set[str]:
    """The customers of the log that pass ``where``."""
    return chosen_by(events, [where], shards=shards)[0]


def chosen_by(events: list[SeriesEvent], wheres: list[str], *, shards: int = 3) -> list[set[str]]:
    """The same for several filters."""
    names = {number: name for name, number in subjects([event[0] for event in events]).items()}
    with built(events, shards=shards) as generation:
        asking = source(generation, now=START + timedelta(days=30), zone=ZONE)
        found = []
        for where in wheres:
            scope = asking.scope(where=where)
            kept = [shard.ids[kept_customers(shard, scope)].tolist() for shard in generation.shards]
            found.append({names[number] for numbers in kept for number in numbers})
        return found


def walk(**ways: str) -> list[SeriesEvent]:
    """Customers by name, a letter per event and minute; a blank is a minute, an underscore an hour of silence."""
    found: list[SeriesEvent] = []
    for customer, way in ways.items():
        at = START
        for letter in way:
            at += timedelta(minutes=60 if letter == "_" else 1)
            if letter not in " _":
                found.append((customer, letter, at, len(found), {}))
    return found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(timelines(ZONE, date(2024, 2, 29), step=timedelta(minutes=15)), path_patterns(), st.booleans())
def test_patterns_choose_whom_the_referee_chooses(events: list[SeriesEvent], pattern: str, across: bool) -> None:
    known = {event[1] for event in events} | set(EVENTS)
    assume(names_of(parse_pattern(pattern, field="where")) <= known)
    expected = slow_who(events, pattern, across=across, **EVER)
    asked = f"path('{pattern}'{', across' if across else ''})"
    everybody = {event[0] for event in events}
    assert chosen_by(events, [asked, f"not {asked}"]) == [expected, everybody - expected]


@pytest.mark.parametrize(
    ("pattern", "path", "there"),
    [
        ("a b", "xaby", True),
        ("a b", "axb", False),
        ("a . b", "axb", True),
        ("a . b", "ab", False),
        ("a .. b", "axyzb", True),
        ("a .. b", "ab", True),
        ("a !r b", "axb", True),
        ("a !r b", "arb", False),
        ("a !r b", "ab", False),
        ("a !r* b", "axyb", True),
        ("a !r* b", "axrb", False),
        ("v+ (c|w) !r o", "vvcxo", True),
        ("v+ (c|w) !r o", "vvcro", False),
        ("(a b)+ c", "ababc", True),
        ("!(a|b) c", "bc", False),
        ("'a' `b`", "ab", True),
        ("a | b c", "xbc", True),
        ("(a|b c) x", "bcx", True),
        ("(a? b)* c", "abbc", True),
        ("a*", "x", True),
        ("a b", "a_b", False),
    ],
)
def test_examples(pattern: str, path: str, there: bool) -> None:
    assert ("y" in chosen(walk(z="abcorvwxyz", y=path), f'path("{pattern}")')) == there


def test_across_looks_at_the_whole_history() -> None:
    events = walk(one="a_b", two="ab")
    assert chosen(events, 'path("a b")') == {"two"}
    assert chosen(events, 'path("a b", across)') == {"one", "two"}


def test_exactly_thirty_minutes_do_not_cut() -> None:
    events: list[SeriesEvent] = [("a", "x", START, 0, {}), ("b", "x", START, 1, {})]
    events.append(("a", "y", START + timedelta(minutes=30), 2, {}))
    events.append(("b", "y", START + timedelta(minutes=30, microseconds=1), 3, {}))
    assert chosen(events, 'path("x y")') == {"a"}


def test_names_with_blanks_and_in_chinese_stand_in_quotes() -> None:
    events: list[SeriesEvent] = [
        ("a", "Page: 首页", START, 0, {}),
        ("a", "加购", START + timedelta(minutes=1), 1, {}),
        ("a", 'say "hi"', START + timedelta(minutes=2), 2, {}),
    ]
    assert chosen(events, 'path("`Page: 首页` 加购")') == {"a"}
    assert chosen(events, 'path(\'"Page: 首页" 加购 `say "hi"`\')') == {"a"}
    assert chosen(events, 'path("加购 `Page: 首页`")') == set()


def test_a_pattern_joins_other_conditions_and_filters_questions() -> None:
    events = walk(one="ab", two="ba", three="abab")
    traits = {"one": {"city": "西安"}, "two": {"city": "西安"}, "three": {"city": "上海"}}
    with built(events, traits=traits) as generation:
        asking = source(generation, now=START + timedelta(days=30), zone=ZONE)
        told = {
            where: growth_accounting(asking, unit="month", where=where).periods[0].new
            for where in (
                "",
                'path("a b")',
                'path("a b") and trait.city == "西安"',
                'path("b a") or trait.city == "上海"',
                'not path("b a")',
            )
        }
        filtered = growth_accounting(asking, {"event": "a", "where": 'path("b a")'}, unit="month")
    assert list(told.values()) == [3, 2, 1, 2, 1]
    assert filtered.periods[0].new == 2


@pytest.mark.parametrize(
    ("where", "character", "problem"),
    [
        ('path("a (b")', 3, "not closed"),
        ('path("a b)")', 4, "no parenthesis"),
        ('path("a | ")', 5, "an event is missing"),
        ('path("+ a")', 1, "needs an event before it"),
        ('path("a !")', 3, "after !"),
        ('path("a !. b")', 3, "after !"),
        ('path("a !(b c)")', 3, "after !"),
        ('path("a `b")', 3, "the quote"),
        ('path("")', 1, "an event is missing"),
        ('path(a)', 6, "expected a path pattern"),
        ('path("a", b)', 11, "expected 'across'"),
        ('path("a"', 9, "expected ')'"),
    ],
)  # fmt: skip
def test_errors_point_at_the_character(where: str, character: int, problem: str) -> None:
    with pytest.raises(WotuError) as caught:
        parse(where)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_EXPRESSION, "where")
    assert problem in caught.value.message
    assert f"at character {character} of" in caught.value.message


def test_unknown_events_are_named_with_the_nearest() -> None:
    with pytest.raises(WotuError, match="Order Completed") as caught:
        chosen(walk(one="ab"), 'path("a `Oder Completed`")')
    assert (caught.value.code, caught.value.field) == (ErrorCode.UNKNOWN_EVENT, "where")


@pytest.mark.parametrize(
    "pattern", ["(a|b)* a" + " ." * 15, "a " * 251, "(" * 51 + "a" + ")" * 51, "a" * 2001], ids=len
)
def test_what_is_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(WotuError) as caught:
        check_size(parse_pattern(pattern, field="start.where"), field="start.where")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_EXPRESSION, "start.where")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab.()|!+*?\"'` ", max_size=30))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    with contextlib.suppress(WotuError):
        check_size(parse_pattern(text, field="where"), field="where")


@pytest.mark.parametrize("pattern", ["a" + "+" * 1900, "!" * 1900 + "a", "(" * 1900, "a|" * 900 + "a"], ids=len)
def test_no_pattern_is_too_deep(pattern: str) -> None:
    with contextlib.suppress(WotuError):
        check_size(parse_pattern(pattern, field="where"), field="where")


def test_nobody_is_asked_about_nothing() -> None:
    assert chosen([], 'path("`Order Completed`")') == set()
