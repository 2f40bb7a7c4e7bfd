"""What a customer's page shows, in its words: days are those of the shop, amounts have their signs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

from wotu.core.periods import to_micros
from wotu.h5 import ways
from wotu.ledger import reads
from wotu.ledger.reads import LotRow
from wotu.loyalty.campaigns.services import money_unit
from wotu.loyalty.coupons import wallet, words
from wotu.loyalty.membership import reads as memberships
from wotu.loyalty.membership.benefit_words import brings
from wotu.loyalty.orders import saved_reads
from wotu.loyalty.programme import member_reads
from wotu.loyalty.promotions.running import OnNow, on_now
from wotu.loyalty.promotions.words import promise
from wotu.loyalty.samples import reads as sample_reads
from wotu.loyalty.validity import first_day_of, last_day_of

_POINTS = "points"
_SOON = timedelta(days=30)
# So many promotions a page tells of.
_MOST = 10


@dataclass(frozen=True)
class ShownLot:
    """Points that came together: not before ``from_day``, up to ``last_day``."""

    amount: str
    from_day: date | None
    last_day: date | None


@dataclass(frozen=True)
class ShownItem:
    """Something for points, and why it cannot be had now (empty: it can)."""

    number: int
    name: str
    points: str
    cost: str
    not_now: str


def of_member(token: str, customer: int) -> dict[str, Any]:
    """All that the page of a customer shows now."""
    now = timezone.now()
    club = member_reads.in_programme(customer, now=now)
    unit = club.points_unit if club else _POINTS
    had = next((each for each in reads.balances(customer) if each.unit.code == unit), None)
    points = {name: words.number(getattr(had, name, 0)) for name in ("free", "held", "pending", "owed")}
    lots = [lot for lot in reads.lots(customer, unit) if lot.waits or lot.expires_at is None or lot.expires_at > now]
    plans, own_samples = memberships.plans_of(customer, now), sample_reads.samples_of(customer, now)
    return {
        "space": settings.WOTU_SETTINGS.name, "language": get_language(), "token": token,
        # Whatever is tapped twice on one page is done once.
        "once": secrets.token_hex(8),
        "points": {name: text for name, text in points.items() if name == "free" or text != "0"},
        "lots": [ShownLot(words.number(lot.remaining), _day(lot.available_at), _last(lot.expires_at)) for lot in lots],
        "coupons": [words.card(each, now, settings.WOTU_SETTINGS.zone) for each in wallet.coupons_of(customer, now)],
        "club": club, "level": _level(club) if club and club.has_levels else None,
        "streak": _streak(club.streak) if club and club.streak else None,
        "on_now": [_on_now(each) for each in on_now(customer, club.standing.level if club else "", now=now)][:_MOST],
        "items": [_item(each, had.free if had else 0) for each in club.items] if club else [],
        "badges": club.badges if club else (),
        "plans": [_plan(each) for each in plans], "partners": memberships.pools_of(customer, now),
        "cash": _cash(customer), "samples": _samples(own_samples),
        "ways": ways.of_member(token, customer, now),
        "saved": _saved(customer, now), "notices": [*_notices(plans, lots, now), *_questions(own_samples)],
    }  # fmt: skip


def _on_now(each: OnNow) -> dict[str, Any]:
    zone = settings.WOTU_SETTINGS.zone
    return {
        "name": each.name, "reason": each.reason, "promise": promise(each.rule, each.rule.currency),
        "starts_at": each.starts_at and each.starts_at.astimezone(zone),
        "last_day": None if each.ends_at is None else last_day_of(to_micros(each.ends_at), zone),
    }  # fmt: skip


def _samples(mine: Sequence[sample_reads.OwnSample]) -> list[tuple[sample_reads.OwnSample, str]]:
    """Samples with what became of each; nothing for one that may be asked for."""
    words_of = {"requested": gettext("Asked for"), "given": gettext("Yours"), "turned_down": gettext("Not this time")}
    return [(each, words_of.get(each.state, "")) for each in mine]


def _questions(mine: Sequence[sample_reads.OwnSample]) -> Iterator[str]:
    for each in mine:
        if each.ask_about:
            yield gettext("How do you like %(name)s? Now you know it, you may want more.") % {"name": each.name}


def _cash(customer: int) -> str:
    """Money on the customer's account, as cash back leaves it there; empty where there is none."""
    currency = settings.WOTU_SETTINGS.currency
    free = next((each.free for each in reads.balances(customer) if each.unit.code == money_unit(currency)), 0)
    return words.money(free, currency) if free else ""


def _level(club: member_reads.InProgramme) -> dict[str, Any]:
    had = club.standing
    return {
        "name": had.level, "next": had.next_level, "missing": words.number(had.missing), "balance": max(0, had.balance),
        "at": max(0, had.balance) + had.missing, "last_day": had.last_day, "in_grace": had.in_grace,
    }  # fmt: skip


def _streak(had: member_reads.Streak) -> dict[str, Any]:
    said = ngettext("%(days)s day in a row", "%(days)s days in a row", had.days) % {"days": had.days}
    return {"today": had.today, "days": had.days, "said": said, "week": [day <= had.of_seven for day in range(1, 8)]}


def _item(item: member_reads.Item, free: int) -> ShownItem:
    not_now = ""
    if item.left == 0:
        not_now = gettext("Sold out")
    elif not item.may:
        not_now = gettext("You have it")
    elif free < item.points:
        not_now = gettext("%(points)s more") % {"points": words.number(item.points - free)}
    return ShownItem(item.number, item.name, words.number(item.points), str(item.points), not_now)


def _plan(plan: memberships.OwnPlan) -> dict[str, Any]:
    return {"own": plan, "brings": brings(plan.benefits), "price": words.money(plan.price, plan.currency)}


def _saved(customer: int, now: datetime) -> dict[str, str] | None:
    currency = settings.WOTU_SETTINGS.currency
    saved = saved_reads.saved_this_year(customer, now=now, currency=currency)
    if not saved.total:
        return None
    told = {name: getattr(saved, name) for name in ("total", "discounts", "shipping", "points")}
    return {name: words.money(amount, currency) for name, amount in told.items() if amount}


def _notices(plans: Sequence[memberships.OwnPlan], lots: Sequence[LotRow], now: datetime) -> Iterator[str]:
    """What a customer should know before it happens: a renewal, an end, points that expire."""
    day = memberships.today(now)
    for plan in plans:
        if plan.renews_on is not None and plan.renews_on - day <= _SOON:
            yield gettext("%(name)s renews on %(day)s for %(price)s.") % {
                "name": plan.name, "day": _written(plan.renews_on), "price": words.money(plan.price, plan.currency)
            }  # fmt: skip
        elif plan.in_grace:
            yield gettext("%(name)s has ended. Renew it now and no day is lost.") % {"name": plan.name}
        elif plan.last_day - day <= _SOON:
            yield gettext("%(name)s ends on %(day)s.") % {"name": plan.name, "day": _written(plan.last_day)}
    ending = [lot for lot in lots if not lot.waits and lot.expires_at is not None and lot.expires_at - now <= _SOON]
    if amount := sum(lot.remaining for lot in ending):
        last = min(each for lot in ending if (each := _last(lot.expires_at)) is not None)
        yield gettext("%(points)s points expire soon, the first on %(day)s.") % {
            "points": words.number(amount), "day": _written(last)
        }  # fmt: skip


def _day(at: datetime | None) -> date | None:
    return None if at is None else first_day_of(to_micros(at), settings.WOTU_SETTINGS.zone)


def _last(ends: datetime | None) -> date | None:
    return None if ends is None else last_day_of(to_micros(ends), settings.WOTU_SETTINGS.zone)


def _written(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
