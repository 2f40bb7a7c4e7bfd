"""The product catalogue: the latest row per product, from fact rows of table ``products``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from wotu.lake.messages import Lake

TABLE = "products"
_FIELDS = ("product_id", "name", "category", "price", "cost", "margin_rate")
_DECODER = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True)
class Products:
    """``table``: product_id, name, category, price, cost, margin_rate (text), sorted by product_id.

    ``cost`` or ``margin_rate`` may be missing; a figure that needs them then says *revenue basis*.
    """

    table: pa.Table

    @classmethod
    def read(cls, lake: Lake) -> Products:
        """The catalogue as the lake has it; the last row of a product holds."""
        latest: dict[str, dict[str, Any]] = {}
        for row in _rows(lake):
            latest[str(row.get("product_id"))] = row
        ids = sorted(latest)
        columns = {
            field: pa.array(
                [_text(latest[key].get(field)) if field != "product_id" else key for key in ids], pa.string()
            )
            for field in _FIELDS
        }
        return cls(pa.table(columns))

    @classmethod
    def open(cls, path: Path) -> Products:
        with pa.memory_map(str(path)) as source:
            return cls(pa.ipc.open_file(source).read_all())

    def write(self, path: Path) -> None:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, self.table.schema) as writer:
            writer.write_table(self.table.combine_chunks())

    def find(self, ids: list[str]) -> dict[str, dict[str, str | None]]:
        """The rows of the products with these ids."""
        rows = self.table.filter(pc.is_in(self.table["product_id"], pa.array(ids, pa.string())))
        return {row["product_id"]: row for row in rows.to_pylist()}

    @property
    def has_costs(self) -> bool:
        """Whether any product has a unit cost or margin rate."""
        return any(self.table[field].null_count < len(self.table) for field in ("cost", "margin_rate"))


def _rows(lake: Lake) -> Iterator[dict[str, Any]]:
    for batch in lake.scan(["rest"], types=("row",), events=(TABLE,)):
        for text in batch["rest"].to_pylist():
            yield _DECODER.decode(text)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
