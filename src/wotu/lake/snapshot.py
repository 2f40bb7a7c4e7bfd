"""The files that make up the table of record at one version, for whoever copies or checks them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

_LOG = "_delta_log"
_APPLICATION = "settler"
_DIGITS = 20


@dataclass(frozen=True)
class DataFile:
    """One data file as the table's log describes it; ``path`` is relative to the table's folder."""

    path: str
    size: int
    rows: int
    low: int
    high: int


@dataclass(frozen=True)
class LakeSnapshot:
    """A version of the table. ``log`` is what of the log a copy needs to be opened at this version."""

    version: int
    transaction: int
    files: tuple[DataFile, ...]
    log: tuple[str, ...]

    @property
    def last_seq(self) -> int:
        """The highest ``seq`` of the version, 0 when it is empty."""
        return max((file.high for file in self.files), default=0)


def snapshot(folder: Path) -> LakeSnapshot | None:
    """The newest version of the table in ``folder``; ``None`` before the first commit.

    Later commits take nothing away from it; only putting files together does, which a backup holds off.
    """
    if not DeltaTable.is_deltatable(str(folder)):
        return None
    table = DeltaTable(str(folder))
    columns = ["path", "size_bytes", "num_records", "min.seq", "max.seq"]
    rows = pa.table(table.get_add_actions(flatten=True)).select(columns).to_pylist()
    files = sorted((DataFile(*(row[name] for name in columns)) for row in rows), key=lambda file: file.low)
    version = table.version()
    transaction = table.transaction_version(_APPLICATION) or 0
    return LakeSnapshot(version, transaction, tuple(files), _log_files(folder, version))


def _log_files(folder: Path, version: int) -> tuple[str, ...]:
    """The newest checkpoint up to ``version``, if any, and every commit since."""
    numbered = {path.name: int(path.name[:_DIGITS]) for path in (folder / _LOG).iterdir() if _is_numbered(path.name)}
    reached = {name: number for name, number in numbered.items() if number <= version}
    first = max((number for name, number in reached.items() if ".checkpoint." in name), default=0)
    return tuple(sorted(f"{_LOG}/{name}" for name, number in reached.items() if number >= first))


def _is_numbered(name: str) -> bool:
    return name[:_DIGITS].isdigit() and name[_DIGITS : _DIGITS + 1] == "." and not name.endswith(".tmp")
