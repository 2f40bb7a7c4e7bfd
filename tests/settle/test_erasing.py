"""A person who is erased is gone from every answer and every file; nobody else notices."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.settle.alice import ALICE, answers, everybody, fill, unknown
from tests.settle.messages import track
from tests.settle.remains import remains

from wotu.collect.quarantine import Quarantine
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.status import SettlerStatus
from wotu.identity.erasures import Erasures, read_erasures
from wotu.timeline.generation import Generation
from wotu.workspace import Workspace
from wotu.workspace.verification import verify


@pytest.fixture
def workspace(copy_of: Callable[..., Workspace]) -> Workspace:
    return copy_of(fill)


def test_no_file_holds_the_person(workspace: Workspace) -> None:
    assert {text for _, text in remains(workspace.path, ALICE)} == set(ALICE)
    before = workspace.customer("bob")
    assert workspace.erase("phone:13800001234", by="owner") == "c0"
    assert remains(workspace.path, ALICE) == []
    for identifier in ("alice-77", "c0", "phone:13800001234", "anon-a7", "email:alice@example.com", "c2"):
        assert unknown(workspace, identifier)
    assert workspace.customer("bob").revenue == before.revenue
    assert [problem for problem in verify(workspace.layout, lambda _: None) if problem.level == "problem"] == []


def test_others_answer_as_if_the_person_had_never_been(
    workspace: Workspace, make_workspace: Callable[..., Workspace]
) -> None:
    workspace.erase("alice-77")
    alone = make_workspace()
    alone.collect(everybody()[3:])
    alone.put_facts("owners", [{"customer": "user_id:bob", "staff_id": "s1"}])
    there, here = answers(alone), answers(workspace)
    number = workspace.customer("bob").customer_id
    assert number != "c0"
    there["rfm"]["customer_id"] = [number]
    there["owners"][0]["customer_id"] = number
    assert here == there


def test_others_keep_their_numbers(workspace: Workspace) -> None:
    def seq(page: Any) -> list[int]:
        return [event.seq for event in page.rows]

    before = workspace.customer("bob").customer_id, seq(workspace.timeline_of("bob"))
    workspace.erase("alice-77")
    assert (workspace.customer("bob").customer_id, seq(workspace.timeline_of("bob"))) == before
    workspace.collect(track("Later", "carol"))
    assert workspace.timeline_of("carol").rows[0].seq > max(before[1])


def test_the_quarantine_keeps_what_is_not_theirs(workspace: Workspace) -> None:
    assert Quarantine(workspace.layout.quarantine).count() == 3
    workspace.erase("alice-77")
    assert Quarantine(workspace.layout.quarantine).read()["content"].to_pylist() == ['{"type":"?"}']


def test_facts_about_the_person_go_and_others_stay(workspace: Workspace) -> None:
    assert workspace.facts("contacts")["customer"].to_pylist() == ["user_id:alice-77"]
    workspace.erase("alice-77")
    assert workspace.facts("owners")["customer"].to_pylist() == ["user_id:bob"]
    assert len(workspace.facts("contacts")) == len(Workspace.open(workspace.path).facts("contacts")) == 0


def test_what_is_derived_can_be_made_again_without_them(workspace: Workspace) -> None:
    workspace.erase("alice-77")
    before = answers(workspace)
    for folder in ("identity", "settled", "timelines"):
        shutil.rmtree(workspace.path / folder)
    again = Workspace.open(workspace.path)
    assert answers(again) == before
    assert again.collect(everybody()) == {"accepted": 0, "duplicates": 2, "quarantined": 0}
    assert answers(again) == before
    assert remains(workspace.path, ALICE) == []


def test_messages_of_before_are_refused_and_later_ones_are_a_new_customer(workspace: Workspace) -> None:
    workspace.erase("alice-77")
    late = [track("Late", "alice-77", message="late"), track("Seen", "bob", message="b3")]
    anonymous = {**track("Late", message="late2"), "userId": None, "anonymousId": "anon-a7"}
    # Nobody known, with a phone that was hers: hers as well.
    unnamed = {"type": "identify", "userId": "al-2", "timestamp": "2026-01-01T00:00:00Z", "messageId": "late3"}
    unnamed["traits"] = {"phone": "13800001234", "name": "Alice Liddell"}
    assert workspace.collect([*late, anonymous, unnamed]) == {"accepted": 1, "duplicates": 0, "quarantined": 0}
    assert remains(workspace.path, (*ALICE, "al-2")) == []
    assert unknown(workspace, "alice-77")
    assert workspace.collect(track("New", "alice-77", time="2099-01-01T00:00:00Z", message="n"))["quarantined"] == 1
    now = {"type": "track", "event": "New", "userId": "alice-77", "messageId": "n1"}
    assert workspace.collect(now)["accepted"] == 1
    assert [event.event for event in workspace.timeline_of("alice-77").rows] == ["New"]
    assert workspace.customer("alice-77").customer_id not in ("c0", "c1", "c2", "c3")
    # The newcomer is known now; what is older than the erasure still is not taken.
    assert workspace.collect(track("Late", "alice-77", message="late4"))["accepted"] == 0
    assert workspace.erase("alice-77") == "c5"
    assert unknown(workspace, "alice-77")


def test_a_known_customer_only_loses_the_erased_identifier(workspace: Workspace) -> None:
    workspace.erase("alice-77")
    shared = {"type": "identify", "userId": "bob", "messageId": "bi", "timestamp": "2026-01-07T00:00:00Z"}
    assert workspace.collect({**shared, "traits": {"phone": "13800001234", "city": "Oxford"}})["accepted"] == 1
    bob = workspace.customer("bob")
    assert bob.traits == {"city": "Oxford"}
    assert [each.type for each in bob.identifiers] == ["user_id"]
    assert unknown(workspace, "phone:13800001234")


def test_merged_customers_go_whole(workspace: Workspace) -> None:
    workspace.collect(track("Page Left", "carol-lidd", message="c1"))
    workspace.merge("alice-77", "carol-lidd", by="owner", reason="Alice Liddell is her")
    assert workspace.erase("carol-lidd") == "c0"
    assert remains(workspace.path, (*ALICE, "carol-lidd")) == []
    assert len(workspace.customers().rows) == 1


def test_what_was_split_off_stays(workspace: Workspace) -> None:
    other = workspace.split("phone:13800001234", by="owner", reason="Alice Liddell lent it")
    workspace.erase("alice-77")
    assert workspace.customer("phone:13800001234").customer_id == other
    history = workspace.identity_history("phone:13800001234")
    assert [(event.what, event.reason) for event in history] == [("link", None), ("join", None), ("split", None)]
    assert remains(workspace.path, set(ALICE) - {"13800001234"}) == []
    workspace.erase("phone:13800001234")
    assert remains(workspace.path, ALICE) == []


def test_an_anonymous_visitor(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    visitors = [{"type": "track", "event": "Seen", "anonymousId": name, "messageId": name} for name in ("v-1", "v-2")]
    workspace.collect(visitors)
    workspace.erase("anonymous_id:v-1")
    assert unknown(workspace, "v-1")
    assert workspace.generation().manifest.customer_count == 1
    workspace.erase("v-2")
    assert workspace.is_empty()
    assert remains(workspace.path, ("v-1", "v-2")) == []
    assert workspace.collect([{**visitors[0], "timestamp": "2026-01-01T00:00:00Z"}])["accepted"] == 0


def test_a_merge_with_an_erased_customer_changes_nothing(workspace: Workspace) -> None:
    workspace.erase("alice-77")
    before = answers(workspace)
    with pytest.raises(WotuError) as error:
        workspace.merge("c0", "bob")
    assert error.value.code is ErrorCode.UNKNOWN_CUSTOMER
    assert answers(workspace) == before


def test_who_is_not_known_cannot_be_erased(workspace: Workspace) -> None:
    before = answers(workspace)
    with pytest.raises(WotuError) as error:
        workspace.erase("nobody")
    assert error.value.code is ErrorCode.UNKNOWN_CUSTOMER
    assert (answers(workspace), read_erasures(workspace.layout.erasures)) == (before, Erasures())


def test_the_list_holds_numbers_and_hashes_alone(workspace: Workspace) -> None:
    workspace.erase("alice-77", by="owner")
    workspace.collect(track("Page Left", "dodo"))
    workspace.erase("dodo")
    first, second = read_erasures(workspace.layout.erasures).erasures
    assert (first.subjects, first.state, first.by, len(first.hashes)) == ((0, 1, 2, 3), "done", "owner", 4)
    assert (second.subjects, second.state, first.key) == ((5,), "done", second.key)


def test_a_reader_keeps_what_it_began_with(workspace: Workspace) -> None:
    held: Generation = workspace.generation()
    Workspace.open(workspace.path).erase("alice-77")
    assert held.customer_of(np.array([0, 3])).tolist() == [0, 0]
    assert workspace.generation().customer_of(np.array([0, 3])).tolist() == [-1, -1]


def test_the_status_of_an_older_settler_can_be_read() -> None:
    assert SettlerStatus(pid=1, state="idle", updated=0.0).erased == 0


def test_half_written_files_of_dead_processes_go(workspace: Workspace) -> None:
    incoming = workspace.layout.inbox / "incoming"
    left = [incoming / name for name in (".01-2.parquet.999999999-1.tmp", f".{1:020d}-999999999.open")]
    left.append(incoming / f".{2:020d}-999999999" / "000000.parquet")
    left.append(workspace.layout.quarantine / ".q.parquet.999999999-1.tmp")
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("alice-77")
    workspace.erase("alice-77")
    assert remains(workspace.path, ALICE) == []
