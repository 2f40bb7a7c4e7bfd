"""Consent: the latest word on a channel and purpose holds, and silence is no consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import consent as referee

from wotu.core.errors import WotuError
from wotu.workspace import Workspace
from wotu.workspace.consent import Consent, consents
from wotu.workspace.profiles import TimelineEvent

Make = Callable[..., Workspace]
_START = datetime(2026, 1, 1, tzinfo=UTC)


def _event(hour: int, event: str, seq: int = 0, **properties: Any) -> TimelineEvent:
    return TimelineEvent(_START + timedelta(hours=hour), event, properties, seq)


def _said(found: tuple[Consent, ...]) -> dict[tuple[str, str], bool]:
    return {(each.channel, each.purpose): each.given for each in found}


def test_the_latest_word_holds_with_where_and_by_whom() -> None:
    (held,) = consents(
        [
            _event(2, "Consent Withdrawn", channel="sms", purpose="marketing", source="hotline", by="bo"),
            _event(1, "Consent Given", channel="sms", purpose="marketing", source="till", by="ann"),
        ]
    )
    assert held == Consent("sms", "marketing", False, _START + timedelta(hours=2), "Consent Withdrawn", "hotline", "bo")


def test_at_one_time_the_later_arrival_holds() -> None:
    events = [
        _event(1, "Consent Given", 8, channel="sms", purpose="marketing"),
        _event(1, "Consent Withdrawn", 7, channel="sms", purpose="marketing"),
    ]
    assert _said(consents(events)) == {("sms", "marketing"): True}


def test_unsubscribing_withdraws_marketing_of_its_channel_alone() -> None:
    events = [
        _event(1, "Consent Given", channel="email", purpose="marketing"),
        _event(1, "Consent Given", channel="email", purpose="service"),
        _event(1, "Consent Given", channel="sms", purpose="marketing"),
        _event(2, "Message Unsubscribed", channel="Email "),
        _event(3, "Message Bounced", channel="sms"),
    ]
    assert _said(consents(events)) == {
        ("email", "marketing"): False, ("email", "service"): True, ("sms", "marketing"): True,
    }  # fmt: skip


def test_unsubscribing_counts_where_nothing_was_given() -> None:
    assert _said(consents([_event(1, "Message Unsubscribed", channel="push")])) == {("push", "marketing"): False}


def test_a_vague_word_gives_nothing_and_withdraws_everything() -> None:
    events = [
        _event(1, "Consent Given", channel="sms", purpose="marketing"),
        _event(1, "Consent Given", channel="sms", purpose="profiling"),
        _event(1, "Consent Given", channel="email"),
        _event(1, "Consent Given", purpose="marketing"),
        _event(2, "Consent Withdrawn", channel="sms"),
    ]
    assert _said(consents(events)) == {("sms", "marketing"): False, ("sms", "profiling"): False}


_NAMES = st.sampled_from(
    ["Consent Given", "Consent Given", "Consent Withdrawn", "Message Unsubscribed", "Order Completed"]
)
_PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.sampled_from(["sms", "email", " SMS ", "", 5]),
        "purpose": st.sampled_from(["marketing", "service", "Marketing"]),
    },
)
_EVENTS = st.lists(st.tuples(st.integers(0, 4), _NAMES, _PROPERTIES), max_size=14)


@given(_EVENTS, st.randoms())
def test_it_agrees_with_the_referee_in_any_order(rows: list[Any], random: Any) -> None:
    events = [_event(hour, name, seq, **properties) for seq, (hour, name, properties) in enumerate(rows)]
    wanted = referee.allowed(events)
    random.shuffle(events)
    assert _said(consents(events)) == wanted


def test_consent_comes_with_ordinary_events_of_any_client(make_workspace: Make) -> None:
    workspace = make_workspace()
    given_there = {"channel": "wechat", "purpose": "marketing", "source": "mini program"}
    workspace.collect(
        [
            {"event": "Consent Given", "anonymousId": "d1", "timestamp": "2026-01-02", "properties": given_there},
            {"type": "identify", "anonymousId": "d1", "userId": "u1", "timestamp": "2026-01-03"},
            {"event": "Message Unsubscribed", "userId": "u1", "timestamp": "2026-01-04",
             "properties": {"channel": "email"}},
        ]
    )  # fmt: skip
    assert _said(workspace.consent("u1")) == {("wechat", "marketing"): True, ("email", "marketing"): False}
    assert workspace.consent("u1")[1].source == "mini program"


@pytest.mark.parametrize("known_by", [{"userId": "u1"}, {"traits": {"phone": "13812345678"}}, {"anonymousId": "d1"}])
def test_a_recorded_consent_reaches_the_customer_whatever_they_are_known_by(
    make_workspace: Make, known_by: dict[str, Any]
) -> None:
    workspace = make_workspace()
    identify = {"type": "identify", "timestamp": "2026-01-01", **known_by}
    workspace.collect([identify, {"event": "E", "userId": "other", "timestamp": "2026-01-01"}], namespace="shop")
    (row,) = [row for row in workspace.customers().rows if row.identifier != "user_id:other"]

    workspace.set_consent(row.customer_id, "sms", "marketing", True, "ann", source="till")
    after = workspace.set_consent(row.customer_id, "sms", "marketing", False, "bo")

    assert _said(after) == {("sms", "marketing"): False}
    assert (after[0].by, after[0].source) == ("bo", None)
    assert workspace.customers().total == 2
    assert [event.event for event in workspace.timeline_of(row.customer_id).rows][:2] == [
        "Consent Withdrawn",
        "Consent Given",
    ]


def test_recording_does_not_move_a_clock_that_ends_with_the_data(make_workspace: Make) -> None:
    workspace = make_workspace(questions_until="data")
    workspace.collect({"event": "E", "userId": "u1", "timestamp": "2026-01-05T12:00:00+08:00"})
    before = workspace.now()
    workspace.set_consent("u1", "sms", "marketing", True, "ann")
    assert _said(workspace.set_consent("u1", "sms", "marketing", False, "ann")) == {("sms", "marketing"): False}
    assert workspace.now() == before


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("u1", "SMS", "marketing", True, "ann"), "channel"),
        (("u1", "", "marketing", True, "ann"), "channel"),
        (("u1", "sms", "a b", True, "ann"), "purpose"),
        (("u1", "sms", "marketing", True, " "), "by"),
        (("u9", "sms", "marketing", True, "ann"), "identifier"),
    ],
)
def test_a_wrong_word_records_nothing(make_workspace: Make, arguments: Any, field: str) -> None:
    workspace = make_workspace()
    workspace.collect({"event": "E", "userId": "u1", "timestamp": "2026-01-05"})
    with pytest.raises(WotuError) as refused:
        workspace.set_consent(*arguments)
    assert refused.value.field == field
    assert workspace.timeline_of("u1").rows[0].event == "E"
    assert workspace.generation().manifest.event_count == 1


def test_a_search_by_name_alone_finds_no_identifier(make_workspace: Make) -> None:
    workspace = make_workspace()
    traits = {"phone": "13812345678", "name": "Ann 138"}
    people = [
        {"type": "identify", "userId": "u1", "timestamp": "2026-01-01", "traits": traits},
        {"type": "identify", "userId": "u138", "timestamp": "2026-01-01", "traits": {"name": "Bo"}},
    ]
    workspace.collect(people)
    assert workspace.customers("138").total == 2
    assert [row.name for row in workspace.customers("138", by_name=True).rows] == ["Ann 138"]
    assert workspace.customers("1381234", by_name=True).total == 0
