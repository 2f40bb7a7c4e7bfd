"""The lines of orders: columns of a file as the fields of ``message.PRODUCT``."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wotu.collect.mapped import Rows
from wotu.collect.mapping import Lines, Order
from wotu.collect.message import PRODUCT
from wotu.collect.parsing import Faults, Mask, decimals, money, texts
from wotu.collect.products import PRICE_PLACES, QUANTITY_PLACES
from wotu.collect.values import minor_units, scaled

_QUANTITY = PRODUCT.field("quantity").type
_PRICE = PRODUCT.field("price").type

NEGATIVE = "is negative outside a cancellation"


def product_lines(rows: Rows, order: Order, cancelled: Mask) -> pa.StructArray:
    """One product per row. Quantities and amounts of ``cancelled`` rows are made positive; a negative
    quantity elsewhere, and a line without any amount, is a fault of its row."""
    lines = order.lines
    quantity, price = _quantity(rows, lines, cancelled), _price(rows, lines, cancelled)
    amount = _positive(_amount(rows, lines, price, quantity), cancelled)
    if order.revenue is None:
        field = lines.amount or lines.price
        rows.faults.add(amount.is_null(), field, "the amount of the line is missing")
    columns = {
        "product_id": _ids(rows, lines),
        "name": _texts(rows, lines.name, "name"),
        "category": _texts(rows, lines.category, "category"),
        "quantity": quantity,
        "price": price,
        "amount": amount,
        "cost": _cost(rows, lines),
        "rest": pa.nulls(len(rows), pa.string()),
    }
    return pa.StructArray.from_arrays([columns[field.name] for field in PRODUCT], fields=list(PRODUCT))


def _ids(rows: Rows, lines: Lines) -> pa.Array:
    if lines.product_id is None:
        return pa.nulls(len(rows), pa.string())
    return rows.ids(lines.product_id, "order.lines.product_id").cast(pa.string())


def _texts(rows: Rows, column: str | None, key: str) -> pa.Array:
    if column is None:
        return pa.nulls(len(rows), pa.string())
    return texts(rows.column(column, f"order.lines.{key}"), rows.faults, column).cast(pa.string())


def _cost(rows: Rows, lines: Lines) -> pa.Array:
    if lines.cost is None:
        return pa.nulls(len(rows), pa.int64())
    return money(rows.column(lines.cost, "order.lines.cost"), rows.currency, rows.faults, lines.cost)


def _quantity(rows: Rows, lines: Lines, cancelled: Mask) -> pa.Array:
    default = pa.scalar(Decimal(1), _QUANTITY)
    if lines.quantity is None:
        return pa.repeat(default, len(rows))
    name = lines.quantity
    column = rows.column(name, "order.lines.quantity")
    read = decimals(column, lambda number: scaled(number, name, QUANTITY_PLACES), _QUANTITY, rows.faults, name)
    negative = pc.less(read, pa.scalar(Decimal(0), _QUANTITY)).fill_null(False).to_numpy(zero_copy_only=False)
    rows.faults.add(negative & ~cancelled, name, NEGATIVE)
    return _positive(read.fill_null(default) if lines.price else read, cancelled)


def _price(rows: Rows, lines: Lines, cancelled: Mask) -> pa.Array:
    if lines.price is None:
        return pa.nulls(len(rows), _PRICE)
    name = lines.price
    column = rows.column(name, "order.lines.price")
    read = decimals(column, lambda number: scaled(number, name, PRICE_PLACES), _PRICE, rows.faults, name)
    return _positive(read, cancelled)


def _amount(rows: Rows, lines: Lines, price: pa.Array, quantity: pa.Array) -> pa.Array:
    if lines.amount is None:
        return _multiplied(price, quantity, rows.currency, rows.faults, lines.price)
    column = rows.column(lines.amount, "order.lines.amount")
    given = money(column, rows.currency, rows.faults, lines.amount)
    if lines.price is None or not given.null_count:
        return given
    return pc.coalesce(given, _multiplied(price, quantity, rows.currency, rows.faults, lines.price))


def _multiplied(price: pa.Array, quantity: pa.Array, currency: str, faults: Faults, name: str | None) -> pa.Array:
    """Price × quantity in minor units, rounded half up, computed once per distinct pair."""
    prices, quantities = price.dictionary_encode(), quantity.dictionary_encode()
    width = len(quantities.dictionary) + 1
    codes = prices.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    other = quantities.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    present = (codes >= 0) & (other >= 0)
    pairs, places = np.unique(np.where(present, codes * width + other, -1), return_inverse=True)
    price_values, quantity_values = prices.dictionary.to_pylist(), quantities.dictionary.to_pylist()
    results = np.zeros(len(pairs), np.int64)
    for place, pair in enumerate(pairs.tolist()):
        if pair < 0:
            continue
        try:
            product = price_values[pair // width] * quantity_values[pair % width]
            results[place] = minor_units(product, name or "price", currency)
        except ValueError as error:
            faults.add(places == place, name, f"price times quantity {error}")
    return pa.array(results[places], pa.int64(), mask=~present)


def _positive(values: pa.Array, cancelled: Mask) -> pa.Array:
    return pc.if_else(pa.array(cancelled), pc.abs(values), values) if cancelled.any() else values
