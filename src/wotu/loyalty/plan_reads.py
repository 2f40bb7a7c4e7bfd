"""What a draft is planned to be, beside what the workspace knows of a year before."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from wotu.core.money import to_minor
from wotu.core.periods import to_micros
from wotu.loyalty.coupon_services import rule_of
from wotu.loyalty.planning import Plan, Sold, margin_of, plan, same_days_before
from wotu.loyalty.reads import CampaignRow, TemplateRow
from wotu.loyalty.validity import first_day_of, last_day_of

if TYPE_CHECKING:
    from wotu.workspace import Workspace

_ORDERS = "Order Completed"


def plan_of(workspace: Workspace, campaign: CampaignRow, kind: TemplateRow, *, today: date) -> Plan:
    """The plan of a campaign whose coupons are of ``kind``; one without a beginning begins today."""
    zone = workspace.settings.zone
    first = today
    if campaign.starts_at is not None:
        first = first_day_of(to_micros(campaign.starts_at), zone) or today
    last = None if campaign.ends_at is None else last_day_of(to_micros(campaign.ends_at), zone)
    before = None if last is None or workspace.is_empty() else _sold(workspace, *same_days_before(first, last))
    margin = margin_of(workspace.facts("products").to_pylist())
    return plan(first, last, rule_of(0, kind.rule), before, margin)


def _sold(workspace: Workspace, first: date, last: date) -> Sold:
    since, until = str(first), str(last + timedelta(days=1))
    revenue = workspace.events(_ORDERS, measure="sum:revenue", since=since, until=until)
    orders = workspace.events(_ORDERS, measure="count", since=since, until=until)
    money = sum((Decimal(str(value)) for _, value in revenue.series[0].points if value is not None), Decimal(0))
    count = sum(int(value or 0) for _, value in orders.series[0].points)
    return Sold(first, last, count, len(orders.customers()), to_minor(money, workspace.settings.currency))
