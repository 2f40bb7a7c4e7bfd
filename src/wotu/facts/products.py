"""The product catalogue: the rows of table ``products`` that hold, as timelines keep them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from wotu.core.fact_tables import PRODUCTS
from wotu.facts.registry import Facts, read_rows
from wotu.lake.messages import Lake

_FIELDS = tuple(column.name for column in PRODUCTS.columns)


@dataclass(frozen=True)
class Products:
    """``table``: product_id, name, category, price, cost, margin_rate (text), sorted by product_id.

    ``cost`` or ``margin_rate`` may be missing; a figure that needs them then says *revenue basis*.
    """

    table: pa.Table

    @classmethod
    def read(cls, lake: Lake) -> Products:
        """The catalogue as the lake has it."""
        rows = Facts().plus(read_rows(lake, tables=(PRODUCTS.name,)), seq=0).rows(PRODUCTS)
        columns = {name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in _FIELDS}
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


def _text(value: object) -> str | None:
    return None if value is None else str(value)
