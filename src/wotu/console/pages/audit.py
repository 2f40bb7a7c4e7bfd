"""Settings, Audit: who did what, when and from where; found by person, kind and day, and taken away as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wotu.accounts import audit as entries_of
from wotu.accounts.audit import Entry
from wotu.accounts.choices import ActorKind, AuditAction, Role
from wotu.accounts.rules import Action
from wotu.console.exporting import export
from wotu.console.permissions import require, require_export
from wotu.console.settings_fields import FIELDS
from wotu.console.settings_tabs import settings_page
from wotu.console.vocabulary import plain_value
from wotu.console.words import CHANNELS, DETAILS, PURPOSES
from wotu.core.errors import WotuError
from wotu.core.periods import parse_date

_LINES = 50
_EXPORT_LINES = 1_000
_NAMES = ("actor", "action", "from", "to")


@dataclass(frozen=True)
class Asked:
    """What an address looks for: word for word, as filters of the audit, and the errors beside their fields."""

    typed: dict[str, str]
    filters: dict[str, Any]
    errors: dict[str, str]

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        typed = {name: query.get(name, "").strip()[:80] for name in _NAMES}
        filters: dict[str, Any] = {"actor": typed["actor"], "action": typed["action"]}
        errors: dict[str, str] = {}
        # The last day that is asked for counts whole.
        for name, bound, days in (("from", "since", 0), ("to", "until", 1)):
            if typed[name]:
                try:
                    day = parse_date(typed[name], field=name) + timedelta(days=days)
                    filters[bound] = datetime.combine(day, time.min, tzinfo=settings.WOTU_SETTINGS.zone)
                except (WotuError, OverflowError):
                    errors[name] = _("Write a date such as 2026-01-31.")
        return cls(typed, filters, errors)

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in self.typed.items() if value})


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """The entries, newest first."""
    require(request, Action.MANAGE_TEAM)
    asked = Asked.read(request.GET)
    page = entries_of.entries(**asked.filters, before=request.GET.get("before") or None, limit=_LINES)
    older = urlencode({**dict(_pairs(asked)), "before": page.next}) if page.next else ""
    context = {
        "asked": asked,
        "lines": [(entry, action_name(entry.action), details(entry.detail)) for entry in page.rows],
        "older": older,
        "newest": asked.query if request.GET.get("before") else None,
        "actors": entries_of.actors(),
        "actions": AuditAction.choices,
        "kinds": dict(ActorKind.choices),
    }
    return settings_page(request, "console/audit.html", "audit", context, status=422 if asked.errors else 200)


@require_safe
def export_audit(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """Every entry that is asked for, as a file."""
    require(request, Action.MANAGE_TEAM)
    require_export(request, kind)
    filters = Asked.read(request.GET).filters
    header = [_("When"), _("Kind of actor"), _("Who"), _("What"), _("On"), _("Details"), _("Address")]
    total = entries_of.count(**filters)
    return export(request, "audit", header, _rows(filters), kind=kind, total=total)


def action_name(action: str) -> str:
    """What an action is called; one that is not known stays as it is."""
    return str(dict(AuditAction.choices).get(action, action))


def details(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an entry tells besides: names and values, a change as before → after."""
    lines = []
    for name, value in detail.items():
        if isinstance(value, Mapping):
            lines += [(f"{_named(name)}: {key}", str(each)) for key, each in value.items()]
        elif isinstance(value, list) and len(value) == 2:
            lines.append((_named(name), " → ".join(_valued(name, each) for each in value)))
        else:
            lines.append((_named(name), _valued(name, value)))
    return lines


def _named(name: str) -> str:
    return str(FIELDS[name].label if name in FIELDS and name not in DETAILS else DETAILS.get(name, name))


def _valued(name: str, value: Any) -> str:
    if name in FIELDS and name not in DETAILS:
        return FIELDS[name].in_words(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words: dict[str, dict[str, Any]] = {"channel": CHANNELS, "purpose": PURPOSES, "role": dict(Role.choices)}
    known = words.get(name, {})
    return plain_value(known.get(value, value) if isinstance(value, str) else value)


def _pairs(asked: Asked) -> list[tuple[str, str]]:
    return [(name, value) for name, value in asked.typed.items() if value]


def _rows(filters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    before: str | None = None
    while True:
        page = entries_of.entries(**filters, before=before, limit=_EXPORT_LINES)
        yield from (_row(entry) for entry in page.rows)
        if page.next is None:
            return
        before = page.next


def _row(entry: Entry) -> tuple[Any, ...]:
    told = "; ".join(f"{name}: {value}" for name, value in details(entry.detail))
    when = entry.at.astimezone(settings.WOTU_SETTINGS.zone)
    return when, entry.actor_kind, entry.actor, action_name(entry.action), entry.target, told, entry.address
