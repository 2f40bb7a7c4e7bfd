"""Whose message is it: a batch of messages → the identity node (subject) of each, and who joins whom.

``resolve`` only decides; the settler commits the decisions to the lake and then calls ``apply``, which
brings the derived files (index, joins) up to date. They can be rebuilt from the lake at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.durable import replacing, write_durably
from wotu.core.identifiers import IDENTIFIERS, STRONG, WEAK
from wotu.identity.index import UNKNOWN, IdentifierIndex
from wotu.identity.joins import CLASH, JOINED, Joins, Subjects
from wotu.identity.normalise import identifier_keys, normalise

_OTHER_STRONG, _WEAK = -1, -2
CLAIMING_TYPES = ("identify", "alias")


@dataclass(frozen=True)
class Resolution:
    """What a batch says about identity; ``row`` columns are positions in the batch.

    ``subjects``: per message, −1 for fact rows. ``identifiers``: subject, kind, namespace, value, row.
    ``joins``: left, right, row. As (row, kind, value): ``refused``, the unusable identifiers, and
    ``flags``, those that would have joined two user_ids of one namespace.
    """

    subjects: Subjects
    identifiers: pa.Table
    joins: pa.Table
    refused: tuple[tuple[int, str, str], ...]
    flags: tuple[tuple[int, str, str], ...]


class Checkpoint(msgspec.Struct, frozen=True):
    """How far the derived identity files reach: the lake's ``seq`` and the number of subjects."""

    seq: int = 0
    subjects: int = 0
    namespaces: tuple[str, ...] = ()


def read_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in ``folder``, or that of an empty workspace."""
    path = folder / "checkpoint.json"
    return msgspec.json.decode(path.read_bytes(), type=Checkpoint) if path.exists() else Checkpoint()


@dataclass
class _Nodes:
    """Identifier occurrences of a batch, in (row, rank) order, with the subject of each."""

    row: Subjects
    rank: Subjects
    subject: Subjects


class Resolver:
    """Identity of one workspace, held by the settler under its lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = IdentifierIndex(folder)
        self.checkpoint = read_checkpoint(folder)
        self._namespaces = _load(folder / "namespaces.npy", (0,))
        self._joined = _load(folder / "joins.npy", (0, 2))

    @classmethod
    def empty(cls, folder: Path) -> Resolver:
        """A resolver that knows nothing, its derived files removed: the start of making them again."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        return cls(folder)

    def customers(self) -> Subjects:
        """The customer of every subject, as of the checkpoint."""
        return self._joins(self._namespaces).customers()

    def resolve(self, messages: pa.Table) -> Resolution:
        """Subjects and identity decisions for a batch in arrival order."""
        messages = self._with_owner(messages)
        values, refused = _usable(messages)
        if any(refused):
            messages = self._with_owner(_without(messages, refused))
            values, _ = _usable(messages)
        use = _used(messages, values)
        rows, ranks, keys = _occurrences(messages, values, use)
        codes = keys.dictionary_encode()
        distinct = codes.dictionary
        code = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        known = self._index.find(distinct)
        fresh, first = _first_seen(code, known)
        known[fresh] = self.checkpoint.subjects + np.arange(len(fresh))
        nodes = _Nodes(rows, ranks, known[code])
        identifiers = _new_identifiers(messages, values, nodes, fresh, first, known)
        namespaces = np.concatenate([self._namespaces, self._namespaces_of(identifiers)])
        subjects = np.full(len(messages), UNKNOWN, np.int64)
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        subjects[rows[starts]] = nodes.subject[starts]
        left, right, at = _edges(nodes)
        outcome = self._joins(namespaces).join(left, right)
        joined = outcome == JOINED
        joins = pa.table({"left": left[joined], "right": right[joined], "row": at[joined]})
        return Resolution(subjects, identifiers, joins, tuple(refused), _flags(messages, nodes, outcome))

    def apply(self, identifiers: pa.Table, joins: pa.Table, *, seq: int) -> None:
        """Take committed decisions into the derived files; the checkpoint is written last."""
        self._namespaces = np.concatenate([self._namespaces, self._namespaces_of(identifiers)])
        pairs = np.column_stack([joins["left"].to_numpy(), joins["right"].to_numpy()]).astype(np.int64)
        self._joined = np.concatenate([self._joined, pairs])
        if len(identifiers):
            self._index.add(_keys_of(identifiers), identifiers["subject"].to_numpy())
            _save(self._folder / "namespaces.npy", self._namespaces)
        if len(pairs):
            _save(self._folder / "joins.npy", self._joined)
        names = self.checkpoint.namespaces + tuple(self._new_names(identifiers))
        self.checkpoint = Checkpoint(seq, len(self._namespaces), names)
        write_durably(self._folder / "checkpoint.json", msgspec.json.encode(self.checkpoint))

    def _joins(self, namespaces: Subjects) -> Joins:
        joins = Joins(namespaces)
        joins.join(np.ascontiguousarray(self._joined[:, 0]), np.ascontiguousarray(self._joined[:, 1]))
        return joins

    def _new_names(self, identifiers: pa.Table) -> list[str]:
        users = identifiers.filter(pc.equal(identifiers["kind"], "user_id"))
        return [name for name in users["namespace"].unique().to_pylist() if name not in self.checkpoint.namespaces]

    def _namespaces_of(self, identifiers: pa.Table) -> Subjects:
        names = [*self.checkpoint.namespaces, *self._new_names(identifiers)]
        number = pc.index_in(identifiers["namespace"], pa.array(names, pa.string()))
        weak = pc.invert(pc.is_in(identifiers["kind"], pa.array(STRONG)))
        is_user = pc.equal(identifiers["kind"], "user_id")
        strong = pc.if_else(is_user, number, pa.scalar(_OTHER_STRONG, pa.int32()))
        return pc.if_else(weak, pa.scalar(_WEAK, pa.int32()), strong).to_numpy().astype(np.int64)

    def _with_owner(self, messages: pa.Table) -> pa.Table:
        """Every message of a person with at least one identifier, an alias' previous id among the weak ones."""
        anonymous = messages["anonymous_id"].combine_chunks()
        if messages["previous_id"].null_count < len(messages):
            anonymous = pc.if_else(self._ties_previous(messages), messages["previous_id"].combine_chunks(), anonymous)
        lacking = pc.not_equal(messages["type"].combine_chunks(), "row")
        for kind in IDENTIFIERS:
            column = anonymous if kind == "anonymous_id" else messages[kind].combine_chunks()
            lacking = pc.and_(lacking, pc.is_null(column))
        own = pc.binary_join_element_wise(pa.scalar("message"), messages["message_id"].combine_chunks(), pa.scalar(":"))
        column = pc.if_else(lacking, own, anonymous)
        return messages.set_column(messages.schema.get_field_index("anonymous_id"), "anonymous_id", column)

    def _ties_previous(self, messages: pa.Table) -> pa.Array:
        """Which aliases tie an earlier anonymous id; one that names a known user_id joins nobody."""
        namespaces, previous = (messages[name].combine_chunks() for name in ("namespace", "previous_id"))
        users = identifier_keys("user_id", namespaces, messages["user_id"].combine_chunks())
        keys = identifier_keys("user_id", namespaces, previous)
        known = pc.greater_equal(pa.array(self._index.find(keys.fill_null(""))), 0)
        first_row = pc.index_in(keys, users.slice(0))
        earlier = pc.less(first_row, pa.array(np.arange(len(messages), dtype=np.int32)))
        is_alias = pc.equal(messages["type"].combine_chunks(), "alias")
        strangers = pc.invert(pc.or_(known, pc.and_(pc.is_valid(keys), earlier.fill_null(False))))
        return pc.and_(pc.and_(is_alias, pc.is_valid(previous)), strangers)


def _further(nodes: _Nodes) -> tuple[Subjects, npt.NDArray[np.bool_]]:
    """For every occurrence the first one of its message, and whether it is a further one that may join it."""
    place = np.arange(len(nodes.row))
    is_head = np.diff(nodes.row, prepend=-1) != 0
    head = np.maximum.accumulate(np.where(is_head, place, 0))
    # A message that has only weak identifiers ties nothing.
    return head, ~is_head & (nodes.rank[head] < len(STRONG))


def _edges(nodes: _Nodes) -> tuple[Subjects, Subjects, Subjects]:
    """Every further identifier of a message joins its first."""
    head, further = _further(nodes)
    return nodes.subject[head[further]], nodes.subject[further], nodes.row[further]


def _flags(messages: pa.Table, nodes: _Nodes, outcome: npt.NDArray[np.int8]) -> tuple[tuple[int, str, str], ...]:
    further = _further(nodes)[1]
    clashes = np.flatnonzero(further)[outcome == CLASH]
    kinds = [(int(nodes.row[at]), IDENTIFIERS[nodes.rank[at]]) for at in clashes]
    return tuple((row, kind, messages[kind][row].as_py()) for row, kind in kinds)


def _usable(messages: pa.Table) -> tuple[dict[str, pa.Array], list[tuple[int, str, str]]]:
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


def _without(messages: pa.Table, refused: list[tuple[int, str, str]]) -> pa.Table:
    """The messages with their unusable identifiers taken out."""
    for kind in {kind for _, kind, _ in refused}:
        rows = [row for row, its_kind, _ in refused if its_kind == kind]
        bad = pc.is_in(pa.array(np.arange(len(messages))), pa.array(rows))
        kept = pc.if_else(bad, pa.scalar(None, pa.string()), messages[kind].combine_chunks())
        messages = messages.set_column(messages.schema.get_field_index(kind), kind, kept)
    return messages


def _used(messages: pa.Table, values: dict[str, pa.Array]) -> dict[str, npt.NDArray[np.bool_]]:
    """Which identifiers of each message count: strong ones always, weak ones to claim or for lack of strong."""
    person = pc.not_equal(messages["type"], "row").to_numpy()
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


def _first_seen(code: Subjects, known: Subjects) -> tuple[Subjects, Subjects]:
    """Distinct unknown codes in order of first occurrence, and where each first occurs."""
    distinct, first = np.unique(code, return_index=True)
    unknown = known[distinct] == UNKNOWN
    fresh, first = distinct[unknown], first[unknown]
    order = np.argsort(first)
    return fresh[order], first[order]


def _new_identifiers(
    messages: pa.Table,
    values: dict[str, pa.Array],
    nodes: _Nodes,
    fresh: Subjects,
    first: Subjects,
    known: Subjects,
) -> pa.Table:
    rows, ranks = nodes.row[first], nodes.rank[first]
    written = pa.nulls(len(first), pa.string())
    for rank, kind in enumerate(IDENTIFIERS):
        if kind in values:
            mine = pa.array(ranks == rank)
            written = pc.if_else(mine, values[kind].take(pa.array(rows)), written)
    namespaces = messages["namespace"].combine_chunks().take(pa.array(rows))
    kinds = pa.array(IDENTIFIERS).take(pa.array(ranks))
    return pa.table({"subject": known[fresh], "kind": kinds, "namespace": namespaces, "value": written, "row": rows})


def _keys_of(identifiers: pa.Table) -> pa.Array:
    keys = pa.nulls(len(identifiers), pa.string())
    table = identifiers.combine_chunks()
    namespaces, values = (table[name].combine_chunks() for name in ("namespace", "value"))
    for kind in table["kind"].unique().to_pylist():
        mine = pc.equal(table["kind"].combine_chunks(), kind)
        keys = pc.if_else(mine, identifier_keys(kind, namespaces, values), keys)
    return keys


def _mask(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False))


def _load(path: Path, shape: tuple[int, ...]) -> Subjects:
    return np.load(path) if path.exists() else np.empty(shape, np.int64)


def _save(path: Path, values: Subjects) -> None:
    with replacing(path) as temporary, temporary.open("wb") as sink:
        np.save(sink, values)
