"""The form of a plan: what was typed becomes its terms, and back; wrong fields are said each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from wotu.console.loyalty.typed import TypedFields
from wotu.core.errors import WotuError
from wotu.core.money import decimal_text
from wotu.loyalty.membership.benefits import Benefits, MonthlyCoupon
from wotu.loyalty.membership.plan_services import Terms
from wotu.loyalty.membership.reads import PlanRow

Words = str | Promise
Typed = dict[str, str]
COUPONS = (1, 2, 3)
_FIELDS = (
    "name", "code", "product_id", "price", "months", "days", "trial", "grace", "renews", "notice", "price_off",
    "percent", "shipping", *(f"{what}_{number}" for number in COUPONS for what in ("coupon", "count")),
)  # fmt: skip
_YES, _NO = "yes", "no"


@dataclass(frozen=True)
class Start:
    """A plan to begin with: its name, when one takes it, and what the form is filled with."""

    key: str
    name: Words
    purpose: Words
    filled: Mapping[str, str]


STARTS = (
    Start("year", pgettext_lazy("plan", "Year card"),
          gettext_lazy("Paid once a year: the member's price on everything, and shipping free."),
          {"months": "12", "price": "99", "price_off": "5", "shipping": _YES, "percent": "150", "grace": "7"}),
    Start("month", pgettext_lazy("plan", "Month card"),
          gettext_lazy("A small price that renews by itself: members are told five days before, or earlier."),
          {"months": "1", "price": "15", "price_off": "5", "renews": _YES, "grace": "3"}),
    Start("trial", pgettext_lazy("plan", "Year card with a trial"),
          gettext_lazy("The first days for nothing, once a person; then whoever likes it pays for the year."),
          {"months": "12", "price": "99", "trial": "14", "price_off": "5", "shipping": _YES, "grace": "7"}),
)  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A plan as the form tells it; the last three are settled when it is written."""

    terms: Terms
    code: str
    product_id: str
    grace_days: int


def blank(**filled: str) -> Typed:
    """Every field, empty unless it is filled."""
    return dict.fromkeys(_FIELDS, "") | {"renews": _NO, "shipping": _NO, "notice": "5"} | filled


def posted(given: Mapping[str, str]) -> Typed:
    """What was typed, field by field."""
    return {name: given.get(name, "")[:200] for name in _FIELDS}


def planned_of(typed: Typed, currency: str) -> tuple[Planned | None, dict[str, str]]:
    """The plan that was typed, or what is wrong with it by field."""
    form = TypedFields(typed)
    price = form.money("price", currency)
    if price is None:
        form.refuse("price", _("Write an amount such as 20 or 9.90."))
    months, days = form.whole("months", least=0, most=120) or 0, form.whole("days", least=0, most=3_660) or 0
    if not months and not days:
        form.refuse("months", _("Write how long it lasts, in months or days."))
    given: dict[str, Any] = {
        "name": form.text("name", most=120), "price": price or 0, "months": months, "days": days,
        "trial_days": form.whole("trial", least=0, most=366) or 0, "renews": form.choice("renews", (_YES, _NO)) == _YES,
        "notice_days": form.whole("notice", least=0, most=60) or 0,
    }  # fmt: skip
    code, product_id = form.text("code", most=40), form.text("product_id", most=120)
    grace, brings = form.whole("grace", least=0, most=90) or 0, _benefits(form)
    if form.errors or brings is None:
        return None, form.errors
    return Planned(Terms(brings=brings, **given), code, product_id, grace), {}


def typed_of(row: PlanRow) -> Typed:
    """The fields that tell this plan."""
    brings = row.benefits
    found = blank(
        name=row.name, code=row.code, product_id=row.product_id, price=decimal_text(row.price, row.currency),
        months=str(row.months or ""), days=str(row.days or ""), trial=str(row.trial_days or ""),
        grace=str(row.grace_days or ""), renews=_YES if row.renews else _NO, notice=str(row.notice_days),
        price_off=f"{Decimal(brings.price_off) / 100:f}" if brings.price_off else "",
        percent=str(brings.multiplier) if brings.multiplier != 100 else "",
        shipping=_YES if brings.free_shipping else _NO,
    )  # fmt: skip
    for number, each in zip(COUPONS, brings.coupons, strict=False):
        found |= {f"coupon_{number}": str(each.template), f"count_{number}": str(each.count)}
    return found


def fits(row: PlanRow) -> bool:
    """Whether the form tells the plan whole, so that saving it loses nothing."""
    return len(row.benefits.coupons) <= len(COUPONS)


def _benefits(form: TypedFields) -> Benefits | None:
    off = int(form.rate("price_off") * 10_000) if form.typed["price_off"] else 0
    percent = form.whole("percent", least=100, most=10_000)
    coupons = []
    for number in COUPONS:
        template, count = form.whole(f"coupon_{number}"), form.whole(f"count_{number}", most=20)
        if template is not None:
            coupons.append(MonthlyCoupon(template=template, count=count or 1))
        elif count is not None:
            form.refuse(f"coupon_{number}", _("Choose one of the options."))
    shipping = form.choice("shipping", (_YES, _NO)) == _YES
    if form.errors:
        return None
    try:
        return Benefits(multiplier=percent or 100, price_off=off, free_shipping=shipping, coupons=tuple(coupons))
    except WotuError:
        form.refuse("coupon_1", _("Choose each kind of coupon once."))
        return None
