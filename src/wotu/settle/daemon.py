"""The settler as a process of its own: settles whatever arrives until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import UTC, datetime

from wotu.collect.inbox import Inbox
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.settings import read_settings
from wotu.settle.settler import Settler

_PAUSE_SECONDS = 0.2
_RETRY_SECONDS = 5.0
_log = logging.getLogger("wotu.settler")


def run_settler(layout: Layout) -> None:
    """Settle what arrives, under the settler's lock, until SIGTERM or SIGINT."""
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    inbox = Inbox(layout.inbox)
    while not stop.is_set():
        pause = _PAUSE_SECONDS
        # The lock is taken per round, so that a process that imports a file need not wait for long.
        if inbox.pending() or inbox.claimed():
            with file_lock(layout.settler_lock):
                pause = _PAUSE_SECONDS if _settle(layout) else _RETRY_SECONDS
        stop.wait(pause)


def _settle(layout: Layout) -> bool:
    try:
        settler = Settler(layout, read_settings(layout.settings))
        settler.settle(datetime.now(UTC))
        settler.tidy()
    except Exception:
        # What waits is safe on disk; trying again later is all a settler can do.
        _log.exception("settling failed; trying again in %d seconds", _RETRY_SECONDS)
        return False
    return True
