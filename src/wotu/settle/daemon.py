"""The settler as a process of its own: settles whatever arrives until it is told to stop."""

from __future__ import annotations

import gc
import logging
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.logs import configure_logging
from wotu.core.settings import read_settings
from wotu.settle.careful import Careful
from wotu.settle.chores import Chores
from wotu.settle.claim import Claim
from wotu.settle.erasing import Erasing
from wotu.settle.obstacles import obstacle
from wotu.settle.retention import Retention
from wotu.settle.settler import Settler
from wotu.settle.telling import Teller

_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 5.0
_MANY_OBJECTS = 500_000
_log = logging.getLogger("wotu.settler")


def run_settler(layout: Layout) -> None:
    """Settle what arrives, holding the settler's lock, until SIGTERM or SIGINT."""
    configure_logging()
    # Rounds make very many objects and no cycles: looking for these took a sixth of the time.
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS, 10, 10)
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
    settler, chores = Settler(layout, settings), Chores()
    deleting = Deleting(Erasing(layout), Retention(layout, settings))
    teller.settler = settler

    def is_over() -> bool:
        return stop.is_set() or layout.settings.stat().st_mtime_ns != changed

    def is_hindered() -> bool:
        found = obstacle(layout.root, settings, datetime.now(UTC), settler.last_received)
        if found is not None:
            teller.tell(found.state, reason=found.reason)
        return found is not None

    try:
        with ThreadPoolExecutor(1, thread_name_prefix="reader") as reader:
            ahead: Future[Claim | None] | None = None
            while not is_over():
                if is_hindered():
                    stop.wait(1.0)
                    continue
                claim = (ahead or reader.submit(settler.read)).result()
                # The next segments are read while these are shown.
                ahead = None if claim is None else reader.submit(settler.read)
                _one_round(settler, claim, chores, teller)
                deleting.run(settler, chores)
                if claim is None:
                    stop.wait(_PAUSE_SECONDS)
            left = None if ahead is None else ahead.result()
    finally:
        chores.wait()
    if not is_hindered():
        _last_round(settler, left)


def _last_round(settler: Settler, left: Claim | None) -> None:
    """Show what was read ahead, and what the collector took in before it ended; commit all of it."""
    if left is not None:
        settler.show(left, datetime.now(UTC))
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
    chores.next(settler)
    teller.tell("idle" if claim is None else "settling")
