"""A workspace that knows Alice, who will be erased, and Bob, who stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.settle.messages import track

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.workspace import Workspace

ALICE = (
    "alice-77", "anon-a7", "13800001234", "alice@example.com", "Alice Liddell", "Looking-Glass House", "rabbit hole",
    "AO1", "tea-party", "爱丽丝", "too late to vote",
)  # fmt: skip


def everybody() -> list[dict[str, Any]]:
    """Alice, known by four identifiers, and Bob."""
    return [
        {
            "type": "identify", "userId": "alice-77", "anonymousId": "anon-a7", "messageId": "ai1",
            "timestamp": "2026-01-05T08:00:00Z",
            "traits": {
                "phone": "138 0000 1234", "email": "Alice@Example.com", "name": "Alice Liddell", "nick": "爱丽丝",
                "address": {"street": "Looking-Glass House"},
            },
        },
        track(
            "Order Completed", "alice-77", message="a1", order_id="AO1", revenue="10.00", remark="rabbit hole",
            products=[{"product_id": "p1", "name": "Tea", "category": "tea-party", "quantity": 1, "price": "10.00"}],
        ),
        {**track("Page Left", message="a2"), "userId": None, "anonymousId": "anon-a7"},
        track("Order Completed", "bob", message="b1", order_id="BO1", revenue="20.00", remark="builder"),
        track("Order Refunded", "bob", message="b2", order_id="BO1", revenue="5.00"),
    ]  # fmt: skip


def fill(folder: Path) -> None:
    """Alice and Bob in every store of a workspace."""
    layout = Layout(folder)
    layout.prepare(Settings(reserve_mb=0))
    workspace = Workspace.open(folder)
    workspace.collect(everybody())
    workspace.put_facts(
        "owners",
        [{"customer": "phone:13800001234", "staff_id": "s1"}, {"customer": "user_id:bob", "staff_id": "s1"}],
    )
    workspace.put_facts(
        "contacts", [{"company_id": "wonder", "customer": "user_id:alice-77", "title": "too late to vote"}]
    )
    # Neither can be read: one names Alice by her phone in another writing, one nobody.
    unreadable = [{"type": "track", "event": "", "context": {"traits": {"phone": "+86 138-0000-1234"}}}, {"type": "?"}]
    assert workspace.collect(unreadable)["quarantined"] == 2
    # Identity keeps what it could not use, by message.
    unusable = {"type": "identify", "userId": "alice-77", "messageId": "ai2", "traits": {"phone": "无 alice-77"}}
    workspace.collect({**unusable, "timestamp": "2026-01-06T08:00:00Z"})


def answers(workspace: Workspace) -> dict[str, Any]:
    """What questions say, without the numbers that tell generations apart."""
    table = workspace.rfm("2026-02-01").table.to_pydict()
    manifest = workspace.generation().manifest
    events = workspace.events(
        ["Order Completed", "Order Refunded"], measure="count", unit="month", since="2026-01-01", until="2026-02-01"
    ).to_dict()
    return {
        "rfm": table, "events": events["series"], "customers": [row.identifier for row in workspace.customers().rows],
        "totals": manifest.totals, "names": workspace.traits(), "owners": workspace.facts("owners").to_pylist(),
    }  # fmt: skip


def unknown(workspace: Workspace, identifier: str) -> bool:
    try:
        workspace.customer(identifier)
    except WotuError as error:
        return error.code is ErrorCode.UNKNOWN_CUSTOMER
    return False
