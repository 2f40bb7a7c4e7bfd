"""Customers: find, filter, sort, and take away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.answers import ask, workspace
from wotu.console.data_tabs import allowed
from wotu.console.exporting import export
from wotu.console.listing import SIZES, Listing
from wotu.console.permissions import require, require_export, signed_in_member
from wotu.console.sight import sight_of
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


@require_safe
def customers(request: HttpRequest) -> HttpResponse:
    """The list. Segments are those of the default value question, or of the one whose parameters the address has."""
    if workspace().is_empty():
        return render(request, "console/customers_empty.html", {"room": "customers"})
    sight = sight_of(request)
    listing, page = Listing.read(request.GET, by_name=not sight.whole).shown()
    context = {
        "room": "customers",
        "may_save": allowed(request, Action.SAVE),
        "listing": listing,
        "rows": tuple(sight.rows(page.rows)),
        "total": page.total,
        "columns": _columns(listing),
        "column_names": _column_names(),
        "pages": _pages(listing, page.total),
        "export_query": listing.query(page=""),
        "segments": [(key, words.name) for key, words in SEGMENTS.items()],
        "traits": {name: values[:_MOST_VALUES] for name, values in sight.traits(ask("traits")).items()},
        "sizes": SIZES,
        "chosen_trait": f"{listing.trait}:{listing.value}" if listing.trait else "",
    }
    only_result = getattr(request, "htmx", None) and request.htmx.target == "result"  # type: ignore[attr-defined]
    template = "console/parts/customer_result.html" if only_result else "console/customers.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def export_customers(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The whole filtered list as a file."""
    require_export(request, kind)
    header = [
        _("Customer ID"), _("Identifier"), _("Name"), _("Segment"), _("Orders"), _("Net revenue"),
        _("Last order"), _("First seen"), _("Last seen"),
    ]  # fmt: skip
    sight = sight_of(request)
    listing = Listing.read(request.GET, by_name=not sight.whole)
    rows = (
        (
            row.customer_id, row.identifier, row.name, segment_name(row.segment), row.orders, row.revenue,
            row.last_order, row.first_seen, row.last_seen,
        )
        for row in sight.rows(listing.all_rows())
    )  # fmt: skip
    return export(request, "customers", header, rows, kind=kind, total=listing.total())


@require_POST
def save_list(request: HttpRequest) -> HttpResponse:
    """Keep the customers of the list, as they are now, under a name."""
    require(request, Action.SAVE)
    listing = Listing.read(request.GET, by_name=not sight_of(request).whole)
    name = request.POST.get("name", "").strip()
    saved = workspace().save_list(name, [row.customer_id for row in listing.all_rows()])
    record(
        actor=signed_in_member(request), action=AuditAction.EDIT_FACTS, target="list",
        detail={"name": saved.name, "rows": saved.customers}, address=client_address(request)[0],
    )  # fmt: skip
    return HttpResponseRedirect(f"{reverse('console:customers')}?{listing.query(kept=saved.name)}")


def _columns(listing: Listing) -> list[Column]:
    shown = [("name", _("Customer")), *_column_names()]
    return [_column(listing, key, name) for key, name in shown if key == "name" or key in listing.columns]


def _column_names() -> list[tuple[str, str]]:
    return [
        ("segment", _("Segment")), ("orders", _("Orders")), ("revenue", _("Net revenue")),
        ("last_order", _("Last order")), ("first_seen", _("First seen")), ("last_seen", _("Last seen")),
    ]  # fmt: skip


def _column(listing: Listing, key: str, name: str) -> Column:
    if key == "segment":
        return Column(key, name, numeric=False, query="", sorted="")
    current = {key: "ascending", f"-{key}": "descending"}.get(listing.sort, "")
    # A first click shows the largest, or A before Z.
    first = key if key == "name" else f"-{key}"
    turned = f"-{key}" if current == "ascending" else key
    query = listing.query(sort=turned if current else first, page="")
    return Column(key, name, numeric=key != "name", query=query, sorted=current)


def _pages(listing: Listing, total: int) -> dict[str, Any]:
    last = listing.last_page(total)
    before, after = listing.page - 1, listing.page + 1
    return {
        "first_row": min(listing.offset + 1, total),
        "last_row": min(listing.offset + listing.size, total),
        "previous": listing.query(page="" if before == 1 else before) if before >= 1 else None,
        "next": listing.query(page=after) if after <= last else None,
    }
