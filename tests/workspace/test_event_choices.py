"""Events renamed, shown as one and hidden: questions follow, and nothing that came in changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from tests.settle.messages import track

from wotu.core.errors import ErrorCode, WotuError
from wotu.workspace import Workspace


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """Three writings of one event, and another one."""
    workspace = make_workspace()
    names = ["order_done", "OrderDone", "Order Completed", "Page Left"]
    workspace.collect([track(name, f"u{i}", message=f"m{i}", order_id=f"O{i}") for i, name in enumerate(names)])
    return workspace


def count(workspace: Workspace, *names: str) -> list[int]:
    answer = workspace.events(list(names), measure="count", unit="month", since="2026-01-01", until="2026-02-01")
    assert [each.label for each in answer.series] == list(names)
    return [each.points[0][1] for each in answer.series]  # type: ignore[misc]


def test_a_new_name_is_known_beside_the_old_one(workspace: Workspace) -> None:
    names = workspace.rename_event("order_done", "下单")
    assert names.shown == {"order_done": "下单"}
    assert count(workspace, "下单", "order_done", "OrderDone") == [1, 1, 1]
    answer = workspace.events({"event": "下单", "where": 'order_id == "O0"'}, since="2026-01-01", until="2026-02-01")
    assert sum(value for _, value in answer.series[0].points) == 1  # type: ignore[misc]
    workspace.rename_event("order_done", "")
    with pytest.raises(WotuError) as caught:
        count(workspace, "下单")
    assert caught.value.code is ErrorCode.UNKNOWN_EVENT


def test_events_shown_as_one_are_counted_as_one(workspace: Workspace) -> None:
    workspace.merge_events(["order_done", "OrderDone"], "Order Completed")
    assert count(workspace, "Order Completed", "OrderDone") == [3, 1]
    funnel = workspace.funnel(["Order Completed", "Page Left"], since="2026-01-01", until="2026-02-01")
    assert funnel.steps[0].customers == 3
    assert workspace.growth_accounting("Order Completed", since="2026-01-01", until="2026-02-01").reach.customers == 3


def test_hidden_events_count_as_before(workspace: Workspace) -> None:
    assert workspace.hide_event("Page Left").hidden == ("Page Left",)
    assert count(workspace, "Page Left") == [1]
    assert workspace.growth_accounting(since="2026-01-01", until="2026-02-01").reach.customers == 4
    assert workspace.hide_event("Page Left", hidden=False).hidden == ()


def test_choices_keep_what_else_was_said_and_outlast_the_timelines(workspace: Workspace) -> None:
    workspace.put_facts("catalogue", [{"kind": "event", "name": "order_done", "description": "old app"}])
    workspace.rename_event("order_done", "下单")
    workspace.hide_event("order_done")
    (row,) = workspace.facts("catalogue").to_pylist()
    assert (row["description"], row["shown_as"], row["hidden"]) == ("old app", "下单", "yes")
    workspace.collect(track("order_done", "u9", message="m9"))
    assert count(workspace, "下单") == [2]
    shutil.rmtree(workspace.layout.timelines)
    again = Workspace.open(workspace.path)
    assert (count(again, "下单"), again.generation().manifest.names.hidden) == ([2], ("order_done",))


def test_wrong_choices_are_refused(workspace: Workspace) -> None:
    with pytest.raises(WotuError) as caught:
        workspace.rename_event("order done", "下单")
    assert (caught.value.code, caught.value.field) == (ErrorCode.UNKNOWN_EVENT, "event")
    for events, name, field in (
        ([], "x", "events"),
        (["order_done"], " ", "shown_as"),
        (["order_done"], "a\nb", "shown_as"),
    ):
        with pytest.raises(WotuError) as caught:
            workspace.merge_events(events, name)
        assert caught.value.field == field
    assert len(workspace.facts("catalogue")) == 0
