"""Quarantined messages: retried after a fix, mended by hand, discarded; never lost, never counted twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import forked
from tests.settle.messages import track

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import write_settings
from wotu.workspace import Workspace
from wotu.workspace.quarantine_actions import Choice, general_reason

Make = Callable[..., Workspace]
# More than fits into thousandths, as dinars are counted, but not into yen.
_HUGE = "9000000000000"


def _order(number: int, **changes: Any) -> dict[str, Any]:
    message = track("Order Completed", f"u{number}", order_id=f"o{number}", revenue="9.00", currency="JPY")
    return message | changes


def _users(workspace: Workspace) -> list[str]:
    rows = workspace.customers(limit=1000).rows
    return sorted(row.identifier for row in rows)


def test_a_retry_takes_in_what_can_be_read_now(make_workspace: Make) -> None:
    workspace = make_workspace()
    told = workspace.collect([_order(1, timestamp="soon"), {"no": "type"}, _order(2)], source="shop", namespace="north")
    assert told == {"accepted": 1, "duplicates": 0, "quarantined": 2}
    actions = workspace.quarantine
    assert actions.retry() == {"accepted": 0, "duplicates": 0, "left": 2}
    assert len(actions.rows()) == 2

    # Nothing of a message was kept, so nothing of it is known.
    assert _users(workspace) == ["user_id:u2"]
    broken = actions.rows()[0]
    content = broken.content.replace('"soon"', '"2026-01-05T00:00:00Z"')
    assert actions.mend(broken.id, content) == {"accepted": 1, "duplicates": 0, "left": 0}
    assert [row.field for row in actions.rows()] == ["type"]
    assert _users(workspace) == ["user_id:u1", "user_id:u2"]
    identifiers = workspace.customer("user_id:u1").identifiers
    assert [(each.value, each.namespace) for each in identifiers] == [("u1", "north")]


def test_what_a_setting_kept_out_comes_in_once_it_is_changed(make_workspace: Make) -> None:
    workspace = make_workspace(currency="KWD")
    message = track("Order Completed", "a", order_id="o", revenue=_HUGE, message="m1")
    assert workspace.collect([message])["quarantined"] == 1
    assert workspace.quarantine.retry() == {"accepted": 0, "duplicates": 0, "left": 1}

    write_settings(workspace.layout.settings, workspace.settings.__class__(currency="JPY"))
    workspace = Workspace.open(workspace.path)
    assert workspace.quarantine.retry() == {"accepted": 1, "duplicates": 0, "left": 0}
    assert workspace.quarantine.rows() == []
    assert workspace.customer("user_id:a").orders == 1


def test_a_mended_message_that_came_meanwhile_counts_once(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([_order(1, timestamp="soon", messageId="m")])
    workspace.collect([_order(1, messageId="m")])
    (row,) = workspace.quarantine.rows()
    assert workspace.quarantine.mend(row.id, json.dumps(_order(1, messageId="m"))) == {
        "accepted": 0, "duplicates": 1, "left": 0,
    }  # fmt: skip
    assert workspace.customer("user_id:u1").orders == 1
    assert workspace.quarantine.rows() == []


@pytest.mark.parametrize(
    ("content", "field"), [('{"event": "X", "timestamp": "never"}', "timestamp"), ("{", "message"), ("[]", "message")]
)
def test_a_row_that_is_mended_badly_stays_as_it_was(make_workspace: Make, content: str, field: str) -> None:
    workspace = make_workspace()
    workspace.collect([_order(1, timestamp="soon")])
    before = workspace.quarantine.rows()
    with pytest.raises(WotuError) as refused:
        workspace.quarantine.mend(before[0].id, content)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID_MESSAGE, field)
    assert workspace.quarantine.rows() == before
    assert workspace.is_empty()


def test_lines_of_a_file_are_not_retried_nor_mended(make_workspace: Make, tmp_path: Path) -> None:
    # The columns look like a message; the line is none all the same.
    (tmp_path / "rows.csv").write_text("event,user_id,when\nX,a,soon\n")
    (tmp_path / "map.yaml").write_text("identifiers: {user_id: user_id}\ntime: when\nevent: {column: event}\n")
    workspace = make_workspace()
    assert workspace.import_files([(tmp_path / "rows.csv", tmp_path / "map.yaml")])["quarantined"] == 1
    (row,) = workspace.quarantine.rows()
    assert not row.can_be_retried
    assert workspace.quarantine.retry()["left"] == 1
    with pytest.raises(WotuError, match="import it again"):
        workspace.quarantine.mend(row.id, '{"event": "X", "userId": "a"}')
    assert workspace.quarantine.rows() == [row]
    assert workspace.is_empty()


def test_an_unknown_row_is_named(make_workspace: Make) -> None:
    with pytest.raises(WotuError) as refused:
        make_workspace().quarantine.mend("nothing", "{}")
    assert refused.value.code is ErrorCode.NOT_FOUND


def test_choices_narrow_what_is_meant(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.collect([_order(1, timestamp="soon"), _order(2, timestamp="late"), {"no": "type"}], source="a")
    workspace.collect([_order(3, timestamp="soon")], source="b")
    actions = workspace.quarantine
    assert general_reason("'so\\'on' is not \"x\"") == "… is not …"
    general = general_reason(actions.rows()[0].reason)
    assert len(actions.rows(Choice(reason=general))) == 3
    assert len(actions.rows(Choice(source="a", reason=general))) == 2
    assert len(actions.rows(Choice(reason=actions.rows()[0].reason))) == 2
    assert len(actions.rows(Choice(field="timestamp"))) == 3
    assert actions.discard(Choice(source="a", field="type")) == 1
    assert actions.discard(Choice(source="nobody")) == 0
    assert [row.source for row in actions.rows()] == ["a", "a", "b"]
    assert actions.discard() == 3
    assert actions.rows() == []
    assert workspace.is_empty()


def retry(workspace: Path) -> None:
    Workspace.open(workspace).quarantine.retry()


@pytest.mark.crash
def test_a_retry_that_is_killed_loses_nothing_and_counts_nothing_twice(make_workspace: Make) -> None:
    workspace = make_workspace(currency="KWD")
    messages = [track("Order Completed", f"u{n}", order_id=f"o{n}", revenue=_HUGE) for n in range(5)]
    workspace.collect(messages)
    write_settings(workspace.layout.settings, workspace.settings.__class__(currency="JPY"))

    forked.killed("quarantine:collected", retry, workspace.path)
    again = Workspace.open(workspace.path)
    assert len(again.quarantine.rows()) == 5
    assert again.quarantine.retry() == {"accepted": 0, "duplicates": 5, "left": 0}
    assert again.quarantine.rows() == []
    assert [again.customer(f"user_id:u{n}").orders for n in range(5)] == [1] * 5


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["good", "time", "type"]), st.booleans()), max_size=8))
def test_every_message_is_in_one_place_at_any_time(make_workspace: Make, plan: list[tuple[str, bool]]) -> None:
    """A referee counts: what came in, what is kept aside, what was mended; each message is one of them."""
    workspace = make_workspace()
    broken = {"good": {}, "time": {"timestamp": "soon"}, "type": {"type": "??"}}
    messages = [_order(n, messageId=f"m{n}") | broken[kind] for n, (kind, _) in enumerate(plan)]
    workspace.collect(messages)
    inside = {n for n, (kind, _) in enumerate(plan) if kind == "good"}
    aside = {n for n in range(len(plan)) if n not in inside}
    for n, (_, mended) in enumerate(plan):
        if n in aside and mended:
            (row,) = [row for row in workspace.quarantine.rows() if f'"m{n}"' in row.content]
            workspace.quarantine.mend(row.id, json.dumps(_order(n, messageId=f"m{n}")))
            inside, aside = inside | {n}, aside - {n}
    assert workspace.quarantine.retry() == {"accepted": 0, "duplicates": 0, "left": len(aside)}
    assert _users(workspace) == sorted(f"user_id:u{n}" for n in inside)
    assert len(workspace.quarantine.rows()) == len(aside)
