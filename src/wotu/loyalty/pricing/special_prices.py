"""Special prices: every piece costs the lowest of its list price and the special prices it gets."""

from __future__ import annotations

from collections.abc import Callable

from wotu.loyalty.pricing.allocation import part_of
from wotu.loyalty.pricing.cart import Line
from wotu.loyalty.pricing.rules import LimitedTimePrice, MemberPrice
from wotu.loyalty.pricing.working import Candidate, Taken, UnitPrices, Working


def limited_time_price(effect: LimitedTimePrice, candidate: Candidate, working: Working) -> Taken:
    """The products' own prices, or a rate off the list price."""

    def of(line: Line) -> int:
        return effect.prices.get(line.product_id, line.unit_price - part_of(line.unit_price, effect.rate))

    return _lowered(of, candidate, working)


def member_price(effect: MemberPrice, candidate: Candidate, working: Working) -> Taken:
    """The rate of the customer's tier off the list price."""
    rate = effect.rates.get(candidate.cart.tier, 0)
    return _lowered(lambda line: line.unit_price - part_of(line.unit_price, rate), candidate, working)


def _lowered(price_of: Callable[[Line], int], candidate: Candidate, working: Working) -> Taken:
    """Pieces at most at ``price_of`` their line; where pieces are limited, those that save most come first."""
    savings = []
    for i in candidate.lines:
        target = price_of(candidate.cart.lines[i])
        savings += [(now - target, i, count) for now, count in working.units[i] if now > target]
    wanted = candidate.rule.most_times
    lines: dict[int, int] = {}
    units: dict[int, UnitPrices] = {}
    times = 0
    for saving, i, count in sorted(savings, key=lambda each: (-each[0], each[1])):
        lowered = count if wanted is None else min(count, wanted)
        wanted = None if wanted is None else wanted - lowered
        if lowered:
            times += lowered
            lines[i] = lines.get(i, 0) + saving * lowered
            target = price_of(candidate.cart.lines[i])
            units[i] = _moved(units.get(i, working.units[i]), target + saving, target, lowered)
    return Taken(lines, times=times, units=units)


def _moved(prices: UnitPrices, old: int, new: int, count: int) -> UnitPrices:
    pieces = dict(prices)
    pieces[old] -= count
    pieces[new] = pieces.get(new, 0) + count
    return tuple(sorted(((price, n) for price, n in pieces.items() if n), reverse=True))
