"""Data, Tables: tables besides events; people look rows up, add, change and delete them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.masking import mask
from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.answers import ask, workspace
from wotu.console.data_tabs import allowed, data_page
from wotu.console.fact_rows import error_of, fields, searched, texts
from wotu.console.fact_words import CHOICES, TABLES, column_name
from wotu.console.permissions import require, signed_in_member
from wotu.console.sight import Sight, sight_of
from wotu.core.errors import WotuError
from wotu.core.fact_tables import TABLES as DECLARED
from wotu.core.fact_tables import FactTable

_ROWS = 50
_PAGE_DIGITS = 6
_NUMERIC = ("money", "price", "number", "rate", "count")


@require_safe
def tables(request: HttpRequest) -> HttpResponse:
    """Every table with how many rows it has."""
    require(request, Action.READ)
    shown = [(key, name, meaning, len(ask("facts", key))) for key, (name, meaning) in TABLES.items()]
    return data_page(request, "console/data/tables.html", "tables", {"shown": shown})


@require_safe
def table(request: HttpRequest, name: str) -> HttpResponse:
    """The rows of one table, found by words, a page at a time."""
    require(request, Action.READ)
    declared, sight = _declared(name), sight_of(request)
    words = request.GET.get("q", "").strip()[:200]
    # Found letter by letter, a hidden identifier would be told.
    hidden = frozenset() if sight.whole else frozenset({declared.customer or "", "more"})
    every = ask("facts", name)
    rows = searched(every, words, hidden=hidden)
    last = max(-(-len(rows) // _ROWS), 1)
    page = min(_number(request.GET.get("page", "")), last)
    columns = [column for column in declared.columns if every[column.name].null_count < len(every)]
    context = {
        **_around(request, declared),
        "columns": [(column_name(column.name), column.kind in _NUMERIC) for column in columns],
        "rows": [
            _shown(row, declared, [column.name for column in columns], sight)
            for row in rows.slice((page - 1) * _ROWS, _ROWS).to_pylist()
        ],
        "words": words, "total": len(rows), "all": len(every),
        "first": (page - 1) * _ROWS + 1, "last": min(page * _ROWS, len(rows)),
        "previous": urlencode({"q": words, "page": page - 1}) if page > 1 else "",
        "next": urlencode({"q": words, "page": page + 1}) if page < last else "",
        "done": request.GET.get("done", ""),
    }  # fmt: skip
    return data_page(request, "console/data/table.html", "tables", context)


@require_http_methods(["GET", "HEAD", "POST"])
def row(request: HttpRequest, name: str) -> HttpResponse:
    """The form of a new row, or of the one whose key the address has."""
    require(request, Action.READ)
    require(request, Action.EDIT_FACTS)
    declared = _declared(name)
    key = {column: request.GET[column] for column in declared.key if column in request.GET}
    known = _known(declared, key) if key else None
    if request.method != "POST":
        return _form(request, declared, texts(declared, known) if known else {}, {}, known=known is not None)
    typed = {column.name: request.POST.get(column.name, "").strip() for column in declared.columns}
    typed |= texts(declared, known) if known and request.POST.get("do") == "delete" else {}
    if known:
        typed |= {column: texts(declared, known)[column] for column in declared.key}
    try:
        done = _change(declared, typed, delete=request.POST.get("do") == "delete", more=known)
    except WotuError as error:
        return _form(request, declared, typed, error_of(error, declared, typed), known=known is not None, status=422)
    record(
        actor=signed_in_member(request), action=AuditAction.EDIT_FACTS, target=name,
        detail={"key": _told(declared, typed), "do": done}, address=client_address(request)[0],
    )  # fmt: skip
    return HttpResponseRedirect(f"{reverse('console:table', args=[name])}?done={done}")


def _change(declared: FactTable, typed: dict[str, str], *, delete: bool, more: dict[str, Any] | None) -> str:
    if delete:
        workspace().delete_fact(declared.name, {column: typed[column] for column in declared.key if typed[column]})
        return "deleted"
    # Columns that are not declared have no field, and stay as they are.
    rest = _more(more)
    workspace().put_facts(declared.name, [{**rest, **{name: value for name, value in typed.items() if value}}])
    return "kept"


def _more(known: dict[str, Any] | None) -> dict[str, Any]:
    return dict(json.loads(known["more"])) if known and known.get("more") else {}


def _form(
    request: HttpRequest, declared: FactTable, values: dict[str, str], errors: dict[str, str], *, known: bool,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        **_around(request, declared), "fields": fields(declared, values, errors, known=known), "known": known,
        "problem": errors.get("form", ""), "address": request.get_full_path(),
    }  # fmt: skip
    return data_page(request, "console/data/table_row.html", "tables", context, status=status)


def _around(request: HttpRequest, declared: FactTable) -> dict[str, Any]:
    name, meaning = TABLES[declared.name]
    return {"key": declared.name, "name": name, "meaning": meaning, "may_edit": allowed(request, Action.EDIT_FACTS)}


def _known(declared: FactTable, key: dict[str, str]) -> dict[str, Any]:
    """The row with this key; there is no page for one that does not exist."""
    rows = ask("facts", declared.name)
    for column in declared.key:
        rows = rows.filter(pc.equal(rows[column].cast(pa.string()).fill_null(""), key.get(column, "")))
    if not len(rows):
        raise Http404
    return dict(rows.slice(0, 1).to_pylist()[0])


def _shown(row: dict[str, Any], declared: FactTable, columns: list[str], sight: Sight) -> dict[str, Any]:
    typed = texts(declared, row)
    cells = [
        (
            column_name(name),
            str(CHOICES.get(typed[name], _masked(name, typed[name], declared, sight))) if typed[name] else "—",
            declared.column(name).kind in _NUMERIC,
        )
        for name in columns
    ]
    return {
        "cells": cells, "customer_id": row.get("customer_id"),
        # Only who may edit gets the link, and they see identifiers whole.
        "query": urlencode({column: typed[column] for column in declared.key}) if sight.whole else "",
    }  # fmt: skip


def _masked(name: str, text: str, declared: FactTable, sight: Sight) -> str:
    """A cell as the person may see it: an identifier keeps its type in front."""
    if name == declared.customer and not sight.whole:
        kind, colon, value = text.partition(":")
        return f"{kind}{colon}{mask(kind, value)}" if colon else text
    return str(sight.value(name, text))


def _told(declared: FactTable, typed: dict[str, str]) -> str:
    """The key for the audit, which names no customer."""
    return " · ".join(typed[column] for column in declared.key if column != declared.customer and typed[column])


def _declared(name: str) -> FactTable:
    if name not in TABLES:
        raise Http404
    return DECLARED[name]


def _number(text: str) -> int:
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) <= _PAGE_DIGITS else 1
