"""The step doctor on random logs finds around each step what the slow referee finds."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracles.behaviour_strategies import ranges, timelines
from oracles.events import SeriesEvent
from oracles.funnel import Funnel, Step, attempts, credited
from oracles.step_doctor import Doctor, signals
from oracles.strategies import ANCHORS, zones
from timeline.building import built, source, subjects
from wotu.core.errors import WotuError
from wotu.insight.step_doctor import step_doctor
from wotu.insight.step_doctor_answer import DoctorAnswer
from wotu.insight.step_doctor_words import LEVERS, SIGNALS
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

STEPS = ("Product Added", "Checkout Started", "Order Completed")
NAMES = (
    *STEPS,
    "Product Viewed",
    "Page: 首页",
    "Survey Answered",
    "支付失败",
    "Message Sent",
    "Exposed",
    "Coupon Redeemed",
)
Case = tuple[list[SeriesEvent], Funnel, Doctor, ZoneInfo]
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def only(name: str) -> frozenset[str]:
    return frozenset([name])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    since, until = draw(ranges(zone, anchor))
    log = draw(timelines(zone, anchor, names=NAMES[: draw(st.sampled_from([5, 8, 10]))], max_size=40))
    held = [{"coupon": "C", "price": None}, {"coupon": None, "price": 5}, {}]
    log = [(*event[:4], held[place % 3] if event[4].get("channel") else {}) for place, event in enumerate(log)]
    within = draw(st.sampled_from([timedelta(minutes=30), timedelta(hours=3), timedelta(days=7)]))
    doctor = Doctor(
        steps=[only(name) for name in STEPS], step=draw(st.integers(1, 2)), views=only("Product Viewed"),
        pages=only("Page: 首页"), fields=only("Survey Answered"), errors=only("支付失败"),
        messages=only("Message Sent"), slots=only("Exposed"), taken=only("Coupon Redeemed"), within=within,
        before=draw(st.sampled_from([timedelta(hours=1), timedelta(days=30)])),
        shortly=draw(st.sampled_from([timedelta(minutes=10), timedelta(hours=2)])), gap=timedelta(minutes=30),
    )  # fmt: skip
    funnel = Funnel(steps=[Step(names=names) for names in doctor.steps], within=within, since=since, until=until)
    return log, funnel, doctor, zone


@contextmanager
def asked(case: Case, *, shards: int = 3, threads: bool = False, least: int = 2) -> Iterator[DoctorAnswer]:
    log, funnel, doctor, zone = case
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(log, shards=shards, properties={"price": pa.float64(), "coupon": pa.string()}) as generation:
        asking = source(generation, now=funnel.until + timedelta(days=99), zone=zone, executor=executor)
        yield step_doctor(
            asking, STEPS, step=doctor.step, within=seconds(doctor.within), before=seconds(doctor.before),
            shortly=seconds(doctor.shortly), fields="Survey Answered", messages="Message Sent",
            min_customers=least, since=funnel.since, until=funnel.until,
        )  # fmt: skip


def seconds(length: timedelta) -> str:
    return f"{length // timedelta(seconds=1)}s"


def groups(case: Case) -> dict[bool, dict[str, dict[str, int]]]:
    """What the referee finds, per group and customer."""
    log, funnel, doctor, _ = case
    chosen = credited(attempts(log, funnel))
    came = {who: attempt for (who, _), attempt in chosen.items() if attempt.events[doctor.step - 1] is not None}
    return {
        on: {
            who: signals(log, attempt, doctor)
            for who, attempt in came.items()
            if (attempt.events[doctor.step] is not None) == on
        }
        for on in (True, False)
    }


@quick
@given(cases())
def test_signals_equal_the_referee(case: Case) -> None:
    expected = groups(case)
    number = subjects([event[0] for event in case[0]])
    with asked(case) as answer:
        for on, found in expected.items():
            assert answer.customers(went_on=on) == sorted(
                (f"c{number[who]}" for who in found), key=lambda c: int(c[1:])
            )
            for signal in SIGNALS:
                if signal.key != "seconds":
                    there = {f"c{number[who]}" for who, values in found.items() if values[signal.key]}
                    assert set(answer.customers(went_on=on, signal=signal.key)) == there, signal.key
        for compared in answer.comparisons:
            for on, told in ((True, compared.went_on), (False, compared.stopped)):
                values = [values[compared.signal.key] for values in expected[on].values()]
                if told is not None:
                    assert told == pytest.approx(
                        summed(compared.signal.kind, values), abs=1.0 * (told > 0 and compared.signal.kind == "median")
                    )


def summed(kind: str, values: list[int]) -> float:
    if kind == "share":
        return mean(value > 0 for value in values)
    return median(values) if kind == "median" else mean(values)


@settings(quick, max_examples=10)
@given(cases())
def test_shards_and_threads_change_nothing(case: Case) -> None:
    with asked(case, shards=1) as one, asked(case, shards=32, threads=True) as many:
        assert one.to_dict() == many.to_dict()


MONDAY = datetime(2026, 1, 5, 12, tzinfo=UTC)


def told(people: int, *, extra: Any = lambda n: [], **parameters: Any) -> DoctorAnswer:
    """``people`` check out, every second orders ten minutes later; ``extra`` adds (event, minute, properties)."""
    rows: list[tuple[str, str, datetime, dict[str, Any]]] = []
    for n in range(people):
        moments = [("Checkout Started", 0, {}), *extra(n), *([("Order Completed", 10, {})] if n % 2 else [])]
        rows += [(f"p{n}", name, MONDAY + timedelta(minutes=minute), held) for name, minute, held in moments]
    log: list[SeriesEvent] = [(who, name, time, seq, held) for seq, (who, name, time, held) in enumerate(rows)]
    with built(log, properties={"price": pa.float64(), "coupon": pa.string()}) as generation:
        asking = source(generation, now=MONDAY + timedelta(days=9), zone=ZoneInfo("UTC"))
        return step_doctor(asking, ["Checkout Started", "Order Completed"], **parameters)


def test_what_stands_in_the_way_differs_most() -> None:
    answer = told(200, extra=lambda n: [("pay failed", 2, {})] * (n % 2 == 0 or n % 20 == 1))
    assert (answer.went_on, answer.stopped) == (100, 100)
    most = answer.differs_most
    assert most is not None
    assert (most.signal.key, most.went_on, most.stopped) == ("errors", 0.1, 1.0)
    assert most.clear
    assert answer.to_dict()["differs_most"] == {"lever": "friction", "signal": "errors"}
    assert "阻力" in answer.conclusion.zh
    assert len(answer.customers(signal="errors")) == 100
    assert len(answer.customers(went_on=True, signal="errors", has=False)) == 90


def test_what_the_data_do_not_hold_has_no_estimate_and_says_why() -> None:
    because = {each.signal.key: each.because for each in told(80).comparisons}
    assert because["messages"] == "no estimate, because no message events exist"
    assert because["price_seen"] == "no estimate, because no event carries a price"
    assert {key for key, why in because.items() if why is None} == {"visits", "seconds", "back_steps"}
    assert all(each.went_on is None for each in told(80).comparisons if each.because)


def test_too_few_customers_have_no_estimate() -> None:
    answer = told(40)
    assert all(each.because is not None for each in answer.comparisons)
    assert "20 customers went on and 20 stopped; 30 of each are needed" in str(answer.comparisons[1].because)
    assert answer.differs_most is None
    assert answer.to_dict()["rate"] == 0.5
    assert told(0).to_dict()["rate"] is None


def test_every_lever_has_signals_and_words_in_both_languages() -> None:
    assert {signal.lever for signal in SIGNALS} == set(LEVERS)
    texts = [words for lever in LEVERS.values() for words in (lever.name, lever.place, *lever.try_)]
    texts += [signal.name for signal in SIGNALS]
    assert all(words.en.isascii() and any("一" <= sign <= "鿿" for sign in words.zh) for words in texts)


def test_the_question_can_be_sent_to_another_process() -> None:
    question = told(4).question
    assert pickle.loads(pickle.dumps(question)) == question


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"step": 0}, "step"),
        ({"step": 2}, "step"),
        ({"step": True}, "step"),
        ({"within": "0d"}, "within"),
        ({"before": "x"}, "before"),
        ({"shortly": "1"}, "shortly"),
        ({"views": "Product View"}, "views"),
        ({"offers": {"event": 1}}, "offers"),
        ({"min_customers": 1}, "min_customers"),
    ],
)
def test_wrong_parameters_are_named(parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        told(2, **parameters)
    assert caught.value.field == field


def test_a_signal_that_is_not_there_is_refused() -> None:
    with pytest.raises(WotuError) as caught:
        told(2).customers(signal="luck")
    assert caught.value.field == "signal"
