"""Followers: every row once, in order, with its effects; two workers, failures, a record that ends earlier."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from wotu.accounts import audit
from wotu.core.errors import WotuError
from wotu.outbox.following import Follower, Following, follow, follower, position
from wotu.outbox.models import Cursor
from wotu.workspace.feed import FeedMessage, Page

from django.db import connection  # isort: skip

pytestmark = pytest.mark.django_only
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Record:
    """A feed of messages numbered in steps of ten, of which every third is wanted."""

    def __init__(self, count: int) -> None:
        self.rows = [
            FeedMessage(10 * n, n, NOW, NOW, "Order Completed" if n % 3 else "View", {}, f"m{n}", "shop")
            for n in range(1, count + 1)
        ]

    def messages_after(self, seq: int, *, events: Sequence[str] = (), limit: int = 1000) -> Page[FeedMessage]:
        last = self.rows[-1].seq
        if last <= seq:
            return Page((), last)
        found = [row for row in self.rows if row.seq > seq and (not events or row.event in events)]
        return Page(tuple(found[:limit]), found[limit - 1].seq if len(found) >= limit else last)

    def identity_changes_after(self, seq: int, *, limit: int = 1000) -> Page[Any]:
        return Page((), seq)


def note(rows: Sequence[FeedMessage]) -> None:
    """Note every row in the audit."""
    for row in rows:
        audit.record(actor="system", action="sample", target=row.message_id)


def noted() -> list[str]:
    return [entry.target for entry in reversed(audit.entries(action="sample", limit=10_000).rows)]


def orders(count: int) -> list[str]:
    return [f"m{n}" for n in range(1, count + 1) if n % 3]


def following(record: Record, apply: Any = note, batch: int = 4) -> Following:
    return Following(record, [Follower("sample.orders", "messages", ("Order Completed",), batch, apply)])  # type: ignore[arg-type]


@pytest.mark.django_db
def test_every_row_has_its_effects_once_and_in_order() -> None:
    record = Record(20)
    worker = following(record)
    while worker.step():
        pass
    assert noted() == orders(20)
    assert position("sample.orders") == 200
    record.rows += Record(30).rows[20:]
    while worker.step():
        pass
    assert noted() == orders(30)


@pytest.mark.django_db
def test_a_failure_leaves_neither_effects_nor_a_moved_cursor() -> None:
    def bad(rows: Sequence[FeedMessage]) -> None:
        note(rows)
        if any(row.message_id == "m8" for row in rows):
            raise ValueError("no order of ann@example.com")

    worker = following(Record(20), bad)
    with patch("django.utils.timezone.now", return_value=NOW):
        while worker.step():
            pass
    assert noted() == ["m1", "m2", "m4", "m5", "m7"]
    stuck = Cursor.objects.get()
    assert (stuck.seq, stuck.failed_at, stuck.last_error) == (70, NOW, "ValueError: no order of …@…")
    worker = following(Record(20))
    with patch("django.utils.timezone.now", return_value=NOW + timedelta(hours=1)):
        while worker.step():
            pass
    assert noted() == orders(20)
    assert (Cursor.objects.get().failed_at, Cursor.objects.get().last_error) == (None, "")


@pytest.mark.django_db
def test_a_follower_that_fails_waits_and_stops_no_other() -> None:
    def bad(_: Sequence[FeedMessage]) -> None:
        raise ValueError

    record: Any = Record(6)
    each = [Follower("sample.bad", "messages", (), 4, bad), Follower("sample.good", "messages", (), 4, note)]
    worker = Following(record, each)
    for _ in range(9):
        worker.step()
    assert noted() == [f"m{n}" for n in range(1, 7)]
    assert (position("sample.bad"), position("sample.good")) == (0, 60)


@pytest.mark.django_db
def test_of_two_workers_that_read_the_same_one_applies_it() -> None:
    record = Record(6)

    def slow(seq: int) -> Page[FeedMessage]:
        page = record.messages_after(seq, limit=4)
        if not noted():
            follow("sample.orders", lambda at: record.messages_after(at, limit=4), note)
        return page

    assert follow("sample.orders", slow, note) == 0
    assert noted() == ["m1", "m2", "m3", "m4"]
    assert position("sample.orders") == 40


@pytest.mark.django_db(transaction=True)
def test_many_workers_apply_everything_once() -> None:
    record = Record(120)

    def work(_: int) -> None:
        try:
            worker = following(record)
            while position("sample.orders") < 1200:
                worker.step()
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(work, range(5)))
    assert noted() == orders(120)


@pytest.mark.django_db
def test_a_cursor_beyond_the_record_goes_on_from_its_end() -> None:
    Cursor.objects.create(name="sample.orders", seq=500, moved_at=NOW)
    record = Record(20)
    worker = following(record)
    assert worker.step()
    assert position("sample.orders") == 200
    record.rows += Record(24).rows[20:]
    worker.step()
    assert noted() == ["m22", "m23"]


@pytest.mark.parametrize(
    ("name", "options"),
    [("Sample", {}), ("sample.x", {"batch": 0}), ("sample.x", {"source": "identity", "events": ("View",)})],
)
def test_wrong_followers_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(WotuError):
        follower(name, **options)(note)


def test_a_name_is_registered_once() -> None:
    from wotu.outbox import following as room

    follower("sample.once")(note)
    with pytest.raises(WotuError):
        follower("sample.once")(note)
    del room._REGISTERED["sample.once"]
