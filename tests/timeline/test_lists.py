"""Properties that hold lists of texts: ``contains`` against plain Python, and what they can be asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.settle.messages import track

from timeline.building import built
from wotu.core.errors import ErrorCode, WotuError
from wotu.timeline.expression import Condition
from wotu.timeline.masks import Terms, event_mask
from wotu.workspace import Workspace

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Letters that JSON, and the lines of a dictionary, could stumble over.
texts = st.text('a,"\\\n[]茶 \u2028', max_size=3)
lists = st.none() | st.lists(texts, max_size=3)


@settings(max_examples=60)
@given(st.lists(lists, min_size=1, max_size=8), texts, st.booleans())
def test_contains_equals_plain_python(rows: list[list[str] | None], text: str, holds: bool) -> None:
    log = [("王芳", "E", datetime(2026, 1, 1, 0, i, tzinfo=UTC), i, {}) for i in range(len(rows))]
    condition = Condition("tags", "contains" if holds else "not contains", (text,))
    with built(log, lists={"tags": rows}, shards=1) as generation:
        (shard,), terms = generation.shards, Terms(SHANGHAI, 2)
        assert event_mask(condition, shard, terms).tolist() == [
            row is not None and (text in row) == holds for row in rows
        ]
        assert event_mask(Condition("tags", "is null"), shard, terms).tolist() == [row is None for row in rows]
        assert [shard.property("p_tags").at(row) for row in range(len(rows))] == rows


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    workspace = make_workspace()
    workspace.collect(
        [
            track("Shared", "u1", message="1", tags=["tea", "gift"]),
            track("Shared", "u2", message="2", tags=["teapot"]),
            track("Shared", "u3", message="3", tags=[]),
            track("Shared", "u4", message="4"),
        ]
    )
    return workspace


def count(workspace: Workspace, where: str) -> int:
    span = {"since": "2026-01-01", "until": "2026-02-01"}
    answer = workspace.events("Shared", measure="count", unit="month", where=where, **span)
    return answer.series[0].points[0][1]  # type: ignore[return-value]


def test_a_list_is_asked_for_one_of_its_texts(workspace: Workspace) -> None:
    found = [count(workspace, where) for where in (
        'tags contains "tea"', 'not tags contains "tea"', "tags is null", "tags is not null", "tags contains 7",
    )]  # fmt: skip
    assert found == [1, 2, 1, 3, 0]


def test_late_events_other_kinds_and_a_new_build_change_nothing(workspace: Workspace) -> None:
    workspace.collect(track("Shared", "u1", message="5", time="2026-01-03", tags=["gift", "tea"]))
    workspace.collect(track("Shared", "u2", message="6", tags="tea"))
    workspace.collect(track("Shared", "u3", message="7", tags=["tea", 7]))
    # A text, or a list with a number, is a value of another kind: kept, and missing in filters.
    expected = [2, 2, 3]
    wheres = 'tags contains "tea"', 'not tags contains "tea"', "tags is null"
    assert [count(workspace, where) for where in wheres] == expected
    shutil.rmtree(workspace.layout.timelines)
    again = Workspace.open(workspace.path)
    assert [count(again, where) for where in wheres] == expected


def test_a_property_that_was_a_text_stays_one(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    workspace.collect(track("Shared", "u1", message="1", tags="tea"))
    workspace.collect(track("Shared", "u2", message="2", tags=["tea"]))
    assert (count(workspace, 'tags == "tea"'), count(workspace, "tags is null")) == (1, 1)


def test_values_are_counted_one_by_one(workspace: Workspace) -> None:
    workspace.collect(track("Shared", "u5", message="5", tags=["tea", "tea"]))
    _question, found = workspace.arrivals.values("tags")
    assert (dict(found.counts), found.present, found.of) == ({"tea": 2, "gift": 1, "teapot": 1}, 4, 5)


@pytest.mark.parametrize("where", ['tags == "tea"', 'tags in ("tea")', 'tags > "tea"', {"tags": "tea"}])
def test_other_comparisons_are_refused(workspace: Workspace, where: str) -> None:
    with pytest.raises(WotuError, match="Write tags contains") as caught:
        count(workspace, where)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_EXPRESSION, "where")


def test_lists_are_no_groups(workspace: Workspace) -> None:
    with pytest.raises(WotuError) as caught:
        workspace.events("Shared", by="tags")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, "by")


def test_a_table_of_a_program_may_have_lists(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    table = {"user_id": ["u1", "u2"], "event": ["Shared"] * 2, "timestamp": ["2026-01-05"] * 2}
    workspace.collect(pa.table(table | {"tags": [["tea"], None]}))
    assert count(workspace, 'tags contains "tea"') == 1
