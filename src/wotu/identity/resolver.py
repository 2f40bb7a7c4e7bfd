"""Whose message is it: a batch of messages → the identity node (subject) of each, and who joins whom.

``resolve`` only decides. ``apply`` takes the decisions into memory, so that the next batch builds on
them; ``publish`` shows them to other processes, ``save`` makes them durable once the lake has them.
The files are derived: they can be made again from the lake at any time.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.crash_points import crash_point
from wotu.core.identifiers import IDENTIFIERS
from wotu.identity import rules
from wotu.identity.actions import Action, read_actions
from wotu.identity.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from wotu.identity.customers import Customers, distinct
from wotu.identity.decisions import DECISIONS, Changes, Flag, Reason, Resolution
from wotu.identity.erasures import Tombstones
from wotu.identity.evidence import NOBODYS_TYPES, Evidence, read_evidence, usable, without
from wotu.identity.fresh import forget_fresh, write_fresh
from wotu.identity.index import UNKNOWN, IdentifierIndex
from wotu.identity.keyed_hash import new_key
from wotu.identity.normalise import identifier_keys
from wotu.identity.records import append_records, read_records
from wotu.identity.screening import screened

__all__ = ["Changes", "Checkpoint", "Flag", "Reason", "Resolution", "Resolver", "read_checkpoint"]

Subjects = npt.NDArray[np.int64]
MOST_IDENTIFIERS = 50
_ROLES, _DECISIONS = "roles.bin", "decisions.bin"
_REASONS = {
    rules.CLASH: Reason.CLASH, rules.SEPARATED: Reason.SEPARATED, rules.TOO_MANY: Reason.TOO_MANY,
    rules.SAME: Reason.SAME, rules.ONLY: Reason.ONLY,
}  # fmt: skip


class Resolver:
    """Identity of one workspace, held in memory by the settler under its lock."""

    def __init__(self, folder: Path) -> None:
        """Open the saved files; what an earlier settler published without saving is forgotten.

        Files that are damaged or missing count as none: the checkpoint is then that of an empty workspace.
        """
        folder.mkdir(parents=True, exist_ok=True)
        forget_fresh(folder)
        self._folder = folder
        self._erased: Subjects = np.empty(0, np.int64)
        try:
            self._open(read_checkpoint(folder))
        except (OSError, EOFError, ValueError, msgspec.MsgspecError, pa.ArrowException):
            self._open(Checkpoint())

    def _open(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._key = checkpoint.key or new_key()
        self._names = list(checkpoint.namespaces)
        self._index = IdentifierIndex(self._folder, checkpoint.levels, self._key)
        self._customers = Customers()
        self._customers.grow(read_records(self._folder / _ROLES, checkpoint.subjects, 1)[:, 0])
        # Decisions since the last save, as (step, left, right).
        self._unsaved: list[npt.NDArray[np.int32]] = []
        self._replay(read_records(self._folder / _DECISIONS, checkpoint.decisions, 3))

    @classmethod
    def empty(cls, folder: Path) -> Resolver:
        """A resolver that knows nothing, its derived files removed: the start of making them again."""
        folder.mkdir(parents=True, exist_ok=True)
        # The checkpoint first: without it no other file counts.
        for path in sorted(folder.iterdir(), key=lambda path: path.name != "checkpoint.json"):
            path.unlink()
        return cls(folder)

    # ---- who is who

    def __len__(self) -> int:
        """How many subjects there are."""
        return len(self._customers)

    def customers(self) -> Subjects:
        """The customer of every subject, ``UNKNOWN`` (−1) of those that were erased."""
        customers = self._customers.customers()
        customers[self._erased] = UNKNOWN
        return customers

    def customer_of(self, subjects: Subjects) -> Subjects:
        """The customer of each of ``subjects``, ``UNKNOWN`` (−1) of those that were erased."""
        return np.where(np.isin(subjects, self._erased), UNKNOWN, self._customers.customer_of(subjects))

    def members(self, subjects: Subjects | int) -> Subjects:
        """All subjects of the customers that ``subjects`` belong to, sorted."""
        return self._customers.members(np.atleast_1d(np.asarray(subjects, np.int64)))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of all user ids."""
        return tuple(self._names)

    def forget(self, erased: Subjects) -> None:
        """Take what identifies the subjects ``erased`` (all there ever were) out; their numbers stay.

        Nobody is joined with them from now on. The index follows with the next ``save``.
        """
        self._erased = erased
        self._index.remove(erased)

    def screen(self, messages: pa.Table, stones: Tombstones) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
        """The messages without erased identifiers, and which of them may be taken; see ``screening``."""
        return screened(messages, self._with_owner(messages), stones, self._index.find)

    # ---- a batch

    def resolve(self, messages: pa.Table, *, most_identifiers: int = MOST_IDENTIFIERS) -> Resolution:
        """Subjects and identity decisions for a batch in arrival order.

        Evidence that would give a customer more than ``most_identifiers`` of one kind joins nobody.
        """
        messages = self._with_owner(messages)
        values, refused = usable(messages)
        if refused:
            messages = self._with_owner(without(messages, refused))
            values, _ = usable(messages)
        evidence = read_evidence(messages, values)
        codes = evidence.key.dictionary_encode()
        code = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        known = self._index.find(codes.dictionary)
        new, first = _first_seen(code, known)
        known[new] = len(self) + np.arange(len(new))
        node = known[code]
        identifiers = _new_identifiers(messages, evidence, node, first)
        subjects = np.full(len(messages), UNKNOWN, np.int64)
        starts = np.flatnonzero(np.diff(evidence.row, prepend=-1))
        subjects[evidence.row[starts]] = node[starts]
        actions = read_actions(messages)
        found = [self._nodes_of(action, codes.dictionary, known, evidence.row[first]) for action in actions]
        decisions, flags = self._decide(messages, evidence, node, identifiers, actions, found, most_identifiers)
        return Resolution(subjects, identifiers, decisions, tuple(refused), flags)

    def apply(self, resolution: Resolution) -> Changes:
        """Take a batch's decisions into memory, not onto disk."""
        return self._take(resolution.identifiers, resolution.decisions)

    def restore(self, identifiers: pa.Table, decisions: pa.Table) -> None:
        """Take all that the lake records: identifiers by subject, decisions in their order."""
        self._take(identifiers, decisions)

    def publish(self) -> None:
        """Show other processes the identifiers that came since the last save; not durable."""
        write_fresh(self._folder, self._index.fresh(), self.checkpoint.seq, self._key, self._names)

    def save(self, seq: int) -> None:
        """Make everything durable, up to the lake's ``seq``; costs in proportion to what is new."""
        held = self.checkpoint
        self._index.save(f"keys-{seq}.arrow")
        crash_point("identity:index-saved")
        append_records(self._folder / _ROLES, held.subjects, self._customers.roles(held.subjects)[:, None])
        rows = np.concatenate([np.empty((0, 3), np.int32), *self._unsaved])
        append_records(self._folder / _DECISIONS, held.decisions, rows)
        crash_point("identity:before-checkpoint")
        self.checkpoint = Checkpoint(
            seq, len(self), held.decisions + len(rows), tuple(self._names), self._index.names, self._key
        )
        write_checkpoint(self._folder, self.checkpoint)
        self._unsaved = []
        crash_point("identity:saved")
        forget_fresh(self._folder)
        for path in self._folder.glob("keys-*.arrow"):
            if path.name not in self._index.names:
                path.unlink()

    # ---- how

    def _take(self, identifiers: pa.Table, decisions: pa.Table) -> Changes:
        first = len(self)
        self._name(identifiers)
        self._customers.grow(self._roles_of(identifiers))
        # Of an erased person the lake has the number alone.
        known = identifiers.filter(pc.is_valid(identifiers["value"]))
        if len(known):
            self._index.add(_keys_of(known), known["subject"].to_numpy())
        steps = pc.index_in(decisions["event"], pa.array(DECISIONS)).to_numpy().astype(np.int32) + 1
        pairs = (decisions[name].to_numpy().astype(np.int32) for name in ("subject", "other"))
        rows = np.column_stack([steps, *pairs])
        touched = self._customers.members(rows[:, 1:].ravel().astype(np.int64))
        touched = touched[touched < first]
        before = self._customers.customer_of(touched)
        self._replay(rows)
        self._unsaved.append(rows)
        changed = touched[self._customers.customer_of(touched) != before]
        subjects = np.concatenate([changed, np.arange(first, len(self))])
        return Changes(subjects, self._customers.customer_of(subjects))

    def _replay(self, rows: npt.NDArray[np.int32]) -> None:
        left, right = (np.ascontiguousarray(rows[:, place], np.int64) for place in (1, 2))
        self._customers.run(rows[:, 0].astype(np.int8), left, right)

    def _decide(
        self, messages: pa.Table, evidence: Evidence, node: Subjects, identifiers: pa.Table, actions: list[Action],
        found: list[tuple[int, int] | None], most: int,
    ) -> tuple[pa.Table, tuple[Flag, ...]]:  # fmt: skip
        """Take every step of the batch in its order, on a copy of the customers concerned."""
        head, further = evidence.heads()
        meant = [(action, pair) for action, pair in zip(actions, found, strict=True) if pair is not None]
        row = np.concatenate([evidence.row[further], np.array([action.row for action, _ in meant], np.int64)])
        left = np.concatenate([node[head[further]], np.array([pair[0] for _, pair in meant], np.int64)])
        right = np.concatenate([node[further], np.array([pair[1] for _, pair in meant], np.int64)])
        kinds = [rules.MERGE if action.kind == "merge" else rules.SPLIT for action, _ in meant]
        step = np.concatenate([np.full(int(further.sum()), rules.EVIDENCE), np.array(kinds)]).astype(np.int8)
        order = np.argsort(row, kind="stable")
        step, left, right = step[order], left[order], right[order]
        outcome = self._try(step, left, right, self._roles_of(identifiers), most)
        done = outcome == rules.DONE
        # Evidence becomes a join.
        events = pa.array(DECISIONS).take(pa.array(np.maximum(step[done], rules.JOIN) - 1))
        decisions = {
            "event": events,
            "subject": pa.array(left[done]),
            "other": pa.array(right[done]),
            "row": pa.array(row[order][done]),
            "detail": _details(row[order][done], meant),
        }
        flags = _flags(messages, evidence, np.flatnonzero(further), meant, outcome[np.argsort(order)])
        flags += [
            Flag(action.row, action.kind, action.text, Reason.UNKNOWN)
            for action, pair in zip(actions, found, strict=True)
            if pair is None
        ]
        return pa.table(decisions), tuple(sorted(flags))

    def _try(
        self, step: npt.NDArray[np.int8], left: Subjects, right: Subjects, roles: npt.NDArray[np.int32], most: int
    ) -> npt.NDArray[np.int8]:
        """What would become of ``step``; ``left`` and ``right`` become what the steps say they became."""
        nodes = distinct(np.concatenate([left, right]))
        copy, members = self._customers.around(nodes[nodes < len(self)])
        copy.grow(roles)
        members = np.concatenate([members, len(self) + np.arange(len(roles))])
        local_left, local_right = (np.searchsorted(members, side).astype(np.int64) for side in (left, right))
        outcome = copy.run(step, local_left, local_right, most=most)
        if len(members):
            left[:], right[:] = members[local_left], members[local_right]
        return outcome

    def _nodes_of(
        self, action: Action, keys: pa.Array, known: Subjects, first_rows: Subjects
    ) -> tuple[int, int] | None:
        """The subjects an action names, if they exist when its message arrives."""
        reached = len(self) + int(np.searchsorted(first_rows, action.row))
        if action.customers is not None:
            gone = np.isin(action.customers, self._erased).any()
            return action.customers if max(action.customers) < reached and not gone else None
        if action.key is None:
            return None
        node = int(self._index.find(pa.array([action.key], pa.string()))[0])
        place = pc.index(keys, action.key).as_py()
        if node == UNKNOWN and place >= 0:
            node = int(known[place])
        return (node, node) if 0 <= node < reached else None

    def _name(self, identifiers: pa.Table) -> None:
        users = identifiers.filter(pc.equal(identifiers["kind"], "user_id"))
        self._names += [name for name in users["namespace"].unique().to_pylist() if name not in self._names]

    def _roles_of(self, identifiers: pa.Table) -> npt.NDArray[np.int32]:
        """The roles of new identifiers; namespaces not yet named get the numbers ``_name`` will give them."""
        users = identifiers.filter(pc.equal(identifiers["kind"], "user_id"))
        names = dict.fromkeys([*self._names, *users["namespace"].unique().to_pylist()])
        number = pc.index_in(identifiers["namespace"], pa.array(list(names), pa.string()))
        rank = pc.index_in(identifiers["kind"], pa.array(IDENTIFIERS))
        roles = pc.if_else(pc.equal(identifiers["kind"], "user_id"), number, pc.negate(rank))
        return roles.to_numpy().astype(np.int32)

    def _with_owner(self, messages: pa.Table) -> pa.Table:
        """Every message of a person with at least one identifier, an alias' previous id among the weak ones."""
        anonymous = messages["anonymous_id"].combine_chunks()
        if messages["previous_id"].null_count < len(messages):
            anonymous = pc.if_else(self._ties_previous(messages), messages["previous_id"].combine_chunks(), anonymous)
        lacking = pc.invert(pc.is_in(messages["type"].combine_chunks(), pa.array(NOBODYS_TYPES)))
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


def _details(rows: Subjects, meant: list[tuple[Action, tuple[int, int]]]) -> pa.Array:
    """Who decided and why, of the decisions of ``rows``."""
    if not meant:
        return pa.nulls(len(rows), pa.string())
    details = {action.row: action.detail for action, _ in meant}
    return pa.array([details.get(row) for row in rows.tolist()], pa.string())


def _flags(
    messages: pa.Table, evidence: Evidence, further: Subjects, meant: list[tuple[Action, tuple[int, int]]],
    outcome: npt.NDArray[np.int8],
) -> list[Flag]:  # fmt: skip
    """What was not done, and why: ``outcome`` is that of the further occurrences, then that of the actions."""
    flags = []
    for place in np.flatnonzero(np.isin(outcome[: len(further)], (rules.CLASH, rules.SEPARATED, rules.TOO_MANY))):
        row, kind = int(evidence.row[further[place]]), IDENTIFIERS[evidence.rank[further[place]]]
        flags.append(Flag(row, kind, messages[kind][row].as_py(), _REASONS[int(outcome[place])]))
    for (action, _), became in zip(meant, outcome[len(further) :].tolist(), strict=True):
        if became != rules.DONE:
            flags.append(Flag(action.row, action.kind, action.text, _REASONS[became]))
    return flags


def _first_seen(code: Subjects, known: Subjects) -> tuple[Subjects, Subjects]:
    """Distinct unknown codes in order of first occurrence, and where each first occurs."""
    distinct, first = np.unique(code, return_index=True)
    unknown = known[distinct] == UNKNOWN
    fresh, first = distinct[unknown], first[unknown]
    order = np.argsort(first)
    return fresh[order], first[order]


def _new_identifiers(messages: pa.Table, evidence: Evidence, node: Subjects, first: Subjects) -> pa.Table:
    rows, ranks = evidence.row[first], evidence.rank[first]
    columns = {
        "subject": pa.array(node[first]),
        "kind": pa.array(IDENTIFIERS).take(pa.array(ranks)),
        "namespace": messages["namespace"].combine_chunks().take(pa.array(rows)),
        "value": evidence.written(first),
        "row": pa.array(rows),
    }
    return pa.table(columns)


def _keys_of(identifiers: pa.Table) -> pa.Array:
    keys = pa.nulls(len(identifiers), pa.string())
    table = identifiers.combine_chunks()
    namespaces, values = (table[name].combine_chunks() for name in ("namespace", "value"))
    for kind in table["kind"].unique().to_pylist():
        mine = pc.equal(table["kind"].combine_chunks(), kind)
        keys = pc.if_else(mine, identifier_keys(kind, namespaces, values), keys)
    return keys
