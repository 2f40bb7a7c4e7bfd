"""Keeps the tally of one workspace: little is counted at once, much on a thread while pages say how far."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

import msgspec

from wotu.core.layout import Layout
from wotu.lake.messages import Lake
from wotu.lake.snapshot import snapshot
from wotu.workspace.tally import Tally

_AT_ONCE = 200_000
_FORMAT = 1


class _Saved(msgspec.Struct):
    format: int
    tally: Tally


@dataclass(frozen=True)
class Counting:
    """A tally that is ready, or how far it is: ``done`` of 1."""

    tally: Tally | None
    done: float


class TallyKeeper:
    """The tally of one workspace for one process; several threads may ask."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lake = Lake(layout.lake)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._tally: Tally | None = None
        self._reached = 0

    def ask(self, zone: str) -> Counting:
        """The tally as of now, or how far counting is."""
        with self._lock:
            last = self._lake.last_seq()
            if self._thread is not None and self._thread.is_alive():
                return Counting(None, self._reached / max(last, 1))
            tally = self._known(zone, last)
            self._reached = tally.seq
            if last - tally.seq > _AT_ONCE:
                self._thread = threading.Thread(target=self._count, args=(tally,), name="tally", daemon=True)
                self._thread.start()
                return Counting(None, tally.seq / max(last, 1))
            self._tally = self._complete(tally)
            return Counting(self._tally, 1.0)

    def _count(self, tally: Tally) -> None:
        try:
            done = self._complete(tally)
            self._save(done)
            self._tally = done
        except Exception:
            # The next who asks begins again.
            logging.getLogger(__name__).exception("messages could not be counted")

    def _complete(self, tally: Tally) -> Tally:
        """``tally`` with all the lake has; counted anew where messages it counted are gone."""
        if self._lake.last_seq() > tally.seq:
            tally.add(self._lake, self._went_to)
        found = snapshot(self._layout.lake)
        if found is not None and found.last_seq == tally.seq and sum(file.rows for file in found.files) != tally.rows:
            tally = Tally(tally.zone)
            tally.add(self._lake, self._went_to)
        return tally

    def _went_to(self, seq: int) -> None:
        self._reached = seq

    def _known(self, zone: str, last: int) -> Tally:
        """A tally to add to: a copy, as pages may still read the one that was given out."""
        known = self._tally or self._saved()
        if known is None or known.zone != zone or known.seq > last:
            return Tally(zone)
        if known.seq == last:
            return known
        return msgspec.json.decode(msgspec.json.encode(known), type=Tally)

    def _saved(self) -> Tally | None:
        try:
            saved = msgspec.json.decode((self._layout.run / "tally.json").read_bytes(), type=_Saved)
        except (OSError, msgspec.DecodeError):
            return None
        return saved.tally if saved.format == _FORMAT else None

    def _save(self, tally: Tally) -> None:
        path = self._layout.run / "tally.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".tally.{threading.get_native_id()}.tmp")
        temporary.write_bytes(msgspec.json.encode(_Saved(_FORMAT, tally)))
        temporary.chmod(0o600)
        temporary.replace(path)
