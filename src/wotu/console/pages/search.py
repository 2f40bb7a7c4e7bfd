"""Global search over customers and pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wotu.console.answers import found_exactly, workspace
from wotu.console.data_tabs import TABS
from wotu.console.ledger_tabs import TABS as LEDGER_TABS
from wotu.console.loyalty.tabs import TABS as LOYALTY_TABS
from wotu.console.settings_tabs import tabs_for
from wotu.console.shell import ROOMS
from wotu.console.sight import sight_of
from wotu.console.words import SEGMENTS
from wotu.workspace.customer_table import CustomerPage

_MOST = 8


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What fits the words: a page by itself, or the panel under the search field."""
    words = searched(request)
    found = customers_found(request, words, most=_MOST)
    context = {"room": "", "words": words, "found": found, "pages": _pages(words, request)}
    panel = bool(getattr(request, "htmx", False))
    response = render(request, "console/parts/search_panel.html" if panel else "console/search.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def searched(request: HttpRequest, name: str = "q") -> str:
    """The words that are looked for, of the field ``name``."""
    return request.GET.get(name, "").strip()[:200]


def customers_found(request: HttpRequest, words: str, *, most: int) -> CustomerPage | None:
    """The customers whom words name, as the visitor may see them; nothing where nothing is looked for."""
    if not words or workspace().is_empty():
        return None
    sight = sight_of(request)
    exactly = found_exactly(words, by_name=not sight.whole)
    narrowed: dict[str, Any] = {"among": exactly} if exactly else {"search": words, "by_name": not sight.whole}
    page = workspace().customers(**narrowed, sort="-revenue", limit=most, offset=0)
    return CustomerPage(tuple(sight.rows(page.rows)), page.total)


def _pages(words: str, request: HttpRequest) -> list[tuple[str, str]]:
    pages = [(str(room.name), reverse(room.url_name)) for room in ROOMS]
    pages += [(_("Movement between segments"), reverse("console:movement")), (_("Account"), reverse("console:account"))]
    pages += [(f"{_('Settings')}: {tab.name}", reverse(tab.url_name)) for tab in tabs_for(request)]
    pages += [(str(tab.name), reverse(tab.url_name)) for tab in TABS]
    pages += [(f"{_('Loyalty')}: {tab.name}", reverse(tab.url_name)) for tab in LOYALTY_TABS]
    pages += [(f"{_('Ledger')}: {tab.name}", reverse(tab.url_name)) for tab in LEDGER_TABS]
    customers = reverse("console:customers")
    pages += [(str(each.name), f"{customers}?segment={key}") for key, each in SEGMENTS.items()]
    wanted = words.casefold()
    return [page for page in pages if wanted and wanted in page[0].casefold()][:_MOST]
