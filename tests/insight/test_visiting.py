"""Sessions, activity, output, stickiness and active customers by hand, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from oracles.events import SeriesEvent
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.insight.active_customers import active_customers
from wotu.insight.activity import activity
from wotu.insight.output import output
from wotu.insight.sessions import sessions
from wotu.insight.stickiness import stickiness
from wotu.timeline.questions import Source

START = datetime(2026, 3, 2, tzinfo=UTC)
RANGE = {"since": "2026-03-02", "until": "2026-03-04"}
ROWS = [
    # (customer, event, minute, order, amount)
    ("ann", "Product Viewed", 0, None, None),
    ("ann", "Product Viewed", 5, None, None),
    ("ann", "Order Completed", 10, "a1", 3000),
    ("bob", "Product Viewed", 20, None, None),
    ("ann", "Product Viewed", 60, None, None),
    ("bob", "Order Completed", 1460, "b1", 500),
    ("bob", "Order Refunded", 1500, "b1", 101),
]


@contextmanager
def visited() -> Iterator[Source]:
    log: list[SeriesEvent] = [
        (who, what, START + timedelta(minutes=minute), seq, {"channel": "app" if minute < 30 else "web"})
        for seq, (who, what, minute, _, _) in enumerate(ROWS)
    ]
    columns = {"p_order_id": [row[3] for row in ROWS], "p_revenue": [row[4] for row in ROWS]}
    with built(log, columns=columns, properties={"channel": pa.string()}) as generation:
        yield source(generation, now=START + timedelta(days=2), zone=ZoneInfo("UTC"))


def test_output_by_visit_and_customer() -> None:
    with visited() as asking:
        answer = output(asking, **RANGE)  # type: ignore[arg-type]
        told = answer.to_dict()
        first, second = told["periods"]
        assert (first["visits"], first["customers"], first["conversions"], first["revenue"]) == (3, 2, 1, "30.00")
        assert (first["revenue_per_visit"], first["revenue_per_customer"]) == ("10.00", "15.00")
        assert (second["visits"], second["conversion_rate"], second["revenue_per_visit"]) == (2, 0.5, "2.00")
        assert (told["visits"], told["customers"], told["converting_customers"]) == (5, 2, 2)
        assert told["revenue_per_customer"] == "17.00"
        assert answer.customers(period="2026-03-02") == ["c0"]
        assert answer.customers(period="2026-03-02", converted=False) == ["c1"]
        assert len(answer.figure().data) == 1
        assert answer.table.num_rows == 2


def test_output_without_visits_has_no_rates() -> None:
    with visited() as asking:
        told = output(asking, since="2026-02-01", until="2026-02-02").to_dict()
    assert (told["visits"], told["conversion_rate"], told["revenue"], told["revenue_per_visit"]) == (
        0,
        None,
        "0.00",
        None,
    )


def test_a_filter_chooses_visits_and_the_events_in_them() -> None:
    with visited() as asking:
        answer = sessions(asking, ["Order Completed"], **RANGE)  # type: ignore[arg-type]
        assert (answer.total.sessions, answer.total.events, answer.total.mean_seconds) == (2, 2, 300.0)
        assert sessions(asking, where='channel == "app"', **RANGE).total.sessions == 2  # type: ignore[arg-type]
        assert sessions(asking, gap="1h", **RANGE).total.sessions == 3  # type: ignore[arg-type]
        assert answer.customers(period="2026-03-03") == ["c1"]
        assert sessions(asking, **RANGE).customers(sessions=3) == ["c1"]  # type: ignore[arg-type]
        assert len(answer.figure().data) == 2


def test_frequency_is_by_week() -> None:
    with visited() as asking:
        answer = activity(asking, since="2026-03-02", until="2026-03-09")
        assert answer.visits_per_week == 2.5
        assert answer.customers(visits=2) == ["c0"]
        assert answer.customers(visits=2, at_least=True) == ["c0", "c1"]
        assert answer.table.column("measure").to_pylist()[0] == "seconds_per_visit"
        assert len(answer.figure().data) == 1


@pytest.mark.parametrize(
    ("question", "parameters", "field"),
    [
        (sessions, {"gap": "0m"}, "gap"),
        (sessions, {"unit": "year"}, "unit"),
        (sessions, {"by": "channel", "top": 0}, "top"),
        (sessions, {"week_start": "x"}, "week_start"),
        (activity, {"gap": "soon"}, "gap"),
        (activity, {"since": "2026-03-02", "until": "2026-03-02"}, "until"),
        (output, {"unit": "x"}, "unit"),
        (output, {"conversion": []}, "conversion"),
        (stickiness, {"unit": "hour"}, "unit"),
        (stickiness, {"week_start": "x"}, "week_start"),
        (active_customers, {"unit": "hour"}, "unit"),
        (active_customers, {"min_count": 0}, "min_count"),
        (active_customers, {"churned_after": 0}, "churned_after"),
        (active_customers, {"duration": "long"}, "duration"),
        (active_customers, {"week_start": "x"}, "week_start"),
    ],
)
def test_wrong_parameters_are_named(question: Any, parameters: dict[str, Any], field: str) -> None:
    with visited() as asking, pytest.raises(WotuError) as caught:
        question(asking, **parameters)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)


def test_who_is_asked_of_what_is_in_the_answer() -> None:
    with visited() as asking:
        lost = active_customers(asking, unit="day", **RANGE)  # type: ignore[arg-type]
        wrong = [
            (lambda: stickiness(asking, **RANGE).customers(days=3), "days"),  # type: ignore[arg-type]
            (lambda: sessions(asking, **RANGE).customers(period="2020-01-01"), "period"),  # type: ignore[arg-type]
            (lambda: sessions(asking, **RANGE).customers(group="x"), "group"),  # type: ignore[arg-type]
            (lambda: output(asking, **RANGE).customers(period="x"), "period"),  # type: ignore[arg-type]
            (lambda: activity(asking).customers(visits=0), "visits"),
            (lambda: lost.customers("x"), "period"),
            (lambda: lost.customers("2026-03-02", "gone"), "state"),  # type: ignore[arg-type]
        ]
        for ask, field in wrong:
            with pytest.raises(WotuError) as caught:
                ask()
            assert caught.value.field == field
