"""Insight, Saved questions: kept under a name, opened again, put on dashboards."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from wotu.accounts.rules import Action
from wotu.boards import reads, services
from wotu.console.asking.declaring import Asked
from wotu.console.asking.forms import asked_of, query_of, read
from wotu.console.asking.questions import QUESTIONS
from wotu.console.boards_acts import act, number
from wotu.console.insight_tabs import insight_page
from wotu.console.permissions import require
from wotu.core.errors import Reason, WotuError, invalid_argument


@require_http_methods(["GET", "HEAD", "POST"])
def saved(request: HttpRequest) -> HttpResponse:
    """The list; its forms, and *Save* of the workbench, post here."""
    require(request, Action.READ)
    errors: dict[str, str] = {}
    if request.method == "POST":
        kept, errors = act(request, {"save": _save, "rename": _rename, "delete": _delete})
        if not errors:
            board = request.POST.get("dashboard", "")
            if request.POST.get("do") == "save" and board.isdigit():
                return HttpResponseRedirect(reverse("console:dashboard", args=[int(board)]))
            return HttpResponseRedirect(reverse("console:saved") + (f"#q{kept}" if kept else ""))
    search = request.GET.get("q", "").strip()[:100]
    shown = [
        {"saved": each, "title": title_of(each), "address": address_of(each)}
        for each in reads.saved_questions(search=search)
    ]
    context = {"rows": shown, "search": search, "errors": errors}
    return insight_page(request, "console/boards/saved.html", "saved", context, status=422 if errors else 200)


def question_of(saved: reads.Saved) -> Asked:
    """The saved question, checked as if it had been typed; raises when Wotu cannot ask it (any more)."""
    if saved.question not in QUESTIONS:
        raise invalid_argument("question", _("This question cannot be shown here; ask it over the API."), Reason.SAID)
    return asked_of(QUESTIONS[saved.question], saved.parameters)


def title_of(saved: reads.Saved) -> str:
    """What kind of question it is, in words."""
    return str(QUESTIONS[saved.question].title) if saved.question in QUESTIONS else saved.question


def address_of(saved: reads.Saved) -> str:
    """Where the workbench shows it; empty where it cannot."""
    try:
        asked = question_of(saved)
    except WotuError:
        return ""
    return f"{reverse('console:ask', args=[saved.question])}?{query_of(asked)}"


def _save(posted: Any, who: dict[str, Any]) -> int:
    """Keep the question the workbench shows: its address is what was asked."""
    question = posted.get("question", "")
    if question not in QUESTIONS:
        raise invalid_argument("question", _("Choose one of the options."), Reason.SAID)
    draft = read(QUESTIONS[question], QueryDict(posted.get("query", "")))
    if draft.errors:
        raise invalid_argument("question", _("The question has a gap; fill it in before you save it."), Reason.SAID)
    name = posted.get("name", "").strip() or str(QUESTIONS[question].title)
    kept = services.save_question(name, question, draft.asked.to_dict()["parameters"], **who)
    if posted.get("dashboard"):
        services.add_card(number(posted, "dashboard"), kept, **who)
    return kept


def _rename(posted: Any, who: dict[str, Any]) -> None:
    services.change_question(number(posted, "id"), name=posted.get("name", ""), **who)


def _delete(posted: Any, who: dict[str, Any]) -> None:
    services.delete_question(number(posted, "id"), **who)
