"""Whose message is it: the resolver on random logs says what the slow referee says."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.identity import Message, resolve
from oracles.strategies import identity_messages, identity_stories
from wotu.collect.message import ENVELOPE
from wotu.identity import index, keyed_hash
from wotu.identity.lookup import subjects_of
from wotu.identity.resolver import Changes, Resolver
from wotu.settle.rows import identity_rows, identity_state, message_rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def table(messages: Sequence[Message], first: int = 0, subjects: Sequence[int] = ()) -> pa.Table:
    """The messages as the settler gets them; ``subjects`` of all messages, for merges to name their customers."""
    rows = [
        {**message, "time": NOW, "received": NOW, "source": "test", "message_id": f"m{first + place}", "event": None}
        | {"namespace": message.get("namespace") or "default", "properties": properties(message, subjects)}
        for place, message in enumerate(messages)
    ]
    return pa.Table.from_pylist([{name: row.get(name) for name in ENVELOPE.names} for row in rows], ENVELOPE)


def properties(message: Message, subjects: Sequence[int]) -> str | None:
    """What a merge or a split says, as the workspace writes it."""
    if message["type"] == "merge":
        return json.dumps({"customers": [f"c{subjects[place]}" for place in message["of"]], "by": "test"})
    if message["type"] == "split":
        return json.dumps({name: message[name] for name in ("kind", "namespace", "value")} | {"by": "test"})
    return None


class Rows:
    """The rows a settle would commit, read back as the lake gives them."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self.last = 0

    def add(self, *tables: pa.Table) -> None:
        self._tables.extend(tables)
        self.last += sum(len(one) for one in tables)

    def forget_after(self, seq: int) -> None:
        """What was never committed is gone."""
        while self.last > seq:
            self.last -= len(self._tables.pop())

    def read(self, columns: list[str], *, types: tuple[str, ...]) -> pa.Table:
        rows = pa.concat_tables(self._tables) if self._tables else table([]).select([])
        if "type" not in rows.column_names:
            return rows
        wanted = [kind in types for kind in rows["type"].to_pylist()]
        return rows.filter(pa.array(wanted, pa.bool_())).select(columns)


def numbers(messages: Sequence[Message]) -> list[int]:
    """The subject of every message; who joins whom has no part in it."""
    batch = table(messages, subjects=[0] * len(messages))
    with tempfile.TemporaryDirectory() as folder:
        return Resolver(Path(folder)).resolve(batch).subjects.tolist()


def settled(
    messages: Sequence[Message], cuts: Sequence[int], folder: Path, *, most: int = 50, reopen: bool = True
) -> tuple[list[int], Resolver, Rows]:
    """The subject of every message, batch by batch as cut, and what was left behind."""
    subjects: list[int] = []
    rows = Rows()
    edges = [0, *sorted(cuts), len(messages)]
    named = numbers(messages)
    resolver = Resolver(folder)
    for start, end in pairwise(edges):
        batch = table(messages[start:end], start, named)
        before = resolver.customers()
        found = resolver.resolve(batch, most_identifiers=most)
        assert resolver.customers().tolist() == before.tolist()
        first = rows.last + 1
        plain = batch.drop_columns("properties").append_column("rest", pa.nulls(len(batch), pa.string()))
        rows.add(message_rows(plain, found, first), identity_rows(batch, found, first + len(batch)))
        changes = resolver.apply(found)
        check_changes(before.tolist(), changes, resolver)
        subjects += found.subjects.tolist()
        if reopen:
            resolver.save(rows.last)
            resolver = Resolver(folder)
    return subjects, resolver, rows


def check_changes(before: list[int], changes: Changes, resolver: Resolver) -> None:
    """Exactly the subjects whose customer is new or another one, in order."""
    after = resolver.customers().tolist()
    wanted = {at: now for at, now in enumerate(after) if at >= len(before) or before[at] != now}
    assert list(wanted) == changes.subjects.tolist()
    assert list(wanted.values()) == changes.customers.tolist()
    for customer in set(after):
        members = [at for at, now in enumerate(after) if now == customer]
        assert customer == members[0]
        assert resolver.members(members[-1]).tolist() == members


def homes(subjects: list[int], resolver: Resolver) -> list[int]:
    """Per message the first message of its customer; a merge or a split belongs to nobody and stands for itself."""
    customers = resolver.customers().tolist()
    owners = [("nobody", at) if subject < 0 else ("c", customers[subject]) for at, subject in enumerate(subjects)]
    return [owners.index(owner) for owner in owners]


cuttings = st.lists(st.integers(0, 14), max_size=4)
limits = st.sampled_from((1, 2, 50))


@settings(max_examples=60, deadline=None)
@given(identity_stories(), limits)
def test_one_batch_equals_the_referee(messages: list[Message], most: int) -> None:
    with tempfile.TemporaryDirectory() as folder, mock.patch("os.fsync"):
        subjects, resolver, _ = settled(messages, [], Path(folder), most=most)
        assert homes(subjects, resolver) == resolve(messages, most)


@settings(max_examples=60, deadline=None)
@given(identity_stories(), cuttings, limits, st.booleans())
def test_any_split_into_batches_equals_the_referee(
    messages: list[Message], cuts: list[int], most: int, reopen: bool
) -> None:
    inside = [min(cut, len(messages)) for cut in cuts]
    with tempfile.TemporaryDirectory() as folder, mock.patch("os.fsync"):
        subjects, resolver, _ = settled(messages, inside, Path(folder), most=most, reopen=reopen)
        assert homes(subjects, resolver) == resolve(messages, most)
        assert subjects == numbers(messages)


@settings(max_examples=30, deadline=None)
@given(identity_stories(), cuttings, limits)
def test_made_again_from_rows_of_record_is_the_same(messages: list[Message], cuts: list[int], most: int) -> None:
    inside = [min(cut, len(messages)) for cut in cuts]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two, mock.patch("os.fsync"):
        subjects, before, rows = settled(messages, inside, Path(one), most=most)
        after = Resolver.empty(Path(two))
        after.restore(*identity_state(rows))  # type: ignore[arg-type]
        after.save(rows.last)
        assert after.customers().tolist() == before.customers().tolist()
        assert told(after) == told(before)
        more: list[Message] = [
            {"type": "identify", "namespace": "default", "user_id": "u1", "anonymous_id": "a1"},
            {"type": "identify", "namespace": "default", "user_id": "u2", "phone": "+8613800000001"},
        ]
        for resolver in (before, after):
            resolver.apply(resolver.resolve(table(more, 100), most_identifiers=most))
        assert after.customers().tolist() == before.customers().tolist()
        assert homes(subjects, Resolver(Path(two))) == resolve(messages, most)


def told(resolver: Resolver) -> tuple[object, ...]:
    """What the checkpoint says, but for the key of the hash and the files, which differ from folder to folder."""
    checkpoint = resolver.checkpoint
    return checkpoint.seq, checkpoint.subjects, checkpoint.decisions, checkpoint.namespaces


def two_bits(texts: pa.Array, key: str) -> tuple[keyed_hash.Hashes, keyed_hash.Hashes]:
    """A hash in whose first half nearly everything collides."""
    high, low = keyed_hash.hash_texts(texts, key)
    return high % np.uint64(4), low


@settings(max_examples=25, deadline=None)
@given(st.lists(identity_messages(), min_size=6, max_size=14), st.integers(0, 14))
def test_half_hashes_that_collide_are_told_apart(messages: list[Message], cut: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch("os.fsync"),
        mock.patch.object(index, "hash_texts", two_bits),
    ):
        subjects, resolver, _ = settled(messages, [min(cut, len(messages))], Path(folder))
        assert homes(subjects, resolver) == resolve(messages)


def test_index_finds_all_of_many_colliding_keys_and_no_stranger(tmp_path: Path) -> None:
    keys = [f"phone:+86138{number:08}" for number in range(300)]
    key = "00" * 16
    with mock.patch.object(index, "hash_texts", two_bits):
        names: tuple[str, ...] = ()
        for start in range(0, 300, 50):
            saved = index.IdentifierIndex(tmp_path, names, key)
            part = pa.array(keys[start : start + 50])
            saved.add(part, np.arange(start, start + 50, dtype=np.int64))
            if start != 250:
                saved.save(f"{start}.arrow")
                names = saved.names
        assert len(saved) == 300
        assert saved.find(pa.array([*reversed(keys), "phone:nobody"])).tolist() == [*reversed(range(300)), -1]


def one_by_one(messages: Sequence[Message], tmp_path: Path) -> tuple[list[int], Resolver]:
    subjects, resolver, _ = settled(messages, range(1, len(messages)), tmp_path)
    return homes(subjects, resolver), resolver


def test_namespaces_keep_equal_user_ids_apart_until_a_phone_joins_them(tmp_path: Path) -> None:
    phone = "13800000001"
    messages: list[Message] = [
        {"type": "track", "user_id": "7", "namespace": "default"},
        {"type": "track", "user_id": "7", "namespace": "门店"},
        {"type": "identify", "user_id": "7", "namespace": "default", "phone": phone},
        {"type": "identify", "user_id": "7", "namespace": "门店", "phone": f"+86{phone}"},
    ]
    assert one_by_one(messages[:2], tmp_path / "apart")[0] == [0, 1]
    where, _ = one_by_one(messages, tmp_path / "joined")
    assert where == [0, 0, 0, 0]
    assert len(subjects_of(tmp_path / "joined", "user_id", "7")) == 2


def test_a_weak_id_belongs_to_the_first_who_claims_it(tmp_path: Path) -> None:
    ns = {"namespace": "default"}
    messages: list[Message] = [
        {"type": "track", "anonymous_id": "a", **ns},
        {"type": "identify", "user_id": "u", "anonymous_id": "a", **ns},
        {"type": "identify", "user_id": "v", "anonymous_id": "a", **ns},
        {"type": "track", "anonymous_id": "a", **ns},
        {"type": "track", "user_id": "v", "anonymous_id": "a", **ns},
    ]
    assert one_by_one(messages, tmp_path)[0] == [0, 0, 2, 0, 2]


def test_unusable_identifiers_are_refused_reported_and_replaced_by_a_new_customer(tmp_path: Path) -> None:
    ns: dict[str, Any] = {"namespace": "default"}
    messages: list[Message] = [
        {"type": "identify", "phone": "无", **ns},
        {"type": "identify", "phone": "无", **ns},
        {"type": "identify", "user_id": "u", "email": "no at sign", **ns},
    ]
    resolver = Resolver(tmp_path)
    found = resolver.resolve(table(messages))
    assert found.refused == ((0, "phone", "无"), (1, "phone", "无"), (2, "email", "no at sign"))
    assert len(set(found.subjects.tolist())) == 3
    assert sorted(found.identifiers["kind"].to_pylist()) == ["anonymous_id", "anonymous_id", "user_id"]


def test_fact_rows_have_no_subject(tmp_path: Path) -> None:
    rows: list[Message] = [{"type": "row", "namespace": "default"}, {"type": "track", "user_id": "u", "namespace": "d"}]
    assert Resolver(tmp_path).resolve(table(rows)).subjects.tolist() == [-1, 0]


def test_a_device_seen_beside_an_anonymous_id_is_no_customer_of_its_own(tmp_path: Path) -> None:
    """Nothing ties the two, and the message belongs to the anonymous id: nobody is behind the device yet."""
    messages: list[Message] = [{"type": "track", "anonymous_id": "a", "device_id": "d", "namespace": "default"}]
    _, resolver = one_by_one(messages, tmp_path)
    assert len(set(resolver.customers().tolist())) == 1
