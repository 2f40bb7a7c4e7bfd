"""Insight, Ask: a question as a sentence to fill in, with its answer underneath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from wotu.accounts.rules import Action
from wotu.boards import reads as boards
from wotu.console.answers import workspace
from wotu.console.asking.answering import SOON, Waiting, answer_or_progress, leave, presented
from wotu.console.asking.catalogue import Catalogue, catalogue, values
from wotu.console.asking.declaring import Question
from wotu.console.asking.drafts import Draft
from wotu.console.asking.forms import RANGE, days_of, note, read, with_defaults
from wotu.console.asking.presenting import Presented
from wotu.console.asking.questions import QUESTIONS
from wotu.console.asking.sentences import (
    at_places,
    beside,
    filterable,
    more,
    operators,
    rest_of_errors,
    sentence,
    slots,
    units_of_time,
)
from wotu.console.asking.summary import summary
from wotu.console.charts import unused_style
from wotu.console.data_tabs import allowed
from wotu.console.exporting import export
from wotu.console.insight_tabs import TABS
from wotu.console.permissions import require, require_export
from wotu.console.sight import Sight, sight_of
from wotu.core.errors import WotuError

_FIRST = "events"


@dataclass(frozen=True)
class _Outcome:
    """What came of a question: an answer, or how far it is, or neither where it was refused."""

    presented: Presented | None = None
    waiting: Waiting | None = None


@require_safe
def first(request: HttpRequest) -> HttpResponse:
    """Insight begins with the question that is asked most."""
    require(request, Action.READ)
    return HttpResponseRedirect(reverse("console:ask", args=[_FIRST]))


@require_safe
def ask_page(request: HttpRequest, name: str) -> HttpResponse:
    """The workbench with one question, or the parts of it that changed."""
    require(request, Action.READ)
    if workspace().is_empty():
        return render(request, "console/asking/empty.html", {"room": "insight"})
    sight = sight_of(request)
    names = catalogue(sight)
    draft = read(_question(name, names), request.GET)
    outcome = _outcome(draft, sight, request.GET.get("waiter", ""))
    context = {
        "room": "insight", "question": draft.question, "questions": QUESTIONS.values(), "draft": draft,
        "sentence": sentence(draft, names, sight), "beside": beside(draft, names, sight),
        "more": more(draft, names, sight), "names": names, "at_places": at_places(draft), "time_units": units_of_time(),
        "operators": operators(), "filter_names": filterable(names), "known_names": names.known,
        "slots": list(slots(draft)), "problems": rest_of_errors(draft),
        "presented": outcome.presented, "waiting": outcome.waiting,
        "summary": "" if draft.errors else summary(draft.asked, workspace().now()), "query": draft.query,
        "wider": _wider(draft),
        "unused_style": unused_style(), **_kept(request),
    }  # fmt: skip
    return _response(request, draft, context)


@require_POST
def cancel_question(request: HttpRequest, name: str) -> HttpResponse:
    """Leave a question that takes long; it ends where nobody else waits for it."""
    require(request, Action.READ)
    draft = read(_question(name, catalogue(sight_of(request))), request.GET)
    leave(draft.asked, request.GET.get("waiter", ""))
    if not _part(request):
        return HttpResponseRedirect(reverse("console:ask", args=[name]))
    context = {"cancelled": True, "question": draft.question, "query": draft.query}
    return render(request, "console/asking/answer.html", context)


@require_safe
def suggest(request: HttpRequest, name: str) -> HttpResponse:
    """The most frequent values of a property, as options."""
    require(request, Action.READ)
    _question(name, None)
    wanted, event = request.GET.get("name", ""), request.GET.get("event", "")
    manifest = workspace().generation().manifest
    known = any(each in manifest.events for each in manifest.meant_by(event))
    try:
        found = values(wanted, event if known else "", sight_of(request)) if wanted else []
    except WotuError:
        found = []
    return render(request, "console/asking/values.html", {"values": found})


@require_safe
def export_answer(request: HttpRequest, name: str, kind: str) -> StreamingHttpResponse:
    """The table of the answer as a file."""
    require_export(request, kind)
    sight = sight_of(request)
    draft = read(_question(name, catalogue(sight)), request.GET)
    table = presented(draft.asked, sight).table
    return export(request, name, table.header, table.exact_rows(), kind=kind, total=len(table.rows))


def _wider(draft: Draft) -> str:
    """The address part that asks the same about all time; empty where that was asked."""
    if draft.asked.parameters.get("last") == "all":
        return ""
    return urlencode([*(pair for pair in draft.pairs if pair[0] not in RANGE), ("last", "all")])


def _kept(request: HttpRequest) -> dict[str, Any]:
    """Where the team can keep a question."""
    may_save = allowed(request, Action.SAVE)
    return {"tab": "ask", "tabs": TABS, "may_save": may_save, "boards": boards.dashboards() if may_save else ()}


def _question(name: str, names: Catalogue | None) -> Question:
    if name not in QUESTIONS:
        raise Http404
    return with_defaults(QUESTIONS[name], names) if names else QUESTIONS[name]


def _outcome(draft: Draft, sight: Sight, waiter: str) -> _Outcome:
    if draft.errors:
        return _Outcome()
    try:
        found = answer_or_progress(draft.asked, sight, seconds=SOON, waiter=waiter)
        if isinstance(found, Waiting):
            return _Outcome(waiting=found)
        noted = boards.notes(*days_of(draft.asked, workspace().now()))
        return _Outcome(presented(draft.asked, sight, found, noted))
    except WotuError as error:
        note(draft, error)
        return _Outcome()


def _response(request: HttpRequest, draft: Draft, context: dict[str, Any]) -> HttpResponse:
    part = _part(request)
    if not part:
        response = render(request, "console/asking/page.html", context, status=422 if draft.errors else 200)
        response.has_chart = True  # type: ignore[attr-defined]
    else:
        # A button that changes the form draws it anew; else what is being typed stays as it is.
        whole = bool(draft.do)
        template = "console/asking/workbench.html" if whole else "console/asking/answer.html"
        response = render(request, template, context | {"is_part": not whole})
        if whole:
            response["HX-Retarget"], response["HX-Reswap"] = "#workbench", "outerHTML"
        if "poll" not in request.GET:
            response["HX-Push-Url"] = f"{request.path}?{draft.query}" if draft.query else request.path
    patch_vary_headers(response, ["HX-Request"])
    return response


def _part(request: HttpRequest) -> bool:
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.history_restore_request
