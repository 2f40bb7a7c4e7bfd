"""Ledger, Limits: budgets, stock and caps, with the slices they are kept in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from wotu.accounts.rules import Action
from wotu.console.ledger_tabs import ledger_page
from wotu.console.ledger_words import amount
from wotu.console.pages.ledger_accounts import entries_context
from wotu.console.permissions import require
from wotu.ledger import due_services, house_reads, reads
from wotu.ledger.house_reads import LimitRow

_LIMITS = 50


@require_safe
def limits(request: HttpRequest) -> HttpResponse:
    """Every limit, the newest first."""
    require(request, Action.READ)
    page = house_reads.limits(before=request.GET.get("before") or None, limit=_LIMITS)
    context = {
        "rows": [_shown(each) for each in page.rows],
        "more": urlencode({"before": page.next}) if page.next else "",
        "first_page": not request.GET.get("before"),
    }
    return ledger_page(request, "console/ledger/limits.html", "limits", context)


@require_safe
def limit(request: HttpRequest, number: int) -> HttpResponse:
    """One limit with its slices and everything that moved it."""
    require(request, Action.READ)
    due_services.end_holds_of(number, now=timezone.now())
    row, slices = house_reads.limit_of(number)
    before = request.GET.get("before") or None
    context = {
        "each": _shown(row),
        "slices": [
            {"number": part.number + 1, "size": amount(part.size, row.unit), "used": amount(part.used, row.unit),
             "held": amount(part.held, row.unit), "left": amount(part.size - part.used - part.held, row.unit)}
            for part in slices
        ],
        **entries_context(request, reads.account_statement(number, before=before), row.unit),
    }  # fmt: skip
    return ledger_page(request, "console/ledger/limit.html", "limits", context)


def _shown(row: LimitRow) -> dict[str, Any]:
    return {
        "row": row,
        "size": amount(row.size, row.unit), "used": amount(row.used, row.unit),
        "held": amount(row.held, row.unit), "left": amount(row.left, row.unit),
        "percent": round((row.used + row.held) * 100 / row.size) if row.size else 0,
    }  # fmt: skip
