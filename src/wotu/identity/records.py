"""Files of int32 records that only grow; the checkpoint says how many of them count."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wotu.core.durable import sync

Records = npt.NDArray[np.int32]


def read_records(path: Path, count: int, width: int) -> Records:
    """The first ``count`` records of ``width`` numbers; raises ``EOFError`` when the file holds fewer."""
    if not count:
        return np.empty((0, width), np.int32)
    records = np.fromfile(path, "<i4", count * width)
    if len(records) < count * width:
        raise EOFError(f"{path} holds fewer than {count} records")
    return records.reshape(count, width).astype(np.int32, copy=False)


def append_records(path: Path, count: int, records: Records) -> None:
    """Write ``records`` durably behind the first ``count``; what a crash left there is overwritten."""
    if not len(records):
        return
    is_new = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.seek(count * records.shape[1] * 4)
        file.write(np.ascontiguousarray(records, "<i4").tobytes())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync(path.parent)
