"""The form of a points programme: what was typed becomes rules and terms, and back; wrong fields are said each."""

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
from wotu.core.money import decimal_text, exponent
from wotu.loyalty.choices import Expiry
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import GROWTH, Rules
from wotu.loyalty.programme.tiers import Level, TierRules

Words = str | Promise
Typed = dict[str, str]
LEVELS = (1, 2, 3, 4)
FIELDS = (
    "name", "points", "per", "worth", "share", "wait", "expiry", "count", "notice", "check_in", "months",
    *(f"{what}_{number}" for number in LEVELS for what in ("level", "at", "percent")),
)  # fmt: skip
_BASE, _GROWTH, _CHECK_IN = "base", "growth", "check-in"


@dataclass(frozen=True)
class Start:
    """A programme to begin with: its name, when one takes it, and what the form is filled with."""

    key: str
    name: Words
    purpose: Words
    filled: Mapping[str, str]


_POINTS = {"points": "1", "per": "1", "worth": "0.01", "share": "50", "expiry": "year_end", "count": "12"}
STARTS = (
    Start("levels", pgettext_lazy("programme", "Points and three levels"),
          gettext_lazy("For shops whose customers come back: who buys more climbs, and earns faster."),
          {**_POINTS, "level_1": "银卡", "at_1": "500", "level_2": "金卡", "at_2": "2000", "percent_2": "125",
           "level_3": "黑金", "at_3": "8000", "percent_3": "150", "months": "12"}),
    Start("points", pgettext_lazy("programme", "Points alone"),
          gettext_lazy("The least to explain: buy, collect, pay with it. Levels can come later."), _POINTS),
    Start("daily", pgettext_lazy("programme", "Points and check-in"),
          gettext_lazy("For an app or mini-program that people open often: a few points a day for coming by."),
          {**_POINTS, "expiry": "days", "count": "180", "check_in": "2"}),
)  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A programme as the form tells it; ``terms`` are those of ``set_terms``."""

    name: str
    rules: Rules
    terms: Mapping[str, Any]


def blank(**filled: str) -> Typed:
    """Every field, empty unless it is filled."""
    return dict.fromkeys(FIELDS, "") | {"expiry": str(Expiry.NEVER.value), "notice": "30"} | filled


def posted(fields: Mapping[str, str]) -> Typed:
    """What was typed, field by field."""
    return {name: fields.get(name, "")[:200] for name in FIELDS}


def planned_of(typed: Typed, currency: str) -> tuple[Planned | None, dict[str, str]]:
    """The programme that was typed, or what is wrong with it by field."""
    form = TypedFields(typed)
    name = form.text("name", most=120)
    terms = {
        "currency": currency, "point_worth": _needed(form, "worth", form.money("worth", currency, positive=True)),
        "most_share": int(form.rate("share") * 10_000),
        "available_after_days": form.whole("wait", least=0, most=366) or 0,
        "expiry": form.choice("expiry", tuple(Expiry.values)),
        "expiry_count": form.whole("count", least=0, most=3_660) or 0,
        "notice_days": form.whole("notice", least=0, most=366) or 0,
    }  # fmt: skip
    rules = _rules(form, currency)
    if terms["expiry"] == Expiry.DAYS and not terms["expiry_count"]:
        form.refuse("count", _("Write after how many days they end."))
    if form.errors or rules is None:
        return None, form.errors
    return Planned(name, rules, terms), {}


def typed_of(planned: Planned, currency: str) -> Typed:
    """The fields that tell this programme."""
    rules, terms = planned.rules, planned.terms
    base = next((each for each in rules.earn if each.rule_id == _BASE), EarnRule(rule_id=_BASE, points=0, per=1))
    daily = next((each for each in rules.earn if each.rule_id == _CHECK_IN), None)
    found = blank(
        name=planned.name, points=str(base.points), per=decimal_text(base.per, currency),
        worth=decimal_text(terms["point_worth"], currency), share=f"{Decimal(terms['most_share']) / 100:f}",
        wait=str(terms["available_after_days"] or ""), expiry=terms["expiry"], count=str(terms["expiry_count"] or ""),
        notice=str(terms["notice_days"]),
        check_in="" if daily is None else str(daily.points), months=str(rules.tiers.months or ""),
    )  # fmt: skip
    for number, level in zip(LEVELS, rules.tiers.levels, strict=False):
        found |= {f"level_{number}": level.key, f"at_{number}": str(level.at)}
        if level.key in base.by_tier:
            found[f"percent_{number}"] = str(base.by_tier[level.key])
    return found


def fits(planned: Planned) -> bool:
    """Whether the form tells these rules whole, so that saving it loses none of them."""
    currency = planned.terms["currency"]
    again, _errors = planned_of(typed_of(planned, currency), currency)
    return again is not None and again.rules == planned.rules


def _rules(form: TypedFields, currency: str) -> Rules | None:
    points = _needed(form, "points", form.whole("points", most=1_000_000))
    per = _needed(form, "per", form.money("per", currency, positive=True))
    daily = form.whole("check_in", most=1_000_000)
    levels, percents = _levels(form)
    months = form.whole("months", most=1_200)
    if form.errors:
        return None
    earn = [
        EarnRule(rule_id=_BASE, points=points, per=per, by_tier=percents),
        EarnRule(rule_id=_GROWTH, points=1, per=10 ** exponent(currency), unit=GROWTH),
    ]
    if daily:
        earn.append(EarnRule(rule_id=_CHECK_IN, points=daily, event="Check-in"))
    try:
        return Rules(earn=tuple(earn), tiers=TierRules(levels=levels, months=months))
    except WotuError:
        form.refuse("at_1", _("Levels must rise, each with a name of its own."))
        return None


def _levels(form: TypedFields) -> tuple[tuple[Level, ...], dict[str, int]]:
    levels, percents = [], {}
    for number in LEVELS:
        key = form.text(f"level_{number}", most=40, needed=False)
        at = form.whole(f"at_{number}", least=0)
        percent = form.whole(f"percent_{number}", least=100, most=1_000)
        if key and at is None:
            form.refuse(f"at_{number}", _("Write how much growth value the level takes."))
        if not key and (at is not None or percent is not None):
            form.refuse(f"level_{number}", _("Name the level."))
        if key and at is not None:
            levels.append(Level(key=key, at=at))
            if percent is not None and percent != 100:
                percents[key] = percent
    return tuple(levels), percents


def _needed(form: TypedFields, name: str, found: int | None) -> int:
    if found is None:
        form.refuse(name, _("Fill in this field."))
        return 1
    return found
