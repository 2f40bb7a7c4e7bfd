"""A contest as a customer sees it: what there is to win, their own place, and the first places of those who joined."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from wotu.answers.kept import workspace
from wotu.core.customer_ids import customer_text
from wotu.core.errors import WotuError, invalid_argument
from wotu.core.periods import to_micros
from wotu.h5.deeds import Said
from wotu.h5.pages import of_member
from wotu.loyalty.choices import ContestMetric, ContestTie
from wotu.loyalty.contests import reads, services
from wotu.loyalty.coupons import words
from wotu.loyalty.participation import PromotionRefusal
from wotu.loyalty.validity import first_day_of, last_day_of

_LONGEST = 100


@of_member
@require_http_methods(["GET", "HEAD", "POST"])
def contest(request: HttpRequest, token: str, customer: int, number: int) -> HttpResponse:
    """The contest; joining and leaving it."""
    now, context, status = timezone.now(), {}, HTTPStatus.OK
    try:
        found = reads.contest(number, now)
        if not found.joinable and reads.place_of(number, customer) is None:
            raise Http404
        if request.method == "POST":
            said = _act(request, number, customer, now)
            context = {"said": said.text, "good": said.good}
    except WotuError as error:
        if error.field == "contest" and "refusal" not in error.given:
            raise Http404 from error
        context, status = {"said": _why_not(error), "good": False}, HTTPStatus.CONFLICT
    return render(request, "h5/contest.html", _shown(token, customer, number, now) | context, status=status)


def _act(request: HttpRequest, number: int, customer: int, now: datetime) -> Said:
    wanted = request.POST.get("do")
    if wanted == "leave":
        services.leave(number, customer)
        return Said(gettext("You have left. Nothing of you is shown."))
    if wanted != "join":
        raise invalid_argument("do", "do must be join or leave.")
    nickname = request.POST.get("nickname", "")[:_LONGEST]
    name = workspace().customer(customer_text(customer)).name or ""
    joined = services.join(number, customer, now=now, nickname=nickname, masked=reads.masked(name))
    return Said(gettext("Your nickname is changed.") if joined.repeated else gettext("You are in."))


def _shown(token: str, customer: int, number: int, now: datetime) -> dict[str, Any]:
    row, mine = reads.contest(number, now), reads.place_of(number, customer)
    board = reads.board(number)
    zone = settings.WOTU_SETTINGS.zone
    return {
        "space": settings.WOTU_SETTINGS.name, "language": get_language(), "token": token, "row": row,
        "first_day": first_day_of(to_micros(row.starts_at), zone),
        "last_day": last_day_of(to_micros(row.ends_at), zone),
        "final_after": last_day_of(to_micros(row.cut_off), zone), "counts": _what_counts(row),
        "prizes": _prizes(row), "mine": mine, "score": _score(row, mine.score) if mine else "",
        "won": _won(mine) if mine else "", "shared": row.tie == ContestTie.SHARED,
        "board": [(each, _score(row, each.score), mine is not None and each.entry == mine.entry) for each in board],
    }  # fmt: skip


def _what_counts(row: reads.ContestRow) -> str:
    if row.metric == ContestMetric.EVENT:
        return gettext("How often: %(event)s") % {"event": row.event}
    return str(ContestMetric(row.metric).label)


def _score(row: reads.ContestRow, score: int) -> str:
    return words.money(score, row.currency) if row.metric == ContestMetric.SPENT else words.number(score)


def _prizes(row: reads.ContestRow) -> list[tuple[str, str]]:
    names = reads.coupon_names(row.prizes)
    told = []
    for each in sorted(row.prizes, key=lambda prize: prize.first):
        places = str(each.first) if each.first == each.last else f"{each.first}–{each.last}"
        parts = [gettext("%(points)s points") % {"points": words.number(each.points)}] if each.points else []
        parts += [names[each.template]] if each.template in names else []
        told.append((places, " + ".join(parts)))
    return told


def _won(mine: reads.PlaceRow) -> str:
    parts = [gettext("%(points)s points") % {"points": words.number(mine.points)}] if mine.points else []
    return " + ".join([*parts, *([gettext("a coupon")] if mine.coupons else [])])


def _why_not(error: WotuError) -> str:
    word = str(error.given.get("refusal"))
    if word == PromotionRefusal.NOT_RUNNING:
        return gettext("This contest takes nobody any more.")
    if error.field == "nickname":
        return gettext("A nickname has at most 20 characters, all of them to be seen.")
    return gettext("This cannot be done now.")
