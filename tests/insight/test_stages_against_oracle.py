"""Stages on random logs are what the slow referee says; by hand where orders, traits and errors are concerned."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracles.events import SeriesEvent
from oracles.periods import instant
from oracles.stages import StageEventRule, reached, rows
from oracles.strategies import EVENTS, EventCase, event_cases
from timeline.building import built, source
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.fact_tables import STAGES
from wotu.facts.stages import PRESETS
from wotu.insight.stages import StagesAnswer, stages
from wotu.timeline.executors import SerialExecutor, ThreadExecutor

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHANNELS = ("微信", "抖音")
event_rules = st.fixed_dictionaries(
    {
        "events": st.lists(st.sampled_from(EVENTS), min_size=1, max_size=2, unique=True),
        "channel": st.none() | st.sampled_from(CHANNELS),
        "nth": st.sampled_from((1, 1, 2, 3)),
    }
)
rule_sets = st.dictionaries(st.sampled_from(STAGES), event_rules, min_size=1).map(
    lambda chosen: {stage: chosen[stage] for stage in STAGES if stage in chosen}
)


def as_rule(rule: dict[str, Any]) -> Any:
    """A drawn rule as people write it; ``nth`` belongs to single events only."""
    where = {"where": f'channel == "{rule["channel"]}"'} if rule["channel"] else {}
    parts = [{"event": event, **where} for event in rule["events"]]
    return parts if len(parts) > 1 else {**parts[0], "nth": rule["nth"]}


def as_referee(rule: dict[str, Any]) -> StageEventRule:
    def matches(event: SeriesEvent) -> bool:
        return event[1] in rule["events"] and rule["channel"] in (None, event[4].get("channel"))

    return {"matches": matches, "nth": rule["nth"] if len(rule["events"]) == 1 else 1}


def known(case: EventCase, rules: dict[str, Any]) -> dict[str, Any]:
    """The rules that name only events of the log: an unknown name is an error of its own."""
    there = {event[1] for event in case["events"]} | {"Product Viewed", "Order Completed"}
    return {stage: rule for stage, rule in rules.items() if set(rule["events"]) <= there}


def asked(
    case: EventCase, rules: dict[str, Any], where: str, *, shards: int = 3, threads: bool = False
) -> StagesAnswer:
    executor = ThreadExecutor(2) if threads else SerialExecutor()
    with built(
        case["events"], shards=shards, anonymous=frozenset({"c4"}), properties={"channel": pa.string()}
    ) as generation:
        asking = source(generation, now=datetime(2030, 1, 1, tzinfo=UTC), zone=case["zone"], executor=executor)
        return stages(asking, rules, since=case["since"], until=case["until"], where=where)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(event_cases(), rule_sets, st.none() | st.sampled_from(CHANNELS))
def test_stages_equal_the_referee(case: EventCase, drawn: dict[str, Any], channel: str | None) -> None:
    drawn = known(case, drawn)
    answer = asked(case, {stage: as_rule(rule) for stage, rule in drawn.items()}, where_text(channel))
    expected = {
        stage: reached(
            case["events"],
            as_referee(rule),
            since=instant(case["since"], case["zone"]),
            until=instant(case["until"], case["zone"]),
            where=lambda event: channel in (None, event[4].get("channel")),
        )
        for stage, rule in drawn.items()
    }
    identified = {event[0] for event in case["events"]} - {"c4"}
    told = answer.to_dict()["stages"]
    names = ("stage", "customers", "anonymous", "from_previous")
    assert [{name: row[name] for name in names} for row in told] == rows(expected, identified)
    for stage, who in expected.items():
        assert len(answer.customers(stage)) == len(who & identified)


def where_text(channel: str | None) -> str:
    return f'channel == "{channel}"' if channel else ""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(event_cases(), rule_sets)
def test_shards_and_threads_change_nothing(case: EventCase, drawn: dict[str, Any]) -> None:
    rules = {stage: as_rule(rule) for stage, rule in known(case, drawn).items()}
    expected = asked(case, rules, "", shards=1)
    for other in (asked(case, rules, "", shards=5), asked(case, rules, "", shards=32, threads=True)):
        assert other.to_dict() == expected.to_dict()
        assert [other.customers(stage) for stage in rules] == [expected.customers(stage) for stage in rules]


def log(*events: tuple[str, str, str]) -> list[SeriesEvent]:
    return [
        (who, event, datetime.fromisoformat(day).replace(tzinfo=SHANGHAI), seq, {})
        for seq, (who, event, day) in enumerate(events)
    ]


def by_hand(events: list[SeriesEvent], rules: dict[str, Any], **parameters: Any) -> StagesAnswer:
    built_with = {name: parameters.pop(name) for name in ("columns", "traits", "anonymous") if name in parameters}
    with built(events, **built_with) as generation:
        asking = source(generation, now=datetime(2026, 2, 1, tzinfo=SHANGHAI), zone=SHANGHAI)
        return stages(asking, rules, **parameters)


def counts(answer: StagesAnswer) -> dict[str, int]:
    return {count.stage: count.customers for count in answer.stages}


def test_worked_example_of_the_module() -> None:
    events = log(
        ("A", "Product Viewed", "2026-01-01"),
        ("A", "Product Added", "2026-01-02"),
        ("A", "Order Completed", "2026-01-03"),
        ("A", "Order Completed", "2026-01-04"),
        ("B", "Product Viewed", "2026-01-01"),
        ("B", "Order Completed", "2026-01-03"),
    )
    answer = by_hand(
        events, {**PRESETS["b2c"], "referral": None}, columns={"p_order_id": [None, None, *"12", None, "3"]}
    )
    assert counts(answer) == {
        "exposure": 2, "lead": 1, "opportunity": 0, "deal": 2, "delivery": 0, "repurchase": 1,
    }  # fmt: skip
    assert [count.from_previous for count in answer.stages] == [None, 0.5, 0.0, None, 0.0, None]
    assert answer.customers("repurchase") == ["c0"]
    assert answer.customers("expansion") == []
    assert answer.table.column("rule").to_pylist()[-1] == "the 2nd order or later"


def test_an_order_given_back_is_no_deal_and_the_next_is_the_first() -> None:
    events = log(
        ("A", "Order Completed", "2026-01-01"),
        ("A", "Order Cancelled", "2026-01-02"),
        ("A", "Order Completed", "2026-01-03"),
        ("B", "Order Completed", "2026-01-01"),
        ("B", "Order Cancelled", "2026-01-02"),
        ("C", "Order Completed", "2026-01-01"),
        ("C", "Order Completed", "2026-01-02"),
    )
    ids = ["1", "1", "2", "3", "3", "4", "5"]
    amounts = [10_000 if event[1] == "Order Completed" else None for event in events]
    columns = {"p_order_id": ids, "p_revenue": amounts}
    answer = by_hand(events, {"deal": {"order": 1}, "repurchase": {"order": 2}}, columns=columns)
    assert (answer.customers("deal"), answer.customers("repurchase")) == (["c0", "c2"], ["c2"])


def test_the_range_chooses_what_is_counted_never_what_is_known() -> None:
    events = log(("A", "Order Completed", "2026-01-01"), ("A", "Order Completed", "2026-01-20"))
    rules = {"deal": {"order": 1}, "repurchase": {"order": 2}}
    late = by_hand(events, rules, columns={"p_order_id": ["1", "2"]}, since="2026-01-10")
    assert counts(late) == {"deal": 1, "repurchase": 1}
    early = by_hand(events, rules, columns={"p_order_id": ["1", "2"]}, until="2026-01-10")
    assert counts(early) == {"deal": 1, "repurchase": 0}


def test_a_trait_rule_looks_at_customers_as_they_are_whatever_the_range() -> None:
    events = log(("A", "Exposed", "2026-01-01"), ("B", "Exposed", "2026-01-01"))
    traits = {"A": {"grade": "lead", "city": "上海"}, "B": {"grade": "lead", "city": "杭州"}}
    rules = {"lead": {"trait": 'trait.grade == "lead"'}}
    assert counts(by_hand(events, rules, traits=traits, since=date(2026, 1, 20))) == {"lead": 2}
    in_city = by_hand(events, rules, traits=traits, since=date(2026, 1, 20), where='trait.city == "上海"')
    assert in_city.customers("lead") == ["c0"]


@pytest.mark.parametrize(
    ("rules", "code", "field"),
    [
        ({"led": "Exposed"}, ErrorCode.INVALID_ARGUMENT, "rules"),
        ({"lead": "Led Created"}, ErrorCode.UNKNOWN_EVENT, "rules.lead"),
        ({"lead": ["Exposed", "Led Created"]}, ErrorCode.UNKNOWN_EVENT, "rules.lead[1]"),
        ({"lead": 3}, ErrorCode.INVALID_ARGUMENT, "rules.lead"),
        ({"lead": []}, ErrorCode.INVALID_ARGUMENT, "rules.lead"),
        ({"lead": ["Exposed", 3]}, ErrorCode.INVALID_ARGUMENT, "rules.lead[1]"),
        ({"lead": {"event": "Exposed", "nth": 0}}, ErrorCode.INVALID_ARGUMENT, "rules.lead.nth"),
        ({"lead": {"event": "Exposed", "colour": 1}}, ErrorCode.INVALID_ARGUMENT, "rules.lead.colour"),
        ({"lead": {"event": "Exposed", "where": "x =="}}, ErrorCode.INVALID_EXPRESSION, "rules.lead.where"),
        ({"lead": {"order": True}}, ErrorCode.INVALID_ARGUMENT, "rules.lead.order"),
        ({"lead": {"order": 1, "nth": 2}}, ErrorCode.INVALID_ARGUMENT, "rules.lead.nth"),
        ({"lead": {"trait": ""}}, ErrorCode.INVALID_ARGUMENT, "rules.lead.trait"),
        ({"lead": {"trait": "colour == 1"}}, ErrorCode.UNKNOWN_PROPERTY, "rules.lead.trait"),
        ({"lead": {"trait": "order_id == 1"}}, ErrorCode.INVALID_EXPRESSION, "rules.lead.trait"),
    ],
)
def test_a_wrong_rule_names_its_place(rules: dict[str, Any], code: ErrorCode, field: str) -> None:
    with pytest.raises(WotuError) as caught:
        by_hand(log(("A", "Order Completed", "2026-01-01")), rules, columns={"p_order_id": ["1"]})
    assert (caught.value.code, caught.value.field) == (code, field)
