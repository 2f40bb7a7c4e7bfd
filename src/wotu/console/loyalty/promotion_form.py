"""The form of a promotion: what it holds of one that is there, and the draft that was typed into it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from wotu.console.loyalty.typed import TypedFields
from wotu.core.errors import WotuError
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros, to_micros
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.promotions.draft_services import PromotionDraft
from wotu.loyalty.promotions.reads import PromotionRow
from wotu.loyalty.promotions.services import LONGEST_REASON, MOST_SLOTS, Slot, Terms
from wotu.loyalty.promotions.written import kept_promotion, written_promotion
from wotu.loyalty.validity import FIRST_DAY, LAST_DAY, edited_end, edited_start, first_day_of, last_day_of

EFFECTS = (
    "full_reduction", "full_discount", "percent", "buy_get", "bundle", "limited_time_price", "flash_price", "gift",
    "free_shipping",
)  # fmt: skip
STACKING = ("beside", "alone", "group")
NAMES = (
    "name", "code", "effect", "by", "steps", "rate", "buy", "get", "get_rate", "set", "price", "prices", "price_rate",
    "product_id", "quantity", "worth", "threshold", "most_off", "most_times", "products", "categories",
    "without_products", "audience", "reason", "per_customer", "total", "starts", "ends", "daily_from",
    "daily_until", "budget", "stacking", "group",
)  # fmt: skip
_BLANK = {"effect": "full_reduction", "by": "amount", "stacking": "beside", "quantity": "1", "buy": "2", "get": "1"}
_SPECIAL = ("limited_time_price", "flash_price")
# What of a rule the form does not have: it stays as it was written elsewhere.
_KEPT = ("measured_at", "channels", "without_channels", "stores", "tiers", "priority", "on_return")
_PAIR = re.compile(r"(.+?)[\s,，:：=]+([0-9.]+)%?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_MOST_LINES = 200
AS_IT_IS = "="
"""In place of a list: the customers that a promotion is for already."""

Typed = dict[str, str]


def blank(**filled: str) -> Typed:
    """A form with nothing but what the preset fills in."""
    return dict.fromkeys(NAMES, "") | _BLANK | filled


def posted(given: Mapping[str, str]) -> Typed:
    """What was typed, word for word."""
    return {name: given.get(name, "")[:20_000] for name in NAMES}


def typed_of(row: CampaignRow, promotion: PromotionRow, zone: ZoneInfo) -> Typed:
    """The form of a promotion that is there."""
    rule = written_promotion(promotion.rule, promotion.currency)
    effect, scope = rule["effect"], rule.get("scope", {})
    kind, slot, group = effect["type"], promotion.slots[0], str(rule.get("group", ""))
    daily = slot.starts_at is not None and slot.ends_at is not None
    told: dict[str, Any] = {
        "name": row.name, "code": row.code, "effect": kind, "by": effect.get("by", "amount"),
        "steps": "\n".join(f"{step['at']} {step.get('off') or _percent(step.get('rate'))}"
                           for step in effect.get("steps", ())),
        "rate": _percent(effect.get("rate")) if kind == "percent" else "",
        "get_rate": _percent(effect.get("rate", 1)) if kind == "buy_get" else "",
        "price_rate": _percent(effect.get("rate")) if kind in _SPECIAL and effect.get("rate") else "",
        "prices": "\n".join(f"{product} {price}" for product, price in effect.get("prices", {}).items()),
        "set": "\n".join(f"{product} {count}" for product, count in effect.get("pieces", {}).items()),
        **{name: effect.get(name) for name in ("buy", "get", "price", "product_id", "quantity", "worth")},
        "threshold": rule.get("threshold", {}).get("amount"), "most_off": rule.get("most_off"),
        "most_times": rule.get("most_times"),
        "products": "\n".join(scope.get("products", ())),
        "categories": "\n".join("/".join(path) for path in scope.get("categories", ())),
        "without_products": "\n".join(scope.get("without_products", ())),
        "audience": AS_IT_IS if promotion.listed is not None else "", "reason": promotion.reason,
        "per_customer": promotion.per_customer, "total": slot.total,
        "starts": first_day_of(_micros(row.starts_at), zone), "ends": last_day_of(_micros(row.ends_at), zone),
        "daily_from": f"{slot.starts_at.astimezone(zone):%H:%M}" if daily and slot.starts_at else "",
        "daily_until": f"{slot.ends_at.astimezone(zone):%H:%M}" if daily and slot.ends_at else "",
        "budget": None if row.budget is None else decimal_text(row.budget.total, row.currency),
        "stacking": "alone" if rule.get("exclusive") else "group" if group else "beside", "group": group,
    }  # fmt: skip
    return blank() | {name: "" if value is None else str(value) for name, value in told.items()}


def draft_of(
    typed: Typed, currency: str, zone: ZoneInfo, *, customers: Sequence[int] | None = None,
    was: CampaignRow | None = None, promotion: PromotionRow | None = None,
) -> tuple[PromotionDraft | None, dict[str, str]]:  # fmt: skip
    """The draft of a form, or what is wrong with which field. ``customers`` are those of the list it names."""
    form = TypedFields(typed)
    first, last = form.day("starts"), form.day("ends")
    for name, day in (("starts", first), ("ends", last)):
        if day and not FIRST_DAY <= day <= LAST_DAY:
            form.refuse(name, _("Write a date such as 2026-01-31."))
    if first and last and last < first:
        form.refuse("ends", _("The last day must not be before the first."))
    reason = form.text("reason", most=LONGEST_REASON, needed=False)
    rule, slots = _rule(form, currency), _slots(form, first, last, zone)
    name, budget, each = form.text("name", most=120), form.money("budget", currency), form.whole("per_customer")
    if form.errors:
        return None, form.errors
    was_rule = written_promotion(promotion.rule, currency) if promotion else {}
    kept = {name: value for name, value in was_rule.items() if name in _KEPT}
    try:
        terms = Terms(name, kept_promotion(kept | rule, currency), each, slots, customers, reason)
    except WotuError as error:
        return None, {_FIELD_OF.get(error.field or "", error.field or "form"): _("Look at these numbers again.")}
    return PromotionDraft(
        terms, budget,
        starts_at=_instant(edited_start(_micros(was.starts_at if was else None), first, zone)),
        ends_at=_instant(edited_end(_micros(was.ends_at if was else None), last, zone)),
    ), {}  # fmt: skip


# Where a wrong part of the effect is typed.
_FIELD_OF = {"effect": "effect", "prices": "prices", "steps": "steps"}


def _rule(form: TypedFields, currency: str) -> dict[str, Any]:
    written: dict[str, Any] = {"effect": _effect(form, currency)}
    kind = written["effect"]["type"]
    if kind in ("percent", "gift", "free_shipping") and (threshold := form.money("threshold", currency)):
        written["threshold"] = {"amount": decimal_text(threshold, currency)}
    scope = {
        "products": form.ids("products"),
        "categories": [[part.strip() for part in each.split("/") if part.strip()] for each in form.ids("categories")],
        "without_products": form.ids("without_products"),
    }
    if kind in _SPECIAL and not scope["products"] and not scope["categories"] and not written["effect"].get("rate"):
        # Prices of products are for these products alone: what is not named is not in it.
        scope["products"] = list(written["effect"].get("prices", ()))
    if any(scope.values()):
        written["scope"] = {name: value for name, value in scope.items() if value}
    most_off = form.money("most_off", currency)
    if most_off is not None and kind in ("percent", "full_discount", "free_shipping"):
        written["most_off"] = decimal_text(most_off, currency)
    most_times = form.whole("most_times", most=1_000_000)
    if most_times is not None and kind in ("buy_get", "bundle", *_SPECIAL):
        written["most_times"] = most_times
    stacking = form.choice("stacking", STACKING)
    if stacking == "group":
        written["group"] = form.text("group", most=64)
    return written | ({"exclusive": True} if stacking == "alone" else {})


def _effect(form: TypedFields, currency: str) -> dict[str, Any]:
    kind = form.choice("effect", EFFECTS)
    if kind in ("full_reduction", "full_discount"):
        return {"type": kind, "by": form.choice("by", ("amount", "pieces")), "steps": _steps(form, kind, currency)}
    if kind == "percent":
        return {"type": kind, "rate": str(form.rate("rate"))}
    if kind == "buy_get":
        rate = str(form.rate("get_rate")) if form.typed.get("get_rate") else "1"
        counts = {name: form.whole(name, most=1_000) or 1 for name in ("buy", "get")}
        return {"type": kind, **counts, "rate": rate}
    if kind == "bundle":
        pieces = {product: int(count) if count.isdigit() else 0 for product, count in _pairs(form, "set")}
        if any(not 0 < count <= 1_000 for count in pieces.values()):
            form.refuse("set", _("Write a product and how many of it, one a line."))
        return {"type": kind, "pieces": pieces, "price": decimal_text(form.money("price", currency) or 0, currency)}
    if kind in _SPECIAL:
        return _special(form, kind, currency)
    if kind == "gift":
        worth, quantity = form.money("worth", currency) or 0, form.whole("quantity", most=1_000) or 1
        return {"type": kind, "product_id": form.text("product_id", most=120), "quantity": quantity,
                "worth": decimal_text(worth, currency)}  # fmt: skip
    return {"type": kind}


def _special(form: TypedFields, kind: str, currency: str) -> dict[str, Any]:
    effect: dict[str, Any] = {"type": kind}
    if form.typed.get("price_rate"):
        effect["rate"] = str(form.rate("price_rate"))
    prices = dict(_pairs(form, "prices", needed="rate" not in effect))
    for text in prices.values():
        part = TypedFields({"prices": text})
        part.money("prices", currency)
        if part.errors:
            form.refuse("prices", _("Write a product and its price, one a line."))
    return effect | ({"prices": prices} if prices else {})


def _steps(form: TypedFields, kind: str, currency: str) -> list[dict[str, str]]:
    by_pieces, steps = form.typed.get("by") == "pieces", []
    for at, off in _pairs(form, "steps"):
        part = TypedFields({"at": at, "off": off})
        reached = part.whole("at", most=1_000_000) if by_pieces else part.money("at", currency, positive=True)
        taken = part.rate("off") if kind == "full_discount" else part.money("off", currency, positive=True)
        if part.errors or reached is None or taken is None:
            form.refuse("steps", _("Write from when, a space, and what is taken off, one step a line."))
            return []
        steps.append({"at": at} | ({"rate": str(taken)} if kind == "full_discount" else {"off": off}))
    in_order = sorted(steps, key=lambda step: Decimal(step["at"]))
    if len({Decimal(step["at"]) for step in steps}) < len(steps):
        form.refuse("steps", _("Two steps begin at the same."))
    return in_order


def _pairs(form: TypedFields, name: str, *, needed: bool = True) -> list[tuple[str, str]]:
    lines = [line.strip() for line in form.typed.get(name, "").splitlines() if line.strip()]
    found = [match.groups() for line in lines if (match := _PAIR.fullmatch(line))]
    if len(found) < len(lines) or len(lines) > _MOST_LINES or (needed and not lines):
        form.refuse(name, _("Write two things a line, with a space between them."))
        return []
    return [(str(one).strip(), str(other)) for one, other in found]


def _slots(form: TypedFields, first: date | None, last: date | None, zone: ZoneInfo) -> list[Slot]:
    total, daily = form.whole("total"), [form.typed.get(name, "") for name in ("daily_from", "daily_until")]
    if not any(daily):
        return [Slot(total=total)]
    for name, text in zip(("daily_from", "daily_until"), daily, strict=True):
        if not _TIME.fullmatch(text):
            form.refuse(name, _("Write a time such as 20:00."))
            return [Slot()]
    if first is None or last is None or (last - first).days >= MOST_SLOTS:
        form.refuse("daily_from", _("For times of the day name the first and the last day, 200 at most."))
        return [Slot()]
    begin, end = (time.fromisoformat(text) for text in daily)
    if end <= begin:
        form.refuse("daily_until", _("It must end later on the same day."))
        return [Slot()]
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [Slot(datetime.combine(day, begin, zone), datetime.combine(day, end, zone), total) for day in days]


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{(Decimal(str(rate)) * 100).normalize():f}"


def _micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros, ZoneInfo("UTC"))
