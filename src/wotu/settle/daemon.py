"""The settler as a process of its own: settles whatever arrives until it is told to stop."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.logs import configure_logging
from wotu.core.settings import Settings, read_settings
from wotu.core.without_pandas import leave_pandas_out
from wotu.settle.careful import Careful
from wotu.settle.chores import Chores
from wotu.settle.claim import Claim
from wotu.settle.erasing import Erasing
from wotu.settle.obstacles import obstacle
from wotu.settle.reading import Reader, Reading
from wotu.settle.retention import Retention
from wotu.settle.settler import Settler
from wotu.settle.telling import Teller

_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 5.0
_CLAIMS_AHEAD = 2
_MANY_OBJECTS = 500_000
_TURN_SECONDS = 0.0002
_log = logging.getLogger("wotu.settler")


def run_settler(layout: Layout) -> None:
    """Settle what arrives, holding the settler's lock, until SIGTERM or SIGINT."""
    configure_logging()
    leave_pandas_out()
    # Rounds make very many objects and no cycles: looking for these took a sixth of the time.
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS, 10, 10)
    # Short turns: reading ahead, showing and compacting wait for each other less.
    sys.setswitchinterval(_TURN_SECONDS)
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    while not stop.is_set():
        # Asked for again and again: waiting in the system could not be stopped.
        with file_lock(layout.settler_lock, wait=False) as held:
            if held:
                _hold(layout, stop)
        stop.wait(_PAUSE_SECONDS)


def _hold(layout: Layout, stop: threading.Event) -> None:
    """Settle until told to stop; after an error, begin again from what is on disk."""
    teller, careful = Teller(layout), Careful(layout)
    failed = False
    with teller.repeating():
        while not stop.is_set():
            try:
                if failed:
                    careful.settle(read_settings(layout.settings), stop)
                failed = False
                _run(layout, teller, stop)
            except Exception as error:
                failed = True
                # What waits is safe on disk; trying again later is all a settler can do.
                _log.exception("settling failed; trying again in %d seconds", _RETRY_SECONDS)
                teller.tell("failing", reason=type(error).__name__)
                stop.wait(_RETRY_SECONDS)
    teller.tell("stopped")


def _run(layout: Layout, teller: Teller, stop: threading.Event) -> None:
    """Rounds and commits until told to stop or the settings change; everything is committed then."""
    teller.tell("starting")
    # In this order: settings that change between the two are read again.
    changed, settings = layout.settings.stat().st_mtime_ns, read_settings(layout.settings)
    chores = Chores()
    try:
        with Reader() as reader:
            settler = Settler(layout, settings)
            teller.settler = settler
            deleting = Deleting(Erasing(layout), Retention(layout, settings))
            ahead: deque[Reading] = deque()
            while not (stop.is_set() or layout.settings.stat().st_mtime_ns != changed):
                if _is_hindered(layout, settings, settler, teller):
                    stop.wait(1.0)
                    continue
                # The next segments are read while earlier ones are shown.
                while len(ahead) < _CLAIMS_AHEAD and (paths := settler.next_claim()):
                    ahead.append(reader.begin(paths, currency=settings.currency))
                claim = ahead.popleft().result() if ahead else None
                _one_round(settler, claim, chores, teller)
                deleting.run(settler, chores)
                if claim is None:
                    stop.wait(_PAUSE_SECONDS)
            left = [each.result() for each in ahead]
            chores.wait()
            if not _is_hindered(layout, settings, settler, teller):
                _last_round(settler, left)
    finally:
        chores.wait()


def _is_hindered(layout: Layout, settings: Settings, settler: Settler, teller: Teller) -> bool:
    """Whether something forbids to settle now; it is told."""
    found = obstacle(layout.root, settings, datetime.now(UTC), settler.last_received)
    if found is not None:
        teller.tell(found.state, reason=found.reason)
    return found is not None


def _last_round(settler: Settler, left: Iterable[Claim]) -> None:
    """Show what was read ahead, and what the collector took in before it ended; commit all of it."""
    for claim in left:
        settler.show(claim, datetime.now(UTC))
    settler.round(datetime.now(UTC))
    settler.commit()


class Deleting(NamedTuple):
    """What has to go: people who are erased, and what is kept no longer."""

    erasing: Erasing
    retention: Retention

    def run(self, settler: Settler, chores: Chores) -> None:
        """Delete what is due."""
        now = datetime.now(UTC)
        if self.erasing.is_waiting():
            chores.rest(settler)
            self.erasing.run(settler, now)
        if self.retention.is_due(now):
            chores.rest(settler)
            self.retention.run(settler, now)


def _one_round(settler: Settler, claim: Claim | None, chores: Chores, teller: Teller) -> None:
    """Show what was read, and commit when it is time."""
    started = time.monotonic()
    if claim is not None:
        settler.show(claim, datetime.now(UTC))
        teller.settle_seconds = time.monotonic() - started
    if settler.is_due and not chores.busy_with_lake:
        started = time.monotonic()
        settler.commit()
        teller.commit_seconds = time.monotonic() - started
    chores.next(settler, hurried=claim is not None)
    teller.tell("idle" if claim is None else "settling")
