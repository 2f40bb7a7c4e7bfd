"""Whole amounts shared out so that the parts add up."""

from __future__ import annotations

from collections.abc import Mapping


def allocate(amount: int, weights: Mapping[int, int]) -> dict[int, int]:
    """``amount`` shared in proportion to ``weights``, by largest remainder; ties go to the lower position.

    Parts add up to ``amount`` exactly, and none is larger than its weight while ``amount`` is at most their sum.
    """
    total = sum(weights.values())
    if total == 0:
        return dict.fromkeys(weights, 0)
    parts = {place: amount * weight // total for place, weight in weights.items()}
    over = amount - sum(parts.values())
    by_remainder = sorted(weights, key=lambda place: (-(amount * weights[place] % total), place))
    for place in by_remainder[:over]:
        parts[place] += 1
    return parts


def capped(parts: Mapping[int, int], most: int | None) -> dict[int, int]:
    """``parts`` as they are, or ``most`` shared in their proportion when they are more together."""
    if most is None or sum(parts.values()) <= most:
        return dict(parts)
    return allocate(most, parts)


def part_of(amount: int, rate: int) -> int:
    """``rate`` basis points of ``amount``, rounded half-up."""
    return (amount * rate * 2 + 10_000) // 20_000


def cumulative(amount: int, done: int, of: int) -> int:
    """What ``done`` of ``of`` equal pieces make of ``amount``: differences of it add up to the whole in any split."""
    return amount if done >= of else amount * done // of
