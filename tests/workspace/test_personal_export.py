"""What is held about a person leaves the workspace whole, and can be taken in again elsewhere."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.settle.alice import ALICE, fill
from tests.settle.messages import track
from tests.settle.remains import remains

from wotu.core.errors import ErrorCode, WotuError
from wotu.workspace import Workspace


@pytest.fixture
def workspace(copy_of: Callable[..., Workspace]) -> Workspace:
    return copy_of(fill)


def content(path: Path) -> dict[str, Any]:
    """The files of the zip, decoded."""
    found: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode()
            if name.endswith(".ndjson"):
                found[name] = [json.loads(line) for line in text.splitlines()]
            else:
                found[name] = json.loads(text) if name.endswith(".json") else text
    return found


def test_everything_about_the_person_and_nobody_else(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "alice.zip"
    entry = {"action": "export", "target": "c0"}
    value = {"balances": [{"unit": {"code": "points"}, "free": 70}]}
    assert workspace.export("phone:13800001234", target, audit=[entry], value=value) == "c0"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    found = content(target)
    assert sorted(found) == [
        "README.md", "audit.json", "columns.json", "consents.json", "facts.ndjson", "identifiers.json",
        "messages.ndjson", "orders.json", "profile.json", "quarantine.ndjson", "value.json",
    ]  # fmt: skip
    assert found["profile.json"]["name"] == "Alice Liddell"
    assert found["profile.json"]["revenue"] == "10.00"
    assert found["identifiers.json"]["identifiers"] == [
        {"type": "user_id", "namespace": "default", "value": "alice-77"},
        {"type": "phone", "namespace": "default", "value": "+8613800001234"},
        {"type": "email", "namespace": "default", "value": "alice@example.com"},
        {"type": "anonymous_id", "namespace": "default", "value": "anon-a7"},
    ]
    assert [event["what"] for event in found["identifiers.json"]["history"]] == ["link"] * 4 + ["join"] * 3
    assert [order["order_id"] for order in found["orders.json"]] == ["AO1"]
    assert [message["messageId"] for message in found["messages.ndjson"]] == ["ai1", "a1", "a2", "ai2"]
    assert [(row["table"], row["row"]["customer"]) for row in found["facts.ndjson"]] == [
        ("owners", "phone:13800001234"), ("contacts", "user_id:alice-77"),
    ]  # fmt: skip
    assert len(found["quarantine.ndjson"]) == 2
    assert found["audit.json"] == [entry]
    assert found["value.json"] == value
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(target).extractall(unpacked)
    assert {text for _, text in remains(unpacked, (*ALICE, "bob", "BO1"))} == set(ALICE)


def test_the_messages_make_the_same_person_elsewhere(
    workspace: Workspace, make_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    other = [
        {"type": "page", "name": "Home", "userId": "alice-77", "properties": {"seconds": 1.25, "deep": {"a": [1]}}},
        {"type": "group", "userId": "alice-77", "groupId": "g1", "traits": {"name": "Wonderland"}},
        {"type": "alias", "userId": "alice-77", "previousId": "anon-b8"},
        track("Order Refunded", "alice-77", order_id="AO1", revenue="2.50", currency="CNY"),
        track("Order Completed", "alice-77", order_id="AO2", revenue="1000", currency="JPY", discount=5),
        {**track("Seen", "alice-77"), "context": {"traits": {"member_no": "M1", "level": 3}}},
    ]
    workspace.collect(other)
    workspace.export("alice-77", tmp_path / "a.zip")
    zipfile.ZipFile(tmp_path / "a.zip").extractall(tmp_path)
    elsewhere = make_workspace()
    assert elsewhere.collect(tmp_path / "messages.ndjson") == {"accepted": 10, "duplicates": 0, "quarantined": 0}
    assert len(elsewhere.customers().rows) == 1

    def told(held: Workspace) -> tuple[Any, ...]:
        profile = held.customer("alice-77")
        timeline = [(row.time, row.event, row.properties) for row in held.timeline_of("alice-77", limit=99).rows]
        orders = [(o.order_id, o.revenue, o.refunded, o.lines) for o in held.orders_of("alice-77").rows]
        return set(profile.identifiers), profile.traits, profile.revenue, timeline, orders

    assert told(elsewhere) == told(workspace)
    elsewhere.export("alice-77", tmp_path / "b.zip")
    keys = ("receivedAt", "source")
    first, second = (
        [{key: value for key, value in row.items() if key not in keys} for row in content(path)["messages.ndjson"]]
        for path in (tmp_path / "a.zip", tmp_path / "b.zip")
    )
    assert first == second


def test_a_file_that_is_there_is_never_written_over(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "mine.zip"
    target.write_bytes(b"mine")
    with pytest.raises(WotuError) as error:
        workspace.export("alice-77", target)
    assert (error.value.field, target.read_bytes()) == ("file", b"mine")


def test_nobody_has_no_export(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(WotuError) as error:
        workspace.export("nobody", tmp_path / "n.zip")
    assert error.value.code is ErrorCode.UNKNOWN_CUSTOMER
    assert list(tmp_path.glob("*.zip")) == []
