"""The tables besides events: which there are, what identifies their rows, what their columns hold.

Import, API, console, command line and documentation read these declarations and nothing else. Columns
that are not declared here are welcome too: they are kept with the row as they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

ColumnKind = Literal[
    "text", "money", "price", "number", "rate", "date", "period", "count", "choice", "customer", "rule"
]  # fmt: skip


@dataclass(frozen=True)
class FactColumn:
    """One column. ``kind`` says what its values are:

    ``text``; ``money`` (an amount, decimal text, kept in minor units of the row's currency); ``price`` (of one
    unit, up to six decimals); ``number``; ``rate`` (0.35 or ``35%``); ``date``; ``period`` (a year, quarter,
    month or day); ``count`` (whole, not negative); ``choice`` (one of ``choices``); ``customer`` (an identifier
    as ``type:value``); ``rule`` (of a stage).
    """

    name: str
    kind: ColumnKind
    meaning: str
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True)
class FactTable:
    """``key`` names the columns that tell rows apart; the latest row of a key holds."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[FactColumn, ...]

    def column(self, name: str) -> FactColumn:
        """The column called ``name``; raises ``KeyError`` when it is not declared."""
        return next((column for column in self.columns if column.name == name), None) or _unknown(name)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns every row must have."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def customer(self) -> str | None:
        """The column that names a customer, if the table has one."""
        return next((column.name for column in self.columns if column.kind == "customer"), None)

    @property
    def by_day(self) -> bool:
        """Whether rows are about a day, so that a key has many of them over time."""
        return any(self.column(name).kind == "date" for name in self.key)


def _unknown(name: str) -> FactColumn:
    raise KeyError(name)


def _key(name: str, meaning: str) -> FactColumn:
    return FactColumn(name, "text", meaning, required=True)


def _text(name: str, meaning: str) -> FactColumn:
    return FactColumn(name, "text", meaning)


_CUSTOMER = FactColumn(
    "customer", "customer", "who: an identifier as `type:value`, such as `phone:13800000001`", required=True
)
_CURRENCY = FactColumn("currency", "text", "ISO 4217 code of the amounts; default the workspace's")

PRODUCTS = FactTable(
    "products",
    "What is sold.",
    ("product_id",),
    (
        _key("product_id", "number of the product, as orders name it"),
        _text("name", "name people know it by"),
        _text("category", "path of categories, such as `Food / Tea`"),
        FactColumn("price", "price", "list price of one unit"),
        FactColumn("cost", "price", "cost of one unit"),
        FactColumn("margin_rate", "rate", "margin as a share of the price, where the cost is not known"),
    ),
)
COMPANIES = FactTable(
    "companies",
    "Companies that buy (accounts).",
    ("company_id",),
    (
        _key("company_id", "number of the company"),
        FactColumn("name", "text", "name of the company", required=True),
        _text("industry", "industry"),
        _text("size", "size, such as a range of staff: `50-99`"),
        _text("domain", "domain of its e-mail addresses and site"),
        _text("credit_code", "unified social credit code (统一社会信用代码), 18 characters"),
        _text("region", "region"),
        _text("parent_id", "company it belongs to"),
    ),
)
CONTACTS = FactTable(
    "contacts",
    "Who speaks for a company, and their part in its decision.",
    ("company_id", "customer"),
    (
        _key("company_id", "company"),
        _CUSTOMER,
        FactColumn("role", "choice", "part in the decision", choices=("decider", "influencer", "user"), default="user"),
        _text("title", "title on the card"),
        _text("department", "department"),
    ),
)
STAFF = FactTable(
    "staff",
    "People of the team that customers meet.",
    ("staff_id",),
    (
        _key("staff_id", "number of the person, as orders and friends name it"),
        FactColumn("name", "text", "name", required=True),
        _text("team", "team or department"),
        _text("store_id", "store they work in"),
        _text("wecom_userid", "account in WeCom"),
    ),
)
OWNERS = FactTable(
    "owners",
    "Which member of staff looks after a customer.",
    ("customer",),
    (
        _CUSTOMER,
        FactColumn("staff_id", "text", "who looks after the customer", required=True),
        FactColumn("since", "date", "since when"),
    ),
)
STORES = FactTable(
    "stores",
    "Places of sale.",
    ("store_id",),
    (
        _key("store_id", "number of the store, as orders name it"),
        FactColumn("name", "text", "name", required=True),
        _text("region", "sales region"),
        _text("city", "city"),
        _text("kind", "kind, such as `own`, `franchise`, `online`"),
    ),
)
COSTS = FactTable(
    "costs",
    "What marketing and service cost, by day and channel.",
    ("date", "channel", "campaign", "kind"),
    (
        FactColumn("date", "date", "the day", required=True),
        _key("channel", "channel, named as in the events"),
        _text("campaign", "campaign within the channel"),
        FactColumn(
            "kind", "choice", "what it was spent on", choices=("acquisition", "cost_to_serve"), default="acquisition"
        ),
        FactColumn("spend", "money", "money spent", required=True),
        _CURRENCY,
        FactColumn("impressions", "count", "how often it was shown"),
        FactColumn("clicks", "count", "how often it was clicked"),
    ),
)
TARGETS = FactTable(
    "targets",
    "What is to be reached in a period.",
    ("metric", "period", "owner"),
    (
        _key("metric", "figure, such as `revenue` or `repeat_rate`"),
        FactColumn("period", "period", "for when", required=True),
        _text("owner", "team or person it is set for; empty for the whole company"),
        FactColumn("value", "number", "what is to be reached; money in major units", required=True),
    ),
)
STAGES = ("exposure", "lead", "opportunity", "deal", "delivery", "repurchase", "expansion", "referral")
STAGE_RULES = FactTable(
    "stage_rules",
    "When a customer has reached a stage.",
    ("stage",),
    (
        FactColumn("stage", "choice", "the stage", required=True, choices=STAGES),
        FactColumn("rule", "rule", "the rule, as JSON or the name of an event", required=True),
    ),
)

CATALOGUE = FactTable(
    "catalogue",
    "What people say of events, properties and traits.",
    ("kind", "name"),
    (
        FactColumn("kind", "choice", "what it is", required=True, choices=("event", "property", "trait")),
        _key("name", "its name, as messages write it"),
        _text("description", "what it means, and when it is sent"),
        _text("owner", "who answers for it"),
        _text("shown_as", "name an event is shown under; events with the same one are shown, and asked about, as one"),
        FactColumn("hidden", "choice", "whether an event is kept from the lists to choose from", choices=("yes",)),
    ),
)

TABLES = {
    table.name: table
    for table in (
        PRODUCTS,
        COMPANIES,
        CONTACTS,
        STAFF,
        OWNERS,
        STORES,
        COSTS,
        TARGETS,
        STAGE_RULES,
        CATALOGUE,
    )
}


def nearest_tables(name: str) -> str:
    """The names nearest to one that is not known, for an error's text."""
    return ", ".join(get_close_matches(name, TABLES, n=3, cutoff=0.0))
