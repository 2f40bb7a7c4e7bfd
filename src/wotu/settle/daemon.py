"""The settler as a process of its own: settles whatever arrives until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import UTC, datetime

from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.settings import read_settings
from wotu.settle.chores import Chores
from wotu.settle.settler import Settler

_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 5.0
_log = logging.getLogger("wotu.settler")


def run_settler(layout: Layout) -> None:
    """Settle what arrives, holding the settler's lock, until SIGTERM or SIGINT."""
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
    while not stop.is_set():
        try:
            _run(layout, stop)
        except Exception:
            # What waits is safe on disk; trying again later is all a settler can do.
            _log.exception("settling failed; trying again in %d seconds", _RETRY_SECONDS)
            stop.wait(_RETRY_SECONDS)


def _run(layout: Layout, stop: threading.Event) -> None:
    """Rounds and commits until told to stop or the settings change; everything is committed then."""
    settings = read_settings(layout.settings)
    changed = layout.settings.stat().st_mtime_ns
    settler, chores = Settler(layout, settings), Chores()
    while not stop.is_set() and layout.settings.stat().st_mtime_ns == changed:
        accepted = settler.round(datetime.now(UTC))
        if settler.is_due and not chores.busy_with_lake:
            settler.commit()
        chores.next(settler)
        if not accepted:
            stop.wait(_PAUSE_SECONDS)
    chores.wait()
    settler.commit()
