"""The settler as a process of its own: settles whatever arrives until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from datetime import UTC, datetime

from wotu.core.clock import behind
from wotu.core.disk import free_bytes, shortage
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.logs import configure_logging
from wotu.core.settings import Settings, read_settings
from wotu.settle.chores import Chores
from wotu.settle.report import Report
from wotu.settle.settler import Settler

_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 5.0
_HINDERED_SECONDS = 1.0
_log = logging.getLogger("wotu.settler")


def run_settler(layout: Layout) -> None:
    """Settle what arrives, holding the settler's lock, until SIGTERM or SIGINT."""
    configure_logging()
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    while not stop.is_set():
        # Asked for again and again: waiting in the system could not be stopped.
        with file_lock(layout.settler_lock, wait=False) as held:
            if held:
                with Report(layout) as report:
                    _hold(layout, stop, report)
        stop.wait(_PAUSE_SECONDS)


def _hold(layout: Layout, stop: threading.Event, report: Report) -> None:
    """Settle until told to stop; after an error, begin again from what is on disk."""
    while not stop.is_set():
        try:
            _run(layout, stop, report)
        except Exception as error:
            # What waits is safe on disk; trying again later is all a settler can do.
            _log.exception("settling failed; trying again in %d seconds", _RETRY_SECONDS)
            report.tell("failing", f"the last settle failed with {type(error).__name__}; the server's log says why.")
            stop.wait(_RETRY_SECONDS)


def _run(layout: Layout, stop: threading.Event, report: Report) -> None:
    """Rounds and commits until told to stop or the settings change; everything is committed then."""
    settings = read_settings(layout.settings)
    changed = layout.settings.stat().st_mtime_ns
    settler, chores = Settler(layout, settings), Chores()
    last = settler.last_received()
    while not stop.is_set() and layout.settings.stat().st_mtime_ns == changed:
        if _is_hindered(layout, settings, last, report):
            stop.wait(_HINDERED_SECONDS)
            continue
        accepted = _round(settler, report)
        if settler.is_due and not chores.busy_with_lake:
            with report.commit(settler):
                settler.commit()
        chores.next(settler)
        if not accepted:
            stop.wait(_PAUSE_SECONDS)
    chores.wait()
    if not _is_hindered(layout, settings, last, report):
        # What the collector took in before it was stopped.
        _round(settler, report)
        with report.commit(settler):
            settler.commit()


def _round(settler: Settler, report: Report) -> int:
    with report.round(settler):
        return settler.round(datetime.now(UTC))


def _is_hindered(layout: Layout, settings: Settings, last: datetime | None, report: Report) -> bool:
    """Whether a full disk or a wrong clock forbids to settle; what waits goes on waiting."""
    if short := shortage(free_bytes(layout.root), settings.reserve_mb):
        report.tell("disk_full", short)
        return True
    if wrong := behind(datetime.now(UTC), last):
        report.tell("clock_behind", wrong)
        return True
    return False
