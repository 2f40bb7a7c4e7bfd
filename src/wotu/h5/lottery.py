"""A lottery as a customer plays it: what there is to win and how likely, how often they can draw, what they won."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.periods import to_micros
from wotu.h5 import wheel
from wotu.h5.pages import of_member
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.coupons import words as coupon_words
from wotu.loyalty.lottery import chance_services, draw_services, own_reads, reads, words
from wotu.loyalty.lottery.choices import Look, Outcome, PrizeKind
from wotu.loyalty.lottery.draw_services import Drawn
from wotu.loyalty.validity import first_day_of, last_day_of

_LONGEST_KEY = 32


@dataclass(frozen=True)
class Shown:
    """What a draw came to, as the page shows it: where the wheel stops, a sentence, and whether it is a win."""

    place: int
    said: str
    won: bool


@of_member
@require_http_methods(["GET", "HEAD", "POST"])
def lottery(request: HttpRequest, token: str, customer: int, code: str) -> HttpResponse:
    """The page; ``POST`` draws, once for the page that was tapped, also when it is loaded again."""
    now, status, drawn, said = timezone.now(), HTTPStatus.OK, None, ""
    view = _view(code, now)
    if request.method == "POST":
        key = f"page:{customer}:{request.POST.get('once', '')[:_LONGEST_KEY]}".replace("\x00", "")
        try:
            chance_services.visit(code, customer, now=now)
            drawn = draw_services.draw(code, customer, key=key, now=now)
        except WotuError as error:
            said, status = _refusal(error), HTTPStatus.CONFLICT
        view = _view(code, now)
    context = _context(view, token, customer, now) | {"refused": said}
    if drawn is not None:
        context |= _drawn(view, drawn)
    return render(request, "h5/lottery.html", context, status=status)


def _view(code: str, now: datetime) -> reads.LotteryView:
    try:
        view = reads.lottery(code, now)
    except WotuError as error:
        raise Http404 from error
    if view.row.state == CampaignState.DRAFT:
        raise Http404
    return view


def _context(view: reads.LotteryView, token: str, customer: int, now: datetime) -> dict[str, Any]:
    row, had = view.row, own_reads.chances(customer, view.row.code, now)
    zone, chinese = settings.WOTU_SETTINGS.zone, (get_language() or "").startswith("zh")
    terms = (view.terms_zh, view.terms_en) if chinese else (view.terms_en, view.terms_zh)
    return {
        "space": settings.WOTU_SETTINGS.name, "language": get_language(), "token": token, "row": row, "view": view,
        "name": words.name(row.name_zh, row.name_en), "once": secrets.token_hex(8), "wheel": row.look == Look.WHEEL,
        "chances": had.had + had.for_today, "prizes": [_prize(each, row.currency) for each in view.prizes],
        "nothing": words.odds(view.nothing) if view.nothing else "",
        "sectors": wheel.sectors(_names(view)), "turned": "0", "terms": terms[0] or terms[1],
        "rules": [words.chance(each, row.currency) for each in view.chances],
        "wins": [_win(each) for each in reads.wins_of(customer, row.code)],
        "first_day": first_day_of(to_micros(row.starts_at), zone),
        "last_day": last_day_of(to_micros(row.ends_at), zone),
        "not_now": _not_now(row, now, had.wins_left),
    }  # fmt: skip


def _drawn(view: reads.LotteryView, drawn: Drawn) -> dict[str, Any]:
    names = _names(view)
    place = len(view.prizes) if drawn.prize is None else drawn.prize
    said = words.outcome(drawn.outcome, "" if drawn.prize is None else names[place])
    shown = Shown(place, said, drawn.outcome == Outcome.WON)
    return {"drawn": shown, "turned": wheel.turned(place, len(names))}


def _names(view: reads.LotteryView) -> list[str]:
    """What stands on the wheel: the prizes, and nothing at last, for tickets may run out."""
    return [*(words.name(each.name_zh, each.name_en) for each in view.prizes), gettext("Next time")]


def _prize(row: reads.PrizeRow, currency: str) -> dict[str, Any]:
    return {
        "name": words.name(row.name_zh, row.name_en), "odds": words.odds(row.odds), "one_in": words.one_in(row.odds),
        "detail": words.detail(row.kind, row.points, row.template, row.value, currency),
        "pieces": "" if row.kind == PrizeKind.THANKS else coupon_words.number(row.pieces),
        "left": coupon_words.number(row.free),
    }  # fmt: skip


def _win(row: reads.WinRow) -> dict[str, Any]:
    return {
        "name": words.name(row.name_zh, row.name_en), "state": words.win_state(row.state, row.kind), "at": row.at,
        "number": row.draw, "done": row.given_at is not None,
    }  # fmt: skip


def _not_now(row: reads.LotteryRow, now: datetime, wins_left: int | None) -> str:
    """Why the customer cannot draw, or should not: empty where they can."""
    if row.running:
        return gettext("You have won as often as one may: another draw brings no prize.") if wins_left == 0 else ""
    if row.state == CampaignState.ENDED or row.ends_at <= now:
        return gettext("This lottery has ended.")
    return (
        gettext("It has not begun yet.") if row.starts_at > now else gettext("It rests for a while. Come back later.")
    )


def _refusal(error: WotuError) -> str:
    if error.given.get("refusal") == "no_chance":
        return gettext("You have no chance left now.")
    if error.code == ErrorCode.INVALID_ARGUMENT:
        return gettext("Open the page again, then draw.")
    return gettext("Nobody can draw now.")
