"""Loyalty, Points and levels: what members can have for points; owners offer it, change it and end it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.loyalty.typed import TypedFields
from wotu.console.permissions import require
from wotu.console.refusing import in_words
from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons.reads import TemplateRow
from wotu.loyalty.programme import mall_reads, mall_services
from wotu.loyalty.programme import reads as club_reads
from wotu.loyalty.programme.mall_reads import ItemRow
from wotu.loyalty.programme.services import CLUB

FIELDS = ("name", "points", "stock", "per_customer", "kind")
_MOST = 1_000_000_000
_MOST_POINTS = 10**12 - 1


@dataclass(frozen=True)
class ShownItem:
    """An item with its figures in words. ``share`` is how much of the stock is left, in percent."""

    row: ItemRow
    points: str
    left: str
    stock: str
    taken: str
    share: int | None


def shown_items(code: str) -> list[ShownItem]:
    """Everything of a programme's mall."""
    return [_shown(each) for each in mall_reads.items(code)]


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Offer something for points."""
    require(request, Action.APPROVE_BUDGETS)
    if club_reads.club(timezone.now()) is None:
        return HttpResponseRedirect(reverse("console:programme"))
    if request.method != "POST":
        return _form(request, dict.fromkeys(FIELDS, ""), {})
    typed, form = _posted(request)
    kinds = {str(each.number): each for each in _kinds()}
    kind = kinds.get(form.choice("kind", ("", *kinds)))
    given = _read(form)
    if form.errors:
        return _form(request, typed, form.errors, status=422)
    try:
        with told(request, AuditAction.EDIT_PROGRAMME, CLUB, what="item") as detail:
            made = mall_services.create_item(
                **given, template=kind.number if kind else None, code=CLUB, now=timezone.now()
            )
            detail["item"] = made
    except WotuError as error:
        return _form(request, typed, _wrong(error), status=422)
    return _back("item")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Change an item; whoever has it keeps it at the points they paid."""
    require(request, Action.APPROVE_BUDGETS)
    row = _item(number)
    if request.method != "POST":
        return _form(request, _typed_of(row), {}, row=row)
    typed, form = _posted(request)
    given = _read(form)
    if row.stock is None:
        given["stock"] = None
    elif given["stock"] is None:
        form.refuse("stock", _("Fill in this field."))
    if form.errors:
        return _form(request, typed, form.errors, row=row, status=422)
    try:
        with told(request, AuditAction.EDIT_PROGRAMME, CLUB, what="item", item=number):
            mall_services.change_item(number, **given, now=timezone.now())
    except WotuError as error:
        return _form(request, typed, _wrong(error), row=row, status=422)
    return _back("item")


@require_POST
def act(request: HttpRequest, number: int) -> HttpResponse:
    """Offer an item no longer, or again."""
    require(request, Action.APPROVE_BUDGETS)
    _item(number)
    offered = request.POST.get("do") == "offer"
    with told(request, AuditAction.EDIT_PROGRAMME, CLUB, what="item_offered" if offered else "item_ended", item=number):
        mall_services.offer_item(number, offered=offered)
    return _back("item")


def _item(number: int) -> ItemRow:
    row = mall_reads.item(number)
    if row.programme != CLUB:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such item.", field="item")
    return row


def _kinds() -> tuple[TemplateRow, ...]:
    return coupon_reads.kinds_to_give(now=timezone.now())


def _posted(request: HttpRequest) -> tuple[dict[str, str], TypedFields]:
    typed = {name: request.POST.get(name, "")[:200] for name in FIELDS}
    return typed, TypedFields(typed)


def _read(form: TypedFields) -> dict[str, Any]:
    points = form.whole("points", most=_MOST_POINTS)
    if points is None:
        form.refuse("points", _("Fill in this field."))
    return {
        "name": form.text("name", most=120), "points": points, "stock": form.whole("stock", least=0, most=_MOST),
        "per_customer": form.whole("per_customer", most=_MOST),
    }  # fmt: skip


def _typed_of(row: ItemRow) -> dict[str, str]:
    numbers = {name: getattr(row, name) for name in ("points", "stock", "per_customer")}
    return {"name": row.name, "kind": "", **{name: "" if it is None else str(it) for name, it in numbers.items()}}


def _form(
    request: HttpRequest, typed: dict[str, str], errors: dict[str, str], *, row: ItemRow | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {"typed": typed, "errors": errors, "row": row, "kinds": () if row else _kinds()}
    return loyalty_page(request, "console/loyalty/item_form.html", "programme", context, status=status)


def _wrong(error: WotuError) -> dict[str, str]:
    """What the services refused, beside its field."""
    if error.field == "stock":
        return {"stock": _("More than that are taken already.")}
    return {error.field if error.field in FIELDS else "form": in_words(error)}


def _back(done: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("console:programme") + f"?done={done}#mall")


def _shown(row: ItemRow) -> ShownItem:
    share = None if row.stock is None or row.left is None else round(100 * row.left / max(1, row.stock))
    return ShownItem(
        row, figures.count_exact(row.points), figures.count_exact(row.left), figures.count_exact(row.stock),
        figures.count_exact(row.taken), share,
    )  # fmt: skip
