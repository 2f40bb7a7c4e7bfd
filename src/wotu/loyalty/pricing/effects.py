"""Each effect on an order as the rules before have left it: what it takes off, or why nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wotu.loyalty.pricing.allocation import allocate, capped, part_of
from wotu.loyalty.pricing.pieces import bundle, buy_get, exchange, gift
from wotu.loyalty.pricing.quote import Refused
from wotu.loyalty.pricing.rules import (
    AmountOff,
    Bundle,
    BuyGet,
    Effect,
    Exchange,
    FlashPrice,
    FreeShipping,
    FullDiscount,
    FullReduction,
    GiftOf,
    LimitedTimePrice,
    MemberPrice,
    Percent,
    PointsOff,
)
from wotu.loyalty.pricing.special_prices import limited_time_price, member_price
from wotu.loyalty.pricing.working import NOTHING, Candidate, NotTaken, Taken, Working


def attempt(candidate: Candidate, working: Working) -> Taken | NotTaken:
    """What the rule takes off the order in ``working``."""
    rule = candidate.rule
    if below := candidate.below(rule.threshold, working):
        return below
    outcome = _EFFECTS[type(rule.effect)](rule.effect, candidate, working)
    if isinstance(outcome, NotTaken):
        return outcome
    if rule.most_off is not None and not outcome.points:
        outcome = outcome._replace(
            lines=capped(outcome.lines, rule.most_off), shipping=min(outcome.shipping, rule.most_off)
        )
    return outcome if outcome.amount or outcome.shipping or outcome.gift else NOTHING


def _percent(effect: Percent, candidate: Candidate, working: Working) -> Taken:
    left = candidate.left(working)
    return Taken(allocate(part_of(sum(left.values()), effect.rate), left))


def _amount_off(effect: AmountOff, candidate: Candidate, working: Working) -> Taken:
    left = candidate.left(working)
    return Taken(allocate(min(effect.amount, sum(left.values())), left))


def _full_discount(effect: FullDiscount, candidate: Candidate, working: Working) -> Taken | NotTaken:
    reached = _highest_step(effect, candidate, working)
    if isinstance(reached, NotTaken):
        return reached
    left = candidate.left(working)
    return Taken(allocate(part_of(sum(left.values()), reached[1]), left))


def _full_reduction(effect: FullReduction, candidate: Candidate, working: Working) -> Taken | NotTaken:
    reached = _highest_step(effect, candidate, working)
    if isinstance(reached, NotTaken):
        return reached
    times = 1
    if effect.every:
        has = candidate.measured(working) if effect.by == "amount" else candidate.pieces()
        times = has // reached[0]
        times = times if candidate.rule.most_times is None else min(times, candidate.rule.most_times)
    left = candidate.left(working)
    return Taken(allocate(min(reached[1] * times, sum(left.values())), left), times=times)


def _highest_step(
    effect: FullDiscount | FullReduction, candidate: Candidate, working: Working
) -> tuple[int, int] | NotTaken:
    has = candidate.measured(working) if effect.by == "amount" else candidate.pieces()
    reached = [step for step in effect.steps if step[0] <= has]
    if reached:
        return reached[-1]
    missing = effect.steps[0][0] - has
    if effect.by == "amount":
        return NotTaken(Refused.BELOW_THRESHOLD, missing=missing)
    return NotTaken(Refused.BELOW_THRESHOLD, missing_pieces=missing)


def _points_off(effect: PointsOff, candidate: Candidate, working: Working) -> Taken:
    left = candidate.left(working)
    total = sum(left.values())
    # Rounded down: points never pay more than their share.
    most = total * effect.rate // 10_000
    if candidate.rule.most_off is not None:
        most = min(most, candidate.rule.most_off)
    points = min(effect.points, most // effect.worth)
    return Taken(allocate(points * effect.worth, left), points=points)


def _free_shipping(_effect: FreeShipping, _candidate: Candidate, working: Working) -> Taken:
    return Taken({}, shipping=working.shipping)


_EFFECTS: dict[type[Effect], Callable[[Any, Candidate, Working], Taken | NotTaken]] = {
    LimitedTimePrice: limited_time_price,
    FlashPrice: limited_time_price,
    MemberPrice: member_price,
    Bundle: bundle,
    BuyGet: buy_get,
    Exchange: exchange,
    GiftOf: gift,
    Percent: _percent,
    FullDiscount: _full_discount,
    AmountOff: _amount_off,
    FullReduction: _full_reduction,
    PointsOff: _points_off,
    FreeShipping: _free_shipping,
}
