"""Tables besides events and stage rules in a workspace: kept, replaced, taken out, imported again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.facts.stages import PRESETS
from wotu.workspace import Workspace

NEW, SEEN = {"accepted": 1, "duplicates": 0, "quarantined": 0}, {"accepted": 0, "duplicates": 1, "quarantined": 0}


def track(event: str, user: str, time: str = "2026-01-05T08:00:00+08:00", **properties: Any) -> dict[str, Any]:
    return {"event": event, "userId": user, "timestamp": time, "properties": properties}


def names(workspace: Workspace, table: str) -> list[str]:
    return workspace.facts(table)["name"].to_pylist()


def test_a_row_is_kept_once_replaced_and_taken_out(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    assert workspace.facts("stores").num_rows == 0
    for name, outcome in (("A", NEW), ("A", SEEN), ("B", NEW), ("A", NEW)):
        assert workspace.put_facts("stores", [{"store_id": 1, "name": name}]) == outcome
    assert names(workspace, "stores") == ["A"]
    assert names(Workspace.open(workspace.path), "stores") == ["A"]
    assert workspace.delete_fact("stores", "1") == NEW
    assert workspace.delete_fact("stores", {"store_id": "1"}) == SEEN
    assert names(workspace, "stores") == []
    assert workspace.put_facts("stores", [{"store_id": 1, "name": "A"}]) == NEW
    assert names(workspace, "stores") == ["A"]


def test_one_wrong_row_keeps_all_out(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    workspace.put_facts("stores", [{"store_id": 1, "name": "A"}])
    before = workspace.generation_name()
    with pytest.raises(WotuError) as caught:
        workspace.put_facts("stores", [{"store_id": 2, "name": "B"}, {"store_id": 3}])
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MESSAGE, "rows[1].name")
    assert (names(workspace, "stores"), workspace.generation_name()) == (["A"], before)


def test_a_catalogue_that_goes_back_and_forth_ends_as_the_last_file(
    make_workspace: Callable[..., Workspace], tmp_path: Path
) -> None:
    workspace = make_workspace()
    mapping = tmp_path / "shop.yaml"
    mapping.write_text("table: products\nproperties: {product_id: sku, name: title}\n", "utf-8")

    def load(*titles: str) -> tuple[int, int]:
        path = tmp_path / "products.csv"
        lines = [f"p{number},{title}" for number, title in enumerate(titles)]
        path.write_text("\n".join(["sku,title", *lines]) + "\n", "utf-8")
        outcome = workspace.import_files([(path, mapping)])
        return outcome["accepted"], outcome["duplicates"]

    assert load("tea", "cup") == (2, 0)
    assert load("tea", "cup") == (0, 2)
    assert load("tea", "mug") == (1, 1)
    assert load("tea", "cup") == (1, 1)
    assert load("tea", "cup") == (0, 2)
    assert names(workspace, "products") == ["tea", "cup"]
    # Timelines carry the catalogue for the lines of orders.
    assert workspace.generation().products.find(["p1"])["p1"]["name"] == "cup"


def test_rows_with_a_time_of_their_own_hold_by_it(make_workspace: Callable[..., Workspace], tmp_path: Path) -> None:
    workspace = make_workspace()
    mapping, path = tmp_path / "crm.yaml", tmp_path / "staff.csv"
    mapping.write_text("table: staff\ntime: changed\nproperties: {staff_id: id, name: name}\n", "utf-8")
    path.write_text("id,name,changed\n1,new,2026-01-05\n1,old,2026-01-04\n1,new,2026-01-05\n", "utf-8")
    assert workspace.import_files([(path, mapping)])["accepted"] == 3
    assert workspace.import_files([(path, mapping)]) == {"accepted": 0, "duplicates": 3, "quarantined": 0}
    assert names(workspace, "staff") == ["new"]


def test_customers_are_found_by_any_identifier_and_after_they_joined(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace()
    workspace.collect(
        [track("Signed Up", "u1"), {"type": "identify", "userId": "u2", "traits": {"phone": "13800000001"}}]
    )
    first, second = (workspace.customer(f"user_id:{user}").customer_id for user in ("u1", "u2"))
    given = ("user_id:u1", "phone:+86 138 0000 0001", second, "email:a@b.cn", "phone:none")
    workspace.put_facts("companies", [{"company_id": "C1", "name": "茶"}])
    workspace.put_facts("contacts", [{"company_id": "C1", "customer": who} for who in given])
    found = {row["customer"]: row["customer_id"] for row in workspace.facts("contacts").to_pylist()}
    assert found == {
        "user_id:u1": first,
        "phone:+86 138 0000 0001": second,
        second: second,
        "email:a@b.cn": None,
        "phone:none": None,
    }
    workspace.collect({"type": "identify", "userId": "u2", "traits": {"email": "a@b.cn"}})
    found = {row["customer"]: row["customer_id"] for row in workspace.facts("contacts").to_pylist()}
    assert found["email:a@b.cn"] == second


def test_a_customer_has_one_owner_under_whichever_identifier_told_last(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace()
    for customer, staff in (("user_id:u", "s1"), ("phone:13800000001", "s2"), ("phone:13800000009", "s3")):
        workspace.put_facts("owners", [{"customer": customer, "staff_id": staff}])
    assert workspace.facts("owners")["staff_id"].to_pylist() == ["s2", "s3", "s1"]
    workspace.collect({"type": "identify", "userId": "u", "traits": {"phone": "13800000001"}})
    assert workspace.facts("owners")["staff_id"].to_pylist() == ["s2", "s3"]
    workspace.put_facts("owners", [{"customer": "user_id:u", "staff_id": "s4"}])
    assert workspace.facts("owners")["staff_id"].to_pylist() == ["s3", "s4"]


def test_stage_rules_are_set_tried_and_kept(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    workspace.collect([track("Product Viewed", "a", channel="x"), track("Signed Up", "b"), track("Signed Up", "a")])
    assert workspace.stage_rules() == PRESETS["b2c"]
    tried = workspace.stages(rules={"lead": "Signed Up", "referral": None})
    assert {count.stage: count.customers for count in tried.stages}["lead"] == 2
    assert workspace.stage_rules() == PRESETS["b2c"]
    leads = ["Signed Up", {"event": "Lead Created", "where": "channel is null"}]
    rules = workspace.set_stage_rules({"lead": leads}, preset="b2b")
    assert rules == workspace.stage_rules() == Workspace.open(workspace.path).stage_rules()
    assert list(rules) == list(PRESETS["b2b"])
    assert workspace.stages().stages[1].rule == "Signed Up or Lead Created where channel is null"
    assert workspace.set_stage_rules({"deal": {"order": 1}}) == {"deal": {"order": 1}}
    assert workspace.stages(preset="b2c").customers("exposure") == [workspace.customer("user_id:a").customer_id]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"preset": "c2c"}, "preset"),
        ({"rules": {"lead": "Singed Up"}}, "rules.lead"),
        ({"rules": {"leed": "Signed Up"}}, "rules"),
        ({"rules": {}}, "rules"),
    ],
)
def test_wrong_rules_change_nothing(
    make_workspace: Callable[..., Workspace], parameters: dict[str, Any], field: str
) -> None:
    workspace = make_workspace()
    workspace.set_stage_rules({"deal": {"order": 1}})
    before = workspace.generation_name()
    with pytest.raises(WotuError) as caught:
        workspace.set_stage_rules(**parameters)
    assert caught.value.field == field
    assert (workspace.stage_rules(), workspace.generation_name()) == ({"deal": {"order": 1}}, before)


def test_stages_count_a_customer_once_however_many_settles_touched_them(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace()
    workspace.collect([track("Product Viewed", user) for user in "abc"])
    workspace.collect({"type": "identify", "userId": "a", "traits": {"grade": "lead"}})
    workspace.collect([track("Order Completed", "a", order_id="1", revenue="9.00"), track("Product Viewed", "d")])
    workspace.collect(track("Order Completed", "a", time="2026-01-06T08:00:00+08:00", order_id="2", revenue="9.00"))
    asked = {"lead": {"trait": 'trait.grade == "lead"'}}
    answer = workspace.stages(rules=asked, until="2026-02-01")
    told = {count.stage: (count.customers, count.anonymous) for count in answer.stages}
    assert told | {"exposure": (4, 0), "lead": (1, 0), "deal": (1, 0), "repurchase": (1, 0)} == told
    who = [workspace.customer("user_id:a").customer_id]
    assert answer.customers("lead") == answer.customers("deal") == answer.customers("repurchase") == who
    assert answer.reach.customers == 4
    assert answer.reach.events == 6
