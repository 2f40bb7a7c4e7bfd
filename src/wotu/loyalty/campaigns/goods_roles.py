"""What part goods play in a shop, by two questions: how many orders have them, and what they leave over.

The usual square of category management: many orders or few, a margin above the shop's or below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Goods that one order in twenty has bring people in.
MANY = 0.05


class Role(StrEnum):
    """What the goods do for the shop."""

    TRAFFIC = "traffic"
    STAR = "star"
    PROFIT = "profit"
    TAIL = "tail"


class NoRole(StrEnum):
    """Why no part can be told."""

    BY_CATEGORY = "by_category"
    NO_ORDERS = "no_orders"
    NO_COSTS = "no_costs"


@dataclass(frozen=True)
class Goods:
    """Goods that something is for: the share of orders that have one of them, and their mean margin.

    ``role`` is ``None`` where ``gap`` says why. Figures that are known stand beside it all the same.
    """

    reach: float | None
    margin: float | None
    role: Role | None
    gap: NoRole | None = None


def goods_of(orders_with: int | None, orders: int, margin: float | None, mean: float | None) -> Goods:
    """What part goods play that ``orders_with`` of ``orders`` have, with a ``margin`` beside the ``mean`` of all.

    ``orders_with`` is ``None`` where goods are named by category, which orders do not say.
    """
    if orders_with is None:
        return Goods(None, margin, None, NoRole.BY_CATEGORY)
    if not orders:
        return Goods(None, margin, None, NoRole.NO_ORDERS)
    reach = orders_with / orders
    if margin is None or mean is None:
        return Goods(reach, None, None, NoRole.NO_COSTS)
    many, earns = reach >= MANY, margin >= mean
    role = (Role.STAR if earns else Role.TRAFFIC) if many else (Role.PROFIT if earns else Role.TAIL)
    return Goods(reach, margin, role)
