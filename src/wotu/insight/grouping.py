"""``by=``: the groups of an answer: the most frequent values, ``(other)`` for the rest, ``(none)`` for missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from wotu.core.errors import invalid_argument
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros
from wotu.timeline.columns import Column
from wotu.timeline.expression import of_customers
from wotu.timeline.masks import Mask, check_name, column_of, present
from wotu.timeline.questions import Source
from wotu.timeline.shard import Shard

OTHER, NONE = "(other)", "(none)"


@dataclass(frozen=True)
class Grouping:
    """Labels of the groups in order, and how a shard's events fall into them."""

    name: str | None
    labels: tuple[str | None, ...]
    currency: str
    zone: ZoneInfo

    def of(self, shard: Shard) -> npt.NDArray[np.int64]:
        """The group of every event of the shard."""
        if self.name is None:
            return np.zeros(len(shard.time), np.int64)
        column = column_of(self.name, shard)
        texts, codes = _distinct(column, self.currency, self.zone)
        position = {label: i for i, label in enumerate(self.labels)}
        rest = position.get(OTHER, -1)
        table = np.array([*(position.get(text, rest) for text in texts), position.get(NONE, rest)], np.int64)
        groups = table[codes]
        return groups[shard.customer_rows()] if of_customers(self.name) else groups


def grouping(source: Source, by: str | None, wanted: list[tuple[Shard, Mask]], top: int = 10) -> Grouping:
    """The ``top`` most frequent values of ``by`` among the wanted events (ties by text)."""
    if by is None:
        return Grouping(None, (None,), source.currency, source.zone)
    check_name(by, source.manifest, field="by")
    seen: Counter[str] = Counter()
    for shard, mask in wanted:
        column = column_of(by, shard)
        texts, codes = _distinct(column, source.currency, source.zone)
        used = codes[shard.customer_rows()] if of_customers(by) else codes
        counts = np.bincount(used[mask] % (len(texts) + 1), minlength=len(texts) + 1)
        seen.update({text: int(n) for text, n in zip([*texts, NONE], counts, strict=True) if n})
    missing = seen.pop(NONE, 0)
    ranked = sorted(seen, key=lambda text: (-seen[text], text))
    labels: list[str | None] = list(ranked[:top])
    if len(ranked) > top:
        labels.append(OTHER)
    if missing:
        labels.append(NONE)
    return Grouping(by, tuple(labels), source.currency, source.zone)


def _distinct(column: Column, currency: str, zone: ZoneInfo) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The column's values as texts and, per row, which of them it is (−1 missing)."""
    if column.kind == "text":
        return column.texts.to_pylist(), column.values.astype(np.int64)
    if column.kind == "key":
        raise invalid_argument(
            "by", f"by={column.name.removeprefix('p_')!r} names single things and cannot be grouped by."
        )
    there = present(column)
    values, codes = np.unique(column.values[there], return_inverse=True)
    every = np.full(len(column.values), -1, np.int64)
    every[there] = codes
    return [_text(column, value, currency, zone) for value in values.tolist()], every


def _text(column: Column, value: float, currency: str, zone: ZoneInfo) -> str:
    if column.kind == "money":
        return decimal_text(int(value), currency)
    if column.kind == "time":
        return from_micros(int(value), zone).isoformat()
    if column.kind == "boolean":
        return "true" if value else "false"
    return format(Decimal(repr(value)).normalize(), "f")
