"""Erases people: at once from every answer, then from every file of the workspace.

Each step may be done again, so that a settler that is killed leaves the rest to the next one. Order
matters: what is found by an identifier's text (the quarantine) is cleaned while the lake still has it.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from wotu.collect.arrival import arrived
from wotu.collect.logs import seal_orphans
from wotu.collect.quarantine import Quarantine
from wotu.core.crash_points import crash_point
from wotu.core.layout import Layout
from wotu.core.leftovers import remove_leftovers
from wotu.core.locks import file_lock
from wotu.identity.checkpoint import read_checkpoint
from wotu.identity.erasures import Erasure, State, Tombstones, change_erasures, hashed, read_erasures
from wotu.lake.messages import Blank, Lake
from wotu.lake.schema import INSTANT
from wotu.settle.mentions import Identifiers, mentions
from wotu.settle.traces import Traces, links_of, traces_of
from wotu.timeline.published import forget_published

if TYPE_CHECKING:
    from wotu.settle.settler import Settler


class Erasing:
    """Carries out what the list of erasures asks for, on behalf of the settler that holds the lock."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._read = 0

    def is_waiting(self) -> bool:
        """Whether anybody is still to be erased; cheap as long as the list does not change."""
        try:
            changed = self._layout.erasures.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        if changed == self._read:
            return False
        if read_erasures(self._layout.erasures).waiting("asked", "listed", "hidden"):
            return True
        self._read = changed
        return False

    def run(self, settler: Settler, now: datetime) -> bool:
        """Erase whoever is to be erased, if nothing stands in the way now; whether all of them are.

        The settler has to have settled at least one round.
        """
        path = self._layout.erasures
        for erasure in read_erasures(path).waiting("asked"):
            self._list(settler, erasure)
        if listed := read_erasures(path).waiting("listed"):
            self._hide(settler, listed, now)
        hidden = read_erasures(path).waiting("hidden")
        if not hidden:
            return True
        if not self._is_quiet(max(erasure.asked for erasure in hidden)):
            return False
        with file_lock(self._layout.backup_lock, wait=False) as free:
            if free:
                self._clean(settler, hidden)
        return free

    def _list(self, settler: Settler, erasure: Erasure) -> None:
        """Fix who is meant: from now on nobody is joined with them, and no late message brings them back."""
        settler.commit()
        asked = links_of(settler.lake, np.array(erasure.subjects, np.int64), Tombstones.of([erasure]))
        named = np.union1d(asked.subject, np.array(erasure.subjects, np.int64))
        members = settler.members(named)
        key = erasure.key or read_erasures(self._layout.erasures).key()
        known = links_of(settler.lake, members, Tombstones.of([]))
        hashes = tuple(sorted({*hashed(known.keys, key), *(erasure.hashes if erasure.key == key else ())}))
        subjects = tuple(members.tolist())
        meant = msgspec.structs.replace(erasure, subjects=subjects, key=key, hashes=hashes, state="listed")
        changed = change_erasures(self._layout.erasures, lambda held: held.replacing(meant))
        crash_point("erase:listed")
        settler.forget(changed)

    def _hide(self, settler: Settler, listed: tuple[Erasure, ...], now: datetime) -> None:
        """Take people out of every answer, with a row of the lake for each.

        The row also keeps the last number of the lake from being given again.
        """
        settler.commit()
        rows = settler.lake.scan(["subject"], types=("identity",), events=("erase",))
        written = {subject for batch in rows for subject in batch["subject"].to_pylist()}
        for erasure in listed:
            if erasure.subjects and erasure.subjects[0] not in written:
                settler.record_erasure(erasure.subjects[0], now)
        crash_point("erase:hidden")
        self._mark(listed, "hidden")

    def _mark(self, erasures: tuple[Erasure, ...], state: State) -> None:
        changed = [msgspec.structs.replace(each, state=state) for each in erasures]
        change_erasures(self._layout.erasures, lambda held: held.replacing(*changed))

    def _is_quiet(self, asked: int) -> bool:
        """Whether nothing that came before ``asked`` (microseconds) waits in the inbox any more."""
        incoming = self._layout.inbox / "incoming"
        seal_orphans(incoming)
        remove_leftovers(self._layout.root)
        names = [path.name for path in incoming.iterdir()] if incoming.exists() else []
        return all((arrived(name) or asked * 1000 + 1) > asked * 1000 for name in names)

    def _clean(self, settler: Settler, hidden: tuple[Erasure, ...]) -> None:
        settler.commit()
        stones = Tombstones.of(hidden)
        subjects = np.unique(np.array([subject for each in hidden for subject in each.subjects], np.int64))
        links = links_of(settler.lake, subjects, stones)
        namespaces = list(dict.fromkeys(["default", *read_checkpoint(self._layout.identity).namespaces]))
        traces = traces_of(settler.lake, subjects, stones, namespaces)
        self._clean_quarantine(links.by_kind(), traces)
        forget_published(self._layout, subjects)
        shutil.rmtree(self._layout.root / "cache" / "backup", ignore_errors=True)
        crash_point("erase:before-lake")
        _clean_lake(settler.lake, traces)
        crash_point("erase:lake-rewritten")
        settler.lake.forget_history()
        settler.rebuild()
        # What came to the quarantine meanwhile.
        self._clean_quarantine(links.by_kind(), traces)
        crash_point("erase:before-done")
        self._mark(hidden, "done")

    def _clean_quarantine(self, identifiers: Identifiers, traces: Traces) -> None:
        def is_theirs(row: dict[str, object]) -> bool:
            file = str(row["file"] or "")
            if (str(row["source"]), file.removeprefix("message ")) in traces.messages:
                return True
            return any(mentions(str(row[name]), identifiers) for name in ("content", "file") if row[name])

        Quarantine(self._layout.quarantine).remove_where(is_theirs)


def _clean_lake(lake: Lake, traces: Traces) -> None:
    """Their messages go; of what identity decided about them the numbers stay, without values, reasons and times."""
    text = pa.scalar(None, pa.string())
    long_ago = pa.scalar(0, pa.int64()).cast(INSTANT)
    blanks = {
        "id_value": text, "rest": text, "message_id": text, "source": pa.scalar("erased"), "time": long_ago,
        "received": long_ago,
    }  # fmt: skip
    lake.rewrite(without=traces.theirs, blanks=[Blank(traces.links, blanks), Blank(traces.shared, {"rest": text})])
