"""Messages in: from whatever a caller has, through inbox and settler, until every question can see them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wotu.collect.batch import Batch
from wotu.collect.conform import conform
from wotu.collect.dicts import messages_from_dicts, messages_from_ndjson
from wotu.collect.importing import import_file
from wotu.collect.inbox import Inbox
from wotu.collect.mapping import load_mapping
from wotu.collect.quarantine import Quarantine
from wotu.collect.tables import messages_from_table
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.periods import to_micros
from wotu.core.settings import Settings, read_settings
from wotu.identity.erasures import State, ask_erasure, read_erasures
from wotu.settle.erasing import Erasing
from wotu.settle.settler import Settler
from wotu.timeline.manifest import read_manifest

Progress = Callable[[str], None]
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Outcome:
    """What became of a call's messages; ``quarantined`` counts rows kept with a reason."""

    accepted: int
    duplicates: int
    quarantined: int

    def to_dict(self) -> dict[str, int]:
        return {"accepted": self.accepted, "duplicates": self.duplicates, "quarantined": self.quarantined}

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.accepted + other.accepted, self.duplicates + other.duplicates, self.quarantined + other.quarantined
        )


class Intake:
    """The way in for one workspace; any process may use it."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self._layout = layout
        self._settings = settings
        self._inbox = Inbox(layout.inbox)

    def collect(self, data: Any, *, source: str, namespace: str) -> Outcome:
        """Dicts, a table or data frame, or the path of an NDJSON(.gz) or Parquet file."""
        batch = self._batch(data, source, namespace, datetime.now(UTC))
        return self._settled([(source, batch)], lambda _: None)

    def import_files(self, files: Sequence[tuple[Path, Path]], progress: Progress = lambda _: None) -> Outcome:
        """Files with their mappings, all in one settle; nothing is loaded unless every file can be read."""
        batches = []
        for path, mapping_path in files:
            progress(f"reading {path.name}")
            mapping = load_mapping(mapping_path)
            batch = import_file(path, mapping, settings=self._settings, received=datetime.now(UTC))
            batches.append((mapping.source or mapping_path.stem, batch))
        return self._settled(batches, progress)

    def take(self, source: str, batch: Batch) -> Outcome:
        """Messages that are a batch already, such as rows of tables besides events."""
        return self._settled([(source, batch)], lambda _: None)

    def settle(self, progress: Progress = lambda _: None) -> int:
        """Settle what waits and bring timelines up to date; messages this process accepted.

        A settler that holds the lock does it for us: then we wait until its timelines can be read.
        """
        waiting = set(self._inbox.pending())
        while True:
            with file_lock(self._layout.settler_lock, wait=False) as held:
                if held:
                    return self._settle(progress)
            manifest = read_manifest(self._layout.timelines)
            currency = read_settings(self._layout.settings).currency
            # Something always waits while messages come in; what waited when we came must be gone.
            done = waiting.isdisjoint(self._inbox.pending())
            if manifest is not None and manifest.currency == currency and done:
                return 0
            time.sleep(_POLL_SECONDS)

    def erase(self, subjects: Sequence[int], *, by: str, wait: State, progress: Progress = lambda _: None) -> None:
        """Erase the person with these identity nodes; returns once that has reached the state ``wait``.

        ``hidden`` is gone from every answer, ``done`` from every file.
        """
        asked = ask_erasure(self._layout.erasures, subjects, now=to_micros(datetime.now(UTC)), by=by)
        self.until_erased(asked.id, wait=wait, progress=progress)

    def until_erased(self, erasure_id: str, *, wait: State, progress: Progress = lambda _: None) -> None:
        """Wait until an erasure has reached a state; where nobody else settles, this process does it."""
        while (found := read_erasures(self._layout.erasures).of(erasure_id)) is not None:
            if found.state in ("done", wait):
                return
            with file_lock(self._layout.settler_lock, wait=False) as held:
                if held:
                    self._settle(progress)
            time.sleep(_POLL_SECONDS)

    def _batch(self, data: Any, source: str, namespace: str, received: datetime) -> Batch:
        currency = self._settings.currency
        if isinstance(data, (str, Path)):
            path = Path(data)
            if path.suffix == ".parquet":
                data = path
            elif path.name.endswith((".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")):
                return messages_from_ndjson(
                    path, source=source, namespace=namespace, currency=currency, received=received
                )
            else:
                message = (
                    f"{path.name}: collect takes .ndjson, .ndjson.gz or .parquet; import other tables with a mapping."
                )
                raise WotuError(ErrorCode.INVALID_FILE, message, field="data")
        elif isinstance(data, Mapping):
            data = [data]
        if isinstance(data, Iterable) and not hasattr(data, "__arrow_c_stream__") and not isinstance(data, Path):
            return messages_from_dicts(data, source=source, namespace=namespace, currency=currency, received=received)
        # Naive times of a table are UTC, as those of messages are.
        return messages_from_table(
            data, source=source, namespace=namespace, currency=currency, zone=UTC, received=received
        )

    def _settled(self, batches: Sequence[tuple[str, Batch]], progress: Progress) -> Outcome:
        outcome = Outcome(0, 0, 0)
        for source, batch in batches:
            Quarantine(self._layout.quarantine).add(source, batch.problems, datetime.now(UTC))
            outcome += Outcome(0, 0, len(batch.problems))
        tables = [conform(batch.table) for _, batch in batches if len(batch.table)]
        if tables:
            receipt = self._receipt(self._inbox.append(*tables), progress)
            outcome += Outcome(receipt["accepted"], receipt["duplicates"], 0)
        return outcome

    def _receipt(self, segment: str, progress: Progress) -> dict[str, int]:
        """Wait until the segment is settled, by whoever holds the lock, else by ourselves."""
        while (receipt := self._inbox.read_receipt(segment)) is None:
            with file_lock(self._layout.settler_lock, wait=False) as held:
                if held:
                    self._settle(progress)
                    receipt = self._inbox.read_receipt(segment)
                    # A settle repeated after a crash takes only what it had claimed: ours is next.
                    waiting = {path.stem for path in self._inbox.pending()}
                    if receipt is None and segment not in waiting:
                        message = f"segment {segment} is gone from the inbox without a receipt; collect it again."
                        raise WotuError(ErrorCode.LOST_SEGMENT, message)
                    continue
            time.sleep(_POLL_SECONDS)
        if "failed" in receipt:
            raise WotuError(ErrorCode.SEGMENT_FAILED, f"what was collected {receipt['failed']}; see wotu doctor.")
        return receipt

    def _settle(self, progress: Progress) -> int:
        # Settings as they are now: another process may have changed them since this one opened the workspace.
        settler = Settler(self._layout, read_settings(self._layout.settings), progress)
        accepted = settler.settle(datetime.now(UTC))
        erasing = Erasing(self._layout)
        if erasing.is_waiting():
            progress("erasing")
            erasing.run(settler, datetime.now(UTC))
        settler.tidy()
        return accepted
