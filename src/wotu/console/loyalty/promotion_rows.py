"""A promotion in the words of its campaign's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wotu.console import figures
from wotu.console.loyalty.campaign_words import money, scope_words
from wotu.core.periods import to_micros
from wotu.loyalty.pricing import Rule
from wotu.loyalty.promotions.reads import PromotionRow, SlotRow
from wotu.loyalty.promotions.services import counts_pieces, rule_of
from wotu.loyalty.promotions.words import promise
from wotu.loyalty.validity import first_day_of


@dataclass(frozen=True)
class ShownPromotion:
    """A promotion: what it promises, for what, for whom and when, how many there are, what is left now."""

    row: PromotionRow
    promise: str
    scope: str
    people: str
    times: str
    caps: str
    left: str
    stacking: str
    cost: str


def shown_promotion(row: PromotionRow, now: datetime) -> ShownPromotion:
    """A promotion in words."""
    rule = rule_of(row.number, row.rule)
    return ShownPromotion(
        row, promise(rule, row.currency), scope_words(rule), _people(row, rule), times_of(row.slots),
        _caps(row, rule), _left(row, now), _stacking(rule),
        _("%(amount)s taken off") % {"amount": money(row.cost, row.currency)},
    )  # fmt: skip


def _people(row: PromotionRow, rule: Rule) -> str:
    if row.listed is not None:
        return ngettext("%(count)s customer of a list", "%(count)s customers of a list", row.listed) % {
            "count": figures.count_exact(row.listed)
        } + _because(row)
    if rule.tiers:
        return _("levels: %(levels)s") % {"levels": ", ".join(rule.tiers)} + _because(row)
    return _("everybody")


def _because(row: PromotionRow) -> str:
    return f" · {row.reason}" if row.reason else ""


def times_of(slots: tuple[SlotRow, ...]) -> str:
    """When it is on."""
    first, last = slots[0], slots[-1]
    if first.starts_at is None and first.ends_at is None:
        return _("as long as the campaign")
    if first.starts_at is None or last.starts_at is None or first.ends_at is None:
        return _("%(count)s times") % {"count": len(slots)}
    told = {
        "from": f"{first.starts_at.astimezone(settings.WOTU_SETTINGS.zone):%H:%M}",
        "until": f"{first.ends_at.astimezone(settings.WOTU_SETTINGS.zone):%H:%M}",
        "first": _day(first.starts_at), "last": _day(last.starts_at),
    }  # fmt: skip
    if len(slots) == 1:
        return _("%(first)s, %(from)s to %(until)s") % told
    return _("%(first)s to %(last)s, from %(from)s to %(until)s") % told


def _day(at: datetime) -> str:
    day = first_day_of(to_micros(at), settings.WOTU_SETTINGS.zone)
    return "" if day is None else figures.day(day)


def _caps(row: PromotionRow, rule: Rule) -> str:
    pieces, parts = counts_pieces(rule), list[str]()
    if (total := row.slots[0].total) is not None:
        each = _("%(number)s pieces each time") if pieces else _("%(number)s orders each time")
        once = _("%(number)s pieces") if pieces else _("%(number)s orders")
        parts.append((each if len(row.slots) > 1 else once) % {"number": figures.count_exact(total)})
    if row.per_customer is not None:
        person = _("%(number)s pieces a person") if pieces else _("%(number)s orders a person")
        parts.append(person % {"number": row.per_customer})
    return " · ".join(parts) or _("any number")


def _left(row: PromotionRow, now: datetime) -> str:
    """What is left of the slot that runs, else of the next."""
    ahead = (each for each in row.slots if each.left is not None and (each.ends_at is None or each.ends_at > now))
    found = next(ahead, None)
    return "" if found is None else _("%(number)s left") % {"number": figures.count_exact(found.left or 0)}


def _stacking(rule: Rule) -> str:
    if rule.exclusive:
        return _("used alone")
    if rule.group:
        return _("one of the group %(group)s in an order") % {"group": rule.group}
    return _("with coupons and other promotions")
