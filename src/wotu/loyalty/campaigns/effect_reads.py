"""What became of campaigns: coupons and promotions used, what they cost, what their people bought with and without.

A contrast, not yet an effect: whoever uses one may have bought anyway, and buys more than others do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import limit_services


@dataclass(frozen=True)
class CampaignEffect:
    """The coupons and promotions of a campaign and what they did, money in minor units of the campaign's currency.

    ``issued`` counts every coupon and code that was made, ``used`` those that paid orders have, ``automatic`` how
    often paid orders have a promotion, ``customers`` the people of both, ``discount`` what they took off, less the
    share of what came back; ``untold`` of the used ones are not in it, since nobody said what they took off, and it is
    ``None`` when that is all of them.
    ``orders_with`` and ``revenue_with`` are the orders that have one, net of returns; ``orders_without`` and
    ``revenue_without`` all other orders of the same people, whenever. ``budget`` is ``None`` without a limit,
    ``budget_used`` also before the budget is opened.
    """

    campaign: int
    issued: int
    used: int
    customers: int
    discount: int | None
    revenue_with: int
    orders_with: int
    revenue_without: int
    orders_without: int
    budget: int | None
    budget_used: int | None
    untold: int = 0
    automatic: int = 0


def campaign_effect(campaign: int) -> CampaignEffect:
    """What became of one campaign, by its number; raises ``not_found``."""
    found = _effects("WHERE campaign.id = %s", [campaign])
    if not found:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such campaign.", field="campaign")
    return found[0]


def campaign_effects() -> tuple[CampaignEffect, ...]:
    """What became of every campaign, the newest first."""
    return _effects("", [])


_STATEMENT = """
WITH asked AS (
    SELECT id, currency, budget, budget_account FROM loyalty_campaign AS campaign {where}
),
coupons AS (
    SELECT template.campaign_id AS campaign, coupon.state, coupon.order_id, coupon.customer, coupon.cost
    FROM loyalty_coupon AS coupon JOIN loyalty_coupontemplate AS template ON template.id = coupon.template_id
    WHERE template.campaign_id IN (SELECT id FROM asked)
),
promoted AS (
    SELECT promotion.campaign_id AS campaign, orders.order_id, orders.customer, used.cost
    FROM loyalty_promotionuse AS used
    JOIN loyalty_promotion AS promotion ON promotion.id = used.promotion_id
    JOIN loyalty_order AS orders ON orders.id = used.order_id
    WHERE orders.state = 'paid' AND used.count > 0 AND promotion.campaign_id IN (SELECT id FROM asked)
),
promotions AS (
    SELECT campaign, COUNT(*) AS automatic, SUM(cost) AS taken FROM promoted GROUP BY campaign
),
uses AS (
    SELECT campaign, order_id, customer FROM coupons WHERE state = 'redeemed'
    UNION ALL SELECT campaign, order_id, customer FROM promoted
),
counts AS (
    SELECT campaign, COUNT(*) AS issued,
        SUM(CASE WHEN state = 'redeemed' THEN 1 ELSE 0 END) AS used,
        SUM(CASE WHEN state = 'redeemed' AND cost IS NULL THEN 1 ELSE 0 END) AS untold,
        SUM(CASE WHEN state = 'redeemed' THEN cost ELSE 0 END) AS discount
    FROM coupons GROUP BY campaign
),
people AS (
    SELECT DISTINCT campaign, customer FROM uses WHERE customer >= 0
),
counted_people AS (
    SELECT campaign, COUNT(*) AS customers FROM people GROUP BY campaign
),
with_coupon AS (
    SELECT used.campaign, COUNT(*) AS orders, SUM(orders.net) AS revenue
    FROM (SELECT DISTINCT campaign, order_id FROM uses) AS used
    JOIN asked ON asked.id = used.campaign
    JOIN loyalty_order AS orders ON orders.order_id = used.order_id
    WHERE orders.state = 'paid' AND orders.currency = asked.currency
    GROUP BY used.campaign
),
other_orders AS (
    SELECT people.campaign, COUNT(*) AS orders, SUM(orders.net) AS revenue
    FROM people
    JOIN asked ON asked.id = people.campaign
    JOIN loyalty_order AS orders ON orders.customer = people.customer
    WHERE orders.state = 'paid' AND orders.currency = asked.currency AND NOT EXISTS (
        SELECT 1 FROM loyalty_coupon AS coupon
        JOIN loyalty_coupontemplate AS template ON template.id = coupon.template_id
        WHERE coupon.order_id = orders.order_id AND coupon.state = 'redeemed'
            AND template.campaign_id = people.campaign
    ) AND NOT EXISTS (
        SELECT 1 FROM loyalty_promotionuse AS used
        JOIN loyalty_promotion AS promotion ON promotion.id = used.promotion_id
        WHERE used.order_id = orders.id AND used.count > 0 AND promotion.campaign_id = people.campaign
    )
    GROUP BY people.campaign
)
SELECT asked.id, COALESCE(issued, 0), COALESCE(used, 0), COALESCE(customers, 0),
    CASE WHEN untold = used AND used > 0 AND automatic IS NULL THEN NULL
        ELSE COALESCE(discount, 0) + COALESCE(taken, 0) END,
    COALESCE(with_coupon.revenue, 0), COALESCE(with_coupon.orders, 0),
    COALESCE(other_orders.revenue, 0), COALESCE(other_orders.orders, 0), budget,
    COALESCE(untold, 0), COALESCE(automatic, 0), budget_account
FROM asked
LEFT JOIN counts ON counts.campaign = asked.id
LEFT JOIN promotions ON promotions.campaign = asked.id
LEFT JOIN counted_people ON counted_people.campaign = asked.id
LEFT JOIN with_coupon ON with_coupon.campaign = asked.id
LEFT JOIN other_orders ON other_orders.campaign = asked.id
ORDER BY asked.id DESC
"""


def _effects(where: str, values: list[int]) -> tuple[CampaignEffect, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(where=where), values)
        rows = cursor.fetchall()
    rooms = limit_services.rooms(account for *_, account in rows if account is not None)
    return tuple(_effect(row, rooms) for row in rows)


def _effect(row: tuple[Any, ...], rooms: Mapping[int, limit_services.Room]) -> CampaignEffect:
    *told, account = row
    # PostgreSQL sums whole numbers as decimals.
    whole: list[Any] = [value if value is None else int(value) for value in told]
    campaign, issued, used, customers, discount, revenue, orders, other_revenue, other_orders, *more = whole
    budget, untold, automatic = more
    return CampaignEffect(
        campaign=campaign, issued=issued, used=used, customers=customers, discount=discount, revenue_with=revenue,
        orders_with=orders, revenue_without=other_revenue, orders_without=other_orders, budget=budget,
        budget_used=rooms[account].used if account in rooms else None, untold=untold,
        automatic=automatic,
    )  # fmt: skip
