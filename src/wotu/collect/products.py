"""The ``products`` of one message: a list of objects, read into the fields of ``message.PRODUCT``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from wotu.collect.values import (
    Fault,
    check_text,
    json_text,
    minor_units,
    number_text,
    read_id,
    read_money,
    read_scaled,
)

QUANTITY_PLACES = 3
PRICE_PLACES = 6

_KNOWN = frozenset({"product_id", "name", "category", "quantity", "price", "amount", "cost"})


def read_products(value: object, field: str, currency: str) -> list[dict[str, Any]] | None:
    """Every product with amounts in minor units of ``currency``; a wrong value names itself, such as
    ``properties.products[0].price``."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise Fault(field, "is not a list")
    return [_read_product(item, f"{field}[{index}]", currency) for index, item in enumerate(value)]


def _read_product(item: object, field: str, currency: str) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise Fault(field, "is not an object")
    price = read_scaled(item.get("price"), f"{field}.price", PRICE_PLACES)
    quantity = read_scaled(item.get("quantity"), f"{field}.quantity", QUANTITY_PLACES)
    if quantity is not None and quantity < 0:
        raise Fault(f"{field}.quantity", "is negative")
    if quantity is None and price is not None:
        quantity = Decimal("1.000")
    amount = read_money(item.get("amount"), f"{field}.amount", currency)
    if amount is None and price is not None and quantity is not None:
        amount = minor_units(price * quantity, f"{field}.price", currency)
    rest = {key: value for key, value in item.items() if key not in _KNOWN}
    return {
        "product_id": read_id(item.get("product_id"), f"{field}.product_id"),
        "name": _text(item.get("name"), f"{field}.name"),
        "category": _text(item.get("category"), f"{field}.category"),
        "quantity": quantity,
        "price": price,
        "amount": amount,
        "cost": read_money(item.get("cost"), f"{field}.cost", currency),
        "rest": json_text(rest, field) if rest else None,
    }


def _text(value: object, field: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return check_text(value, field)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return number_text(value, field)
    raise Fault(field, "is not text")
