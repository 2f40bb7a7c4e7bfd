"""Whatever came in whatever pieces: every question answers the same when timelines are built again at once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from wotu.core.errors import WotuError
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.timeline.manifest import read_manifest
from wotu.workspace import Workspace

PEOPLE = tuple("abcdef")
RANGE = {"since": "2026-01-01", "until": "2026-03-01"}

times = st.builds("2026-{:02}-{:02}T{:02}:00:00Z".format, st.integers(1, 2), st.integers(1, 28), st.integers(0, 23))
people = st.sampled_from(PEOPLE)
tracks = st.fixed_dictionaries(
    {"type": st.just("track"), "event": st.sampled_from(["Product Viewed", "签到", "Checkout Started"])},
    optional={"properties": st.fixed_dictionaries({}, optional={
        "channel": st.sampled_from(["微信", "app"]), "size": st.sampled_from([1, 2.5, "L"]), "vip": st.booleans(),
        "tags": st.sampled_from([["茶"], ["茶具", "茶"], [], "茶"]),
    })},
)  # fmt: skip
orders = st.builds(
    lambda event, order, revenue: {"type": "track", "event": event, "properties": {"order_id": order} | revenue},
    st.sampled_from(["Order Completed", "Order Completed", "Order Refunded", "Order Cancelled"]),
    st.sampled_from(["O1", "O2", "O3", "O4"]),
    st.sampled_from([{}, {"revenue": 10}, {"revenue": "25.50", "channel": "app"}, {"revenue": 5, "currency": "USD"}]),
)
identifies = st.builds(
    lambda traits: {"type": "identify", "traits": traits},
    st.fixed_dictionaries({}, optional={
        "name": st.sampled_from(["王芳", "李雷"]), "city": st.sampled_from(["西安", None]), "age": st.integers(1, 3),
        "phone": st.sampled_from(["13800000001", "13800000002"]),
    }),
)  # fmt: skip
who = st.one_of(
    st.builds(lambda user: {"userId": user}, people),
    st.builds(lambda user, device: {"userId": user, "anonymousId": device}, people, st.sampled_from(["x", "y"])),
    st.builds(lambda device: {"anonymousId": device}, st.sampled_from(["x", "y", "z"])),
)
messages = st.builds(
    lambda message, whose, time: message | whose | {"timestamp": time}, tracks | orders | identifies, who, times
)
merges = st.tuples(st.just("merge"), people, people)
splits = st.tuples(st.just("split"), st.sampled_from([f"user_id:{name}" for name in PEOPLE] + ["phone:13800000001"]))
steps = st.lists(st.lists(messages, min_size=1, max_size=8) | merges | splits, min_size=2, max_size=7)


def answers(workspace: Workspace) -> dict[str, Any]:
    """What every question says, and every page of customers."""
    everybody = workspace.customers(limit=100)
    ids = sorted(row.customer_id for row in everybody.rows)
    traits = workspace.generation().manifest.traits
    by = [None, *(f"trait.{name}" for name in sorted(traits)), *(["channel"] if _has(workspace, "p_channel") else [])]
    return {
        "events": [weekly(workspace, name) for name in by],
        "count": workspace.events("Checkout Started", measure="count", unit="month", **RANGE).to_dict(),
        "growth": workspace.growth_accounting(unit="week", **RANGE).to_dict(),
        "aha": aha(workspace),
        "funnel": [funnel(workspace, order, name) for order in ("ordered", "any") for name in by],
        "growth_path": growth_path(workspace),
        "habit_loop": habit_loop(workspace),
        "step_doctor": step_doctor(workspace),
        "separation": separation(workspace),
        "lists": tagged(workspace) if _has(workspace, "p_tags") else None,
        "paths": [workspace.paths(**anchor, **RANGE).to_dict() for anchor in ({}, {"end": "Checkout Started"})],
        "retention": [retained(workspace, name).to_dict() for name in by],
        "retained": retained(workspace, None).customers(period=1),
        "routes": workspace.smart_path(goal="Checkout Started", across=True, **RANGE).to_dict(),
        "visits": [workspace.sessions(unit="month", by=name, **RANGE).to_dict() for name in [*by, "entry_event"]],
        "activity": [ask(**RANGE).to_dict() for ask in (workspace.activity, workspace.output, workspace.stickiness)],
        "active": workspace.active_customers(unit="week", churned_after=2, **RANGE).to_dict(),
        "overview": workspace.overview(days=28),
        "states": {state: sorted(workspace.ordering_customers(state)) for state in ("active", "new", "dormant")},
        "rfm": (workspace.rfm("2026-02-20").to_dict(), _rows(workspace.rfm("2026-02-20"))),
        "stages": workspace.stages(**RANGE).to_dict()["stages"],
        "customers": (everybody.total, sorted(everybody.rows, key=lambda row: row.customer_id)),
        "sorted": [[row.customer_id for row in workspace.customers(sort=sort).rows] for sort in ("-revenue", "name")],
        "searched": [row.customer_id for row in workspace.customers("a").rows],
        "traits": workspace.traits(),
        "profiles": [workspace.customer(customer) for customer in ids],
        "orders": [workspace.orders_of(customer, limit=50).rows for customer in ids],
        "timelines": [workspace.timeline_of(customer, limit=50).rows for customer in ids],
        "totals": workspace.generation().manifest.totals,
    }  # fmt: skip


def growth_path(workspace: Workspace) -> Any:
    answer = workspace.growth_path(unit="week", stuck_after="10d", **RANGE)
    stuck = [answer.customers(stuck=stage.stage) for stage in answer.stages]
    return answer.to_dict(), answer.customers("new", "new"), stuck


def habit_loop(workspace: Workspace) -> Any:
    answer = workspace.habit_loop(
        trigger="Product Viewed", action="Checkout Started", reward="Order Completed", investment="Product Viewed",
        within="4w", **RANGE,
    )  # fmt: skip
    return answer.to_dict(), answer.customers("action"), answer.customers(loops=1)


def aha(workspace: Workspace) -> Any:
    answer = workspace.aha(within="3d", period=1, min_customers=1, **RANGE)
    who = [answer.customers(rank, everybody=True) for rank in range(1, len(answer.candidates) + 1)]
    return answer.to_dict(), who


def funnel(workspace: Workspace, order: Any, by: str | None) -> Any:
    asked = workspace.funnel(["Product Viewed", "Order Completed"], within="14d", order=order, by=by, **RANGE)
    return asked.to_dict()["steps"], asked.to_dict()["groups"], asked.customers(), asked.customers(1, dropped=True)


def step_doctor(workspace: Workspace) -> Any:
    answer = workspace.step_doctor(["Product Viewed", "Order Completed"], min_customers=2, **RANGE)
    return answer.to_dict(), answer.customers(), answer.customers(went_on=True, signal="visits")


def separation(workspace: Workspace) -> Any:
    answer = workspace.separation(["Product Viewed", "Order Completed"], within="14d", least=1, **RANGE)
    return answer.to_dict(), answer.customers(), answer.customers(converted=False)


def tagged(workspace: Workspace) -> Any:
    wheres = ('tags contains "茶"', 'not tags contains "茶"', "tags is null")
    return [workspace.events("Product Viewed", measure="count", where=where, **RANGE).to_dict() for where in wheres]


def weekly(workspace: Workspace, by: str | None) -> Any:
    asked = ["Product Viewed", "Order Completed"]
    return workspace.events(asked, by=by, unit="week", **RANGE).to_dict()["series"]


def retained(workspace: Workspace, by: str | None) -> Any:
    return workspace.retention(unit="week", cohort="every", by=by, measure="revenue", **RANGE)


def _has(workspace: Workspace, column: str) -> bool:
    return column in workspace.generation().manifest.properties


def _rows(answer: Any) -> list[Any]:
    return sorted(answer.table.to_pylist(), key=lambda row: row["customer_id"])


@settings(max_examples=12)
@given(steps)
def test_layers_and_one_build_answer_alike(given_steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, mock.patch("os.fsync"):
        layout = Layout(Path(folder))
        layout.prepare(Settings(questions_until="data"))
        workspace = Workspace.open(layout.root)
        for number, step in enumerate(given_steps):
            take(workspace, number, step)
        manifest = read_manifest(layout.timelines)
        assert manifest is not None
        in_layers = answers(workspace)
        shutil.rmtree(layout.timelines)
        built = answers(Workspace.open(layout.root))
        assert {name: built[name] for name in built} == in_layers


def take(workspace: Workspace, number: int, step: Any) -> None:
    """Collect some messages, or decide about people; what cannot be decided is refused."""
    if isinstance(step, list):
        workspace.collect([message | {"messageId": f"{number}-{i}"} for i, message in enumerate(step)])
        return
    try:
        workspace.merge(*step[1:]) if step[0] == "merge" else workspace.split(step[1])
    except WotuError:
        return
