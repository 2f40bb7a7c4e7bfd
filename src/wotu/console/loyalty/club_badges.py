"""Loyalty, Points and levels: badges, for what members did; owners make and change them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.campaign_words import money
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.loyalty.typed import TypedFields
from wotu.console.permissions import require
from wotu.console.refusing import in_words
from wotu.core.errors import WotuError
from wotu.core.money import decimal_text
from wotu.loyalty.choices import BadgeMetric
from wotu.loyalty.pricing.written import minor
from wotu.loyalty.programme import badge_reads, badge_services
from wotu.loyalty.programme import reads as club_reads
from wotu.loyalty.programme.badge_reads import BadgeRow
from wotu.loyalty.programme.services import CLUB

FIELDS = ("name", "metric", "levels")
_WHOLE = re.compile(r"[0-9]{1,12}")
_LONGEST_START = 30


@dataclass(frozen=True)
class ShownBadge:
    """A badge in words; ``levels`` are (what it takes, how many have it)."""

    row: BadgeRow
    metric: str
    levels: list[tuple[str, str]]


def shown_badges(code: str) -> list[ShownBadge]:
    """The badges of a programme."""
    return [_shown(each) for each in badge_reads.badges(code)]


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a badge."""
    require(request, Action.APPROVE_BUDGETS)
    club = club_reads.club(timezone.now())
    if club is None:
        return HttpResponseRedirect(reverse("console:programme"))
    currency = club.terms["currency"]
    if request.method != "POST":
        return _form(request, {"name": "", "metric": BadgeMetric.ORDERS.value, "levels": ""}, {}, currency)
    typed, form = _posted(request)
    name, metric = form.text("name", most=120), form.choice("metric", tuple(BadgeMetric.values))
    levels = _levels(form, metric, currency)
    if not form.errors:
        try:
            with told(request, AuditAction.EDIT_PROGRAMME, CLUB, what="badge") as detail:
                code = _free_code(name)
                badge_services.create_badge(name, metric, levels, code=code, programme_code=CLUB)
                detail["badge"] = code
        except WotuError as error:
            return _form(request, typed, _wrong(error), currency, status=422)
        return _back()
    return _form(request, typed, form.errors, currency, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change what a badge is called and what its levels take."""
    require(request, Action.APPROVE_BUDGETS)
    row = badge_reads.badge(code, CLUB)
    if request.method != "POST":
        there = {"name": row.name, "metric": row.metric, "levels": ", ".join(_written(row))}
        return _form(request, there, {}, row.currency, row=row)
    typed, form = _posted(request)
    name, levels = form.text("name", most=120), _levels(form, row.metric, row.currency)
    if not form.errors:
        try:
            with told(request, AuditAction.EDIT_PROGRAMME, CLUB, what="badge", badge=code):
                badge_services.change_badge(code, name=name, levels=levels, programme_code=CLUB)
        except WotuError as error:
            return _form(request, typed, _wrong(error), row.currency, row=row, status=422)
        return _back()
    return _form(request, typed, form.errors, row.currency, row=row, status=422)


def _posted(request: HttpRequest) -> tuple[dict[str, str], TypedFields]:
    typed = {name: request.POST.get(name, "")[:400] for name in FIELDS}
    return typed, TypedFields(typed)


def _levels(form: TypedFields, metric: str, currency: str) -> list[int]:
    """What was typed for the levels; nothing, and said so, where it is no rising numbers."""
    texts = [each for each in re.split(r"[\s,，、;；]+", form.typed["levels"]) if each]
    try:
        if metric == BadgeMetric.SPENT:
            found = [minor(each, currency, field="levels") for each in texts]
        else:
            found = [int(each) if _WHOLE.fullmatch(each) else 0 for each in texts]
    except WotuError:
        found = []
    if not found or found[0] < 1 or found != sorted(set(found)):
        form.refuse("levels", _("Write numbers above 0 that rise, such as 1, 10, 50."))
    return found


def _written(row: BadgeRow) -> list[str]:
    return [decimal_text(each, row.currency) if row.metric == BadgeMetric.SPENT else str(each) for each in row.levels]


def _free_code(name: str) -> str:
    """A code that no other badge has, from the letters of the name."""
    start = slugify(name)[:_LONGEST_START].strip("-_").replace("_", "-") or "badge"
    taken = {each.code for each in badge_reads.badges(CLUB)}
    return next(code for number in range(1, len(taken) + 2)
                if (code := start if number == 1 else f"{start}-{number}") not in taken)  # fmt: skip


def _form(
    request: HttpRequest, typed: dict[str, str], errors: dict[str, str], currency: str, *, row: BadgeRow | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "typed": typed, "errors": errors, "row": row, "currency": currency, "metrics": BadgeMetric.choices,
        "metric": BadgeMetric(row.metric).label if row else "",
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/badge_form.html", "programme", context, status=status)


def _wrong(error: WotuError) -> dict[str, str]:
    """What the services refused, beside its field."""
    return {error.field if error.field in FIELDS else "form": in_words(error)}


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("console:programme") + "?done=badge#badges")


def _shown(row: BadgeRow) -> ShownBadge:
    spent = row.metric == BadgeMetric.SPENT
    takes = [money(each, row.currency) if spent else figures.count_exact(each) for each in row.levels]
    holders = [figures.count_exact(each) for each in row.holders]
    return ShownBadge(row, str(BadgeMetric(row.metric).label), list(zip(takes, holders, strict=True)))
