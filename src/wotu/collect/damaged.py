"""Orders with a line that cannot be read are left out whole: loaded without it, they would be wrong for good."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.columns import cell_text
from wotu.collect.lines import NEGATIVE
from wotu.collect.mapped import Rows
from wotu.collect.mapping import Order

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]


def refuse_damaged(rows: Rows, order: Order, ids: pa.Array, keys: Integers) -> None:
    """Mark every row of an order (the rows with the same of ``keys``) that has a damaged row.

    Rows the reader left out belong to the order whose number can still be seen in them.
    """
    faults = rows.faults.by_row
    own = [row for row, (_, reason) in sorted(faults.items()) if reason != NEGATIVE and keys[row] >= 0]
    lost = _lost_ids(rows, order.id)
    damaged = np.isin(keys, np.unique(keys[own]))
    if lost:
        damaged |= pc.is_in(ids, pa.array(sorted(lost), ids.type)).to_numpy(zero_copy_only=False)
    members = np.flatnonzero(damaged & (keys >= 0))
    if not len(members):
        return
    members = members[np.argsort(keys[members], kind="stable")]
    starts = np.flatnonzero(np.diff(keys[members], prepend=-1))
    sizes = np.diff(np.append(starts, len(members)))
    numbers = np.arange(len(members)) - np.repeat(starts, sizes) + 1
    names = ids.take(pa.array(members)).to_pylist()
    alone = np.repeat(sizes == 1, sizes)
    marked = set(own)
    for row, number, name, single in zip(members.tolist(), numbers.tolist(), names, alone.tolist(), strict=True):
        if row not in marked:
            faults.setdefault(row, (order.id, f"another line of order {name} cannot be used"))
        elif not single:
            field, reason = faults[row]
            faults[row] = field, f"line {number} of the order cannot be used: {reason}"


def _lost_ids(rows: Rows, column: str) -> set[str]:
    """The order numbers that can be seen in the rows the reader left out."""
    names = rows.raw.columns.column_names
    found = set()
    for problem in rows.raw.problems:
        try:
            content = json.loads(problem.content)
            if isinstance(content, str):
                cells = next(csv.reader([content], delimiter=rows.raw.delimiter or ","), [])
                content = dict(zip(names, cells, strict=False))
        except (ValueError, csv.Error):
            continue
        value = content.get(column) if isinstance(content, dict) else None
        if isinstance(value, (str, int, float)) and str(value).strip():
            found.add((cell_text(value) or "").strip())
    return found
