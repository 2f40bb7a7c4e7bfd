"""News of what rooms did becomes messages about the right customers, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import LazySettings

from wotu.collect.inbox import Inbox
from wotu.core.errors import WotuError
from wotu.outbox.messages import emit
from wotu.outbox.models import Work
from wotu.outbox.running import drain

pytestmark = pytest.mark.django_only
AT = datetime(2026, 2, 3, 4, 5, tzinfo=UTC)
EVENT = "Points Earned"


@pytest.fixture
def space(make_workspace: Callable[..., Any], settings: LazySettings) -> Any:
    """A workspace with customers known in different ways."""
    space = make_workspace()
    space.collect([{"event": "View", "userId": "ann", "timestamp": "2026-01-01"}], namespace="shop")
    space.collect([
        {"event": "View", "userId": "ann", "timestamp": "2026-01-01"},
        {"event": "View", "context": {"traits": {"phone": "13800000001"}}, "timestamp": "2026-01-01"},
        {"event": "View", "anonymousId": "browser-1", "timestamp": "2026-01-01"},
        {"event": "View", "messageId": "lonely", "timestamp": "2026-01-01"},
    ])  # fmt: skip
    settings.WOTU_WORKSPACE = space.path
    return space


def settle(space: Any) -> None:
    space._intake().settle()


def events(space: Any) -> list[tuple[int | None, str, str, dict[str, Any]]]:
    rows = space.feed().messages_after(0, events=[EVENT]).rows
    return [(row.customer, row.message_id, row.source, row.properties) for row in rows]


@pytest.mark.django_db
def test_a_message_finds_the_customer_however_they_are_known(space: Any) -> None:
    numbers = sorted({row.customer for row in space.feed().messages_after(0).rows})
    assert len(numbers) == 5
    for number in numbers:
        emit(EVENT, customer=number, key=f"points:{number}", properties={"points": 7, "text": "满减"}, at=AT)
    drain("messages")
    assert len(Inbox(space.layout.inbox).pending()) == 1
    settle(space)
    assert sorted(events(space), key=lambda each: each[0]) == [
        (number, f"outbox:points:{number}", "wotu", {"points": 7, "text": "满减"}) for number in numbers
    ]


@pytest.mark.django_db
def test_a_message_is_counted_once_however_often_it_is_queued(space: Any) -> None:
    for _ in range(2):
        emit(EVENT, user_id="ann", namespace="shop", key="a", at=AT)
        drain("messages")
    settle(space)
    emit(EVENT, user_id="ann", namespace="shop", key="a", at=AT)
    drain("messages")
    settle(space)
    ((customer, message_id, _, _),) = events(space)
    assert message_id == "outbox:a"
    assert customer == next(row.customer for row in space.feed().messages_after(0).rows)


@pytest.mark.django_db
def test_a_merged_customer_is_found_by_the_number_of_before_and_an_erased_one_is_not_told_of(space: Any) -> None:
    first, second, *_, last = sorted({row.customer for row in space.feed().messages_after(0).rows})
    space.merge(f"c{first}", f"c{second}")
    space.erase(f"c{last}")
    emit(EVENT, customer=f"c{second}", key="a", at=AT)
    emit(EVENT, customer=last, key="b", at=AT)
    drain("messages")
    settle(space)
    assert [(customer, message_id) for customer, message_id, _, _ in events(space)] == [(first, "outbox:a")]
    assert Work.objects.count() == 0


@pytest.mark.django_db
def test_one_unknown_customer_keeps_nobody_else_from_being_told_of(space: Any) -> None:
    emit(EVENT, customer=99_999, key="bad", at=AT)
    emit(EVENT, user_id="ann", key="good", at=AT)
    drain("messages")
    settle(space)
    assert [message_id for _, message_id, _, _ in events(space)] == ["outbox:good"]
    work = Work.objects.get()
    assert (work.key, work.attempts) == ("bad", 1)
    assert "c99999" in work.last_error


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    [
        {"event": EVENT, "key": "a"}, {"event": EVENT, "key": "a", "customer": 1, "user_id": "ann"},
        {"event": EVENT, "key": "a", "customer": "ann"}, {"event": " ", "key": "a", "customer": 1},
        {"event": EVENT, "key": "", "customer": 1},
        {"event": EVENT, "key": "a", "customer": 1, "at": datetime(2026, 1, 1)},
        {"event": EVENT, "key": "a", "customer": 1, "properties": {"x": object()}},
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_at_the_door(given: dict[str, Any]) -> None:
    with pytest.raises(WotuError):
        emit(**given)
    assert Work.objects.count() == 0
