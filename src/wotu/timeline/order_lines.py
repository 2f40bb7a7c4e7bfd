"""``any(products.category == "tea")`` in filters: the order events that have a line as described.

Lines lie beside the events as they came, in order of the same rows: the *n*-th order event of a shard is the
*n*-th of its sales.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit, types

from wotu.facts.vocabulary import ORDER_EVENTS, PropertyKind
from wotu.timeline.columns import MISSING, Column
from wotu.timeline.kernel_types import MASK, SYMBOL
from wotu.timeline.shard import Shard

LINES = "products."
LINE_KINDS: dict[str, PropertyKind] = {
    "product_id": "text", "name": "text", "category": "text", "quantity": "number", "price": "number",
    "amount": "money", "cost": "money",
}  # fmt: skip
Mask = npt.NDArray[np.bool_]
_NO_TEXTS = pa.nulls(0, pa.string())


def line_column(name: str, shard: Shard) -> Column:
    """A value for every line of the shard's orders, made once; ``name`` without ``products.``."""
    known = shard.lines.get(name)
    if known is None:
        known = shard.lines[name] = _column(name, shard.part.tables["sales"]["products"].flatten())
    return known


def orders_with(lines: Mask, shard: Shard, *, holds: bool) -> Mask:
    """Which events are orders with such a line (``holds``), or with lines and none such among them."""
    counts = pc.list_value_length(shard.part.tables["sales"]["products"]).fill_null(0).to_numpy()
    ends = np.cumsum(counts)
    passed = np.concatenate([[0], np.cumsum(lines)])
    found = passed[ends] > passed[ends - counts]
    sales = found if holds else ~found & (counts > 0)
    is_order = np.isin(np.array(shard.manifest.events or ("",)), ORDER_EVENTS)
    return _at_orders(shard.code, is_order, sales)


def _column(name: str, lines: pa.StructArray) -> Column:
    kind, values = LINE_KINDS[name], lines.field(name)
    if kind == "text":
        encoded = values.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return Column(LINES + name, kind, codes, encoded.dictionary)
    if kind == "number":
        return Column(LINES + name, kind, values.cast(pa.float64()).to_numpy(zero_copy_only=False), _NO_TEXTS)
    return Column(LINES + name, kind, values.fill_null(MISSING).to_numpy(zero_copy_only=False), _NO_TEXTS)


@njit(types.boolean[::1](SYMBOL, MASK, MASK), cache=True, nogil=True)
def _at_orders(code, is_order, sales):  # type: ignore[no-untyped-def]
    found = np.zeros(len(code), np.bool_)
    sale = 0
    for j in range(len(code)):
        if is_order[code[j]]:
            if sale < len(sales):
                found[j] = sales[sale]
            sale += 1
    return found
