"""A points programme in words, with an order reckoned through by the rules that will reckon it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from wotu.console import figures
from wotu.console.loyalty.campaign_words import money, span
from wotu.console.loyalty.programme_form import Planned
from wotu.core.money import exponent
from wotu.core.periods import to_micros
from wotu.loyalty.choices import Expiry
from wotu.loyalty.programme.earning import Deed, EarnLine, EarnRule, points_for
from wotu.loyalty.programme.terms import PointsTerm
from wotu.loyalty.validity import first_day_of, last_day_of

_EXAMPLE = 300


@dataclass(frozen=True)
class Example:
    """What an order earns at a level (empty: none), what the points are worth, and when they can be spent."""

    level: str
    points: str
    worth: str


@dataclass(frozen=True)
class ToldLevel:
    """A level (no name: none reached yet), and how many members have it, once they are counted."""

    name: str
    at: str
    percent: str
    members: str = ""
    share: str = ""


@dataclass(frozen=True)
class Told:
    """A programme in words: ``lines`` are (what, how)."""

    lines: list[tuple[str, str]]
    levels: list[ToldLevel]
    order: str
    examples: list[Example]
    life: str


def told(planned: Planned, today: date, zone: ZoneInfo) -> Told:
    """The rules and terms, and what an order of today earns."""
    currency, terms, tiers = planned.terms["currency"], planned.terms, planned.rules.tiers
    lines = [(_("Earns"), _earns(each, currency)) for each in planned.rules.earn if each.unit == "points"]
    share = f"{terms['most_share'] / 100:g}%"
    lines += [
        (_("A point pays"), money(terms["point_worth"], currency)),
        (_("Of an order points pay"), _("%(share)s at most") % {"share": share}),
        (_("Points can be spent"), _wait(terms["available_after_days"])),
        (_("Points end"), _ends(terms["expiry"], terms["expiry_count"])),
    ]  # fmt: skip
    if terms["expiry"] != Expiry.NEVER:
        told_before = ngettext(
            "%(count)d day before points end", "%(count)d days before points end", terms["notice_days"]
        )
        lines.append((_("Members are told"), told_before % {"count": terms["notice_days"]}))
    if tiers.levels:
        months = tiers.months
        good = pgettext("level", "for good")
        held = good if months is None else ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
        lines.append((_("A level holds"), held))
    paid = _EXAMPLE * 10 ** exponent(currency)
    names = ["", *(each.key for each in tiers.levels)]
    examples = [_example(planned, name, paid, today) for name in names]
    return Told(lines, levels_told(planned), money(paid, currency), examples, _life(terms, today, zone))


def levels_told(planned: Planned, found: Mapping[str, int] | None = None, members: int = 0) -> list[ToldLevel]:
    """The levels, with ``found`` members at each of all ``members``."""
    base = next((each for each in planned.rules.earn if each.unit == "points" and each.per), None)
    faster = base.by_tier if base else {}
    told = [
        ToldLevel(
            each.key, figures.count_exact(each.at), f"{faster.get(each.key, 100)}%", *_counted(found, each.key, members)
        )
        for each in planned.rules.tiers.levels
    ]  # fmt: skip
    return told if found is None or not told else [ToldLevel("", "", "100%", *_counted(found, "", members)), *told]


def _counted(found: Mapping[str, int] | None, level: str, members: int) -> tuple[str, str]:
    if found is None:
        return "", ""
    number = found.get(level, 0)
    return figures.count_exact(number), figures.percent(number / members if members else None)


def _example(planned: Planned, level: str, paid: int, today: date) -> Example:
    line = EarnLine(line_id="1", product_id="", quantity=1, paid=paid)
    earned = points_for(Deed(day=today, tier=level, lines=(line,)), planned.rules.earn)
    points = sum(each.points for each in earned if each.unit == "points")
    worth = money(points * planned.terms["point_worth"], planned.terms["currency"])
    return Example(level or _("without a level"), figures.count_exact(points), worth)


def _earns(rule: EarnRule, currency: str) -> str:
    if rule.event == "Check-in" and (day := rule.where.get("day_of_seven")):
        words = ngettext(
            "%(points)s point more on day %(day)s of seven in a row",
            "%(points)s points more on day %(day)s of seven in a row",
            rule.points,
        )
        return words % {"points": figures.count_exact(rule.points), "day": day}
    if rule.event == "Check-in":
        words = ngettext("%(points)s point a check-in", "%(points)s points a check-in", rule.points)
        return words % {"points": figures.count_exact(rule.points)}
    if not rule.per:
        return f"{rule.event}: {figures.count_exact(rule.points)}"
    given = {"points": figures.count_exact(rule.points), "amount": money(rule.per, currency)}
    words = ngettext(
        "%(points)s point for each %(amount)s paid", "%(points)s points for each %(amount)s paid", rule.points
    )
    return words % given


def _wait(days: int) -> str:
    if not days:
        return _("at once")
    return ngettext("after %(count)d day", "after %(count)d days", days) % {"count": days}


def _ends(expiry: str, count: int) -> str:
    if expiry == Expiry.NEVER:
        return pgettext("points", "never")
    if expiry == Expiry.DAYS:
        return ngettext("after %(count)d day", "after %(count)d days", count) % {"count": count}
    if expiry == Expiry.MONTH_END:
        return _("at the end of the month, %(count)s months later") % {"count": count}
    return _("at the end of the year that it is %(count)s months later") % {"count": count}


def _life(terms: Mapping[str, Any], today: date, zone: ZoneInfo) -> str:
    """From when until when the points of today can be spent."""
    term = PointsTerm(
        available_after_days=terms["available_after_days"], ends=terms["expiry"], count=terms["expiry_count"]
    )
    life = term.life(today, zone)
    begins = None if life.available_at is None else to_micros(life.available_at)
    ends = None if life.expires_at is None else to_micros(life.expires_at)
    return span(first_day_of(begins, zone) or today, last_day_of(ends, zone))
