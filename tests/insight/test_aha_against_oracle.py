"""Aha moments on random logs are what the slow referee finds, candidate by candidate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracles.aha import Candidate, Table, adjusted, table
from oracles.behaviour_strategies import ranges, timelines
from oracles.events import SeriesEvent
from oracles.periods import period_of
from oracles.retention import Cohort, EventSet, Retention, retention
from oracles.strategies import ANCHORS, zones
from timeline.building import built, source, subjects
from wotu.core.errors import ErrorCode, WotuError
from wotu.insight.aha import aha
from wotu.insight.aha_answer import AhaAnswer
from wotu.insight.aha_kernel import LEAST, half_of
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

NAMES = ("Product Viewed", "Invite Sent", "签到", "Page: 首页")
Case = tuple[list[SeriesEvent], Retention, int]
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    since, _ = draw(ranges(zone, anchor))
    length = draw(st.sampled_from([timedelta(hours=1), timedelta(hours=9), timedelta(days=1)]))
    log = draw(timelines(zone, anchor, step=length, names=NAMES, max_size=40))
    question = Retention(
        born=draw(st.sampled_from([EventSet(), EventSet(names=frozenset(["Product Viewed"]))])),
        returns=draw(st.sampled_from([EventSet(), EventSet(names=frozenset(["Product Viewed", "Invite Sent"]))])),
        unit=draw(st.sampled_from(["day", "week"])),
        periods=draw(st.integers(1, 3)),
        since=since,
        until=since + timedelta(days=28),
        now=since + timedelta(days=draw(st.integers(7, 30))),
        zone=zone,
    )
    return log, question, draw(st.sampled_from([1, 7]))


@contextmanager
def asked(case: Case, *, shards: int = 3, threads: bool = False) -> Iterator[AhaAnswer]:
    log, question, days = case
    known = {event[1] for event in log}
    named = [sorted(each.names & known) if each.names else None for each in (question.born, question.returns)]
    # A name that no message carried cannot be asked for; one of the vocabulary in its place happens to nobody.
    born, returns = (["Trial Started"] if names == [] else names for names in named)
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(log, shards=shards) as generation:
        asking = source(generation, now=question.now, zone=question.zone, executor=executor)
        yield aha(
            asking, born=born, returns=returns, within=f"{days}d", unit=question.unit, period=question.periods or 0,
            since=question.since, until=question.until, min_customers=1, top=1000,
        )  # fmt: skip


def starts(question: Retention) -> Any:
    def start(cohort: Cohort) -> datetime:
        period = cohort.period
        for _ in range(question.periods or 0):
            period = period_of(period.end, question.unit, question.zone, question.week_start)
        return period.start

    return start


def tables(case: Case, candidate: Candidate) -> tuple[Table, Table]:
    """The half ranked on and the half reported on."""
    log, question, _ = case
    number = subjects([event[0] for event in log])
    halves = [frozenset(who for who, n in number.items() if half_of(n) == half) for half in (0, 1)]
    cohorts = retention(log, question)
    first, second = (
        table(log, cohorts, candidate, question.periods or 0, half, starts(question)) for half in halves
    )  # fmt: skip
    return first, second


def every(case: Case) -> list[Candidate]:
    log, _, days = case
    kinds: list[Any] = [
        ("people" if name == "Invite Sent" else "times", frozenset([name]))
        for name in dict.fromkeys(event[1] for event in log)
    ]
    kinds += [(kind, None) for kind in ("kinds", "days", "weeks")]
    return [Candidate(kind=kind, least=least, days=days, names=names) for kind, names in kinds for least in LEAST]


@quick
@given(cases())
def test_candidates_equal_the_referee(case: Case) -> None:
    judged = [(candidate, *tables(case, candidate)) for candidate in every(case)]
    tested = [each for each in judged if each[1].mcc is not None]
    corrected = adjusted([reported.p_value for _, _, reported in tested])
    expected = {
        (c.kind, *(c.names or [None]), c.least): (ranked, reported, p)
        for (c, ranked, reported), p in zip(tested, corrected, strict=True)
    }
    with asked(case) as answer:
        assert answer.tested == len(expected)
        assert (answer.because is None) == bool(expected)
        mccs = [found.ranked_mcc for found in answer.candidates]
        assert mccs == sorted(mccs, reverse=True)
        for found in answer.candidates:
            ranked, reported, p = expected[found.candidate.kind, found.candidate.event, found.candidate.least]
            told = found.table
            assert (told.did_yes, told.did_no) == (reported.did_stayed, reported.did_left)
            assert (told.not_yes, told.not_no) == (reported.not_stayed, reported.not_left)
            assert found.ranked_mcc == pytest.approx(ranked.mcc)
            assert told.p_value == pytest.approx(float(reported.p_value))
            assert found.adjusted_p_value == pytest.approx(float(p))
            for mine, theirs in ((told.lift, reported.lift), (told.recall, reported.recall), (told.mcc, reported.mcc)):
                assert mine == (None if theirs is None else pytest.approx(float(theirs)))


@settings(quick, max_examples=12)
@given(cases())
def test_customers_are_those_counted(case: Case) -> None:
    with asked(case) as answer:
        for rank, found in enumerate(answer.candidates[:5], 1):
            told = found.table
            assert len(answer.customers(rank)) == told.did
            assert len(answer.customers(rank, stayed=True)) == told.did_yes
            assert len(answer.customers(rank, did=False, stayed=False)) == told.not_no
            whole = answer.customers(rank, everybody=True) + answer.customers(rank, did=False, everybody=True)
            assert len(whole) == len(set(whole)) == answer.totals.sum()


@settings(quick, max_examples=10)
@given(cases())
def test_shards_and_threads_change_nothing(case: Case) -> None:
    with asked(case, shards=1) as one, asked(case, shards=32, threads=True) as many:
        assert one.to_dict() == many.to_dict()


def told(people: int, stays: Any, **parameters: Any) -> AhaAnswer:
    """Every second of ``people`` checks in on the first day; ``stays`` says who comes in the fourth week."""
    monday = datetime(2026, 1, 5, 12, tzinfo=UTC)
    moments = [(f"p{n}", "Signed Up", monday) for n in range(people)]
    moments += [(f"p{n}", "签到", monday + timedelta(hours=1)) for n in range(0, people, 2)]
    moments += [(f"p{n}", "App Opened", monday + timedelta(weeks=4)) for n in range(people) if stays(n)]
    log: list[SeriesEvent] = [(*moment, seq, {}) for seq, moment in enumerate(moments)]
    with built(log) as generation:
        return aha(source(generation, now=monday + timedelta(weeks=9), zone=ZoneInfo("UTC")), **parameters)


def test_what_those_who_stay_did_is_found_on_the_other_half() -> None:
    answer = told(400, lambda n: n % 2 == 0)
    best = answer.candidates[0]
    assert {found.candidate.label for found in answer.candidates} == {"签到 ≥ 1", "different events ≥ 2"}
    assert (best.table.mcc, best.table.rate_with, best.table.rate_without) == (1.0, 1.0, 0.0)
    assert best.adjusted_p_value < 1e-20
    assert int(answer.totals.sum()) == 400
    assert 150 < best.table.customers < 250


@pytest.mark.parametrize(
    ("people", "stays", "parameters", "because"),
    [
        (20, lambda n: n % 2 == 0, {}, "there are only"),
        (0, lambda n: True, {}, "there are only 0"),
        (400, lambda n: False, {}, "none of the"),
        (400, lambda n: True, {}, "all of the"),
        (400, lambda n: n % 2 == 0, {"within": "1h"}, "nothing was done by at least 30"),
        (400, lambda n: n % 2 == 0, {"period": 30}, "there are only 0"),
    ],
)
def test_no_candidate_says_why(people: int, stays: Any, parameters: dict[str, Any], because: str) -> None:
    answer = told(people, stays, **parameters)
    assert answer.candidates == ()
    assert answer.because is not None
    assert because in answer.because


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"born": "Signed up"}, "born"),
        ({"returns": []}, "returns"),
        ({"within": "0d"}, "within"),
        ({"unit": "hour"}, "unit"),
        ({"period": 0}, "period"),
        ({"min_customers": 0}, "min_customers"),
        ({"top": 0}, "top"),
        ({"week_start": "someday"}, "week_start"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        told(1, lambda n: True, **parameters)
    assert caught.value.field == field


def test_a_rank_that_is_not_there_is_refused() -> None:
    with pytest.raises(WotuError) as caught:
        told(1, lambda n: True).customers(1)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, "rank")
