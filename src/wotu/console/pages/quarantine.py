"""Data, Quarantine: what could not be understood, by reason; retried after a fix, mended, or discarded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.masking import mask_text
from wotu.accounts.rules import Action
from wotu.collect.quarantine import QuarantinedRow
from wotu.console.addresses import client_address
from wotu.console.answers import workspace
from wotu.console.data_tabs import allowed, data_page
from wotu.console.exporting import export
from wotu.console.permissions import require, require_export, signed_in_member
from wotu.console.refusing import in_words
from wotu.console.sight import Sight, sight_of
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.workspace.quarantine_actions import Choice, general_reason

_ROWS = 50
_PAGE_DIGITS = 6


@dataclass
class Group:
    """Rows of one source with the same trouble in the same field."""

    source: str
    reason: str
    field: str
    rows: int
    retryable: int
    first: datetime
    last: datetime

    @property
    def query(self) -> str:
        """The address part that shows its rows."""
        return urlencode({"source": self.source, "reason": self.reason, "field": self.field})


@require_http_methods(["GET", "HEAD", "POST"])
def quarantine(request: HttpRequest) -> HttpResponse:
    """The troubles with their counts, or the rows of one; a form posts what to ``do`` with them."""
    require(request, Action.READ)
    if request.method == "POST":
        require(request, Action.RETRY_QUARANTINE)
        return _change(request)
    choice = _choice(request.GET)
    rows = workspace().quarantine.rows(choice)[::-1]
    page = _number(request.GET.get("page", ""))
    # A whole trouble is shown as its rows; anything wider as the troubles in it.
    whole = choice.reason is not None
    first = (page - 1) * _ROWS
    sight = sight_of(request)
    context = {
        "groups": [] if whole else _groups(rows),
        "rows": [_shown(row, sight) for row in rows[first : first + _ROWS]] if whole else [],
        "total": len(rows),
        "retryable": sum(row.can_be_retried for row in rows),
        "choice": choice,
        "reason": sight.text(choice.reason or ""),
        "carried": _pairs(choice),
        "query": urlencode(_pairs(choice)),
        "sources": sorted({row.source for row in workspace().quarantine.rows()}),
        "previous": page - 1 if whole and page > 1 else None,
        "next": page + 1 if whole and first + _ROWS < len(rows) else None,
        "done": _done(request.GET),
        "may_retry": allowed(request, Action.RETRY_QUARANTINE),
    }
    return data_page(request, "console/data/quarantine.html", "quarantine", context)


@require_http_methods(["GET", "HEAD", "POST"])
def row(request: HttpRequest, row_id: str) -> HttpResponse:
    """One row whole; whoever sees identifiers may mend it and send it in again."""
    require(request, Action.READ)
    actions, sight = workspace().quarantine, sight_of(request)
    found = actions.row(row_id)
    may_mend = allowed(request, Action.RETRY_QUARANTINE) and sight.whole and found.can_be_retried
    context = {
        "row": found, "reason": sight.text(found.reason), "content": _pretty(found.content, sight),
        "may_mend": may_mend, "may_retry": allowed(request, Action.RETRY_QUARANTINE), "error": "",
    }  # fmt: skip
    if request.method != "POST":
        return data_page(request, "console/data/quarantined.html", "quarantine", context)
    require(request, Action.RETRY_QUARANTINE)
    require(request, Action.SEE_IDENTIFIERS)
    typed = request.POST.get("content", "")
    try:
        told = actions.mend(row_id, _compact(typed))
    except WotuError as error:
        context |= {"content": typed, "error": in_words(error)}
        return data_page(request, "console/data/quarantined.html", "quarantine", context, status=422)
    _tell(request, AuditAction.RETRY_QUARANTINE, found.source, {"rows": 1, "mended": True, **told})
    return _led_back({"done": "retried", **told})


@require_safe
def export_quarantine(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The rows that are shown, all pages of them."""
    require_export(request, kind)
    sight = sight_of(request)
    rows = workspace().quarantine.rows(_choice(request.GET))
    header = [_("Received"), _("Source"), _("File"), _("Line"), _("Field"), _("Reason"), _("Content")]
    cells = (
        (row.received, row.source, row.file, row.line, row.field, sight.text(row.reason), _flat(row.content, sight))
        for row in rows
    )
    return export(request, "quarantine", header, cells, kind=kind, total=len(rows))


def _change(request: HttpRequest) -> HttpResponse:
    choice, wanted = _choice(request.POST), request.POST.get("do", "")
    actions = workspace().quarantine
    told: dict[str, Any] = {name: mask_text(value) for name, value in _pairs(choice)}
    if wanted == "retry":
        outcome = actions.retry(choice)
        _tell(request, AuditAction.RETRY_QUARANTINE, choice.source or "", told | outcome)
        # What could not be read again is shown where it was.
        return _led_back({"done": "retried", **outcome}, choice if outcome["left"] else None)
    if wanted != "discard" or request.POST.get("confirm") != "yes":
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    rows = actions.discard(choice)
    _tell(request, AuditAction.DISCARD_QUARANTINE, choice.source or "", told | {"rows": rows})
    return _led_back({"done": "discarded", "accepted": rows})


def _tell(request: HttpRequest, action: AuditAction, target: str, detail: dict[str, Any]) -> None:
    record(
        actor=signed_in_member(request), action=action, target=target, detail=detail,
        address=client_address(request)[0],
    )  # fmt: skip


def _led_back(told: dict[str, Any], choice: Choice | None = None) -> HttpResponseRedirect:
    pairs = [*(_pairs(choice) if choice else []), *told.items()]
    return HttpResponseRedirect(f"{reverse('console:quarantine')}?{urlencode(pairs)}")


def _choice(query: QueryDict) -> Choice:
    ids = query.getlist("id") or None
    source, reason = query.get("source", "") or None, query.get("reason", "") or None
    # A trouble without a field has an empty one; without a trouble, an empty field asks for nothing.
    field = query.get("field", "") if reason is not None and "field" in query else query.get("field", "") or None
    return Choice(ids, source, reason, field)


def _pairs(choice: Choice) -> list[tuple[str, str]]:
    named = (("source", choice.source), ("reason", choice.reason), ("field", choice.field))
    return [(name, value) for name, value in named if value is not None] + [("id", each) for each in choice.ids or ()]


def _groups(rows: list[QuarantinedRow]) -> list[Group]:
    """The troubles, the most frequent first; ``rows`` are newest first."""
    groups: dict[tuple[str, str, str], Group] = {}
    for each in rows:
        key = each.source, general_reason(each.reason), each.field or ""
        group = groups.setdefault(key, Group(*key, 0, 0, each.received, each.received))
        group.rows += 1
        group.retryable += each.can_be_retried
        group.first, group.last = min(group.first, each.received), max(group.last, each.received)
    return sorted(groups.values(), key=lambda group: (-group.rows, group.source, group.reason))


def _shown(row: QuarantinedRow, sight: Sight) -> dict[str, Any]:
    return {"row": row, "reason": sight.text(row.reason), "content": _flat(row.content, sight)}


def _flat(content: str, sight: Sight) -> str:
    return content if sight.whole else " ".join(_pretty(content, sight).split())


def _pretty(content: str, sight: Sight) -> str:
    """Content as people read it, with what their role may not see masked."""
    try:
        if sight.whole:
            # Written anew from its values, a number might lose digits.
            return msgspec.json.format(content)
        value = json.loads(content)
    except (ValueError, RecursionError):
        return sight.text(content)
    return json.dumps(sight.value("", value), ensure_ascii=False, indent=2)


def _compact(text: str) -> str:
    """JSON without the blanks that make it readable; anything else as it is."""
    try:
        return msgspec.json.format(text, indent=-1)
    except (ValueError, RecursionError):
        return text


def _number(text: str) -> int:
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) <= _PAGE_DIGITS else 1


def _done(query: QueryDict) -> dict[str, Any] | None:
    """What was just done, as the address says after a form."""
    if query.get("done") not in ("retried", "discarded"):
        return None
    return {"what": query["done"], **{name: _count(query, name) for name in ("accepted", "duplicates", "left")}}


def _count(query: QueryDict, name: str) -> int:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _PAGE_DIGITS + 3 else 0
