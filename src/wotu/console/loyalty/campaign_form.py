"""The form of a campaign: what it holds of one that is there, and the draft that was typed into it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from wotu.console.loyalty.typed import TypedFields
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros, to_micros
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import ForWhom
from wotu.loyalty.coupons.draft_services import Draft
from wotu.loyalty.coupons.reads import TemplateRow
from wotu.loyalty.coupons.services import LONGEST_REASON
from wotu.loyalty.pricing.written import COUPON_EFFECTS, kept_rule, written_rule
from wotu.loyalty.validity import (
    FIRST_DAY,
    LAST_DAY,
    MOST_DAYS,
    edited_end,
    edited_start,
    first_day_of,
    last_day_of,
)

STACKING = ("kind", "alone", "group")
TERMS = ("days", "dates")
NAMES = (
    "name", "coupon_name", "code", "effect", "amount", "rate", "most_off", "price", "product_id", "quantity", "worth",
    "threshold", "products", "categories", "without_products", "term", "days", "wait", "first_day", "last_day",
    "starts", "ends", "total", "per_customer", "per_day", "budget", "stacking", "group", "shared_code", "for_whom",
    "reason",
)  # fmt: skip
_BLANK = {
    "effect": "amount_off", "term": "days", "stacking": "kind", "per_customer": "1", "quantity": "1",
    "for_whom": ForWhom.EVERYBODY.value,
}  # fmt: skip
# What of a rule the form does not have: it stays as it was written elsewhere.
_KEPT = ("measured_at", "channels", "without_channels", "stores", "tiers", "priority", "on_return")

Typed = dict[str, str]


def blank(**filled: str) -> Typed:
    """A form with nothing but what the preset fills in."""
    return dict.fromkeys(NAMES, "") | _BLANK | filled


def posted(given: Mapping[str, str]) -> Typed:
    """What was typed, word for word."""
    return {name: given.get(name, "")[:20_000] for name in NAMES}


def typed_of(row: CampaignRow, kind: TemplateRow, zone: ZoneInfo) -> Typed:
    """The form of a campaign that is there."""
    rule = written_rule(kind.rule, kind.currency)
    effect, scope, term = rule.get("effect", {}), rule.get("scope", {}), kind.term
    group = str(rule.get("group", ""))
    told: dict[str, Any] = {
        "name": row.name, "coupon_name": kind.name, "code": row.code,
        "effect": effect.get("type", ""), "rate": _percent(effect.get("rate")),
        **{name: effect.get(name, "") for name in ("amount", "price", "product_id", "quantity", "worth")},
        "most_off": rule.get("most_off"), "threshold": rule.get("threshold", {}).get("amount"),
        "products": "\n".join(scope.get("products", ())),
        "categories": "\n".join("/".join(path) for path in scope.get("categories", ())),
        "without_products": "\n".join(scope.get("without_products", ())),
        "term": term.get("type", "days"),
        **{name: term.get(name) for name in ("days", "wait", "first_day", "last_day")},
        "starts": first_day_of(_micros(row.starts_at), zone), "ends": last_day_of(_micros(row.ends_at), zone),
        "total": kind.total, "per_customer": kind.per_customer, "per_day": kind.per_day,
        "budget": None if row.budget is None else decimal_text(row.budget.total, row.currency),
        "stacking": "alone" if rule.get("exclusive") else "group" if group else "kind", "group": group,
        "shared_code": kind.shared_code, "for_whom": kind.for_whom, "reason": kind.reason,
    }  # fmt: skip
    return blank() | {name: "" if value is None else str(value) for name, value in told.items()}


def of_campaign(row: CampaignRow, zone: ZoneInfo) -> Typed:
    """The fields that are the campaign's, whatever kinds of coupons it has."""
    return {
        "name": row.name, "code": row.code, "starts": _text(first_day_of(_micros(row.starts_at), zone)),
        "ends": _text(last_day_of(_micros(row.ends_at), zone)),
        "budget": "" if row.budget is None else decimal_text(row.budget.total, row.currency),
    }  # fmt: skip


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def draft_of(
    typed: Typed, currency: str, zone: ZoneInfo, *, was: CampaignRow | None = None, kind: TemplateRow | None = None
) -> tuple[Draft | None, dict[str, str]]:
    """The draft of a form, or what is wrong with which field. Of an edited campaign untouched instants stay."""
    form = TypedFields(typed)
    starts, ends = form.day("starts"), form.day("ends")
    rule, term = _rule(form, currency), _term(form)
    for name, day in (("starts", starts), ("ends", ends)):
        if day and not FIRST_DAY <= day <= LAST_DAY:
            form.refuse(name, _("Write a date such as 2026-01-31."))
    if starts and ends and ends < starts:
        form.refuse("ends", _("The last day must not be before the first."))
    name = form.text("name", most=120)
    given: dict[str, Any] = {
        "name": name, "coupon_name": form.text("coupon_name", most=120, needed=False) or name,
        "budget": form.money("budget", currency), "total": form.whole("total"),
        "per_customer": form.whole("per_customer"), "per_day": form.whole("per_day"),
        "shared_code": form.text("shared_code", most=64, needed=False) or None,
        "for_whom": form.choice("for_whom", tuple(ForWhom.values)),
        "reason": form.text("reason", most=LONGEST_REASON, needed=False),
    }  # fmt: skip
    if form.errors:
        return None, form.errors
    kept = {each: value for each, value in (written_rule(kind.rule, currency) if kind else {}).items() if each in _KEPT}
    given |= {
        "starts_at": _instant(edited_start(_micros(was.starts_at if was else None), starts, zone)),
        "ends_at": _instant(edited_end(_micros(was.ends_at if was else None), ends, zone)),
    }
    return Draft(rule=kept_rule(kept | rule, currency), term=term, **given), {}


def _rule(form: TypedFields, currency: str) -> dict[str, Any]:
    written: dict[str, Any] = {"effect": _effect(form, currency)}
    if threshold := form.money("threshold", currency):
        written["threshold"] = {"amount": decimal_text(threshold, currency)}
    scope = {
        "products": form.ids("products"),
        "categories": [[part.strip() for part in each.split("/") if part.strip()] for each in form.ids("categories")],
        "without_products": form.ids("without_products"),
    }
    if any(scope.values()):
        written["scope"] = {name: value for name, value in scope.items() if value}
    if written["effect"]["type"] == "exchange" and not scope["products"]:
        form.refuse("products", _("Name the products it is exchanged for."))
    most_off = form.money("most_off", currency)
    if most_off is not None and written["effect"]["type"] in ("percent", "free_shipping"):
        written["most_off"] = decimal_text(most_off, currency)
    stacking = form.choice("stacking", STACKING)
    if stacking == "group":
        written["group"] = form.text("group", most=64)
    return written | ({"exclusive": True} if stacking == "alone" else {})


def _effect(form: TypedFields, currency: str) -> dict[str, Any]:
    kind = form.choice("effect", COUPON_EFFECTS)
    if kind == "amount_off":
        amount = form.money("amount", currency, positive=True)
        if amount is None:
            form.refuse("amount", _("Write an amount such as 20 or 9.90."))
        return {"type": kind, "amount": decimal_text(amount or 0, currency)}
    if kind == "percent":
        return {"type": kind, "rate": str(form.rate("rate"))}
    if kind == "exchange":
        return {"type": kind, "price": decimal_text(form.money("price", currency) or 0, currency)}
    if kind == "gift":
        worth, quantity = form.money("worth", currency) or 0, form.whole("quantity", most=1_000) or 1
        return {"type": kind, "product_id": form.text("product_id", most=120), "quantity": quantity,
                "worth": decimal_text(worth, currency)}  # fmt: skip
    return {"type": kind}


def _term(form: TypedFields) -> dict[str, Any]:
    if form.choice("term", TERMS) == "days":
        days = form.whole("days", most=MOST_DAYS)
        if days is None:
            form.refuse("days", _("Write a whole number from %(least)s to %(most)s.") % {"least": 1, "most": MOST_DAYS})
        wait = form.whole("wait", least=0, most=MOST_DAYS)
        return {"type": "days", "days": days or 1} | ({"wait": wait} if wait else {})
    days_of = {name: form.day(name) for name in ("first_day", "last_day")}
    for name, day in days_of.items():
        if day and not FIRST_DAY <= day <= LAST_DAY:
            form.refuse(name, _("Write a date such as 2026-01-31."))
    first, last = days_of["first_day"], days_of["last_day"]
    if first and last and last < first:
        form.refuse("last_day", _("The last day must not be before the first."))
    return {"type": "dates"} | {name: day.isoformat() for name, day in days_of.items() if day}


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{(Decimal(str(rate)) * 100).normalize():f}"


def _micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros, ZoneInfo("UTC"))
