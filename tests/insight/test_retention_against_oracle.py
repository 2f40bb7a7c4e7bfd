"""Retention on random logs gives what the slow referee gives."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import chain
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from insight.asking import known, spec
from oracles.behaviour_strategies import RetentionCase, retention_cases
from oracles.retention import Retention, overall
from oracles.retention import retention as referee
from timeline.building import built, source, subjects
from wotu.insight.retention import retention
from wotu.insight.retention_answer import RetentionAnswer
from wotu.timeline.executors import SerialExecutor, ThreadExecutor
from wotu.timeline.generation import Generation

PROPERTIES = {"channel": pa.string()}
QUIET = [HealthCheck.filter_too_much, HealthCheck.too_slow]


def ask(generation: Generation, case: RetentionCase, *, threads: bool = False, **changes: Any) -> RetentionAnswer:
    """The product's answer to a case of the referee."""
    question = case["question"]
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    parameters: dict[str, Any] = {
        "born": spec(question.born, case["events"]), "returns": spec(question.returns, case["events"]),
        "unit": question.unit,
        "mode": question.mode, "cohort": question.cohort, "min_count": question.min_count,
        "periods": question.periods, "rolling": question.rolling,
        "brackets": brackets(question), "since": question.since, "until": question.until,
    }  # fmt: skip
    if question.brackets is not None:
        parameters["periods"] = None
    asking = source(generation, now=question.now, zone=question.zone, week_start=question.week_start, executor=executor)
    return retention(asking, **{**parameters, **changes})


def brackets(question: Retention) -> list[str] | None:
    if question.brackets is None:
        return None
    return [f"{low}" if low == high else f"{low}-{high}" for low, high in question.brackets]


def usable(case: RetentionCase) -> bool:
    """A question asks only for names that are known, and for at least one."""
    return known(case["events"], case["question"].born, case["question"].returns)


def rows(answer: RetentionAnswer) -> list[tuple[str, list[int | None]]]:
    return [(cohort["cohort"], cohort["returned"]) for cohort in answer.to_dict()["cohorts"]]


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(retention_cases())
def test_retention_equals_the_referee(case: RetentionCase) -> None:
    assume(usable(case))
    expected = referee(case["events"], case["question"])
    with built(case["events"], properties=PROPERTIES) as generation:
        answer = ask(generation, case)
        assert rows(answer) == [(cohort.period.label, cohort.returned) for cohort in expected]
        told = [(row.eligible, row.returned, row.rate) for row in answer.overall]
        assert told == [
            (eligible, back, None if rate is None else float(rate)) for eligible, back, rate in overall(expected)
        ]
        check_customers(answer, case, expected)


def check_customers(answer: RetentionAnswer, case: RetentionCase, expected: list[Any]) -> None:
    """Who is in each cell of the fullest cohort, and who is not, and the same over all cohorts."""
    number = subjects([event[0] for event in case["events"]])
    fullest = max(expected, key=lambda cohort: len(cohort.births))
    for column, cell in enumerate(fullest.cells):
        period = answer.columns.labels[column]
        back = {number[name] for name in cell or ()}
        away = {number[name] for name in fullest.births} - back if cell is not None else set()
        for returned, wanted in ((True, back), (False, away)):
            got = answer.customers(cohort=fullest.period.label, period=period, returned=returned)
            assert got == [f"c{each}" for each in sorted(wanted)]
    last = len(answer.columns.labels) - 1
    everybody = {number[name] for cohort in expected for name in cohort.cells[last] or ()}
    assert answer.customers(period=answer.columns.labels[last]) == [f"c{each}" for each in sorted(everybody)]


@settings(max_examples=6, deadline=None, suppress_health_check=QUIET)
@given(retention_cases(), st.sampled_from(["channel", "trait.tier"]))
def test_shards_threads_and_groups_change_nothing(case: RetentionCase, by: str) -> None:
    assume(usable(case))
    people = subjects([event[0] for event in case["events"]])
    traits = {name: {"tier": ["gold", "silver"][place % 2]} for place, name in enumerate(people) if place < 3}
    answers = []
    with ExitStack() as stack:
        for shards in (1, 3, 32):
            generation = stack.enter_context(built(case["events"], properties=PROPERTIES, traits=traits, shards=shards))
            answer = ask(generation, case, threads=shards == 32, by=by)
            answers.append(answer.to_dict())
            check_groups(answer)
    assert answers[0] == answers[1] == answers[2]


def check_groups(answer: RetentionAnswer) -> None:
    """Groups add up to the whole, and so do their customers."""
    for place, cohort in enumerate(answer.cohorts):
        for column, value in enumerate(cohort.returned):
            parts = [group.cohorts[place].returned[column] for group in answer.groups]
            assert value == (None if None in parts else sum(part or 0 for part in parts)) or not parts
    if answer.cohorts and answer.groups:
        first = answer.cohorts[0].cohort
        found = [answer.customers(cohort=first, period=0, group=group.value) for group in answer.groups]
        assert sorted(chain.from_iterable(found)) == sorted(answer.customers(cohort=first, period=0))
