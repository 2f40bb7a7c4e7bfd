"""What somebody wants to buy: lines at list price, and the facts that rules look at."""

from __future__ import annotations

import msgspec

from wotu.core.errors import Reason, invalid_argument
from wotu.core.money import LARGEST_MINOR

LARGEST_QUANTITY = 1_000_000


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``quantity`` pieces of one product at ``unit_price`` minor units each; ``category`` is a path from the root."""

    line_id: str
    product_id: str
    quantity: int = 1
    unit_price: int
    category: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.quantity <= LARGEST_QUANTITY:
            raise out_of_range("quantity", self.quantity, 1, LARGEST_QUANTITY)
        if not 0 <= self.unit_price <= LARGEST_MINOR // self.quantity:
            raise out_of_range("unit_price", self.unit_price, 0, LARGEST_MINOR // self.quantity)

    @property
    def listed(self) -> int:
        """Quantity × unit price."""
        return self.quantity * self.unit_price


class Cart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lines with different ids, the shipping fee, and who buys where and when (``now``: microseconds since 1970 UTC).

    ``tier`` is the level the customer has, empty for none.
    """

    lines: tuple[Line, ...]
    now: int
    currency: str = "CNY"
    shipping: int = 0
    tier: str = ""
    channel: str = ""
    store: str = ""

    def __post_init__(self) -> None:
        if len({line.line_id for line in self.lines}) < len(self.lines):
            raise invalid_argument("lines", "lines have the same line_id twice; give every line an id of its own.")
        if not 0 <= self.shipping <= LARGEST_MINOR:
            raise out_of_range("shipping", self.shipping, 0, LARGEST_MINOR)


def out_of_range(field: str, value: int, least: int, most: int) -> Exception:
    """The error for a number that is not in ``least … most``."""
    return invalid_argument(
        field, f"{field}={value} must lie between {least} and {most}.", Reason.OUT_OF_RANGE, least=least, most=most
    )
