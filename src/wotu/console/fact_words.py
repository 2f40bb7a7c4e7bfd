"""What the tables besides events and their columns are called in the language of the page."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wotu.core.fact_tables import FactColumn

# Name and meaning of the tables that people edit as such; rules of stages and the catalogue have pages of their own.
TABLES: dict[str, tuple[str | Promise, str | Promise]] = {
    "products": (_("Products"), _("What is sold, with list price and cost")),
    "companies": (_("Companies"), _("Companies that buy")),
    "contacts": (_("Contacts"), _("Who speaks for a company, and their part in its decision")),
    "staff": (_("Staff"), _("People of the team that customers meet")),
    "owners": (pgettext_lazy("table", "Owners"), _("Who of the team looks after which customer")),
    "stores": (_("Stores"), _("Places of sale")),
    "costs": (_("Costs"), _("What marketing and service cost, by day and channel")),
    "targets": (_("Targets"), _("What is to be reached in a period")),
}
COLUMNS: dict[str, str | Promise] = {
    "product_id": pgettext_lazy("column", "Product number"),
    "name": pgettext_lazy("column", "Name"),
    "category": pgettext_lazy("column", "Category"),
    "price": pgettext_lazy("column", "Price"),
    "cost": pgettext_lazy("column", "Unit cost"),
    "margin_rate": pgettext_lazy("column", "Margin"),
    "company_id": pgettext_lazy("column", "Company number"),
    "industry": pgettext_lazy("column", "Industry"),
    "size": pgettext_lazy("column", "Size"),
    "domain": pgettext_lazy("column", "Domain"),
    "credit_code": pgettext_lazy("column", "Credit code"),
    "region": pgettext_lazy("column", "Region"),
    "parent_id": pgettext_lazy("column", "Belongs to"),
    "customer": pgettext_lazy("column", "Customer"),
    "role": pgettext_lazy("column", "Part in the decision"),
    "title": pgettext_lazy("column", "Title"),
    "department": pgettext_lazy("column", "Department"),
    "staff_id": pgettext_lazy("column", "Staff number"),
    "team": pgettext_lazy("column", "Team"),
    "store_id": pgettext_lazy("column", "Store number"),
    "wecom_userid": pgettext_lazy("column", "WeCom account"),
    "since": pgettext_lazy("column", "Since"),
    "city": pgettext_lazy("column", "City"),
    "kind": pgettext_lazy("column", "Kind"),
    "date": pgettext_lazy("column", "Day"),
    "channel": pgettext_lazy("column", "Channel"),
    "campaign": pgettext_lazy("column", "Campaign"),
    "spend": pgettext_lazy("column", "Spend"),
    "currency": pgettext_lazy("column", "Currency"),
    "impressions": pgettext_lazy("column", "Impressions"),
    "clicks": pgettext_lazy("column", "Clicks"),
    "metric": pgettext_lazy("column", "Figure"),
    "period": pgettext_lazy("column", "Period"),
    "owner": pgettext_lazy("column", "Set for"),
    "value": pgettext_lazy("column", "Target"),
    "more": pgettext_lazy("column", "More"),
}
CHOICES: dict[str, str | Promise] = {
    "decider": pgettext_lazy("choice", "decides"),
    "influencer": pgettext_lazy("choice", "has influence"),
    "user": pgettext_lazy("choice", "uses it"),
    "acquisition": pgettext_lazy("choice", "winning customers"),
    "cost_to_serve": pgettext_lazy("choice", "serving customers"),
}
# How a value is written, where that is not plain.
HINTS: dict[str, str | Promise] = {
    "date": _("such as 2026-01-31"),
    "customer": _("an identifier with its type, such as phone:13800000001"),
    "rate": _("0.35 or 35%"),
    "currency": _("such as CNY; empty: the currency of the workspace"),
    "period": _("2026, 2026-Q1, 2026-01 or a day"),
}


def column_name(name: str) -> str:
    """What a column is called; one that is not declared stays as it came."""
    return str(COLUMNS.get(name, name))


def hint(column: FactColumn) -> str:
    """How a value of the column is written."""
    return str(HINTS.get(column.name) or HINTS.get(column.kind, ""))
