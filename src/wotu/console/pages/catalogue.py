"""Data, Catalogue: every event, property and trait there is, what it holds, and what people say it means."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.masking import is_personal
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.addresses import client_address
from wotu.console.answers import ask, workspace
from wotu.console.catalogue_entries import alike, event_entries, property_entries
from wotu.console.data_tabs import allowed, data_page
from wotu.console.incoming import counted
from wotu.console.permissions import require, signed_in_member
from wotu.console.sight import Sight, sight_of
from wotu.console.vocabulary import event_name, plain_value, property_name
from wotu.core.money import decimal_text
from wotu.core.periods import from_micros
from wotu.facts.vocabulary import EVENTS, PROPERTIES
from wotu.workspace.tally import Tally

VIEWS = ("events", "properties", "traits")
_VALUES = 20
_LONGEST = 500


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The list of one view, narrowed by words."""
    require(request, Action.READ)
    counting = counted()
    if counting.tally is None:
        return data_page(request, "console/data/counting.html", "catalogue", {"done": counting.done})
    view = request.GET.get("view", "")
    view = view if view in VIEWS else VIEWS[0]
    words = request.GET.get("q", "").strip()[:200]
    lists = {"events": _events, "properties": _properties, "traits": _traits}
    context = {"view": view, "words": words, "views": VIEWS, "columns": len(counting.tally.columns)}
    shown = lists[view](counting.tally, words)
    return data_page(request, "console/data/catalogue.html", "catalogue", context | shown)


@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: HttpRequest) -> HttpResponse:
    """One event, property or trait; a POST keeps what it means and who answers for it."""
    require(request, Action.READ)
    kind, name = request.GET.get("kind", ""), request.GET.get("name", "")
    counting = counted()
    if counting.tally is None:
        return data_page(request, "console/data/counting.html", "catalogue", {"done": counting.done})
    shows = {"event": _event, "property": _property, "trait": _trait}
    if kind not in shows:
        raise Http404
    if request.method == "POST":
        require(request, Action.EDIT_FACTS)
        return _keep(request, kind, name)
    context = {
        "kind": kind, "name": name, "said": _said().get((kind, name), {}),
        "may_edit": allowed(request, Action.EDIT_FACTS), "done": request.GET.get("done") == "yes",
        **shows[kind](counting.tally, name, sight_of(request), request.GET.get("event", "")),
    }  # fmt: skip
    return data_page(request, "console/data/entry.html", "catalogue", context)


def _keep(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    of_event = ("shown_as", "hidden") if kind == "event" else ()
    told = {key: request.POST.get(key, "").strip()[:_LONGEST] for key in ("description", "owner", *of_event)}
    workspace().put_facts("catalogue", [{"kind": kind, "name": name, **{k: v for k, v in told.items() if v}}])
    record(
        actor=signed_in_member(request), action=AuditAction.EDIT_FACTS, target="catalogue",
        detail={"key": f"{kind} {name}"}, address=client_address(request)[0],
    )  # fmt: skip
    query = urlencode({"kind": kind, "name": name, "done": "yes"})
    return HttpResponseRedirect(f"{reverse('console:catalogue-entry')}?{query}")


def _events(tally: Tally, words: str) -> dict[str, Any]:
    entries, said = event_entries(tally, _today()), _said()
    return {
        "rows": [
            {"entry": each, "shown": event_name(each.name), "said": said.get(("event", each.name), {}),
             "query": _query("event", each.name)}
            for each in entries if _fits(words, each.name, event_name(each.name))
        ],
        "alike": alike((each.name for each in entries), EVENTS),
    }  # fmt: skip


def _properties(tally: Tally, words: str) -> dict[str, Any]:
    entries, said = property_entries(tally), _said()
    return {
        "rows": [
            {"entry": each, "shown": property_name(each.name), "said": said.get(("property", each.name), {}),
             "query": _query("property", each.name)}
            for each in entries if _fits(words, each.name, property_name(each.name))
        ],
        "alike": alike((each.name for each in entries), PROPERTIES),
    }  # fmt: skip


def _traits(_tally: Tally, words: str) -> dict[str, Any]:
    said, arrivals = _said(), workspace().arrivals
    traits = [name for name in workspace().generation().manifest.traits if _fits(words, name)]
    rows = []
    for name in traits:
        question, found = arrivals.values(f"trait.{name}")
        rows.append(
            {"name": name, "kind": question.kind, "given": found.present, "of": found.of,
             "share": found.present / found.of if found.of else None, "values": len(found.counts),
             "said": said.get(("trait", name), {}), "query": _query("trait", name)}
        )  # fmt: skip
    return {"rows": sorted(rows, key=lambda row: (-row["given"], row["name"])), "alike": alike(traits, ())}


def _event(tally: Tally, name: str, _sight: Sight, _within: str) -> dict[str, Any]:
    found = next((each for each in event_entries(tally, _today()) if each.name == name), None)
    if found is None:
        raise Http404
    carried = [
        {"name": each.name, "shown": property_name(each.name, name), "kind": each.kind, "share": each.share,
         "given": each.given, "drift": each.drift if each.kind else {}, "query": _query("property", each.name, name)}
        for each in property_entries(tally, event=name)
    ]  # fmt: skip
    return {"shown": event_name(name), "event": found, "carried": carried}


def _property(tally: Tally, name: str, sight: Sight, within: str) -> dict[str, Any]:
    found = next((each for each in property_entries(tally) if each.name == name), None)
    if found is None:
        raise Http404
    carriers = [
        {"name": event, "shown": event_name(event), "share": given / of if of else None, "given": given,
         "query": _query("property", name, event), "chosen": event == within}
        for event, (given, of) in sorted(found.present.items(), key=lambda each: -each[1][0])
    ]  # fmt: skip
    values = _values(name, found.kind, sight, within) if found.kind and found.kind != "key" else {}
    return {"shown": property_name(name), "property": found, "carriers": carriers, "within": within, **values}


def _trait(_tally: Tally, name: str, sight: Sight, _within: str) -> dict[str, Any]:
    traits = workspace().generation().manifest.traits
    if name not in traits:
        raise Http404
    return {"shown": name, "trait_kind": traits[name], **_values(f"trait.{name}", traits[name], sight, "")}


def _values(name: str, kind: str, sight: Sight, within: str) -> dict[str, Any]:
    """The most frequent values, or the least and the greatest; hidden where they would tell identifiers."""
    _question, found = workspace().arrivals.values(name, event=within)
    given = {"given": found.present, "of": found.of, "share": found.present / found.of if found.of else None}
    if is_personal(name) and not sight.whole:
        return given | {"hidden": True}
    top = [
        (plain_value(value == "true") if kind == "boolean" else sight.text(value), count, count / found.present)
        for value, count in found.counts.most_common(_VALUES)
    ]
    ends = [_end(each, kind) for each in (found.least, found.greatest) if each is not None]
    return given | {"top": top, "distinct": len(found.counts), "ends": ends}


def _end(value: float, kind: str) -> str:
    if kind == "money":
        currency = settings.WOTU_SETTINGS.currency
        return figures.money_exact(Decimal(decimal_text(int(value), currency)), currency)
    if kind == "time":
        return figures.day(from_micros(int(value), settings.WOTU_SETTINGS.zone))
    return plain_value(value)


def _said() -> dict[tuple[str, str], dict[str, str]]:
    """What people said, by kind and name."""
    return {(row["kind"], row["name"]): row for row in ask("facts", "catalogue").to_pylist()}


def _fits(words: str, *names: str) -> bool:
    return any(words.casefold() in name.casefold() for name in names)


def _query(kind: str, name: str, event: str = "") -> str:
    return urlencode({"kind": kind, "name": name, **({"event": event} if event else {})})


def _today() -> Any:
    return (workspace().now() - timedelta(microseconds=1)).date()
