"""Messages, one after another, as the columns of an envelope table."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from wotu.collect.conform import conform
from wotu.collect.message import ENVELOPE, INSTANT
from wotu.collect.segment import Draft
from wotu.core.properties import MONEY, property_column

# Columns that nearly every message fills; the others are kept by row.
_DENSE = ("type", "event", "time", "message_id", "user_id", "anonymous_id", "properties")
_ORIGIN = ("received", "source", "namespace")
_SPARSE = tuple(name for name in ENVELOPE.names if name not in (*_DENSE, *_ORIGIN))


class MessageColumns:
    """Columns under construction. ``begin`` says where the messages that follow came from."""

    def __init__(self) -> None:
        self._dense: tuple[list[Any], ...] = tuple([] for _ in _DENSE)
        # What the text in ``properties`` says, where somebody read it already.
        self.decoded: list[dict[str, Any] | None] = []
        self._sparse: dict[str, dict[int, Any]] = {name: {} for name in _SPARSE}
        self._money: dict[str, dict[int, int]] = {name: {} for name in MONEY}
        self._origins: list[tuple[int, tuple[int, str, str]]] = []

    def __len__(self) -> int:
        return len(self._dense[0])

    def begin(self, source: str, namespace: str, received: int) -> None:
        """The messages added from now on are of ``source``, received at microseconds since 1970."""
        self._origins.append((len(self), (received, source, namespace)))

    def add(self, draft: Draft) -> None:
        """Add one message."""
        row = len(self)
        self.decoded.append(None)
        for name, column in zip(_DENSE, self._dense, strict=True):
            column.append(draft.envelope.get(name))
        for name, values in self._sparse.items():
            if (value := draft.envelope.get(name)) is not None:
                values[row] = value
        for name, amount in draft.money.items():
            if amount is not None:
                self._money[name][row] = amount

    @property
    def dense(self) -> tuple[list[Any], ...]:
        """The lists of type, event, time, message_id, user_id, anonymous_id and properties, to append to."""
        return self._dense

    def table(self) -> pa.Table:
        """The messages as a table that conforms to the envelope."""
        count = len(self)
        given = dict(zip(_DENSE, self._dense, strict=True)) | self._origin_columns()
        columns: dict[str, pa.Array] = {}
        for field in ENVELOPE:
            values = given[field.name] if field.name in given else _spread(self._sparse[field.name], count)
            if values is None:
                columns[field.name] = pa.nulls(count, field.type)
            elif field.type == INSTANT:
                columns[field.name] = pa.array(values, pa.int64()).cast(INSTANT)
            else:
                columns[field.name] = pa.array(values, field.type)
        for name, amounts in self._money.items():
            if amounts:
                columns[property_column(name)] = pa.array(_spread(amounts, count), pa.int64())
        return conform(pa.table(columns))

    def _origin_columns(self) -> dict[str, list[Any]]:
        columns: tuple[list[Any], ...] = tuple([] for _ in _ORIGIN)
        starts = [start for start, _ in self._origins] + [len(self)]
        for (start, values), end in zip(self._origins, starts[1:], strict=True):
            for column, value in zip(columns, values, strict=True):
                column.extend([value] * (end - start))
        return dict(zip(_ORIGIN, columns, strict=True))


def _spread(values: dict[int, Any], count: int) -> list[Any] | None:
    """The values at their rows, or nothing when there are none."""
    if not values:
        return None
    column: list[Any] = [None] * count
    for row, value in values.items():
        column[row] = value
    return column
