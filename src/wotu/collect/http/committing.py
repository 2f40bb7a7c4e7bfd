"""Many requests, one write to disk: they wait together and are answered together."""

from __future__ import annotations

import asyncio
import threading
import time

from wotu.collect.http.counters import Counters
from wotu.collect.logs import SEAL_SECONDS, LogWriter

_Waiting = tuple[bytes, "asyncio.Future[None]"]


class GroupCommit:
    """Writes frames in a thread of its own, so that the event loop never waits for the disk."""

    def __init__(self, writer: LogWriter, counters: Counters) -> None:
        self._writer = writer
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Waiting] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="collector-log", daemon=True)
        self._thread.start()

    async def write(self, frame: bytes) -> None:
        """Return when the frame is on disk; raises ``OSError`` when it could not be written."""
        done: asyncio.Future[None] = self._loop.create_future()
        with self._wake:
            if self._stopping:
                raise OSError("the collector is stopping")
            self._waiting.append((frame, done))
            if len(self._waiting) == 1:
                self._wake.notify()
        await done

    def close(self) -> None:
        """Write what waits, seal the log, and end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._waiting and not self._stopping:
                    self._wake.wait(SEAL_SECONDS / 3 if self._writer.writing else None)
                group, self._waiting = self._waiting, []
                stopping = self._stopping and not group
            if group:
                self._answer(group, self._commit([frame for frame, _ in group]))
            self._seal(stopping=stopping)
            if stopping:
                return

    def _commit(self, frames: list[bytes]) -> OSError | None:
        began = time.perf_counter()
        try:
            self._writer.write(frames)
        except OSError as error:
            return error
        finally:
            self._counters.syncs += 1
            self._counters.sync_seconds += time.perf_counter() - began
        return None

    def _seal(self, *, stopping: bool) -> None:
        try:
            if stopping:
                self._writer.seal()
            else:
                self._writer.seal_when_due()
        except OSError:
            # The log stays open on disk; it is sealed as an orphan when this process is gone.
            return

    def _answer(self, group: list[_Waiting], error: OSError | None) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, group, error)
        except RuntimeError:
            # The loop is closed: those who waited are gone.
            return


def _resolve(group: list[_Waiting], error: OSError | None) -> None:
    for _, done in group:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
