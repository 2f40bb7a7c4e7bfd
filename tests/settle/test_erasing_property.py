"""Whatever the log: who was erased might never have been, for everybody else."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.settle.remains import remains

from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.workspace import Workspace

pytestmark = pytest.mark.slow
START = datetime(2026, 1, 1, tzinfo=UTC)
# Nobody shares an identifier, so that a person's messages are those that name one of their three.
PEOPLE = ("ann", "ben", "cyd")
_STEPS = st.tuples(
    st.sampled_from(PEOPLE), st.sampled_from(("visit", "order", "refund", "claim", "erase")),
    st.integers(0, 40), st.booleans(),
)  # fmt: skip


def message(number: int, person: str, what: str, hours: int) -> dict[str, Any]:
    """The message of one step; its texts are found nowhere else."""
    plain: dict[str, Any] = {
        "messageId": f"m{number}", "timestamp": (START + timedelta(hours=hours)).isoformat(),
    }  # fmt: skip
    if what == "visit":
        return plain | {"type": "page", "name": "Home", "anonymousId": f"{person}-browser"}
    if what == "claim":
        traits = {"email": f"{person}@example.com", "nick": f"nick-of-{person}"}
        return plain | {
            "type": "identify",
            "userId": f"{person}-id",
            "anonymousId": f"{person}-browser",
            "traits": traits,
        }
    event = "Order Completed" if what == "order" else "Order Refunded"
    held = {"order_id": f"{person}-{hours % 5}", "revenue": "7.00", "remark": f"remark-of-{person}"}
    return plain | {"type": "track", "event": event, "userId": f"{person}-id", "properties": held}


def told(workspace: Workspace) -> dict[str, Any]:
    """Every answer, with customers by their oldest identifier in place of their numbers."""
    names = {row.customer_id: row.identifier for row in workspace.customers(limit=99).rows}
    rfm = workspace.rfm("2026-03-01").table.to_pylist()
    people = {}
    for customer, name in names.items():
        events = [(row.time, row.event, row.properties) for row in workspace.timeline_of(customer, limit=99).rows]
        orders = [(o.order_id, o.time, o.revenue, o.refunded) for o in workspace.orders_of(customer, limit=99).rows]
        profile = workspace.customer(customer)
        people[name] = (sorted(events, key=str), sorted(orders), profile.traits, set(profile.identifiers))
    return {
        "people": people, "totals": workspace.generation().manifest.totals,
        "rfm": sorted(str({**row, "customer_id": names[row["customer_id"]]}) for row in rfm),
    }  # fmt: skip


def opened(folder: str, name: str) -> Workspace:
    layout = Layout(Path(folder) / name)
    layout.prepare(Settings(reserve_mb=0))
    return Workspace.open(layout.root)


# An example takes a second: making a failing one smaller would take minutes.
@settings(
    max_examples=10, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.reuse, Phase.generate)
)  # fmt: skip
@given(st.lists(_STEPS, min_size=3, max_size=12))
@example([("ann", "order", 1, True), ("ben", "order", 1, True), ("ann", "erase", 0, True), ("ann", "order", 2, False)])
def test_others_never_notice(steps: list[tuple[str, str, int, bool]]) -> None:
    """A step that settles at once ends a batch; messages of before an erasure come to nothing after it."""
    with tempfile.TemporaryDirectory() as folder:
        erased, plain = opened(folder, "erased"), opened(folder, "plain")
        gone: set[str] = set()
        waiting: list[dict[str, Any]] = []
        sent: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for number, (person, what, hours, at_once) in enumerate(steps):
            if what == "erase" and person in gone:
                continue
            if what == "erase":
                # Only what is known to be theirs can be erased: the claim ties all three identifiers.
                erased.collect([*waiting, message(number, person, "claim", hours)])
                waiting = []
                erased.erase(f"email:{person}@example.com")
                gone.add(person)
            else:
                waiting.append(message(number, person, what, hours))
                sent[person].append(waiting[-1])
            if at_once:
                erased.collect(waiting)
                waiting = []
        erased.collect(waiting)
        for person in PEOPLE:
            if person not in gone:
                plain.collect(sent[person])
        assert told(erased)["people"].keys() == told(plain)["people"].keys()
        assert told(erased) == told(plain)
        for person in gone:
            texts = [f"{person}-id", f"{person}-browser", f"{person}@example.com", f"remark-of-{person}"]
            assert remains(erased.path, texts) == []
