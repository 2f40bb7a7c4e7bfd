"""What a draft is planned to be, beside what the workspace knows of a year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wotu.core.money import to_minor
from wotu.core.periods import to_micros
from wotu.loyalty.campaigns.goods_roles import Goods, goods_of
from wotu.loyalty.campaigns.planning import Plan, Sold, margin_of, plan, same_days_before
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.pricing import Rule, Scope
from wotu.loyalty.validity import first_day_of, last_day_of

if TYPE_CHECKING:
    from wotu.workspace import Workspace

_ORDERS, _MOST_NAMED = "Order Completed", 200


def plan_of(workspace: Workspace, campaign: CampaignRow, rule: Rule, *, today: date) -> Plan:
    """The plan of a campaign that takes off what ``rule`` does; one without a beginning begins today."""
    zone = workspace.settings.zone
    first = today
    if campaign.starts_at is not None:
        first = first_day_of(to_micros(campaign.starts_at), zone) or today
    last = None if campaign.ends_at is None else last_day_of(to_micros(campaign.ends_at), zone)
    before = None if last is None or workspace.is_empty() else _sold(workspace, *same_days_before(first, last))
    products = workspace.facts("products").to_pylist()
    margin = margin_of(products)
    goods = None if rule.scope == Scope() else _goods(workspace, rule.scope, before, products, margin)
    return plan(first, last, rule, before, margin, goods)


def _goods(
    workspace: Workspace, scope: Scope, before: Sold | None, products: Sequence[Mapping[str, Any]], mean: float | None
) -> Goods:
    """The goods in scope, as far as they are named by product."""
    if before is None or not before.orders:
        return goods_of(0, 0, None, mean)
    named = scope.products[:_MOST_NAMED]
    if not named or scope.categories:
        return goods_of(None, before.orders, None, mean)
    listed = ", ".join(f'"{each}"' for each in named if '"' not in each)
    since, until = str(before.first), str(before.last + timedelta(days=1))
    where = f"any(products.product_id in ({listed}))"
    found = workspace.events(_ORDERS, measure="count", since=since, until=until, where=where)
    count = sum(int(value or 0) for _, value in found.series[0].points)
    margin = margin_of(each for each in products if each.get("product_id") in named)
    return goods_of(count, before.orders, margin, mean)


def _sold(workspace: Workspace, first: date, last: date) -> Sold:
    since, until = str(first), str(last + timedelta(days=1))
    revenue = workspace.events(_ORDERS, measure="sum:revenue", since=since, until=until)
    orders = workspace.events(_ORDERS, measure="count", since=since, until=until)
    money = sum((Decimal(str(value)) for _, value in revenue.series[0].points if value is not None), Decimal(0))
    count = sum(int(value or 0) for _, value in orders.series[0].points)
    return Sold(first, last, count, len(orders.customers()), to_minor(money, workspace.settings.currency))
