"""Movement: who went from which value segment to which, between two dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wotu.console.answers import ask, workspace
from wotu.console.exporting import export
from wotu.console.parameters import RfmParameters
from wotu.console.permissions import require_export
from wotu.console.refusing import in_words
from wotu.console.whom import NOWHERE
from wotu.console.words import SEGMENTS, segment_name
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.periods import parse_date

_APART = timedelta(days=91)
_HEAT_FROM = (0.0, 0.02, 0.05, 0.1, 0.25)


@dataclass(frozen=True)
class Flow:
    """Customers who went from one segment to another, and their share of where they came from."""

    source: str
    target: str
    customers: int
    share: float | None
    stayed: bool

    @property
    def heat(self) -> int:
        """How dark the cell is, from 0 to 5."""
        return sum(1 for least in _HEAT_FROM if self.share and self.share > least)


@dataclass(frozen=True)
class Line:
    """One segment before: how many it had, where they went."""

    key: str
    name: str
    total: int
    flows: list[Flow]


@require_safe
def movement(request: HttpRequest) -> HttpResponse:
    """The matrix between two dates, with the value question's other parameters."""
    if workspace().is_empty():
        return render(request, "console/value_empty.html", {"room": "value"})
    parameters = RfmParameters.read(request.GET)
    dates = _dates(request)
    answer = _answer(dates, parameters)
    context = {
        "room": "value",
        "parameters": parameters,
        "dates": dates,
        "answer": answer,
        "lines": matrix(answer.flows) if answer else [],
        "columns": _columns(answer.flows) if answer else [],
        "largest": _largest_moves(answer.flows) if answer else [],
        "export_query": request.GET.urlencode(),
        # The same question again, for the customers behind its numbers.
        "who_query": urlencode({**dates, **parameters.changed}),
    }
    return render(request, "console/movement.html", context, status=422 if parameters.errors else 200)


@require_safe
def export_movement(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The flows as rows: from, to, customers."""
    require_export(request, kind)
    parameters = RfmParameters.read(request.GET)
    dates = _dates(request)
    before, after = (parse_date(dates[name], field=name) for name in ("before", "after"))
    if before >= after:
        raise invalid_argument("after", _("The second date must be after the first."), Reason.SAID)
    flows = ask("rfm_movement", before, after, **parameters.checked(dated=False)).flows
    header = [_("From, on %(day)s") % {"day": before}, _("To, on %(day)s") % {"day": after}, _("Customers")]
    rows = [(segment_name(source), segment_name(target), moved) for (source, target), moved in sorted(flows.items())]
    return export(request, "movement", header, rows, kind=kind, total=len(rows))


def matrix(flows: dict[tuple[str, str], int]) -> list[Line]:
    """The flows as lines of a table; shades show what share of a line moved."""
    keys = _keys(flows)
    lines = []
    for source in keys:
        cells = [(target, flows.get((source, target), 0)) for target in keys]
        total = sum(moved for _target, moved in cells)
        row = [
            Flow(source, target, moved, moved / total if total else None, source == target) for target, moved in cells
        ]
        lines.append(Line(source, segment_name(source), total, row))
    return lines


def _columns(flows: dict[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    totals = [(key, sum(moved for (_s, target), moved in flows.items() if target == key)) for key in _keys(flows)]
    return [(key, segment_name(key), total) for key, total in totals]


def _largest_moves(flows: dict[tuple[str, str], int]) -> list[tuple[str, str, str, str, int]]:
    moved = [(count, source, target) for (source, target), count in flows.items() if source != target and count]
    best = sorted(moved, reverse=True)[:5]
    return [(source, segment_name(source), target, segment_name(target), count) for count, source, target in best]


def _keys(flows: dict[tuple[str, str], int]) -> list[str]:
    without = any(NOWHERE in pair for pair, moved in flows.items() if moved)
    return [*SEGMENTS, NOWHERE] if without else list(SEGMENTS)


def _dates(request: HttpRequest) -> dict[str, str]:
    today = workspace().now().date()
    return {
        "before": request.GET.get("before", "").strip() or str(today - _APART),
        "after": request.GET.get("after", "").strip() or str(today),
    }


def _answer(dates: dict[str, str], parameters: RfmParameters) -> Any:
    arguments = parameters.arguments(dated=False)
    read: dict[str, date] = {}
    for name, text in dates.items():
        try:
            read[name] = parse_date(text, field=name)
        except WotuError:
            parameters.errors[name] = _("Write a date such as 2026-01-31.")
    if parameters.errors:
        return None
    try:
        if read["before"] >= read["after"]:
            raise invalid_argument("after", _("The second date must be after the first."), Reason.SAID)
        return ask("rfm_movement", read["before"], read["after"], **arguments)
    except WotuError as error:
        parameters.errors[error.field if error.field in dates else "form"] = in_words(error)
        return None
