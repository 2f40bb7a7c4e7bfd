"""Work that makes reading faster and may take long: done beside the rounds, one thing at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Literal

import pyarrow as pa

from wotu.settle.settler import Settler
from wotu.timeline.compaction import Compaction
from wotu.timeline.overlay import LARGE_SHARE

_LAKE_SECONDS = 60.0
# Layers that hold as much as the base make questions half as fast, and are put together a third as often.
_SHARE_WHEN_HURRIED = 1.0
_log = logging.getLogger("wotu.settler")


class Chores:
    """Puts timelines and the lake's small files together on a thread of its own."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._kind: Literal["lake", "timelines"] | None = None
        self._compaction: Compaction | None = None
        self._error: BaseException | None = None
        self._next_lake = time.monotonic() + _LAKE_SECONDS

    @property
    def busy_with_lake(self) -> bool:
        """Whether a commit would have to wait."""
        return self._kind == "lake" and self._is_running

    def next(self, settler: Settler, *, hurried: bool) -> None:
        """Hand over what is done, and begin what is due; what can wait does while the settler is ``hurried``."""
        if self._is_running:
            return
        self._take_in(settler)
        if settler.timelines.is_large(_SHARE_WHEN_HURRIED if hurried else LARGE_SHARE):
            self._compaction = settler.timelines.compaction()
            self._start("timelines", self._compaction.run)
        elif time.monotonic() >= self._next_lake:
            self._next_lake = time.monotonic() + _LAKE_SECONDS
            self._start("lake", settler.tidy)

    def rest(self, settler: Settler) -> None:
        """Wait for what runs and hand it over, so that the settler may write everything again."""
        self.wait()
        self._take_in(settler)

    def wait(self) -> None:
        """Wait for what runs; its result is not needed any more.

        Whoever lets go of a settler does this first: a compaction of the lake that goes on beside another
        settler's commits would overwrite them.
        """
        if self._thread is not None:
            self._thread.join()

    @property
    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _take_in(self, settler: Settler) -> None:
        error, self._error = self._error, None
        if error is not None and self._kind == "timelines":
            raise error
        if error is not None:
            # The messages are safe in as many files as there were.
            _log.error("the lake's files could not be put together", exc_info=error)
        if self._compaction is not None:
            settler.timelines.take_in(self._compaction)
            self._compaction = None
            # Arrow keeps what a compaction needed, and no round needs as much.
            pa.default_memory_pool().release_unused()

    def _start(self, kind: Literal["lake", "timelines"], work: Callable[[], object]) -> None:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                self._error = error

        self._kind = kind
        self._thread = threading.Thread(target=run, name=kind, daemon=True)
        self._thread.start()
