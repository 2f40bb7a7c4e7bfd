"""What messages say about identity: every identifier that counts, in order, and which were unusable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.identifiers import IDENTIFIERS, STRONG, WEAK
from wotu.identity.normalise import identifier_keys, normalise

Subjects = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
CLAIMING_TYPES = ("identify", "alias")
# Messages that are of no person: facts, and what somebody decided about customers.
NOBODYS_TYPES = ("row", "merge", "split")


@dataclass(frozen=True)
class Evidence:
    """Identifier occurrences of a batch, in (row, rank) order: ``key`` is the text they are indexed under."""

    row: Subjects
    rank: Subjects
    key: pa.Array
    values: dict[str, pa.Array]

    def heads(self) -> tuple[Subjects, Mask]:
        """For every occurrence the first one of its message, and whether it is a further one that may join it."""
        place = np.arange(len(self.row))
        is_head = np.diff(self.row, prepend=-1) != 0
        head = np.maximum.accumulate(np.where(is_head, place, 0))
        # A message that has only weak identifiers ties nothing.
        return head, ~is_head & (self.rank[head] < len(STRONG))

    def written(self, places: Subjects) -> pa.Array:
        """The normalised values of the occurrences at ``places``."""
        rows, ranks = self.row[places], self.rank[places]
        written = pa.nulls(len(places), pa.string())
        for rank, kind in enumerate(IDENTIFIERS):
            if kind in self.values:
                written = pc.if_else(pa.array(ranks == rank), self.values[kind].take(pa.array(rows)), written)
        return written


def read_evidence(messages: pa.Table, values: dict[str, pa.Array]) -> Evidence:
    """The identifiers that count, of messages whose usable identifiers are ``values``."""
    return Evidence(*_occurrences(messages, values, _used(messages, values)), values)


def usable(messages: pa.Table) -> tuple[dict[str, pa.Array], list[tuple[int, str, str]]]:
    """The normalised identifiers by kind, and (row, kind, value) of those that cannot be used."""
    values: dict[str, pa.Array] = {}
    refused: list[tuple[int, str, str]] = []
    for kind in IDENTIFIERS:
        column = messages[kind].combine_chunks()
        if column.null_count == len(column):
            continue
        values[kind] = normalise(kind, column)
        lost = pc.and_(pc.is_valid(column), pc.is_null(values[kind]))
        rows = np.flatnonzero(lost.to_numpy(zero_copy_only=False)).tolist()
        refused.extend((row, kind, column[row].as_py()) for row in rows)
    return values, refused


def without(messages: pa.Table, refused: list[tuple[int, str, str]]) -> pa.Table:
    """The messages with their unusable identifiers taken out."""
    for kind in {kind for _, kind, _ in refused}:
        rows = [row for row, its_kind, _ in refused if its_kind == kind]
        bad = pc.is_in(pa.array(np.arange(len(messages))), pa.array(rows))
        kept = pc.if_else(bad, pa.scalar(None, pa.string()), messages[kind].combine_chunks())
        messages = messages.set_column(messages.schema.get_field_index(kind), kind, kept)
    return messages


def _used(messages: pa.Table, values: dict[str, pa.Array]) -> dict[str, npt.NDArray[np.bool_]]:
    """Which identifiers of each message count: strong ones always, weak ones to claim or for lack of strong."""
    person = pc.invert(pc.is_in(messages["type"], pa.array(NOBODYS_TYPES))).to_numpy()
    claims = pc.is_in(messages["type"], pa.array(CLAIMING_TYPES)).to_numpy()
    valid = {kind: _mask(column) & person for kind, column in values.items()}
    has_strong = np.zeros(len(messages), np.bool_)
    for kind in STRONG:
        has_strong |= valid.get(kind, False)
    used = {kind: mask for kind, mask in valid.items() if kind in STRONG}
    unowned = person & ~has_strong
    for kind in (kind for kind in WEAK if kind in valid):
        used[kind] = valid[kind] & ((claims & has_strong) | unowned)
        # One weak identifier is enough to own a message.
        unowned &= ~valid[kind]
    return used


def _occurrences(
    messages: pa.Table, values: dict[str, pa.Array], use: dict[str, npt.NDArray[np.bool_]]
) -> tuple[Subjects, Subjects, pa.Array]:
    """Rows, ranks and index keys of every identifier that counts, in (row, rank) order."""
    rows: list[Subjects] = []
    ranks: list[Subjects] = []
    keys: list[pa.Array] = []
    namespaces = messages["namespace"].combine_chunks()
    for rank, kind in enumerate(IDENTIFIERS):
        if kind not in values:
            continue
        at = np.flatnonzero(use[kind])
        rows.append(at)
        ranks.append(np.full(len(at), rank))
        keys.append(identifier_keys(kind, namespaces.take(pa.array(at)), values[kind].take(pa.array(at))))
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64), pa.array([], pa.string())
    every_row, every_rank = np.concatenate(rows), np.concatenate(ranks)
    order = np.lexsort((every_rank, every_row))
    return every_row[order], every_rank[order], pa.concat_arrays(keys).take(pa.array(order))


def _mask(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False))
