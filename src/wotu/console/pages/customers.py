"""Customers: find, filter, sort, and take away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from wotu.console.answers import ask, workspace
from wotu.console.exporting import export
from wotu.console.listing import SIZES, Listing
from wotu.console.parameters import RfmParameters
from wotu.console.permissions import require_export
from wotu.console.segments import members
from wotu.console.words import SEGMENTS, segment_name

_MOST_VALUES = 40


@dataclass(frozen=True)
class Column:
    """A heading: a link that sorts by it, the other way round when it sorts already."""

    key: str
    name: str
    numeric: bool
    query: str
    sorted: str


@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """The list; with parameters of a value question, that question's segment."""
    parameters = RfmParameters.read(request.GET)
    listing = Listing.read(request.GET)
    if workspace().is_empty():
        return render(request, "console/customers_empty.html", {"room": "customers"})
    if listing.segment and parameters.changed:
        context = _scored(listing, parameters)
    else:
        context = _listed(listing)
    context |= {
        "room": "customers",
        "listing": listing,
        "segments": [(key, words.name) for key, words in SEGMENTS.items()],
        "traits": {name: values[:_MOST_VALUES] for name, values in ask("traits").items()},
        "sizes": SIZES,
        "chosen_trait": f"{listing.trait}:{listing.value}" if listing.trait else "",
    }
    only_result = getattr(request, "htmx", None) and request.htmx.target == "result"  # type: ignore[attr-defined]
    response = render(request, "console/parts/customer_result.html" if only_result else "console/customers.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
def export_customers(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The whole filtered list as a file."""
    require_export(request, kind)
    listing, parameters = Listing.read(request.GET), RfmParameters.read(request.GET)
    if listing.segment and parameters.changed:
        header, rows = _scored_export(listing, parameters)
    else:
        header, rows = _listed_export(listing)
    return export(request, "customers", header, rows, kind=kind)


def _listed(listing: Listing) -> dict[str, Any]:
    page = listing.rows()
    return {
        "rows": page.rows,
        "total": page.total,
        "columns": _columns(listing),
        "pages": _pages(listing, page.total, ""),
        "export_query": listing.query(page=""),
    }


def _scored(listing: Listing, parameters: RfmParameters) -> dict[str, Any]:
    answer = ask("rfm", **parameters.arguments())
    total = next(segment.customers for segment in answer.segments if segment.key == listing.segment)
    rows = [
        (member, workspace().customer(member.customer_id))
        for member in members(answer, listing.segment, limit=listing.size, offset=listing.offset)
    ]
    query = listing.query(page="", q="", trait="", sort="")
    return {
        "scored": rows,
        "as_of": answer.as_of,
        "total": total,
        "parameters": parameters,
        "pages": _pages(listing, total, parameters.query),
        "export_query": f"{query}&{parameters.query}",
    }


def _columns(listing: Listing) -> list[Column]:
    names = [
        ("name", _("Customer"), False), ("segment", _("Segment"), False), ("orders", _("Orders"), True),
        ("revenue", _("Net revenue"), True), ("last_order", _("Last order"), True),
        ("first_seen", _("First seen"), True), ("last_seen", _("Last seen"), True),
    ]  # fmt: skip
    return [_column(listing, key, name, numeric) for key, name, numeric in names]


def _column(listing: Listing, key: str, name: str, numeric: bool) -> Column:
    if key == "segment":
        return Column(key, name, numeric, "", "")
    current = {key: "ascending", f"-{key}": "descending"}.get(listing.sort, "")
    # A first click shows the largest, or A before Z.
    first = key if key == "name" else f"-{key}"
    turned = f"-{key}" if current == "ascending" else key
    return Column(key, name, numeric, listing.query(sort=turned if current else first, page=""), current)


def _pages(listing: Listing, total: int, extra: str) -> dict[str, Any]:
    last = max(-(-total // listing.size), 1)

    def at(page: int) -> str:
        query = listing.query(page="" if page == 1 else page)
        return "&".join(part for part in (query, extra) if part)

    return {
        "first_row": min(listing.offset + 1, total),
        "last_row": min(listing.offset + listing.size, total),
        "page": listing.page,
        "last": last,
        "previous": at(listing.page - 1) if listing.page > 1 else None,
        "next": at(listing.page + 1) if listing.page < last else None,
    }


def _listed_export(listing: Listing) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    header = [
        _("Customer ID"), _("Identifier"), _("Name"), _("Segment"), _("Orders"), _("Net revenue"),
        _("Last order"), _("First seen"), _("Last seen"),
    ]  # fmt: skip
    rows = (
        (
            row.customer_id, row.identifier, row.name, segment_name(row.segment), row.orders, row.revenue,
            row.last_order, row.first_seen, row.last_seen,
        )
        for row in listing.all_rows()
    )  # fmt: skip
    return header, rows


def _scored_export(listing: Listing, parameters: RfmParameters) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    return scored_rows(ask("rfm", **parameters.arguments()), listing.segment)


def scored_rows(answer: Any, segment: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Header and rows of the customers of a value answer."""
    header = [_("Customer ID"), _("Segment"), _("Days since last order"), _("Orders"), _("Monetary"), "R", "F", "M"]
    rows = (
        (each.customer_id, segment_name(each.segment), each.recency_days, each.frequency, each.monetary,
         each.r, each.f, each.m)
        for each in members(answer, segment)
    )  # fmt: skip
    return header, rows
