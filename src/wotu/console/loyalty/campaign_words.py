"""Campaigns, kinds of coupons and coupons in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from wotu.console import figures
from wotu.console.refusing import in_words
from wotu.core.errors import WotuError
from wotu.core.money import exponent
from wotu.core.periods import to_micros
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons import words as coupon_words
from wotu.loyalty.coupons.reads import CouponCounts, TemplateRow
from wotu.loyalty.pricing import GiftOf, Rule
from wotu.loyalty.refusals import CouponRefusal
from wotu.loyalty.validity import DaysAfterIssue, FixedDates, first_day_of, last_day_of

Words = str | Promise

COUPON_STATES: Mapping[str, Words] = {
    "issued": pgettext_lazy("coupons", "Ready to use"),
    "held": pgettext_lazy("coupons", "Held for an order"),
    "redeemed": pgettext_lazy("coupons", "Used"),
    "expired": pgettext_lazy("coupons", "Expired"),
    "voided": pgettext_lazy("coupons", "Void"),
}
WHY_NOT: Mapping[CouponRefusal, Words] = {
    CouponRefusal.UNKNOWN_CODE: gettext_lazy("No coupon has this code. Look for letters that were mixed up."),
    CouponRefusal.NOT_YET_VALID: gettext_lazy("It is not valid yet."),
    CouponRefusal.EXPIRED: gettext_lazy("It has expired."),
    CouponRefusal.ALREADY_USED: gettext_lazy("It has been used."),
    CouponRefusal.HELD_ELSEWHERE: gettext_lazy("An order that is not paid yet holds it; it is free again by itself."),
    CouponRefusal.VOID: gettext_lazy("It was made void."),
    CouponRefusal.NOT_RUNNING: gettext_lazy("Its campaign is not running now."),
    CouponRefusal.NONE_LEFT: gettext_lazy("As many of these coupons as there may be are out."),
    CouponRefusal.CUSTOMER_LIMIT: gettext_lazy("The customer has had as many of these as one may have."),
    CouponRefusal.DAY_LIMIT: gettext_lazy("As many of these as a day has are out; more can be given tomorrow."),
    CouponRefusal.CODES_TAKEN: gettext_lazy("The codes of this batch were downloaded before. Make another batch."),
}


@dataclass(frozen=True)
class ShownCampaign:
    """A campaign as a row of the list."""

    row: CampaignRow
    state: str
    runs: str
    counts: CouponCounts
    budget: str
    budget_used: str
    percent: int | None
    over: bool


def shown_campaign(row: CampaignRow, counts: CouponCounts, now: datetime) -> ShownCampaign:
    """A campaign with its budget in its currency and what is used of it."""
    budget, used, percent = pgettext("budget", "no limit"), figures.NO_VALUE, None
    if row.budget is not None:
        budget, used = money(row.budget.total, row.currency), money(row.budget.used + row.budget.held, row.currency)
        percent = round((row.budget.used + row.budget.held) * 100 / row.budget.total) if row.budget.total else 0
    over = row.ends_at is not None and row.ends_at <= now
    return ShownCampaign(row, state_words(row, now), runs(row), counts, budget, used, percent, over)


def state_words(row: CampaignRow, now: datetime) -> str:
    """The state as it is felt: a live campaign may still wait for its first day, or be over."""
    if row.state == CampaignState.LIVE and row.starts_at is not None and row.starts_at > now:
        return pgettext("campaign", "Starts later")
    if row.state != CampaignState.ENDED and row.ends_at is not None and row.ends_at <= now:
        return pgettext("campaign", "Over")
    return str(CampaignState(row.state).label)


def runs(row: CampaignRow) -> str:
    """From which day to which, both included."""
    return span(*days(row.starts_at, row.ends_at)) or _("from its launch, without end")


def days(starts: datetime | None, ends: datetime | None) -> tuple[date | None, date | None]:
    """The first and the last day of something, both included, where the shop is at home."""
    zone = settings.WOTU_SETTINGS.zone
    first = None if starts is None else first_day_of(to_micros(starts), zone)
    return first, None if ends is None else last_day_of(to_micros(ends), zone)


def span(first: date | None, last: date | None) -> str:
    """Some days in words; nothing where there is no end to either side."""
    told = {"first": first and figures.day(first), "last": last and figures.day(last)}
    if first and last:
        return _("%(first)s to %(last)s") % told
    if first:
        return _("from %(first)s") % told
    return _("until %(last)s") % told if last else ""


def money(minor: int, currency: str) -> str:
    """An amount to its minor unit."""
    return figures.money_exact(Decimal(minor).scaleb(-exponent(currency)), currency)


@dataclass(frozen=True)
class ShownKind:
    """A kind of coupon in words."""

    row: TemplateRow
    worth: str
    condition: str
    scope: str
    validity: str
    caps: str
    stacking: str


def shown_kind(row: TemplateRow) -> ShownKind:
    """What a kind of coupon promises."""
    rule = coupon_services.rule_of(0, row.rule)
    return ShownKind(
        row, worth(rule, row.currency), coupon_words.condition(rule, row.currency), scope_words(rule), _validity(row),
        _caps(row), _stacking(row.rule),
    )  # fmt: skip


def worth(rule: Rule, currency: str) -> str:
    """What it takes off, with the most it does."""
    if isinstance(rule.effect, GiftOf):
        given = {"pieces": rule.effect.quantity, "product": rule.effect.product_id}
        return _("%(pieces)s × %(product)s as a gift") % given
    text = coupon_words.worth(rule, currency)
    if rule.most_off is None:
        return text
    return _("%(worth)s, at most %(amount)s") % {"worth": text, "amount": coupon_words.money(rule.most_off, currency)}


def refusal(error: WotuError) -> str:
    """Why a coupon was not given, made or changed."""
    found = error.given.get("refusal")
    if isinstance(found, str) and found in set(CouponRefusal):
        return str(WHY_NOT[CouponRefusal(found)])
    return in_words(error)


def _validity(row: TemplateRow) -> str:
    term = coupon_services.term_of(row.term)
    if isinstance(term, DaysAfterIssue):
        at_once = _("%(days)s days from the day it is given") % {"days": term.days}
        return at_once if not term.wait else _("%(days)s days, from %(wait)s days after it is given") % {
            "days": term.days, "wait": term.wait,
        }  # fmt: skip
    assert isinstance(term, FixedDates)
    return span(term.first_day, term.last_day) or _("without end")


def scope_words(rule: Rule) -> str:
    """The goods a rule is for."""
    named = [*rule.scope.products, *("/".join(path) for path in rule.scope.categories)]
    text = ", ".join(named[:3]) + (" …" if len(named) > 3 else "") if named else _("all products")
    if rule.scope.without_products:
        text += " " + _("without %(products)s") % {"products": ", ".join(rule.scope.without_products[:3])}
    return text


def _caps(row: TemplateRow) -> str:
    parts = [
        _("%(number)s in all") % {"number": figures.count_exact(row.total)} if row.total is not None else "",
        _("%(number)s a person") % {"number": row.per_customer} if row.per_customer is not None else "",
        _("%(number)s a day") % {"number": figures.count_exact(row.per_day)} if row.per_day is not None else "",
    ]
    return " · ".join(part for part in parts if part) or _("any number")


def _stacking(rule: Mapping[str, Any]) -> str:
    if rule.get("exclusive"):
        return _("used alone")
    if rule.get("group"):
        return _("one of the group %(group)s in an order") % {"group": rule["group"]}
    return _("one of this kind in an order, with other coupons")
