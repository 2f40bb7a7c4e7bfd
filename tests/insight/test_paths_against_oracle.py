"""Paths on random logs give what the slow referee gives."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from oracles.behaviour_strategies import PathCase, PropertyIs, path_cases
from oracles.paths import Paths
from oracles.paths import paths as slow_paths
from timeline.building import built, source, subjects
from wotu.core.customer_ids import customer_texts
from wotu.facts.vocabulary import EVENTS
from wotu.insight.paths import PathsAnswer, paths
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

ZONE = ZoneInfo("Asia/Shanghai")
PROPERTIES = {"channel": pa.string(), "order_id": pa.string()}
HEALTH = [HealthCheck.filter_too_much, HealthCheck.too_slow]


def parameters(question: Paths) -> dict[str, Any]:
    """A question of the referee in the words of the product."""
    where = question.where
    return {
        "start": sorted(question.start) if question.start else None,
        "end": sorted(question.end) if question.end else None,
        "steps": question.steps,
        "gap": f"{int(question.gap.total_seconds())}s",
        "top": question.top,
        "where": {where.name: where.value} if isinstance(where, PropertyIs) else "",
        "since": question.since,
        "until": question.until,
    }


def usable(case: PathCase) -> bool:
    """Only names that are known can be asked for."""
    known = {event[1] for event in case["events"]} | set(EVENTS)
    question = case["question"]
    return (question.start or frozenset()) | (question.end or frozenset()) <= known


def ask(case: PathCase, *, shards: int = 3, threads: bool = False) -> PathsAnswer:
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(case["events"], properties=PROPERTIES, shards=shards) as generation:
        asking = source(generation, now=case["question"].until, zone=ZONE, executor=executor)
        answer = paths(asking, **parameters(case["question"]))
        number = subjects([event[0] for event in case["events"]])
        expected = slow_paths(case["events"], case["question"])
        for (step, name), who in expected.who.items():
            assert answer.customers(node=f"{step}:{name}") == customer_texts(sorted(number[one] for one in who))
        assert answer.customers() == customer_texts(sorted(number[one] for one in expected.customers))
        for link in answer.links:
            assert 0 < len(answer.customers(link=(link.source, link.target))) <= link.visits
        return answer


@settings(max_examples=40, deadline=None, suppress_health_check=HEALTH)
@given(path_cases().filter(usable))
def test_paths_equal_the_referee(case: PathCase) -> None:
    expected = slow_paths(case["events"], case["question"])
    answer = ask(case)
    assert {node.id: node.visits for node in answer.nodes} == _ids(expected.nodes)
    links = {
        (f"{source[0]}:{source[1]}", f"{target[0]}:{target[1]}"): times
        for (source, target), times in expected.links.items()
    }
    assert {(link.source, link.target): link.visits for link in answer.links} == {
        link: len(times) for link, times in links.items()
    }
    for link in answer.links:
        times = [float(second) for second in links[link.source, link.target]]
        ended = "(end)" in link.target or "(start)" in link.source
        assert link.median_seconds == (None if ended else pytest.approx(float(np.median(times)), abs=1e-6))
    assert answer.customer_count == len(expected.customers)


@settings(max_examples=8, deadline=None, suppress_health_check=HEALTH)
@given(path_cases().filter(usable))
def test_shards_and_threads_change_nothing(case: PathCase) -> None:
    expected = ask(case, shards=1).to_dict()
    assert ask(case, shards=5).to_dict() == expected
    assert ask(case, shards=32, threads=True).to_dict() == expected


def _ids(nodes: Counter[tuple[int, str]]) -> dict[str, int]:
    return {f"{step}:{name}": visits for (step, name), visits in nodes.items()}
