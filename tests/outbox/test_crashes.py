"""A worker killed at every named point: effects in the control database once, outside ones at least once, same key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests import forked
from tests.outbox.crashing import work
from tests.outbox.receiver import receiving

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.django_only]
POINTS = [
    "outbox:claimed",
    "outbox:before-commit",
    "outbox:committed",
    "outbox:outside-effect",
    "outbox:before-cursor-commit",
    "outbox:cursor-committed",
]


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_anywhere_loses_and_repeats_nothing(make_prepared: Callable[..., Any], point: str) -> None:
    space = make_prepared(webhooks_to_private_networks=True)
    space.collect([{"event": "View", "userId": "ann", "messageId": f"m{n}"} for n in range(3)])
    with receiving() as receiver:
        forked.killed(point, work, space.path, receiver.url)
        counted = forked.told(work, space.path).splitlines()
        told = Counter(headers["wotu-id"] for headers, _ in receiver.received)
    expected = [f"{kind} {number}" for kind in ("note", "proof") for number in range(2)]
    expected += [f"followed m{number}" for number in range(3)] + [
        "left sample.proof done",
        "left outbox.webhook done",
    ] * 2
    assert sorted(counted) == sorted(expected)
    assert set(told) == {"0", "1"}
    assert sum(told.values()) <= 2 + (point == "outbox:outside-effect")
    space._intake().settle()
    rows = space.feed().messages_after(0, events=["Points Earned"]).rows
    assert sorted(row.message_id for row in rows) == ["outbox:0", "outbox:1"]
