"""Insight, Dashboards: saved questions on one page, each with its answer of now; and what a link shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.rules import Action
from wotu.boards import reads, services
from wotu.console.answers import workspace
from wotu.console.asking.answering import Waiting, answer_or_progress, presented
from wotu.console.asking.forms import days_of, label_of, query_of
from wotu.console.asking.presenting import Presented
from wotu.console.asking.questions import QUESTIONS
from wotu.console.boards_acts import Acts, act, number
from wotu.console.charts import unused_style
from wotu.console.insight_tabs import insight_page
from wotu.console.pages.saved import question_of, title_of
from wotu.console.permissions import require
from wotu.console.refusing import in_words
from wotu.console.sight import Sight, sight_of
from wotu.core.errors import ErrorCode, WotuError

SOON = 0.08
_ROWS = 8
_STRANGER = Sight(whole=False)


@dataclass(frozen=True)
class Shown:
    """A card with what came of its question: an answer, or how far it is, or why there is none."""

    saved: reads.Saved
    title: str
    presented: Presented | None = None
    waiting: Waiting | None = None
    query: str = ""
    problem: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def dashboards(request: HttpRequest) -> HttpResponse:
    """The list of dashboards; its form makes one."""
    require(request, Action.READ)
    errors: dict[str, str] = {}
    if request.method == "POST":
        made, errors = act(request, {"make": _make})
        if made is not None:
            return HttpResponseRedirect(reverse("console:dashboard", args=[made]))
    context = {"boards": reads.dashboards(), "errors": errors}
    return insight_page(request, "console/boards/dashboards.html", "dashboards", context, status=422 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def dashboard(request: HttpRequest, board: int) -> HttpResponse:
    """One dashboard; its forms arrange it and share it. Cards fetch their answers by themselves."""
    require(request, Action.READ)
    found = _board(board)
    token, errors = "", dict[str, str]()
    if request.method == "POST":
        done, errors = act(request, _acts(board))
        token = done if isinstance(done, str) else ""
        if not errors and not token:
            gone = request.POST.get("do") == "delete"
            return HttpResponseRedirect(
                reverse("console:dashboards") if gone else reverse("console:dashboard", args=[board])
            )
    cards = reads.cards(board)
    on_it = {card.saved.id for card in cards}
    context = {
        "board": found, "cards": cards, "links": reads.links(board), "errors": errors,
        "addable": [each for each in reads.saved_questions() if each.id not in on_it],
        "link": request.build_absolute_uri(reverse("console:shared", args=[token])) if token else "",
        "lifetimes": list(services.LIFETIMES), "unused_style": unused_style(),
    }  # fmt: skip
    response = insight_page(
        request, "console/boards/dashboard.html", "dashboards", context, status=422 if errors else 200
    )
    response.has_chart = True  # type: ignore[attr-defined]
    return response


@require_safe
def card(request: HttpRequest, board: int, saved: int) -> HttpResponse:
    """One card with its answer, as a part of the page."""
    require(request, Action.READ)
    address = reverse("console:dashboard-card", args=[board, saved])
    return _card(request, board, saved, sight_of(request), address, whole=True)


@login_not_required
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """A dashboard as whoever has its link reads it: no names, no lists of customers, nothing to change."""
    found = _shared(token)
    context = {"board": found, "cards": reads.cards(found.id), "token": token, "unused_style": unused_style()}
    response = render(request, "console/boards/shared.html", context)
    response.has_chart = True  # type: ignore[attr-defined]
    response["X-Robots-Tag"] = "noindex"
    return response


@login_not_required
@require_safe
def shared_card(request: HttpRequest, token: str, saved: int) -> HttpResponse:
    """One card of a shared dashboard."""
    address = reverse("console:shared-card", args=[token, saved])
    return _card(request, _shared(token).id, saved, _STRANGER, address, whole=False)


def _make(posted: Any, who: dict[str, Any]) -> int:
    return services.make_dashboard(posted.get("name", ""), **who)


def _acts(board: int) -> Acts:
    return {
        "rename": lambda posted, who: services.rename_dashboard(board, posted.get("name", ""), **who),
        "delete": lambda _, who: services.delete_dashboard(board, **who),
        "add": lambda posted, who: services.add_card(board, number(posted, "saved"), **who),
        "remove": lambda posted, who: services.remove_card(board, number(posted, "saved"), **who),
        "earlier": lambda posted, who: services.move_card(board, number(posted, "saved"), -1, **who),
        "later": lambda posted, who: services.move_card(board, number(posted, "saved"), 1, **who),
        "turn": lambda posted, who: services.turn_card(board, number(posted, "saved"), **who),
        "arrange": lambda posted, who: services.arrange_cards(board, _order(posted), **who),
        "share": lambda posted, who: services.share_dashboard(board, days=number(posted, "days"), **who),
        "revoke": lambda posted, who: services.revoke_link(number(posted, "link"), **who),
    }


def _order(posted: Any) -> list[int]:
    return [int(each) for each in posted.get("order", "").split(",") if each.isdigit() and len(each) <= 18]


def _card(request: HttpRequest, board: int, saved: int, sight: Sight, address: str, *, whole: bool) -> HttpResponse:
    found = next((each for each in reads.cards(board) if each.saved.id == saved), None)
    if found is None:
        raise Http404
    shown = _shown(found.saved, sight, request.GET.get("waiter", ""), with_notes=whole)
    context = {"shown": shown, "address": address, "whole": whole, "rows": _ROWS}
    return render(request, "console/boards/card.html", context)


def _shown(saved: reads.Saved, sight: Sight, waiter: str, *, with_notes: bool) -> Shown:
    title = title_of(saved)
    try:
        asked = question_of(saved)
        answered = answer_or_progress(asked, sight, seconds=SOON, waiter=waiter)
        if isinstance(answered, Waiting):
            return Shown(saved, title, waiting=answered)
        # What the team writes to itself is not for whoever has a link.
        noted = reads.notes(*days_of(asked, workspace().now())) if with_notes else ()
        return Shown(saved, title, presented(asked, sight, answered, noted), query=query_of(asked))
    except WotuError as error:
        if error.code is ErrorCode.INTERNAL_ERROR:
            raise
        known = QUESTIONS.get(saved.question)
        # Words on what was kept name its field; what the console says of itself stands as it is.
        label = label_of(known, error.field) if known else ""
        return Shown(saved, title, problem=in_words(error, label))


def _board(number: int) -> reads.Board:
    found = reads.dashboard(number)
    if found is None:
        raise Http404
    return found


def _shared(token: str) -> reads.Board:
    found = reads.shared_dashboard(token)
    if found is None:
        raise Http404
    return found
