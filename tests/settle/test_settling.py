"""What was accepted counts once, whatever was sent, deleted or typed differently."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from tests import forked

from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Quarantine
from wotu.collect.tables import messages_from_table
from wotu.lake.messages import Lake
from wotu.workspace import Workspace

from .messages import collect, track

Make = Callable[..., Workspace]
RANGE = {"since": "2026-01-01", "until": "2026-02-01"}
NOTHING = {"accepted": 0, "duplicates": 0, "quarantined": 0}


def count(workspace: Workspace, event: str = "E", **asked: Any) -> Any:
    """How often ``event`` happened in January 2026."""
    (series,) = workspace.events(event, measure="count", unit="month", **(RANGE | asked)).series
    return series.points[0][1]


def answers(workspace: Workspace) -> dict[str, Any]:
    """Everything that can be asked so far."""
    return {
        "events": workspace.events(["E", "Order Completed"], measure="count", by="channel", **RANGE).to_dict(),
        "growth": workspace.growth_accounting(unit="week", **RANGE).to_dict(),
        "rfm": workspace.rfm("2026-02-01").to_dict(),
        "table": workspace.rfm("2026-02-01").table.to_pylist(),
        "customers": [(row.customer_id, row.identifier, row.revenue) for row in workspace.customers().rows],
    }


def some_messages() -> list[dict[str, Any]]:
    messages = [
        track("E", f"u{i % 3}", time=f"2026-01-{1 + i:02}T08:00:00Z", message=f"e{i}", channel="微信") for i in range(9)
    ]
    messages += [
        track("Order Completed", f"u{i % 4}", time=f"2026-01-{2 + i:02}T09:00:00Z", message=f"o{i}",
              order_id=f"O{i}", revenue=f"{10 * i}.10")
        for i in range(6)
    ]  # fmt: skip
    messages.append(
        track("Order Refunded", "u2", time="2026-01-20T09:00:00Z", message="r", order_id="O2", revenue="5.00")
    )
    messages.append(
        {"type": "track", "event": "E", "anonymousId": "a", "timestamp": "2026-01-03T00:00:00Z", "messageId": "a1"}
    )
    messages.append(
        {
            "type": "identify",
            "userId": "u1",
            "anonymousId": "a",
            "traits": {"phone": "138 0000 0001"},
            "messageId": "i1",
        }
    )
    return messages


@pytest.mark.parametrize("_time", range(8))
def test_every_small_workspace_can_be_read_after_its_first_message(make_workspace: Make, _time: int) -> None:
    """Messages and identity decisions are one commit, in order of seq."""
    workspace = make_workspace()
    assert workspace.collect([track("E")])["accepted"] == 1
    assert Lake(workspace.layout.lake).read(["seq", "type"]).to_pydict() == {
        "seq": [1, 2],
        "type": ["track", "identity"],
    }


def test_duplicates_in_a_batch_over_batches_and_sources(make_workspace: Make) -> None:
    workspace = make_workspace()
    twice = [track("E", message="m1"), track("E", message="m1"), track("E", message="m2")]
    assert workspace.collect(twice) == {"accepted": 2, "duplicates": 1, "quarantined": 0}
    assert workspace.collect(twice) == {"accepted": 0, "duplicates": 3, "quarantined": 0}
    assert workspace.collect([track("E", message="m1"), track("E", message="m3")])["accepted"] == 1
    assert workspace.collect([track("E", message="m1")], source="other")["accepted"] == 1
    assert workspace.collect([]) == NOTHING
    assert count(workspace) == 4


def test_duplicates_from_another_process(make_workspace: Make) -> None:
    workspace = make_workspace()
    messages = [track("E", message=f"m{i}") for i in range(3)]
    assert msgspec.json.decode(forked.told(collect, workspace.path, messages))["accepted"] == 3
    assert workspace.collect(messages)["duplicates"] == 3
    assert count(workspace) == 3


@pytest.mark.parametrize("derived", [("settled",), ("identity",), ("timelines",), ("identity", "timelines", "settled")])
@pytest.mark.parametrize("reopened", [True, False])
def test_derived_folders_come_back_with_the_same_answers(
    make_workspace: Make, derived: tuple[str, ...], reopened: bool
) -> None:
    workspace = make_workspace()
    messages = some_messages()
    for start_at in range(0, len(messages), 6):
        workspace.collect(messages[start_at : start_at + 6])
    before = answers(workspace)
    for name in derived:
        shutil.rmtree(workspace.path / name)
    again = Workspace.open(workspace.path) if reopened else workspace
    assert again.collect(messages) == {"accepted": 0, "duplicates": len(messages), "quarantined": 0}
    assert answers(again) == before
    assert answers(Workspace.open(workspace.path)) == before


def test_an_open_workspace_notices_timelines_that_were_made_again(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("E")])
    assert count(workspace) == 1
    shutil.rmtree(workspace.layout.timelines)
    Workspace.open(workspace.path).collect([track("E")])
    assert count(workspace) == 2


def test_ties_in_time_stand_in_order_of_arrival(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("E", step=1), track("E", step=2)])
    workspace.collect([track("E", step=3), track("E", step=0, time="2026-01-04T00:00:00Z"), track("E", step=4)])
    rows = workspace.timeline_of("u").rows
    assert [row.properties["step"] for row in rows] == [4, 3, 2, 1, 0]


def lake_rows(workspace: Workspace, *columns: str) -> list[dict[str, Any]]:
    rows = Lake(workspace.layout.lake).read(["type", "rest", *columns]).to_pylist()
    chosen = [row for row in rows if row["type"] != "identity"]
    return [
        {"rest": row["rest"] and msgspec.json.decode(row["rest"])} | {name: row[name] for name in columns}
        for row in chosen
    ]


def test_a_value_of_another_type_is_null_in_its_column_and_kept_as_it_is(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("E", x=x) for x in ("a", "b", "b", 7, 1.5, True)])
    workspace.collect([track("E", x=8), track("E", x="c"), track("E", x=None), track("E", x=[1, "二"])])
    assert lake_rows(workspace, "p_x") == [
        {"rest": None, "p_x": "a"}, {"rest": None, "p_x": "b"}, {"rest": None, "p_x": "b"},
        {"rest": {"x": 7}, "p_x": None}, {"rest": {"x": 1.5}, "p_x": None}, {"rest": {"x": True}, "p_x": None},
        {"rest": {"x": 8}, "p_x": None},
        {"rest": None, "p_x": "c"}, {"rest": {"x": None}, "p_x": None}, {"rest": {"x": [1, "二"]}, "p_x": None},
    ]  # fmt: skip
    assert count(workspace, where="x is null") == 6
    assert count(workspace, where='x == "a"') == 1


def test_a_nested_number_keeps_its_type(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("E", deep={"z": 1.25, "n": 3})])
    assert lake_rows(workspace) == [{"rest": {"deep": {"z": 1.25, "n": 3}}}]


def test_two_segments_of_one_settle_that_disagree_on_a_type(make_workspace: Make) -> None:
    workspace = make_workspace()
    numbers, texts = ({"event": ["E"], "user_id": ["u"], "timestamp": ["2026-01-05"], "x": [x]} for x in (1.5, "a"))
    inbox = Inbox(workspace.layout.inbox)
    for columns in (numbers, texts, numbers):
        batch = messages_from_table(
            pa.table(columns), source="python", namespace="default", currency="CNY", received=datetime.now(UTC)
        )
        inbox.append(batch.table)
    assert workspace.collect([track("E", x=2)])["accepted"] == 1
    assert lake_rows(workspace, "p_x") == [
        {"rest": None, "p_x": 1.5}, {"rest": {"x": "a"}, "p_x": None}, {"rest": None, "p_x": 1.5},
        {"rest": None, "p_x": 2.0},
    ]  # fmt: skip
    assert count(workspace) == 4


def test_the_301st_property_stays_in_rest_and_is_not_lost(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([track("E", **{f"x{i:03}": i for i in range(301)})])
    names = [name for name in Lake(workspace.layout.lake).schema().names if name.startswith("p_")]
    assert len(names) == 300
    assert lake_rows(workspace) == [{"rest": {"x300": 300}}]


def test_three_hundred_free_properties_leave_room_for_orders(make_workspace: Make) -> None:
    """Names of the vocabulary always have their column."""
    workspace = make_workspace()
    workspace.collect([track("E", **{f"x{i:03}": i for i in range(300)})])
    order = {"order_id": "O1", "revenue": "10.50"}
    workspace.collect([track("Order Completed", message="1", **order), track("Order Completed", message="2", **order)])
    (row,) = workspace.rfm("2026-02-01").table.to_pylist()
    assert (row["frequency"], row["monetary"]) == (1, "10.50")


@pytest.mark.parametrize(
    "name", ["a/b", "..", "x" * 300, "爱" * 100, "", "a.b", "CON", "空 格", "%2f", "é" * 90], ids=lambda name: name[:3]
)
@pytest.mark.parametrize("where", ["property", "trait"])
def test_any_name_may_be_used(make_workspace: Make, name: str, where: str) -> None:
    """One odd name must not stop a workspace from ever settling again."""
    workspace = make_workspace()
    if where == "property":
        workspace.collect([track("E", **{name: "v"})])
    else:
        workspace.collect([track("E"), {"type": "identify", "userId": "u", "traits": {name: "v"}}])
        assert workspace.customer("user_id:u").traits == {name: "v"}
    assert count(workspace) == 1


def test_an_identifier_that_cannot_be_used_is_kept_with_its_reason(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([{"type": "identify", "userId": "u", "traits": {"phone": "无", "name": "王芳"}}])
    (row,) = Quarantine(workspace.layout.quarantine).read().to_pylist()
    assert (row["field"], row["content"], row["source"]) == ("phone", "无", "python")
    assert workspace.customer("u").name == "王芳"


def test_traits_keep_their_numbers(make_workspace: Make) -> None:
    workspace = make_workspace()
    traits = {"height": 1.75, "age": 30, "vip": True, "name": "王芳", "tags": ["a", 1.5]}
    workspace.collect([{"type": "identify", "userId": "u", "traits": traits}])
    assert workspace.customer("u").traits == traits


def test_after_a_failed_commit_messages_are_waiting_and_seen_once(
    make_workspace: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace()
    workspace.collect([track("E")])
    with monkeypatch.context() as patch:

        def fail(*_: object, **__: object) -> None:
            raise OSError("disk full")

        patch.setattr(Lake, "append", fail)
        with pytest.raises(OSError, match="disk full"):
            workspace.collect([track("E", message="late")])
    assert Lake(workspace.layout.lake).last_seq() == 2
    assert count(workspace) == 2
    assert workspace.collect([track("E", message="late")]) == {"accepted": 0, "duplicates": 1, "quarantined": 0}
    assert count(workspace) == 2
