"""The main findings of a workspace, as short tables."""

from __future__ import annotations

from wotu.cli.output import console, percent, text, write_table
from wotu.facts.vocabulary import ORDER_COMPLETED
from wotu.workspace import Workspace

SUGGESTIONS = {
    "important_value": "keep and deepen: own benefits, first access 留住深耕",
    "important_develop": "raise frequency: related categories, subscriptions 提升频次",
    "important_keep": "contact now: they are leaving 主动联系",
    "important_winback": "find the reason, give one to return 重点挽回",
    "general_value": "raise order value: bundles, thresholds 提高客单",
    "general_develop": "second purchase, new categories 培养习惯",
    "general_keep": "light reminders 唤醒休眠",
    "general_winback": "low-cost contact only 减少投入",
}
_WEEKS = 6


def show_findings(workspace: Workspace) -> None:
    """Customers, orders, revenue, repeat rate; the eight value segments; growth of the last weeks."""
    manifest = workspace.generation().manifest
    layers = workspace.rfm()
    customers, orders = len(layers), int(layers.frequency.sum())
    revenue = sum(segment.revenue for segment in layers.segments)
    repeat = int((layers.frequency > 1).sum()) / customers if customers else None
    currency = workspace.settings.currency
    out = console()
    basis = "" if layers.costs_known else " · revenue basis: no costs are known"
    out.print(f"\n[bold]{workspace.settings.name}[/] · {currency} · {workspace.settings.timezone}{basis}")
    out.print(
        f"{text(customers)} customers · {text(orders)} orders · {text(revenue)} {currency} · "
        f"{percent(repeat)} ordered more than once · {text(manifest.event_count)} events\n"
    )
    rows = [
        (s.name, text(s.customers), percent(s.share), text(s.revenue), percent(s.revenue_share), SUGGESTIONS[s.key])
        for s in layers.segments
    ]
    columns = ["value segment", "customers", "share", f"net {currency}", "share", "what to do"]
    write_table(f"Value segments, as of {layers.as_of}", columns, rows, prose=True)
    growth = workspace.growth_accounting(ORDER_COMPLETED, unit="week", periods=_WEEKS)
    weeks = [
        (p.period + ("" if p.complete else " …"), p.new, p.returning, p.resurrecting, p.dormant, p.quick_ratio)
        for p in growth.periods
    ]
    out.print()
    columns = ["week of", "new", "returning", "resurrecting", "dormant", "quick ratio"]
    write_table("Growth accounting of the last weeks (orders)", columns, weeks)
