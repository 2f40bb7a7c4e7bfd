"""One settle: the waiting segments become messages of record, in one commit, and visible in timelines.

A settle has a number, one more than the last one committed. Its segments are moved aside under that
number first, so that after a crash the same number means the same messages: if the lake has it, what
is left is to tidy up; if not, it is done again from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Problem, Quarantine
from wotu.core.crash_points import crash_point
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.settings import Settings
from wotu.identity.resolver import Resolution, Resolver, read_checkpoint
from wotu.lake.messages import Lake
from wotu.settle.duplicates import SeenMessages
from wotu.settle.properties import with_columns
from wotu.settle.rows import identity_rows, identity_state, message_rows
from wotu.timeline.build import build
from wotu.timeline.generation import open_current

Progress = Callable[[str], None]
_RECEIPTS_KEPT_SECONDS = 3600.0


@dataclass(frozen=True)
class _Claim:
    """The messages of one settle; ``segment`` numbers the segment of every row."""

    messages: pa.Table
    segment: npt.NDArray[np.int64]
    segments: tuple[str, ...]


class Settler:
    """Settles one workspace; its maker holds the settler's lock."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self._layout = layout
        self._settings = settings
        self._lake = Lake(layout.lake)
        self._inbox = Inbox(layout.inbox)

    def settle(self, now: datetime, progress: Progress = lambda _: None) -> int:
        """Settle everything that waits; how many messages were accepted."""
        accepted = 0
        last = self._lake.last_transaction()
        # Committed before a crash, perhaps not visible yet: told of only when timelines are up to date.
        unfinished = [number for number in self._inbox.claimed() if number <= last]
        paths = self._inbox.claim(last + 1)
        if paths:
            crash_point("settle:claimed")
            accepted = self._commit(last + 1, _read(paths), now, progress)
        self._refresh_timelines(progress)
        crash_point("settle:before-receipts")
        for number in [*unfinished, *([last + 1] if paths else [])]:
            self._inbox.finish(number)
        if paths:
            self._inbox.prune_receipts(_RECEIPTS_KEPT_SECONDS, now.timestamp())
        return accepted

    def tidy(self) -> None:
        """What may wait and may fail without harm: put the lake's newest small files together.

        Not while a backup copies those files, nor does one begin meanwhile.
        """
        with file_lock(self._layout.backup_lock, wait=False) as free:
            if free:
                self._lake.compact()

    def _commit(self, number: int, claim: _Claim, now: datetime, progress: Progress) -> int:
        progress("resolving customers")
        seen = SeenMessages(self._layout.settled, self._lake)
        source, message_id = (claim.messages[name].combine_chunks() for name in ("source", "message_id"))
        fresh = seen.new(source, message_id)
        messages = claim.messages.filter(pa.array(fresh)).combine_chunks()
        resolver = self._resolver()
        resolution = resolver.resolve(messages)
        first = self._lake.last_seq() + 1
        identities = identity_rows(messages, resolution, first + len(messages))
        rows = message_rows(with_columns(messages, self._lake.schema()), resolution, first)
        self._inbox.plan_receipts(number, _receipts(claim, fresh))
        self._quarantine(messages, resolution, now)
        progress("writing messages")
        crash_point("settle:before-commit")
        if len(rows):
            self._lake.append(pa.concat_tables([rows, identities], promote_options="default"), transaction=number)
        crash_point("settle:committed")
        if len(rows):
            last = first + len(rows) + len(identities) - 1
            received = messages["received"].combine_chunks()
            seen.add(messages["source"].combine_chunks(), messages["message_id"].combine_chunks(), received, seq=last)
            resolver.apply(resolution.identifiers, resolution.joins, seq=last)
        return len(rows)

    def _resolver(self) -> Resolver:
        """Identity as the lake has it; derived files that are behind are made again."""
        resolver = Resolver(self._layout.identity)
        last = self._lake.last_seq()
        if resolver.checkpoint.seq != last:
            resolver = Resolver.empty(self._layout.identity)
            resolver.apply(*identity_state(self._lake), seq=last)
        return resolver

    def _refresh_timelines(self, progress: Progress) -> None:
        folder = self._layout.timelines
        wanted = (self._lake.last_seq(), self._settings.currency)
        if read_checkpoint(self._layout.identity).seq != wanted[0]:
            self._resolver()
        generation = open_current(folder)
        if generation is not None and generation.manifest.made_from == wanted:
            return
        progress("building timelines")
        build(self._lake, self._resolver().customers(), folder, currency=self._settings.currency)

    def _quarantine(self, messages: pa.Table, resolution: Resolution, now: datetime) -> None:
        """Keep what identity could not use or refused to join, beside the messages, which are all kept."""
        reasons = [
            (refused, "cannot be used as an identifier; the message was kept without it")
            for refused in resolution.refused
        ]
        reasons += [
            (flag, "belongs to another user_id of the namespace; the two were not joined") for flag in resolution.flags
        ]
        problems: dict[str, list[Problem]] = {}
        for (row, kind, value), reason in reasons:
            source, message = (messages[name][row].as_py() for name in ("source", "message_id"))
            problems.setdefault(source, []).append(Problem(f"message {message}", None, kind, f"{kind} {reason}", value))
        for source, found in problems.items():
            Quarantine(self._layout.quarantine).add(source, found, now)


def _read(paths: list[Path]) -> _Claim:
    tables = [pq.read_table(path) for path in paths]
    segment = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    # A segment whose property has another type than an earlier one keeps it under ``rest`` (see properties).
    messages = pa.concat_tables(_agreeing(tables), promote_options="default")
    return _Claim(messages.combine_chunks(), segment, tuple(path.stem for path in paths))


def _agreeing(tables: list[pa.Table]) -> list[pa.Table]:
    """The tables with each property column of one type: that of the first segment that has it."""
    types: dict[str, pa.DataType] = {}
    agreeing = []
    for table in tables:
        for name in table.column_names:
            if types.setdefault(name, table.schema.field(name).type) != table.schema.field(name).type:
                table = with_columns(table, pa.schema([(name, types[name])]))
                table = table.rename_columns(["properties" if c == "rest" else c for c in table.column_names])
        agreeing.append(table)
    return agreeing


def _receipts(claim: _Claim, fresh: npt.NDArray[np.bool_]) -> dict[str, dict[str, int]]:
    accepted = np.bincount(claim.segment[fresh], minlength=len(claim.segments))
    duplicates = np.bincount(claim.segment[~fresh], minlength=len(claim.segments))
    return {
        name: {"accepted": int(kept), "duplicates": int(again)}
        for name, kept, again in zip(claim.segments, accepted, duplicates, strict=True)
    }
