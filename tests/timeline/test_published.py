"""Columns of customers that others publish: read by name in every question, whoever the customers are now."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from tests.settle.messages import track
from tests.settle.remains import remains

from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.published import publish, read_published, unpublish
from wotu.workspace import Workspace

AS_OF = date(2026, 2, 1)
PEOPLE = ("ann", "bob", "cid", "dee")


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """Four customers with one order each; their numbers are those of ``PEOPLE``."""
    workspace = make_workspace()
    workspace.collect([track("Order Completed", name, order_id=f"O{name}", channel="app") for name in PEOPLE])
    return workspace


def ids(workspace: Workspace, *names: str) -> list[str]:
    return [workspace.customer(name).customer_id for name in names]


def counted(workspace: Workspace, **parameters: Any) -> int:
    answer = workspace.events("Order Completed", unit="month", since="2026-01-01", until="2026-02-01", **parameters)
    return answer.to_dict()["series"][0]["points"][0]["value"]  # type: ignore[no-any-return]


def found(workspace: Workspace, where: str) -> set[str]:
    return {row.identifier.removeprefix("user_id:") for row in workspace.customers(where=where).rows}


def test_every_kind_of_column_is_read_in_where(workspace: Workspace) -> None:
    publish(workspace.layout, "audience.高价值", ids(workspace, "ann", "cid"), None, AS_OF)
    publish(workspace.layout, "score.churn", ids(workspace, "ann", "bob", "cid"), [0.9, 0.2, math.nan], AS_OF)
    publish(workspace.layout, "stage", ids(workspace, "ann", "bob"), ["老客户", None], AS_OF)
    assert found(workspace, "audience.高价值") == found(workspace, "audience.高价值 == true") == {"ann", "cid"}
    assert found(workspace, "not audience.高价值") == {"bob", "dee"}
    assert found(workspace, "score.churn >= 0.2") == {"ann", "bob"}
    assert found(workspace, "score.churn is null") == {"cid", "dee"}
    assert found(workspace, 'stage == "老客户" or score.churn == 0.2') == {"ann", "bob"}
    assert found(workspace, "stage is null") == {"bob", "cid", "dee"}
    assert counted(workspace, where="audience.高价值 and score.churn > 0") == 1
    assert counted(workspace, where='(channel == "app" and audience.高价值) or stage is not null') == 2


def test_a_column_is_a_breakdown(workspace: Workspace) -> None:
    publish(workspace.layout, "stage", ids(workspace, "ann", "bob"), ["老", "新"], AS_OF)
    series = workspace.events("Order Completed", by="stage", unit="month", until="2026-02-01").series
    assert [(each.group, each.points[0][1]) for each in series] == [("新", 1), ("老", 1), ("(none)", 2)]
    publish(workspace.layout, "audience.vip", ids(workspace, "dee"), None, AS_OF)
    series = workspace.events("Order Completed", by="audience.vip", unit="month", until="2026-02-01").series
    assert [(each.group, each.points[0][1]) for each in series] == [("false", 3), ("true", 1)]


def test_a_list_narrows_every_question(workspace: Workspace) -> None:
    saved = workspace.save_list("vip", ids(workspace, "ann", "bob"), description="hand-picked")
    assert (saved.customers, saved.description) == (2, "hand-picked")
    assert counted(workspace) == 4
    assert counted(workspace, audience="vip") == 2
    assert counted(workspace, audience="vip", where='channel == "app" or channel is null') == 2
    assert workspace.growth_accounting(audience="vip", until="2026-02-01").reach.customers == 2
    assert workspace.stages(audience="vip", until="2026-02-01").reach.customers == 2
    assert [each.to_dict() for each in workspace.lists()] == [saved.to_dict()]
    workspace.save_list("vip", ids(workspace, "cid"))
    assert counted(workspace, audience="vip") == 1
    workspace.delete_list("vip")
    assert workspace.lists() == []


def test_who_was_merged_has_the_value_of_the_oldest_and_all_memberships(workspace: Workspace) -> None:
    publish(workspace.layout, "score.churn", ids(workspace, "ann", "bob"), [0.9, 0.2], AS_OF)
    workspace.save_list("vip", ids(workspace, "bob"))
    workspace.merge("ann", "bob")
    assert found(workspace, "score.churn == 0.9") == found(workspace, "audience.vip") == {"ann"}
    assert workspace.lists()[0].customers == 1
    workspace.save_list("all", ["c0", "c1", "c0"])
    assert workspace.lists()[0].customers == 1
    workspace.split("user_id:bob")
    assert found(workspace, "audience.vip") == {"bob"}


def test_other_processes_and_older_generations(workspace: Workspace) -> None:
    other = Workspace.open(workspace.path)
    assert other.lists() == []
    held, name = other.generation(), other.generation_name()
    workspace.save_list("vip", ids(workspace, "ann"))
    assert found(other, "audience.vip") == {"ann"}
    assert (held.manifest.published, other.generation_name() == name) == ({}, False)
    with_list = other.generation()
    workspace.delete_list("vip")
    place = with_list.place(0)
    assert place is not None
    assert place[0].published("audience.vip").at(place[1]) is True
    other.collect(track("Order Completed", "eve", message="e1"))
    workspace.save_list("all", ids(workspace, *PEOPLE, "eve"))
    assert counted(other, audience="all") == 5


def test_an_erased_customer_is_in_no_column(workspace: Workspace) -> None:
    bob = ids(workspace, "bob")
    publish(workspace.layout, "stage", ids(workspace, "ann", "bob"), ["老", "bob who is gone"], AS_OF)
    workspace.save_list("vip", ids(workspace, "ann", "bob"))
    workspace.erase("bob")
    assert remains(workspace.path, ["bob who is gone"]) == []
    assert read_published(workspace.layout).columns["audience.vip"].ids.tolist() == [0]
    assert workspace.save_list("vip", ["c0", *bob]).customers == 1
    assert read_published(workspace.layout).columns["audience.vip"].ids.tolist() == [0]


def test_nothing_of_earlier_columns_is_left(workspace: Workspace) -> None:
    for _ in range(3):
        workspace.save_list("vip", ids(workspace, "ann"))
    files = sorted(path.name for path in workspace.layout.published.iterdir())
    assert (len(files), {path.stat().st_mode & 0o777 for path in workspace.layout.published.iterdir()}) == (2, {0o600})
    unpublish(workspace.layout, "audience.vip")
    unpublish(workspace.layout, "audience.vip")
    assert [path.name for path in workspace.layout.published.iterdir()] == ["columns.json"]


def test_the_events_property_called_stage(workspace: Workspace) -> None:
    workspace.collect(track("Opportunity Stage Changed", "ann", message="s1", stage="proposal"))
    publish(workspace.layout, "stage", ids(workspace, "bob"), ["新"], AS_OF)
    asked = {"unit": "month", "since": "2026-01-01", "until": "2026-02-01"}
    answer = workspace.events("Opportunity Stage Changed", where='property.stage == "proposal"', **asked)
    assert answer.series[0].points[0][1] == 1
    answer = workspace.events("Opportunity Stage Changed", by="property.stage", **asked)
    assert [each.group for each in answer.series] == ["proposal"]


@pytest.mark.parametrize(
    ("asked", "code", "field", "hint"),
    [
        ({"audience": "wip"}, ErrorCode.INVALID_ARGUMENT, "audience", "Nearest: vip."),
        ({"where": "audience.wip"}, ErrorCode.UNKNOWN_PROPERTY, "where", "Nearest: vip."),
        ({"where": "score.x > 1"}, ErrorCode.UNKNOWN_PROPERTY, "where", "score.x"),
        ({"where": 'stage == "x"'}, ErrorCode.UNKNOWN_PROPERTY, "where", "stage"),
        ({"by": "score.x"}, ErrorCode.UNKNOWN_PROPERTY, "by", "score.x"),
    ],
)
def test_unknown_columns_are_named(
    workspace: Workspace, asked: dict[str, Any], code: ErrorCode, field: str, hint: str
) -> None:
    workspace.save_list("vip", ids(workspace, "ann"))
    with pytest.raises(WotuError, match=hint) as caught:
        counted(workspace, **asked)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    ("name", "customers", "values", "field"),
    [
        ("tier", ["c0"], None, "name"), ("audience.", ["c0"], None, "name"), ("audience.a`b", ["c0"], None, "name"),
        ("audience.vip", ["bob"], None, "customer_ids"), ("audience.vip", ["c0"], [1], "values"),
        ("score.x", ["c0"], None, "values"), ("score.x", ["c0", "c1"], [1.0], "values"),
    ],
)  # fmt: skip
def test_wrong_columns_are_refused_and_change_nothing(
    workspace: Workspace, name: str, customers: list[str], values: list[Any] | None, field: str
) -> None:
    with pytest.raises(WotuError) as caught:
        publish(workspace.layout, name, customers, values, AS_OF)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, field)
    assert not workspace.layout.published.exists()


def test_an_unknown_list_cannot_be_deleted(workspace: Workspace) -> None:
    workspace.save_list("vip", ids(workspace, "ann"))
    with pytest.raises(WotuError, match="Nearest: vip") as caught:
        workspace.delete_list("vp")
    assert caught.value.field == "name"
    assert [each.name for each in workspace.lists()] == ["vip"]


def test_damage_is_an_error_and_never_an_empty_list(workspace: Workspace) -> None:
    workspace.save_list("vip", ids(workspace, "ann"))
    (workspace.layout.published / "columns.json").write_text("{")
    with pytest.raises(WotuError) as caught:
        Workspace.open(workspace.path).lists()
    assert caught.value.code is ErrorCode.INVALID_FILE
