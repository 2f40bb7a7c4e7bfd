"""The settler: what waits in the inbox becomes visible in timelines, then messages of record, in one commit.

A *round* takes what waits and shows it within a moment; a *commit* writes the rounds since the last one
to the lake. A commit has a number, one more than the last. What its rounds took is moved aside under
that number, so that after a crash it is known what is in the lake and what is to be done again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.inbox import Inbox
from wotu.collect.logs import seal_orphans
from wotu.collect.quarantine import Problem, Quarantine
from wotu.core.crash_points import crash_point
from wotu.core.followed import FollowedEvents
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.properties import is_property_column
from wotu.core.settings import Settings
from wotu.facts.changes import without_repeats
from wotu.facts.event_names import read_event_names
from wotu.facts.products import Products
from wotu.identity.erasures import Erasures, Tombstones, read_erasures
from wotu.identity.index import UNKNOWN
from wotu.identity.resolver import Changes, Resolution, Resolver
from wotu.lake.memory import MemoryRows
from wotu.lake.messages import Lake
from wotu.settle.by_property import ByProperty
from wotu.settle.claim import Claim, read_claim
from wotu.settle.duplicates import SeenMessages
from wotu.settle.properties import with_columns
from wotu.settle.rows import erasure_row, identity_rows, identity_state, message_rows
from wotu.settle.traces import names_any
from wotu.timeline.build import build
from wotu.timeline.overlay import Timelines
from wotu.timeline.raw import Rows
from wotu.timeline.traits import KindChanged

Progress = Callable[[str], None]
Integers = npt.NDArray[np.int64]
_RECEIPTS_KEPT_SECONDS = 3600.0
# Larger claims wait longer, smaller ones cost more.
_CLAIM_BYTES = 3_000_000
# How often to look for logs whose writer died.
_ORPHANS_SECONDS = 2.0
COMMIT_ROWS, COMMIT_SECONDS = 100_000, 30.0
# Whoever acts on messages sees them once they are committed.
COMMIT_FOLLOWED_SECONDS = 2.0
# Decisions of people and tables besides events are read from the lake: they are committed at once.
_AT_ONCE = ("row", "merge", "split")
# More rows than this, and than half of what there is, are faster built anew than added.
_MANY_ROWS = 200_000


class Settler:
    """Settles one workspace for as long as its maker holds the settler's lock.

    After an error the object is of no use; another one finds everything as it was on disk.
    """

    def __init__(self, layout: Layout, settings: Settings, progress: Progress = lambda _: None) -> None:
        self._layout = layout
        self._settings = settings
        self._progress = progress
        self._lake = Lake(layout.lake)
        self._inbox = Inbox(layout.inbox)
        self._number = self._lake.last_transaction() + 1
        self._seq = self._lake.last_seq()
        self._schema = self._lake.schema()
        self._pending: list[pa.Table] = []
        self._oldest, self._wait = 0.0, COMMIT_SECONDS
        self._followed = FollowedEvents(layout.followed)
        self._receipts: dict[str, dict[str, int]] = {}
        self.last_received = self._lake.last_received()
        self.counts = {"accepted": 0, "duplicates": 0, "quarantined": 0, "erased": 0}
        self._erased = read_erasures(layout.erasures)
        self._stones = Tombstones.of(self._erased.in_force())
        self._seen = SeenMessages(layout.settled, self._lake)
        self._resolver = self._resolved()
        self._timelines = self._up_to_date()
        # Committed before a crash: told of only when timelines are up to date.
        committed = [number for number in self._inbox.claimed() if number < self._number]
        if committed:
            # Its settler may have died before it was on disk.
            self._lake.sync()
        self._finish(committed)
        self._held = self._inbox.held(self._number)
        self._reading: set[Path] = set()
        self._next_look = 0.0
        if not self._held and not self._timelines.are_published:
            self._timelines.publish()

    @property
    def uncommitted(self) -> int:
        """How many rows are visible, and not yet in the lake."""
        return sum(map(len, self._pending))

    @property
    def is_due(self) -> bool:
        """Whether it is time to commit."""
        waited = time.monotonic() - self._oldest
        return bool(self._pending) and (self.uncommitted >= COMMIT_ROWS or waited >= self._wait)

    @property
    def timelines(self) -> Timelines:
        return self._timelines

    @property
    def lake(self) -> Lake:
        return self._lake

    def settle(self, now: datetime) -> int:
        """Settle everything that waits, to the end; how many messages were accepted."""
        accepted = self.round(now)
        self.commit()
        if self._timelines.is_large():
            compaction = self._timelines.compaction()
            compaction.run()
            self._timelines.take_in(compaction)
            self._timelines.mark_settled()
        return accepted

    def round(self, now: datetime) -> int:
        """Show what waits in every question from now on; how many messages were accepted."""
        claim = self.read()
        return 0 if claim is None else self.show(claim, now)

    def read(self) -> Claim | None:
        """What waits, if anything does."""
        paths = self.next_claim()
        return read_claim(paths, currency=self._settings.currency) if paths else None

    def next_claim(self) -> list[Path]:
        """The segments to read next; those read ahead, and not shown yet, are not named again."""
        if time.monotonic() >= self._next_look:
            seal_orphans(self._inbox.incoming)
            self._next_look = time.monotonic() + _ORPHANS_SECONDS
        held, self._held = self._held, []
        pending = self._inbox.pending()
        # Those read ahead stay pending until they are shown.
        self._reading.intersection_update(pending)
        paths = held or _one_claim(path for path in pending if path not in self._reading)
        self._reading.update(paths)
        return paths

    def show(self, claim: Claim, now: datetime) -> int:
        """Show the messages of a claim in every question; how many were accepted."""
        number = self._number
        self._inbox.claim(number, [path for path in claim.paths if path.parent == self._inbox.incoming])
        crash_point("settle:claimed")
        messages, taken = self._screened(claim.messages)
        claim = replace(claim, messages=messages)
        # Before anything is committed: a claim whose number the lake has is only tidied up.
        self._quarantine_claim(claim, now)
        fresh = without_repeats(messages, self._seen.new(*_ids(messages)) & taken, self._lake)
        self._receipts = claim.receipts(fresh, ~taken)
        accepted = self._take(*claim.new(fresh), now)
        crash_point("settle:before-receipts")
        self.counts["accepted"] += accepted
        self.counts["duplicates"] += int((~fresh & taken).sum())
        self.counts["erased"] += int((~taken).sum())
        for segment, receipt in self._receipts.items():
            self._inbox.write_receipt(segment, receipt)
        if self._receipts:
            self._inbox.prune_receipts(_RECEIPTS_KEPT_SECONDS, now.timestamp())
        self._receipts = {}
        if not self._pending:
            # Committed already, or nothing but what the lake had before.
            self._finish([number])
        return accepted

    def let_go(self) -> None:
        """Put what an earlier settler claimed and did not commit back to what waits."""
        self._held = []
        self._inbox.release(self._number)

    def settle_alone(self, path: Path, now: datetime) -> int:
        """Settle one pending segment and commit it; how many messages were accepted."""
        accepted = self.show(read_claim([path], currency=self._settings.currency), now)
        self.commit()
        return accepted

    def commit(self) -> None:
        """Write to the lake what is visible and not yet there."""
        if self._pending:
            self._progress("writing messages")
            number = self._number
            self._write()
            self._timelines.mark_settled()
            self._finish([number])

    def tidy(self) -> None:
        """What may wait and may fail without harm: put the lake's newest small files together.

        Not while a backup copies those files, nor does one begin meanwhile.
        """
        with file_lock(self._layout.backup_lock, wait=False) as free:
            if free:
                self._lake.compact()

    def members(self, subjects: Integers) -> Integers:
        """All subjects of the customers that ``subjects`` belong to, sorted."""
        return self._resolver.members(subjects)

    def forget(self, erased: Erasures) -> None:
        """From now on nobody is joined with the erased, and no message of before brings them back."""
        self._erased = erased
        self._stones = Tombstones.of(erased.in_force())
        self._resolver.forget(erased.subjects())

    def record_erasure(self, customer: int, now: datetime) -> None:
        """Commit that ``customer`` was erased and take the person out of every answer; nothing else may wait."""
        assert not self._held
        assert not self._pending
        self._seq += 1
        self._pending = [erasure_row(customer, self._seq, now)]
        self._write()
        gone = self._erased.subjects()
        nothing = MemoryRows(self._schema.empty_table())
        if not self._added(nothing, Changes(gone, np.full(len(gone), UNKNOWN)), after=0):
            self.rebuild()
        self._timelines.publish()
        self._timelines.mark_settled()

    def rebuild(self) -> None:
        """Make the timelines again from the lake; nothing that was in them and is not there is left."""
        self._timelines = self._built()

    def _screened(self, messages: pa.Table) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
        """The messages without erased identifiers, and which of them may be taken."""
        if not self._stones:
            return messages, np.ones(len(messages), np.bool_)
        messages, taken = self._resolver.screen(messages, self._stones)
        of_nobody = pc.is_in(messages["type"], pa.array(_AT_ONCE)).to_numpy()
        gone, until = set(self._erased.subjects().tolist()), self._stones.asked.max()
        namespaces = ["default", *self._resolver.namespaces]
        for row in np.flatnonzero(of_nobody).tolist():
            kind, event, text = (messages[name][row].as_py() for name in ("type", "event", "properties"))
            late = messages["time"].cast(pa.int64())[row].as_py() <= until
            taken[row] = not (late and names_any(kind, event, text, gone, self._stones, namespaces))
        return messages, taken

    def _take(self, messages: pa.Table, properties: ByProperty, now: datetime) -> int:
        """New messages: whose they are, as rows of the lake, and visible."""
        if not len(messages):
            return 0
        self._progress("resolving customers")
        resolution = self._resolver.resolve(messages, most_identifiers=self._settings.most_identifiers)
        self._quarantine(messages, resolution, now)
        first = self._seq + 1
        typed = with_columns(messages, self._schema, properties)
        identities = identity_rows(messages, resolution, first + len(messages))
        rows = pa.concat_tables([message_rows(typed, resolution, first), identities], promote_options="default")
        self._learn_columns(typed.schema)
        changes = self._resolver.apply(resolution)
        received = messages["received"].combine_chunks()
        self.last_received = max(filter(None, (self.last_received, pc.max(received).as_py())))
        self._seen.add(*_ids(messages), received)
        self._seq += len(rows)
        self._oldest = self._oldest if self._pending else time.monotonic()
        if self._followed.any_of(messages["event"].unique().to_pylist()):
            self._wait = COMMIT_FOLLOWED_SECONDS
        self._pending.append(rows)
        at_once = pc.any(pc.is_in(messages["type"], pa.array(_AT_ONCE))).as_py()
        self._show(rows.combine_chunks(), changes, at_once=bool(at_once))
        return len(messages)

    def _show(self, rows: pa.Table, changes: Changes, *, at_once: bool) -> None:
        many = len(rows) > max(_MANY_ROWS, self._timelines.generation.manifest.event_count // 2)
        if many or not self._added(MemoryRows(rows), changes, after=0):
            self._write()
            self._timelines = self._built()
            return
        if at_once:
            self._write()
        told = (Products.read(self._lake), read_event_names(self._lake)) if at_once else ()
        self._timelines.publish(*told)
        self._resolver.publish()
        if at_once:
            self._timelines.mark_settled()

    def _write(self) -> None:
        """One commit, and the derived files that go with it."""
        rows = pa.concat_tables(self._pending, promote_options="default")
        if self._receipts:
            self._inbox.plan_receipts(self._number, self._receipts)
        crash_point("settle:before-commit")
        self._lake.append(rows, transaction=self._number)
        crash_point("settle:committed")
        self._pending, self._wait = [], COMMIT_SECONDS
        self._seen.save(self._seq)
        self._resolver.save(self._seq)
        self._number += 1

    def _added(self, rows: Rows, changes: Changes, *, after: int) -> bool:
        """Whether the rows could be laid upon the timelines there are."""
        try:
            self._timelines.add(rows, self._resolver.customer_of, changes.subjects, seq=self._seq, after=after)
        except KindChanged:
            return False
        return True

    def _resolved(self) -> Resolver:
        """Identity as the lake has it; derived files that are behind are made again."""
        resolver = Resolver(self._layout.identity)
        behind = resolver.checkpoint.seq != self._seq
        if behind:
            resolver = Resolver.empty(self._layout.identity)
            resolver.restore(*identity_state(self._lake))
        resolver.forget(self._erased.subjects())
        if behind:
            resolver.save(self._seq)
        return resolver

    def _up_to_date(self) -> Timelines:
        """Timelines of all that the lake has."""
        folder, currency = self._layout.timelines, self._settings.currency
        timelines = Timelines.open(folder, seq=self._seq, currency=currency)
        if timelines is None or self._seq - timelines.seq > _MANY_ROWS:
            return self._built()
        if timelines.seq < self._seq:
            self._timelines = timelines
            customers = self._resolver.customers()
            before = timelines.generation.customer_of(np.arange(len(customers)))
            changed = np.flatnonzero(before != customers)
            if not self._added(self._lake, Changes(changed, customers[changed]), after=timelines.seq):
                return self._built()
            timelines.publish(Products.read(self._lake), read_event_names(self._lake))
            timelines.mark_settled()
        return timelines

    def _finish(self, numbers: list[int]) -> None:
        for number in numbers:
            self._inbox.finish(number)

    def _built(self) -> Timelines:
        self._progress("building timelines")
        folder = self._layout.timelines
        build(self._lake, self._resolver.customers(), folder, currency=self._settings.currency)
        timelines = Timelines.open(folder, seq=self._seq, currency=self._settings.currency)
        assert timelines is not None
        return timelines

    def _learn_columns(self, given: pa.Schema) -> None:
        for field in given:
            if is_property_column(field.name) and field.name not in self._schema.names:
                self._schema = self._schema.append(field)

    def _quarantine_claim(self, claim: Claim, now: datetime) -> None:
        """Keep what the collector took and nobody can read, with its reason.

        By log, so that logs read again in other company after a crash are known again.
        """
        together: dict[tuple[str, str | None], list[Problem]] = {}
        for problem in claim.problems:
            together.setdefault((problem.source or "unknown", problem.file), []).append(problem)
        for (source, _), problems in together.items():
            Quarantine(self._layout.quarantine).add(source, problems, now)
        self.counts["quarantined"] += len(claim.problems)

    def _quarantine(self, messages: pa.Table, resolution: Resolution, now: datetime) -> None:
        """Keep what identity could not use or refused to join, beside the messages, which are all kept."""
        unusable = "cannot be used as an identifier; the message was kept without it"
        found = [(row, kind, value, unusable) for row, kind, value in resolution.refused]
        found += [(flag.row, flag.kind, flag.value, flag.reason.sentence) for flag in resolution.flags]
        problems: dict[str, list[Problem]] = {}
        for row, kind, value, reason in found:
            source, message = (messages[name][row].as_py() for name in ("source", "message_id"))
            problems.setdefault(source, []).append(Problem(f"message {message}", None, kind, f"{kind} {reason}", value))
        for source, of_source in problems.items():
            Quarantine(self._layout.quarantine).add(source, of_source, now)


def _one_claim(paths: Iterable[Path]) -> list[Path]:
    """The first of ``paths`` that are read at once.

    Without a bound, long and short claims take turns under load, and reading waits for showing and the other way.
    """
    taken, size = [], 0
    for path in paths:
        taken.append(path)
        size += path.stat().st_size
        if size >= _CLAIM_BYTES:
            break
    return taken


def _ids(messages: pa.Table) -> tuple[pa.Array, pa.Array]:
    source, message_id = (messages[name].combine_chunks() for name in ("source", "message_id"))
    return source, message_id
