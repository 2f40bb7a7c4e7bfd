"""Contests, places and prizes in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from wotu.console import figures
from wotu.console.loyalty.campaign_words import WHY_NOT as OF_COUPONS
from wotu.console.loyalty.campaign_words import days, money, span
from wotu.console.loyalty.promotion_words import WHY_NOT as OF_PROMOTIONS
from wotu.core.customer_ids import customer_text
from wotu.loyalty.choices import ContestMetric, ContestTie
from wotu.loyalty.contests.ranks import Prize
from wotu.loyalty.contests.reads import ContestRow, CountedContest, PlaceRow
from wotu.loyalty.participation import PromotionRefusal
from wotu.loyalty.refusals import CouponRefusal


@dataclass(frozen=True)
class ShownContest:
    """A contest in words."""

    row: CountedContest
    state: str
    mark: str
    metric: str
    tie: str
    days: str
    prizes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ShownPlace:
    """A place in words; ``customer_id`` is empty for who may not see it."""

    row: PlaceRow
    score: str
    customer_id: str
    won: str


def shown_contest(row: CountedContest, now: datetime, coupons: Mapping[int, str]) -> ShownContest:
    """What counts, until when, and what there is to win; ``coupons`` are the names of those among the prizes."""
    metric = str(ContestMetric(row.metric).label)
    if row.metric == ContestMetric.EVENT:
        metric = _("How often: %(event)s") % {"event": row.event}
    state, mark = _state(row, now)
    return ShownContest(
        row, state, mark, metric, str(ContestTie(row.tie).label), span(*days(row.starts_at, row.ends_at)),
        tuple((_places(each), _prize(each, coupons)) for each in sorted(row.prizes, key=lambda prize: prize.first)),
    )  # fmt: skip


def shown_place(row: PlaceRow, of: ContestRow, *, sees: bool) -> ShownPlace:
    """Somebody's place."""
    score = money(row.score, of.currency) if of.metric == ContestMetric.SPENT else figures.count_exact(row.score)
    won = [
        _("%(points)s points") % {"points": figures.count_exact(row.points)} if row.points else "",
        _("a coupon") if row.coupons else "",
        _("not given: %(why)s") % {"why": _why_not(row.missed)} if row.missed else "",
    ]
    customer = customer_text(row.customer) if sees and row.customer >= 0 else ""
    return ShownPlace(row, score, customer, " · ".join(each for each in won if each))


def _why_not(word: str) -> str:
    """Why a prize could not be given: of points the budget, of a coupon its kind."""
    if word in set(CouponRefusal):
        return str(OF_COUPONS[CouponRefusal(word)])
    return str(OF_PROMOTIONS[PromotionRefusal(word)]) if word in set(PromotionRefusal) else word


def _state(row: ContestRow, now: datetime) -> tuple[str, str]:
    if row.settled_at is not None:
        return pgettext("contest", "Settled"), "ended"
    if now < row.starts_at:
        return pgettext("contest", "Starts later"), "draft"
    if now < row.ends_at:
        return pgettext("contest", "Runs"), "live"
    if now < row.cut_off:
        return pgettext("contest", "Waits for returns"), "waiting"
    return pgettext("contest", "To be settled"), "waiting"


def _places(prize: Prize) -> str:
    if prize.first == prize.last:
        return _("Place %(place)s") % {"place": prize.first}
    return _("Places %(first)s to %(last)s") % {"first": prize.first, "last": prize.last}


def _prize(prize: Prize, names: Mapping[int, str]) -> str:
    parts = [_("%(points)s points") % {"points": figures.count_exact(prize.points)}] if prize.points else []
    if prize.template is not None:
        parts.append(names.get(prize.template, f"#{prize.template}"))
    return " + ".join(parts)
