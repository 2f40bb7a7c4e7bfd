"""What came in after a number: in order, once, with whose it is now; never what could get another number."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts
from wotu.collect.inbox import Inbox
from wotu.core.followed import write_followed
from wotu.core.layout import Layout
from wotu.lake.messages import Lake
from wotu.settle.settler import Settler
from wotu.timeline.generation import open_current
from wotu.timeline.owners import read_owners
from wotu.workspace.backup import back_up
from wotu.workspace.feed import Feed, FeedMessage, Page
from wotu.workspace.restore import restore

Make = Callable[..., Any]
ORDER = "Order Completed"


def order(number: int, who: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track", "event": ORDER, "userId": who, "messageId": f"o{number}",
        "timestamp": f"2026-01-{number % 28 + 1:02}T08:00:00Z",
        "properties": {"order_id": str(number), "revenue": "9.50", **properties},
    }  # fmt: skip


def view(number: int, who: str) -> dict[str, Any]:
    return {"event": "Product Viewed", "userId": who, "messageId": f"v{number}", "timestamp": "2026-01-02"}


def all_of(feed: Feed, *, limit: int, seq: int = 0, **asked: Any) -> list[FeedMessage]:
    rows: list[FeedMessage] = []
    while (page := feed.messages_after(seq, limit=limit, **asked)).reached != seq:
        assert page.reached > seq
        assert [row.seq for row in page.rows] == sorted(row.seq for row in page.rows)
        assert all(seq < row.seq <= page.reached for row in page.rows)
        rows += page.rows
        seq = page.reached
    return rows


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_events_come_in_order_whatever_the_limit(make_workspace: Make, limit: int) -> None:
    space = make_workspace()
    for first in (0, 10, 20):
        space.collect([each for n in range(first, first + 10) for each in (order(n, f"u{n % 3}"), view(n, "u1"))])
    feed = space.feed()
    assert [row.message_id for row in all_of(feed, limit=limit, events=[ORDER])] == [f"o{n}" for n in range(30)]
    assert len(all_of(feed, limit=limit)) == 60
    assert all_of(feed, limit=limit, events=["Never Seen"]) == []


def test_a_message_tells_what_came_with_it(make_workspace: Make) -> None:
    space = make_workspace(currency="CNY")
    lines = [{"product_id": "p1", "quantity": 2, "price": "4.75", "colour": "red"}]
    space.collect([order(1, "ann", products=lines, shop="north", vip=True)], source="shop")
    (row,) = space.feed().messages_after(0).rows
    assert (row.event, row.source, row.message_id) == (ORDER, "shop", "o1")
    assert row.time == datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert row.customer == int(space.customer("user_id:ann").customer_id[1:])
    assert {name: row.properties[name] for name in ("order_id", "revenue", "shop", "vip")} == {
        "order_id": "1", "revenue": 950, "shop": "north", "vip": True,
    }  # fmt: skip
    (line,) = row.properties["products"]
    assert (line["product_id"], line["quantity"], line["price"], line["colour"]) == ("p1", 2, 4.75, "red")


def test_nothing_new_is_found_without_opening_the_table(make_workspace: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    space = make_workspace()
    space.collect([order(1, "ann")])
    feed = space.feed()
    reached = feed.messages_after(0).reached
    monkeypatch.setattr("wotu.workspace.feed._SETTLED_NANOSECONDS", 0)
    feed.last()
    monkeypatch.setattr(Lake, "_table", lambda _: pytest.fail("the table was opened"))
    assert feed.messages_after(reached) == Page((), reached)
    assert feed.identity_changes_after(reached) == Page((), reached)


def test_rows_that_are_not_committed_are_not_told(make_workspace: Make) -> None:
    """Their numbers are given anew when the settler dies before it commits."""
    space = make_workspace()
    space.collect([order(1, "ann")])
    feed = space.feed()
    reached = feed.messages_after(0).reached
    batch = messages_from_dicts(
        [order(2, "ann")], source="shop", namespace="default", currency="CNY", received=datetime.now(UTC)
    )
    Inbox(space.layout.inbox).append(conform(batch.table))
    settler = Settler(space.layout, space.settings)
    settler.round(datetime.now(UTC))
    assert len(space.timeline_of("user_id:ann").rows) == 2
    assert feed.messages_after(reached) == Page((), reached)
    settler.commit()
    assert [row.message_id for row in feed.messages_after(reached).rows] == ["o2"]


def test_merge_split_and_erase_are_told_with_who_is_who_now(make_workspace: Make) -> None:
    space = make_workspace()
    space.collect([order(1, "ann"), order(2, "bob"), order(3, "cat")])
    ann, bob, cat = (space.customer(f"user_id:{name}").customer_id for name in ("ann", "bob", "cat"))
    numbers = {name: int(text[1:]) for name, text in (("ann", ann), ("bob", bob), ("cat", cat))}
    feed = space.feed()
    assert feed.identity_changes_after(0).rows == ()
    space.merge(ann, bob)
    (merge,) = feed.identity_changes_after(0).rows
    both = tuple(sorted([numbers["ann"], numbers["bob"]]))
    assert (merge.what, merge.customer, merge.other_customer, merge.numbers) == ("merge", both[0], both[0], both)
    assert feed.customers_now(numbers.values()) == {both[0]: both[0], both[1]: both[0], numbers["cat"]: numbers["cat"]}
    space.split("user_id:bob")
    split = feed.identity_changes_after(merge.seq).rows[-1]
    assert (split.what, split.customer, split.other_customer) == ("split", numbers["bob"], numbers["ann"])
    space.erase(cat)
    erased = feed.identity_changes_after(split.seq).rows[-1]
    assert (erased.what, erased.subject, erased.customer) == ("erase", numbers["cat"], None)
    assert [row.message_id for row in all_of(space.feed(), limit=10)] == ["o1", "o2"]


def test_numbers_stay_after_backup_and_restore(make_workspace: Make, tmp_path: Any) -> None:
    space = make_workspace()
    space.collect([order(1, "ann"), order(2, "bob")])
    before = all_of(space.feed(), limit=10)
    back_up(space.layout, tmp_path / "backup.tar.gz", version="0", now=datetime.now(UTC))
    space.collect([order(3, "ann")])
    ahead = space.feed().messages_after(0).reached
    restore(tmp_path / "backup.tar.gz", tmp_path / "restored")
    again = Feed(Layout(tmp_path / "restored"))
    end = again.last()
    assert end < ahead
    # A cursor that is ahead of the restored record goes on from its end.
    assert again.messages_after(ahead) == Page((), end)
    # Timelines are made again first: until then nobody knows whose a message is.
    assert again.messages_after(0) == Page((), 0)
    import wotu

    wotu.open(tmp_path / "restored").overview()
    assert [(row.seq, row.message_id) for row in all_of(again, limit=10)] == [
        (row.seq, row.message_id) for row in before
    ]


def test_owners_agree_with_the_timelines(make_workspace: Make) -> None:
    space = make_workspace()
    for round_ in range(4):
        space.collect([order(10 * round_ + n, f"u{n * (round_ + 1)}") for n in range(8)])
    space.collect([{"type": "alias", "previousId": "x", "userId": "u3"}, {**view(1, "u4"), "anonymousId": "x"}])
    space.merge("user_id:u1", "user_id:u2")
    space.erase("user_id:u5")
    generation, owners = open_current(space.layout.timelines), read_owners(space.layout.timelines)
    assert generation is not None
    assert owners is not None
    subjects = np.arange(60)
    assert owners.customer_of(subjects).tolist() == generation.customer_of(subjects).tolist()
    everybody = set(owners.customer_of(subjects).tolist()) - {-1}
    members = owners.members(np.array(sorted(everybody)))
    for customer in sorted(everybody):
        found = generation.place(customer)
        assert found is not None
        expected = found[0].part.customers["identifiers"][found[1]].as_py()
        assert owners.identifiers(customer) == expected
        assert members[customer] == tuple(sorted(each["subject"] for each in expected))
    assert owners.identifiers(1_000) == []
    assert read_owners(space.layout.timelines, owners) is owners


def test_messages_that_are_followed_are_committed_sooner(make_workspace: Make) -> None:
    space = make_workspace()
    write_followed(space.layout.followed, [ORDER])
    settler = Settler(space.layout, space.settings)
    for message, soon in ((view(1, "ann"), False), (order(1, "ann"), True), (view(2, "ann"), True)):
        batch = messages_from_dicts(
            [message], source="shop", namespace="default", currency="CNY", received=datetime.now(UTC)
        )
        Inbox(space.layout.inbox).append(conform(batch.table))
        settler.round(datetime.now(UTC))
        settler._oldest = time.monotonic() - 3
        assert settler.is_due is soon
    settler.commit()
    assert not settler.is_due
