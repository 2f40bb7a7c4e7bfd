"""People merge and split customers: what changes, what is refused, and what the history says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from wotu.cli.main import main
from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Quarantine
from wotu.core.errors import ErrorCode, WotuError
from wotu.lake.messages import Lake
from wotu.workspace import Workspace

Make = Callable[..., Workspace]
PHONE = "+8613800000001"


def identify(user: str, number: int, **traits: str) -> dict[str, Any]:
    return {
        "type": "identify", "userId": user, "traits": traits, "messageId": f"i{number}",
        "timestamp": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def order(user: str, number: int, revenue: str, day: str) -> dict[str, Any]:
    properties = {"order_id": f"O{number}", "revenue": revenue}
    return {
        "type": "track", "event": "Order Completed", "userId": user, "messageId": f"o{number}",
        "timestamp": f"{day}T10:00:00+08:00", "properties": properties,
    }  # fmt: skip


def shop(make: Make) -> Workspace:
    """Three accounts with orders in different weeks; u has a phone."""
    workspace = make(questions_until="data")
    workspace.collect(
        [
            identify("u", 1, phone=PHONE),
            order("u", 1, "100.00", "2026-01-05"),
            order("v", 2, "30.00", "2026-01-12"),
            order("w", 3, "500.00", "2026-01-12"),
            order("u", 4, "20.00", "2026-01-26"),
            order("v", 5, "40.00", "2026-01-26"),
        ]
    )
    return workspace


def answers(workspace: Workspace) -> dict[str, Any]:
    """Two questions, and who everybody is."""
    growth, rfm = workspace.growth_accounting("Order Completed").to_dict(), workspace.rfm()
    growth.pop("scope")
    return {
        "growth": growth,
        "rfm": rfm.table.to_pylist(),
        "customers": {
            row.customer_id: {(i.type, i.value) for i in workspace.customer(row.customer_id).identifiers}
            for row in workspace.customers().rows
        },
    }


def test_a_merge_makes_two_pasts_one_and_a_split_gives_the_answers_of_before_back(make_workspace: Make) -> None:
    workspace = shop(make_workspace)
    before = answers(workspace)
    assert workspace.merge("user_id:v", "user_id:u") == "c0"
    merged = workspace.customer("v")
    assert (merged.customer_id, merged.orders, str(merged.revenue)) == ("c0", 4, "190.00")
    weeks = {p["period"]: (p["new"], p["returning"]) for p in answers(workspace)["growth"]["periods"]}
    assert weeks["2026-01-05"] == (1, 0)
    assert weeks["2026-01-12"] == (1, 1)
    assert len(workspace.rfm()) == 2
    assert workspace.split("user_id:v") == "c2"
    assert answers(workspace) == before


def test_the_first_identifier_can_be_split_off(make_workspace: Make) -> None:
    workspace = shop(make_workspace)
    assert workspace.split("user_id:u") == "c0"
    assert {row.customer_id for row in workspace.customers().rows} == {"c0", "c1", "c2", "c3"}
    assert workspace.customer(f"phone:{PHONE}").customer_id == "c1"
    assert workspace.customer("user_id:u").orders == 2


def test_evidence_does_not_bring_back_what_was_split_off_but_a_merge_does(make_workspace: Make) -> None:
    workspace = shop(make_workspace)
    phone = workspace.split("138 0000 0001")
    workspace.collect([identify("u", 7, phone="138 0000 0001")])
    assert workspace.customer(f"phone:{PHONE}").customer_id == phone == "c1"
    kept = Quarantine(workspace.layout.quarantine).read().to_pylist()
    assert [(row["field"], row["reason"]) for row in kept] == [
        ("phone", "phone was split off this customer by hand; only a merge joins it again")
    ]
    assert workspace.merge("user_id:u", "phone:13800000001") == "c0"
    workspace.collect([identify("u", 8, phone="138 0000 0001")])
    assert len(Quarantine(workspace.layout.quarantine).read()) == 1


def test_an_anonymous_id_that_was_split_off_may_be_claimed_anew(make_workspace: Make) -> None:
    workspace = make_workspace()
    page = {"type": "page", "name": "Home", "anonymousId": "a"}
    workspace.collect([{"type": "page", "name": "Home", "anonymousId": "a"}, identify("u", 1) | {"anonymousId": "a"}])
    assert workspace.customer("u").events == 1
    workspace.split("anonymous_id:a")
    assert workspace.customer("u").events == 0
    workspace.collect([identify("v", 2) | {"anonymousId": "a"}, page])
    assert workspace.customer("v").events == 2
    assert workspace.customer("u").events == 0


def test_the_id_of_before_a_merge_still_finds_the_customer(make_workspace: Make) -> None:
    workspace = shop(make_workspace)
    old = workspace.customer("v").customer_id
    assert old == "c2"
    workspace.merge("u", "v")
    assert workspace.customer(old).customer_id == "c0"


def test_a_customer_has_no_more_identifiers_of_a_type_than_the_setting_allows(make_workspace: Make) -> None:
    workspace = make_workspace(most_identifiers=2)
    phones = [f"1380000000{number}" for number in range(4)]
    workspace.collect([identify("till", number, phone=phone) for number, phone in enumerate(phones)])
    assert [i.value for i in workspace.customer("till").identifiers] == ["till", "+8613800000000", "+8613800000001"]
    reasons = Quarantine(workspace.layout.quarantine).read()["reason"].to_pylist()
    assert reasons == ["phone would be one too many of its kind at one customer; it was not joined"] * 2


@pytest.mark.parametrize(
    ("act", "code", "field"),
    [
        (lambda w: w.merge("u", PHONE), ErrorCode.INVALID_ARGUMENT, "b"),
        (lambda w: w.merge("u", "nobody"), ErrorCode.UNKNOWN_CUSTOMER, "b"),
        (lambda w: w.merge("c99", "u"), ErrorCode.UNKNOWN_CUSTOMER, "a"),
        (lambda w: w.split("user_id:v"), ErrorCode.INVALID_ARGUMENT, "identifier"),
        (lambda w: w.split("c0"), ErrorCode.UNKNOWN_CUSTOMER, "identifier"),
        (lambda w: w.split("user_id:nobody"), ErrorCode.UNKNOWN_CUSTOMER, "identifier"),
        (lambda w: w.split("twice"), ErrorCode.AMBIGUOUS_IDENTIFIER, "identifier"),
        (lambda w: w.split("twice", namespace="elsewhere"), ErrorCode.UNKNOWN_CUSTOMER, "identifier"),
    ],
)
def test_a_refusal_changes_nothing(make_workspace: Make, act: Any, code: ErrorCode, field: str) -> None:
    workspace = shop(make_workspace)
    for number, namespace in enumerate(("default", "门店")):
        workspace.collect([identify("twice", 20 + number, email=f"{number}@x.cn")], namespace=namespace)
    before, last = answers(workspace), Lake(workspace.layout.lake).last_seq()
    with pytest.raises(WotuError) as refused:
        act(workspace)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert answers(workspace) == before
    assert Lake(workspace.layout.lake).last_seq() == last
    assert Inbox(workspace.layout.inbox).pending() == []


def test_a_namespace_chooses_among_user_ids(make_workspace: Make) -> None:
    workspace = make_workspace()
    for number, namespace in enumerate(("default", "门店")):
        workspace.collect([identify("7", number, phone=PHONE)], namespace=namespace)
    assert len(workspace.customer(PHONE).identifiers) == 3
    apart = workspace.split("user_id:7", namespace="门店")
    assert [(i.value, i.namespace) for i in workspace.customer(apart).identifiers] == [("7", "门店")]


def test_the_history_says_what_happened_from_which_message_and_by_whom(make_workspace: Make) -> None:
    workspace = shop(make_workspace)
    workspace.merge("u", "v", by="Li", reason="told us")
    workspace.split(f"phone:{PHONE}", by="Li")
    told = [
        (event.what, [one.value for one in event.identifiers], event.source, event.by, event.reason)
        for event in workspace.identity_history("v")
    ]
    assert told == [
        ("link", ["u"], "python", None, None),
        ("link", ["v"], "python", None, None),
        ("join", ["u", PHONE], "python", None, None),
        ("merge", ["u", "v"], "workspace", "Li", "told us"),
        ("split", [PHONE, "u"], "workspace", "Li", None),
    ]
    events = workspace.identity_history("u")
    assert [event.message_id for event in events][:3] == ["i1", "o2", "i1"]
    assert [event.seq for event in events] == sorted(event.seq for event in events)
    assert [event.what for event in workspace.identity_history(PHONE)] == ["link", "join", "split"]
    assert [event.what for event in workspace.identity_history("w")] == ["link"]


def test_an_identifier_stands_in_identity_rows_only(make_workspace: Make) -> None:
    """Erasing a person finds all of it there."""
    workspace = shop(make_workspace)
    workspace.split(f"phone:{PHONE}")
    lake = Lake(workspace.layout.lake)
    names = [name for name in lake.schema().names if name not in {"id_value", "products"}]
    rows = lake.read(names).to_pylist()
    assert not [row for row in rows if PHONE in str(row)]
    assert [row["subject"] for row in rows if row["type"] == "split"] == [None]


@pytest.mark.parametrize("kind", ["merge", "split"])
def test_messages_from_outside_cannot_merge_or_split(make_workspace: Make, kind: str) -> None:
    workspace = shop(make_workspace)
    before = answers(workspace)
    said = {"customers": ["c0", "c2"], "kind": "phone", "namespace": "default", "value": PHONE}
    outcome = workspace.collect([{"type": kind, "userId": "u", "properties": said}])
    assert outcome == {"accepted": 0, "duplicates": 0, "quarantined": 1}
    assert answers(workspace) == before


def test_deleted_files_of_identity_come_back_with_merges_and_splits(make_workspace: Make) -> None:
    workspace = shop(make_workspace)
    workspace.merge("u", "v")
    workspace.split("user_id:u")
    before = answers(workspace)
    for path in workspace.layout.identity.iterdir():
        path.unlink()
    workspace.collect([order("w", 9, "1.00", "2026-01-12")])
    again = answers(workspace)
    assert again["customers"] == before["customers"]
    assert workspace.customer("v").orders == 2


def test_the_verbs(make_workspace: Make, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = shop(make_workspace)
    at = ["--workspace", str(workspace.path), "--json"]

    def run(*words: str) -> Any:
        assert main([*words, *at]) == 0
        return json.loads(capsys.readouterr().out)

    assert run("merge", "u", "v", "--reason", "told us") == {"customer": "c0"}
    assert run("split", "user_id:v") == {"customer": "c2"}
    history = run("history", "v")
    assert history["customer"] == "c2"
    assert [(event["what"], event["by"], event["reason"]) for event in history["events"]] == [
        ("link", None, None), ("merge", "cli", "told us"), ("split", "cli", None),
    ]  # fmt: skip
    assert main(["split", "user_id:v", *at]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "identifier"
