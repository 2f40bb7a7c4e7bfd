"""Identity held in memory, published, saved, lost in a crash and made again: always the same customers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests import forked

from identity.test_resolver_against_oracle import Rows, check_changes, homes, table
from oracles.identity import Message, resolve
from oracles.strategies import identity_messages
from wotu.identity.index import IdentifierIndex
from wotu.identity.lookup import named_subjects, subjects_of
from wotu.identity.resolver import Resolver, read_checkpoint
from wotu.settle.rows import identity_rows, identity_state, message_rows

MOST = 2


class Settling(RuleBasedStateMachine):
    """A settler that appends, merges, splits, publishes, saves and crashes, beside the referee.

    ``kept`` is what the lake has; what came later is in memory only and arrives again after a crash.
    """

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.fsync = mock.patch("os.fsync")
        self.fsync.start()
        self.resolver = Resolver(self.folder)
        self.messages: list[Message] = []
        self.subjects: list[int] = []
        self.rows, self.kept = Rows(), 0

    def teardown(self) -> None:
        self.fsync.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _take(self, batch: list[Message]) -> None:
        first = len(self.messages)
        messages = table(batch, first, self.subjects)
        before = self.resolver.customers().tolist()
        found = self.resolver.resolve(messages, most_identifiers=MOST)
        seq = self.rows.last + 1
        plain = messages.drop_columns("properties").append_column("rest", pa.nulls(len(messages), pa.string()))
        self.rows.add(message_rows(plain, found, seq), identity_rows(messages, found, seq + len(messages)))
        check_changes(before, self.resolver.apply(found), self.resolver)
        self.messages += batch
        self.subjects += found.subjects.tolist()

    @rule(batch=st.lists(identity_messages(), min_size=1, max_size=4))
    def append(self, batch: list[Message]) -> None:
        self._take(batch)

    def _spoken(self) -> list[int]:
        return [at for at, subject in enumerate(self.subjects) if subject >= 0]

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        spoken = st.sampled_from(self._spoken())
        self._take([{"type": "merge", "of": (data.draw(spoken), data.draw(spoken))}])

    @precondition(lambda self: self.messages)
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        kinds = {"phone": "+8613800000001", "email": "wang@example.cn", "user_id": "u1", "anonymous_id": "a1"}
        kind = data.draw(st.sampled_from(sorted(kinds)))
        namespace = "default" if kind == "user_id" else ""
        self._take([{"type": "split", "kind": kind, "namespace": namespace, "value": kinds[kind]}])

    @rule()
    def publish(self) -> None:
        self.resolver.publish()
        self._everybody_is_found()

    @rule()
    def save(self) -> None:
        self.resolver.save(self.rows.last)
        self.kept = len(self.messages)
        self._everybody_is_found()
        assert read_checkpoint(self.folder).seq == self.rows.last

    @rule()
    def reopen_after_saving(self) -> None:
        self.save()
        self.resolver = Resolver(self.folder)

    @rule()
    def crash_before_the_commit(self) -> None:
        """What was only in memory never came to be; its messages arrive again."""
        lost = self.messages[self.kept :]
        self.messages, self.subjects = self.messages[: self.kept], self.subjects[: self.kept]
        self.resolver = Resolver(self.folder)
        self.rows.forget_after(self.resolver.checkpoint.seq)
        assert self.resolver.checkpoint.seq == self.rows.last
        self._nobody_unknown_is_found()
        self._take_again(lost)

    def _take_again(self, lost: list[Message]) -> None:
        for message in lost:
            self._take([message])

    @rule()
    def crash_after_the_commit(self) -> None:
        """The lake has it, the files do not: they are made again from its rows."""
        self.resolver = Resolver.empty(self.folder)
        self.resolver.restore(*identity_state(self.rows))  # type: ignore[arg-type]
        self.resolver.save(self.rows.last)
        self.kept = len(self.messages)

    def _everybody_is_found(self) -> None:
        for at in self._spoken():
            user, namespace = self.messages[at].get("user_id"), self.messages[at].get("namespace")
            if user is not None:
                assert named_subjects(self.folder, "user_id", user)[namespace] == self.subjects[at]

    def _nobody_unknown_is_found(self) -> None:
        for user in ("u1", "u2", "u3"):
            assert all(subject < len(self.resolver) for subject in subjects_of(self.folder, "user_id", user))

    @invariant()
    def agrees_with_the_referee(self) -> None:
        if hasattr(self, "resolver"):
            assert homes(self.subjects, self.resolver) == resolve(self.messages, MOST)


TestSettling = Settling.TestCase
TestSettling.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


def users(*names: str) -> pa.Table:
    return table([{"type": "track", "user_id": name, "namespace": "default"} for name in names])


def test_published_identifiers_are_found_until_they_are_saved_and_then_too(tmp_path: Path) -> None:
    resolver = Resolver(tmp_path)
    resolver.apply(resolver.resolve(users("u")))
    assert subjects_of(tmp_path, "user_id", "u") == []
    resolver.publish()
    assert subjects_of(tmp_path, "user_id", "u") == [0]
    resolver.save(2)
    assert not (tmp_path / "fresh.arrow").exists()
    assert subjects_of(tmp_path, "user_id", "u") == [0]


def test_what_a_crashed_settler_published_is_not_mixed_with_another_save(tmp_path: Path) -> None:
    resolver = Resolver(tmp_path)
    resolver.apply(resolver.resolve(users("u")))
    resolver.publish()
    left = (tmp_path / "fresh.arrow").read_bytes()
    other = Resolver(tmp_path)
    assert subjects_of(tmp_path, "user_id", "u") == []
    other.apply(other.resolve(users("v")))
    other.save(2)
    (tmp_path / "fresh.arrow").write_bytes(left)
    assert subjects_of(tmp_path, "user_id", "u") == []
    assert subjects_of(tmp_path, "user_id", "v") == [0]


@pytest.mark.parametrize("name", ["roles.bin", "decisions.bin", "keys-9.arrow", "checkpoint.json"])
@pytest.mark.parametrize("harm", ["gone", "short"])
def test_files_that_are_harmed_count_as_none(tmp_path: Path, name: str, harm: str) -> None:
    resolver = Resolver(tmp_path)
    people: list[Message] = [{"type": "identify", "user_id": "u", "phone": "13800000001", "namespace": "default"}]
    resolver.apply(resolver.resolve(table(people)))
    resolver.save(9)
    assert len(Resolver(tmp_path)) == 2
    path = tmp_path / name
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    harmed = Resolver(tmp_path)
    assert (len(harmed), harmed.checkpoint.seq) == (0, 0)


def test_a_save_rewrites_no_more_than_a_few_times_what_was_added(tmp_path: Path) -> None:
    names: tuple[str, ...] = ()
    key, written, count = "00" * 16, 0, 0
    for step in range(200):
        index = IdentifierIndex(tmp_path, names, key)
        index.add(pa.array([f"k{count + i}" for i in range(100)]), np.arange(count, count + 100))
        index.save(f"keys-{step}.arrow")
        names, count = index.names, count + 100
        written += len(IdentifierIndex(tmp_path, names[-1:], key))
    index = IdentifierIndex(tmp_path, names, key)
    assert len(index) == 20_000
    assert len(names) <= 9
    assert written < 20_000 * 9
    assert index.find(pa.array(["k0", "k19999", "k20000"])).tolist() == [0, 19_999, -1]


def save(folder: Path, seq: int, *names: str) -> None:
    resolver = Resolver(folder)
    resolver.apply(resolver.resolve(users(*names)))
    resolver.publish()
    resolver.save(seq)


@pytest.mark.crash
@pytest.mark.parametrize("point", ["identity:index-saved", "identity:before-checkpoint", "identity:saved"])
def test_a_kill_while_saving_leaves_the_save_before_or_this_one(tmp_path: Path, point: str) -> None:
    forked.told(save, tmp_path, 3, "u", "v")
    forked.killed(point, save, tmp_path, 5, "w")
    done = point == "identity:saved"
    resolver = Resolver(tmp_path)
    assert (resolver.checkpoint.seq, len(resolver)) == ((5, 3) if done else (3, 2))
    assert subjects_of(tmp_path, "user_id", "v") == [1]
    assert subjects_of(tmp_path, "user_id", "w") == ([2] if done else [])
    # The same messages again, and another save over what the crash left.
    resolver.apply(resolver.resolve(users("x", "w")))
    resolver.save(7)
    expected = {"u": 0, "v": 1, "w": 2, "x": 3} if done else {"u": 0, "v": 1, "x": 2, "w": 3}
    assert {name: subjects_of(tmp_path, "user_id", name)[0] for name in expected} == expected
    named = set(read_checkpoint(tmp_path).levels)
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.json", "roles.bin", *named}
