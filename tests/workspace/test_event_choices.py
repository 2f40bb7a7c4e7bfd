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
    taken_back = workspace.events("下单", measure="count", unit="month", since="2026-01-01", until="2026-02-01")
    assert [(each.label, each.points[0][1]) for each in taken_back.series] == [("order_done", 1)]
    with pytest.raises(WotuError) as caught:
        count(workspace, "下 单")
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


SPAN = {"since": "2026-01-01", "until": "2026-02-01"}


@pytest.fixture
def shop(make_workspace: Callable[..., Workspace]) -> Workspace:
    """Two writings of looking at a product, then an order, in one session with 40 minutes of silence in it."""
    workspace = make_workspace(session_gap="1h")
    sent = [("view", "08:00"), ("View", "08:05"), ("buy", "08:45")]
    workspace.collect(
        [track(name, "u", message=name, time=f"2026-01-05T{time}:00+08:00") for name, time in sent]
        + [track("buy", "v", message="v", time="2026-01-05T08:00:00+08:00")]
    )
    return workspace


def customers(workspace: Workspace, where: str) -> int:
    return int(workspace.events("buy", where=where, unit="month", **SPAN).to_dict()["series"][0]["points"][0]["value"])


def test_paths_show_the_names_people_gave(shop: Workspace) -> None:
    shop.merge_events(["view", "View"], "浏览")
    answer = shop.paths(gap="1h", **SPAN)
    assert [node.id for node in answer.nodes if node.step == 0] == ["0:buy", "0:浏览"]
    assert [(link.source, link.target) for link in answer.links if "浏览" in link.source] == [("0:浏览", "1:buy")]
    assert len(answer.customers(node="0:浏览")) == 1
    started = shop.paths(start="浏览", gap="1h", top=1, **SPAN)
    assert [node.id for node in started.nodes if node.step == 0] == ["0:浏览"]
    (route,) = shop.smart_path(goal="buy", start="浏览", gap="1h", **SPAN).routes
    assert (route.events, route.sessions) == (("浏览", "buy"), 1)


def test_path_patterns_know_the_names_people_gave(shop: Workspace) -> None:
    shop.merge_events(["view", "View"], "浏览")
    assert customers(shop, 'path("浏览 浏览 buy")') == 1
    assert customers(shop, 'path("!浏览 buy") or path("浏览* buy", across)') == 2
    assert shop.customers(where='path("浏览 buy")').total == 1


def test_sessions_of_path_patterns_are_those_of_the_question(shop: Workspace) -> None:
    assert customers(shop, 'path("View buy")') == 1
    entered = {gap: shop.sessions(where='path("View buy")', gap=gap, **SPAN).reach.customers for gap in ("30m", "1h")}
    assert entered == {"30m": 0, "1h": 1}


def test_a_question_with_an_earlier_name_finds_its_events(shop: Workspace) -> None:
    shop.merge_events(["view", "View"], "浏览")
    shop.merge_events(["view", "View"], "看商品")
    answer = shop.events("浏览", measure="count", unit="month", **SPAN)
    assert (answer.series[0].label, answer.series[0].points[0][1]) == ("看商品", 2)
    assert customers(shop, 'path("浏览 浏览 buy")') == 1
    # What is called so now comes first.
    shop.rename_event("buy", "浏览")
    assert shop.events("浏览", measure="count", unit="month", **SPAN).series[0].points[0][1] == 2
    shutil.rmtree(shop.layout.timelines)
    again = Workspace.open(shop.path)
    assert count(again, "看商品", "浏览") == [2, 2]


def test_events_shown_as_one_are_one_everywhere(shop: Workspace) -> None:
    shop.merge_events(["view", "View"], "浏览")
    by = shop.sessions(by="entry_event", gap="1h", unit="month", **SPAN).to_dict()
    assert "浏览" in str(by)
    assert "View" not in str(by)
    separated = shop.separation(["浏览", "buy"], least=1, **SPAN).to_dict()
    assert "View" not in str(separated)
    shop.collect(track("View", "w", message="w", tint="red"))
    _question, found = shop.arrivals.values("tint", event="浏览")
    assert (found.of, found.present) == (3, 1)
