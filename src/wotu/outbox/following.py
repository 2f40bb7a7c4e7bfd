"""Followers: what rooms do about messages and identity decisions, each in order and exactly once.

A cursor moves in the transaction of the effects, by a statement that names where it stood: of two workers that read
the same rows one applies them, and a worker killed at any point has either done both or neither.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from django.db import transaction
from django.utils import timezone

from wotu.core.crash_points import crash_point
from wotu.core.errors import invalid_argument
from wotu.core.followed import ALL
from wotu.core.logs import obscure
from wotu.outbox.claims import pause_after
from wotu.outbox.models import LONGEST_ERROR, LONGEST_NAME, Cursor
from wotu.outbox.tasks import TASK_NAME

if TYPE_CHECKING:
    from wotu.workspace.feed import Feed, Page

_log = logging.getLogger("wotu.outbox")
_LONGEST_WAIT = timedelta(minutes=5)
Source = Literal["messages", "identity"]
Apply = Callable[[Sequence[Any]], None]


@dataclass(frozen=True)
class Follower:
    """Who follows what: the events named (all if none are) of ``messages``, or the decisions of ``identity``.

    Unless ``wanted`` says that anything could come of it, nothing is read and the cursor stays where it is.
    """

    name: str
    source: Source
    events: tuple[str, ...]
    batch: int
    apply: Apply
    wanted: Callable[[], bool] = lambda: True
    events_now: Callable[[], Iterable[str]] | None = None

    @property
    def followed(self) -> tuple[str, ...]:
        """The events that it follows now; all if none are named."""
        return self.events if self.events_now is None else tuple(sorted(self.events_now()))

    def read(self, feed: Feed, seq: int, limit: int) -> Page[Any]:
        """The next rows after ``seq``."""
        if self.source == "identity":
            return feed.identity_changes_after(seq, limit=limit)
        return feed.messages_after(seq, events=self.followed, limit=limit)


_REGISTERED: dict[str, Follower] = {}


def follower(
    name: str, *, events: Iterable[str] = (), source: Source = "messages", batch: int = 500,
    wanted: Callable[[], bool] = lambda: True, events_now: Callable[[], Iterable[str]] | None = None,
) -> Callable[[Apply], Apply]:  # fmt: skip
    """Register a function that is given rows in order of ``seq``, at most ``batch`` at once, in a transaction.

    ``name`` is written ``room.what`` and names the cursor, which begins before the first message ever: the function
    decides what is too old. It may fail, and is then given the same rows again, one by one. ``wanted`` is asked every
    few seconds: while it says no, nothing is read, and once it says yes, everything from the cursor on.
    ``events_now`` names the events where they change; ``begin_at`` spares it what was before.
    """

    def registered(apply: Apply) -> Apply:
        if not TASK_NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise invalid_argument("name", f"name={name!r} must be written room.what, in a-z, 0-9 and _.")
        if name in _REGISTERED:
            raise invalid_argument("name", f"a follower {name!r} is registered already; give this one another name.")
        if batch < 1 or (events and source != "messages"):
            raise invalid_argument("batch", f"{name}: batch must be at least 1, and events are of messages.")
        _REGISTERED[name] = Follower(name, source, tuple(sorted(events)), batch, apply, wanted, events_now)
        return apply

    return registered


def registered_followers() -> tuple[Follower, ...]:
    """Every follower, by name."""
    return tuple(_REGISTERED[name] for name in sorted(_REGISTERED))


def wanted_followers() -> tuple[Follower, ...]:
    """The followers of which anything could come now."""
    return tuple(each for each in registered_followers() if each.wanted())


def events_of(followers: Iterable[Follower]) -> list[str]:
    """The events that any of them follows."""
    of_messages = [each for each in followers if each.source == "messages"]
    return [event for each in of_messages for event in each.followed or (ALL,)]


def follow(name: str, read: Callable[[int], Page[Any]], apply: Apply) -> int:
    """Apply what ``read`` gives after the cursor ``name``; how many rows were looked at, by their numbers.

    Nothing is applied when another worker was faster.
    """
    at = position(name)
    page = read(at)
    if page.reached == at:
        return 0
    with transaction.atomic():
        moved = Cursor.objects.filter(name=name, seq=at).update(
            seq=page.reached, moved_at=timezone.now(), failed_at=None, last_error=""
        )
        if not moved:
            return 0
        if page.rows:
            apply(page.rows)
        crash_point("outbox:before-cursor-commit")
    crash_point("outbox:cursor-committed")
    return abs(page.reached - at)


def position(name: str) -> int:
    """Up to which number the cursor ``name`` has had its effects; it is made when there is none."""
    seq = Cursor.objects.filter(name=name).values_list("seq", flat=True).first()
    if seq is not None:
        return seq
    return Cursor.objects.get_or_create(name=name, defaults={"moved_at": timezone.now()})[0].seq


def begin_at(name: str, seq: int) -> None:
    """Let the cursor ``name`` go on from ``seq``, where it is not there yet: what was before has no effects."""
    position(name)
    Cursor.objects.filter(name=name, seq__lt=seq).update(seq=seq, moved_at=timezone.now())


class Following:
    """The followers of one worker; one that fails waits and stops no other."""

    def __init__(self, feed: Feed, followers: Sequence[Follower] | None = None) -> None:
        self._feed = feed
        self.followers = wanted_followers() if followers is None else followers
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, Any] = {}

    def step(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Let each follower apply one page; how many rows were looked at."""
        looked = 0
        for each in self.followers:
            if stopping():
                break
            if (wait := self._not_before.get(each.name)) is None or timezone.now() >= wait:
                looked += self._one(each)
        return looked

    def _one(self, each: Follower) -> int:
        failures = self._failures.get(each.name, 0)
        # After a failure one by one: what stands before the bad row has its effects.
        limit = 1 if failures else each.batch
        try:
            looked = follow(each.name, lambda seq: each.read(self._feed, seq, limit), each.apply)
        except Exception as error:
            self._failures[each.name] = failures + 1
            if failures:
                self._not_before[each.name] = timezone.now() + min(pause_after(failures), _LONGEST_WAIT)
            _log.warning("%s failed with %s, attempt %d", each.name, type(error).__name__, failures + 1)
            told = obscure(f"{type(error).__name__}: {error}")[:LONGEST_ERROR]
            Cursor.objects.filter(name=each.name).update(failed_at=timezone.now(), last_error=told)
            return 1 if not failures else 0
        if looked:
            self._failures.pop(each.name, None)
            self._not_before.pop(each.name, None)
        return looked
