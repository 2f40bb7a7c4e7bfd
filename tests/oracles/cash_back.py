"""What a receipt brings, by counting up: slow, plain, and knowing nothing of the rules it judges."""

from __future__ import annotations

from decimal import Decimal


def brings(
    amount: int, *, percent: Decimal | None, fixed: int, least: int, caps: list[int | None], worth: int
) -> int:  # fmt: skip
    """The largest whole number of units of ``worth`` that every limit of the offer allows."""
    if amount < least or amount < 1:
        return 0
    units = 0
    while all(_allowed((units + 1) * worth, amount, percent, fixed, cap) for cap in [None, *caps]):
        units += 1
    return units * worth


def _allowed(cash: int, amount: int, percent: Decimal | None, fixed: int, cap: int | None) -> bool:
    promised = Decimal(amount) * percent / 100 if percent is not None else Decimal(fixed)
    return cash <= promised and cash <= amount and (cap is None or cash <= cap)
