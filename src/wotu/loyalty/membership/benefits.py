"""What a plan brings, and what somebody has who is in two tracks at once: of each benefit the better.

The free track is the level reached by growth value, the paid track a plan. They are never added up: a member of a level
with twice the points and of a plan with one and a half times has twice the points, and the plan's price if the level
has none. Every benefit is compared by itself, so joining a plan never takes anything away.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from wotu.core.errors import Reason, invalid_argument

_PLAIN = 100
_WHOLE = 10_000
_MOST_PERCENT = 10_000
_MOST_COUPONS = 20


class MonthlyCoupon(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` coupons of a template in each month of a term."""

    template: int
    count: int = 1

    def __post_init__(self) -> None:
        _within("count", self.count, 1, _MOST_COUPONS)


class Benefits(msgspec.Struct, frozen=True, kw_only=True):
    """``multiplier`` in percent of the points that money earns; ``price_off`` in basis points off every list price."""

    multiplier: int = _PLAIN
    price_off: int = 0
    free_shipping: bool = False
    coupons: tuple[MonthlyCoupon, ...] = ()

    def __post_init__(self) -> None:
        _within("multiplier", self.multiplier, _PLAIN, _MOST_PERCENT)
        _within("price_off", self.price_off, 0, _WHOLE)
        if len({each.template for each in self.coupons}) < len(self.coupons):
            raise invalid_argument("coupons", "coupons name a template twice; say once how many there are a month.")


def better_of(all_of: Iterable[Benefits]) -> Benefits:
    """Of each benefit the best that any of them has; of none of them what everybody has.

    >>> better_of([Benefits(multiplier=200), Benefits(multiplier=150, price_off=500)])
    Benefits(multiplier=200, price_off=500, free_shipping=False, coupons=())
    """
    best, coupons = Benefits(), dict[int, int]()
    for each in all_of:
        for coupon in each.coupons:
            coupons[coupon.template] = max(coupons.get(coupon.template, 0), coupon.count)
        best = Benefits(
            multiplier=max(best.multiplier, each.multiplier), price_off=max(best.price_off, each.price_off),
            free_shipping=best.free_shipping or each.free_shipping,
        )  # fmt: skip
    merged = tuple(MonthlyCoupon(template=template, count=count) for template, count in sorted(coupons.items()))
    return msgspec.structs.replace(best, coupons=merged)


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise invalid_argument(
            field, f"{field}={value} must lie between {least} and {most}.", Reason.OUT_OF_RANGE, least=least, most=most
        )
