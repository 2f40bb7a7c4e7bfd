"""Where messages wait, safely on disk, until the settler takes them.

``incoming/`` holds segments named by arrival: a Parquet file per call, a folder of several that belong
together, a log of what came over HTTP. ``claimed/<number>/`` is what one settle took, so that a settle
repeated after a crash sees the same messages; ``receipts/`` tells a caller what became of its segment;
``aside/`` keeps segments that could not be settled.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.arrival import arrival_name
from wotu.core.durable import replacing, sync, write_durably

LOG = ".log"
SEGMENTS = (".parquet", ".group", LOG)


def segment_of(path: Path) -> str:
    """The segment id of a file, claimed or not."""
    return path.stem.rpartition(".")[2]


class Inbox:
    """The segments of one workspace; safe to use from several processes of one machine.

    Only the holder of the settler's lock may ``claim``, ``release``, ``put_aside`` and ``discard``.
    """

    def __init__(self, folder: Path) -> None:
        self.incoming = folder / "incoming"
        self._claimed = folder / "claimed"
        self._receipts = folder / "receipts"
        self._aside = folder / "aside"

    def append(self, *tables: pa.Table) -> str:
        """Keep batches that ``conform`` accepted, all or none; their segment id once they are on disk."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        segment = arrival_name()
        if len(tables) == 1:
            with replacing(self.incoming / f"{segment}.parquet") as temporary:
                pq.write_table(tables[0], temporary, compression="zstd")
            return segment
        group = self.incoming / f".{segment}"
        group.mkdir(mode=0o700)
        for number, table in enumerate(tables):
            pq.write_table(table, group / f"{number:06d}.parquet", compression="zstd")
            sync(group / f"{number:06d}.parquet")
        sync(group)
        group.rename(self.incoming / f"{segment}.group")
        sync(self.incoming)
        return segment

    def pending(self) -> list[Path]:
        """Segments nobody claimed yet, oldest first."""
        if not self.incoming.exists():
            return []
        return sorted(path for path in self.incoming.iterdir() if path.suffix in SEGMENTS and path.name[0] != ".")

    def held(self, number: int) -> list[Path]:
        """The segments that settle ``number`` has claimed, in the order of claiming."""
        folder = self._claimed / str(number)
        return sorted(path for path in folder.iterdir() if path.suffix in SEGMENTS) if folder.exists() else []

    def claim(self, number: int, pending: Sequence[Path]) -> None:
        """Move pending segments to settle ``number``, behind those it has."""
        if not pending:
            return
        folder = self._claimed / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        first = len(self.held(number))
        # Numbered, so that a settle repeated after a crash sees them in the same order.
        for place, path in enumerate(pending, first):
            path.rename(folder / f"{place:08d}.{path.name}")
        for changed in (folder, self._claimed, self.incoming):
            sync(changed)

    def release(self, number: int) -> None:
        """Move what settle ``number`` claimed back to those that wait; it must not be committed."""
        held = self.held(number)
        for path in held:
            path.rename(self.incoming / path.name.partition(".")[2])
        if held:
            sync(self.incoming)
        # Receipts that were planned for it do not hold either.
        self.discard(number)

    def put_aside(self, path: Path, reason: str) -> None:
        """Keep a pending segment where nobody settles it, and tell who waits for it why."""
        self._aside.mkdir(parents=True, exist_ok=True)
        path.rename(self._aside / path.name)
        for changed in (self._aside, self.incoming):
            sync(changed)
        self.write_receipt(segment_of(path), {"failed": reason})

    def claimed(self) -> list[int]:
        """Numbers of the settles that were claimed and not discarded, lowest first."""
        if not self._claimed.exists():
            return []
        return sorted(int(folder.name) for folder in self._claimed.iterdir() if folder.name.isdigit())

    def discard(self, number: int) -> None:
        """Delete the segments of a settle that is committed; nothing happens when they are gone already."""
        folder = self._claimed / str(number)
        if folder.exists():
            shutil.rmtree(folder)
            sync(self._claimed)

    def plan_receipts(self, number: int, receipts: dict[str, dict[str, int]]) -> None:
        """Keep beside the claim what its segments became, before the settle is committed."""
        write_durably(self._claimed / str(number) / "receipts.json", msgspec.json.encode(receipts))

    def finish(self, number: int) -> None:
        """Hand out the planned receipts of a committed settle and delete its segments."""
        planned = self._claimed / str(number) / "receipts.json"
        if planned.exists():
            for segment, receipt in msgspec.json.decode(planned.read_bytes(), type=dict[str, dict[str, int]]).items():
                self.write_receipt(segment, receipt)
        self.discard(number)

    def write_receipt(self, segment: str, receipt: dict[str, Any]) -> None:
        """Tell whoever appended ``segment`` what became of it."""
        self._receipts.mkdir(parents=True, exist_ok=True)
        write_durably(self._receipt(segment), msgspec.json.encode(receipt))

    def read_receipt(self, segment: str) -> dict[str, Any] | None:
        """What became of ``segment``; ``None`` while it is not settled (or its receipt was pruned)."""
        try:
            content = self._receipt(segment).read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(content, type=dict[str, Any])

    def prune_receipts(self, older_than_seconds: float, now: float) -> int:
        """Delete receipts written more than ``older_than_seconds`` before ``now`` (seconds since 1970); how many."""
        pruned = 0
        for path in self._receipts.glob("*.json"):
            if path.stat().st_mtime < now - older_than_seconds:
                path.unlink(missing_ok=True)
                pruned += 1
        return pruned

    def _receipt(self, segment: str) -> Path:
        return self._receipts / f"{segment}.json"
