"""The funnel on random logs gives what the slow referee gives."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insight.funnel_asking import asking, ids, parameters
from oracles import funnel as oracle
from oracles.behaviour_strategies import FunnelCase, funnel_cases
from wotu.insight.funnel import funnel
from wotu.insight.funnel_answer import FunnelAnswer

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def asked(case: FunnelCase, *, shards: int = 3, threads: bool = False, **options: Any) -> FunnelAnswer:
    with asking(case["events"], case["zone"], shards=shards, threads=threads) as source:
        return funnel(source, **parameters(case["question"]), **options)


def credited(case: FunnelCase) -> list[oracle.Attempt]:
    return list(oracle.credited(oracle.attempts(case["events"], case["question"])).values())


def check(case: FunnelCase) -> None:
    """Counts, times and customers of every step."""
    answer, chosen = asked(case), credited(case)
    steps, number = len(case["question"].steps), ids(case)
    assert [step.customers for step in answer.steps] == oracle.counts(chosen, steps)
    for step in answer.steps[1:]:
        waits = oracle.seconds_from_previous(case["events"], chosen, step.step)
        assert (step.median_seconds, step.p90_seconds) == (_number(oracle.median(waits)), _number(oracle.p90(waits)))
        assert step.mean_seconds == (float(sum(waits) / len(waits)) if waits else None)
    for step in answer.steps:
        took = {number[each.unit[0]] for each in chosen if each.events[step.step - 1] is not None}
        assert set(answer.customers(step.step)) == took


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


@settings(QUICK, max_examples=60)
@given(funnel_cases(plain=True))
def test_the_plain_funnel_equals_the_referee(case: FunnelCase) -> None:
    check(case)


@settings(QUICK, max_examples=60)
@given(funnel_cases())
def test_the_funnel_with_all_options_equals_the_referee(case: FunnelCase) -> None:
    check(case)


@settings(QUICK, max_examples=40)
@given(funnel_cases())
def test_days_and_times_equal_the_referee(case: FunnelCase) -> None:
    question, zone = case["question"], case["zone"]
    found = oracle.attempts(case["events"], question)
    days = oracle.trend(found, question, zone)
    answer = asked(case, view="trend", timezone=str(zone))
    assert [(day.time, list(day.customers)) for day in answer.trend] == [(day.label, counts) for day, counts in days]
    last = max(number for number, step in enumerate(question.steps, 1) if not step.optional)
    whole = oracle.seconds_to_convert(case["events"], credited(case), last)
    bins = asked(case, view="times", bins=["10m", "1h"]).times
    limits = [(0, 600), (600, 3600), (3600, 10**9)]
    assert [each.customers for each in bins] == [sum(low <= time < high for time in whole) for low, high in limits]
    assert sum(each.customers for each in asked(case, view="times").times) == len(whole)


@settings(QUICK, max_examples=40)
@given(funnel_cases(), st.sampled_from(("step:1", "step:2", "last", "first_touch", "last_touch")))
def test_groups_equal_the_referee(case: FunnelCase, at: str) -> None:
    chosen = credited(case)
    told = oracle.breakdown(case["events"], chosen, case["question"], "channel", at)
    answer = asked(case, by={"property": "channel", "at": at})
    assert {group.value: [step.customers for step in group.steps] for group in answer.groups} == told
    for step in answer.steps:
        members = [answer.customers(step.step, group=group.value) for group in answer.groups]
        assert set(answer.customers(step.step)) == {each for listed in members for each in listed}


@settings(QUICK, max_examples=10)
@given(funnel_cases())
def test_shards_and_threads_change_nothing(case: FunnelCase) -> None:
    expected = asked(case, shards=1, by="channel").to_dict()
    assert asked(case, shards=5, by="channel").to_dict() == expected
    assert asked(case, shards=32, threads=True, by="channel").to_dict() == expected
