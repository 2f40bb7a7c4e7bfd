"""The mappings that come along read made-up files of the formats they are for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wotu.collect.mapping import included_mappings, load_mapping
from wotu.core.errors import ErrorCode, WotuError
from wotu.workspace import Workspace

DATA = Path(__file__).parent / "data"


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace()


def load(workspace: Workspace, name: str, mapping: str) -> dict[str, int]:
    return workspace.import_files([(DATA / f"{name}.csv", mapping)])


def test_youzan_orders_that_were_paid_become_orders(workspace: Workspace) -> None:
    assert load(workspace, "youzan_orders", "youzan-orders") == {"accepted": 2, "duplicates": 0, "quarantined": 0}
    assert load(workspace, "youzan_customers", "youzan-customers")["accepted"] == 2
    assert load(workspace, "youzan_orders", "youzan-orders") == {"accepted": 0, "duplicates": 2, "quarantined": 0}
    (order,) = workspace.orders_of("phone:13800000001").rows
    assert (order.order_id, str(order.revenue)) == ("E20260105100000000001", "100.00")
    assert f"{order.time:%Y-%m-%d %H:%M}" == "2026-01-05 10:00"
    person = workspace.customer("phone:13800000001")
    assert (person.name, person.traits["level"]) == ("王芳", "金卡")


def test_weimob_orders_have_their_lines(workspace: Workspace) -> None:
    assert load(workspace, "weimob_orders", "weimob-orders") == {"accepted": 1, "duplicates": 0, "quarantined": 0}
    assert load(workspace, "weimob_customers", "weimob-customers")["accepted"] == 1
    (order,) = workspace.orders_of("phone:13800000001").rows
    assert (str(order.revenue), [line.product_id for line in order.lines]) == ("159.00", ["tea", "cup"])
    assert workspace.customer("phone:13800000001").name == "小茶"


def test_wecom_friends_owners_and_customers_are_the_same_people(workspace: Workspace) -> None:
    for name, mapping in (("customers", "customers"), ("friends", "friends"), ("friends", "owners")):
        load(workspace, f"wecom_{name}", f"wecom-{mapping}")
    assert workspace.customer("unionid:oA1").customer_id == workspace.customer("external_userid:wmA1").customer_id
    page = workspace.timeline_of("external_userid:wmA1")
    assert [(row.event, row.properties["staff_id"]) for row in page.rows] == [
        ("Friend Added", "lisi"),
        ("Friend Added", "zhangsan"),
    ]
    owners = workspace.facts("owners").to_pylist()
    assert [(row["customer"], row["staff_id"], str(row["since"])) for row in owners] == [
        ("external_userid:wmA1", "lisi", "2026-01-07"),
        ("external_userid:wmB2", "zhangsan", "2026-01-06"),
    ]
    assert [row["customer_id"] for row in owners] == [
        workspace.customer(f"external_userid:{who}").customer_id for who in ("wmA1", "wmB2")
    ]


def test_a_file_of_the_same_name_stands_before_the_mapping_that_comes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_mapping(Path("youzan-orders")).source == "youzan"
    Path("youzan-orders").write_text("source: mine\nevent: A\n", "utf-8")
    assert load_mapping(Path("youzan-orders")).source == "mine"


def test_an_unknown_name_tells_those_that_come_along() -> None:
    with pytest.raises(WotuError, match="weimob-orders, youzan-customers") as caught:
        load_mapping(Path("youzan-order"))
    assert caught.value.code is ErrorCode.INVALID_MAPPING
    assert len(included_mappings()) == 8
