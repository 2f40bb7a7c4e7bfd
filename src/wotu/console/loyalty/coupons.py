"""Loyalty, Coupons: look one up by its code or its owner: what it is, why it is of no use, what was done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts import audit
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.data_tabs import allowed
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.campaign_words import WHY_NOT, refusal, shown_kind
from wotu.console.loyalty.coupon_rows import shown_coupon
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.pages.search import customers_found, searched
from wotu.console.permissions import require, signed_in_member
from wotu.core.customer_ids import customer_text
from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty.campaigns import reads as campaign_reads
from wotu.loyalty.coupons import codes, guessing
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.coupons.reads import CouponRow
from wotu.loyalty.orders import reads as order_reads
from wotu.loyalty.refusals import CouponRefusal

_FOUND = 10


@dataclass(frozen=True)
class Happening:
    """Something that was done with a coupon."""

    at: datetime
    words: str
    by: str = ""
    link: str = ""


@require_safe
def coupons(request: HttpRequest) -> HttpResponse:
    """The field to look up by; a code leads to its coupon, a customer to what they have."""
    require(request, Action.READ)
    words, now = searched(request), timezone.now()
    context: dict[str, Any] = {"words": words, "may_read_codes": allowed(request, Action.SEE_IDENTIFIERS)}
    if words and context["may_read_codes"]:
        try:
            row = _of_code(request, words, now)
        except WotuError as error:
            return loyalty_page(
                request, "console/loyalty/coupons.html", "coupons", context | {"refused": _too_often(error)}, status=429
            )
        if row is not None:
            return HttpResponseRedirect(reverse("console:coupon", args=[row.number]))
        context["shared"] = coupon_reads.template_of_shared_code(words, now=now)
    found = customers_found(request, words, most=_FOUND)
    context |= {"found": found.rows if found else (), "looks_like_code": codes.normal(words) is not None}
    return loyalty_page(request, "console/loyalty/coupons.html", "coupons", context)


@require_http_methods(["GET", "HEAD", "POST"])
def coupon(request: HttpRequest, number: int) -> HttpResponse:
    """One coupon; whoever runs campaigns can make it void."""
    require(request, Action.READ)
    if request.method != "POST":
        return _page(request, number, {"done": request.GET.get("done", "")})
    require(request, Action.RUN_CAMPAIGNS)
    row, now = coupon_reads.coupon(number, now=timezone.now()), timezone.now()
    try:
        with told(request, AuditAction.VOID_COUPON, _target(row), coupon=number):
            coupon_services.void(number, now=now)
    except WotuError as error:
        words = refusal(error)
        if row.state == "held":
            words = str(WHY_NOT[CouponRefusal.HELD_ELSEWHERE])
        return _page(request, number, {"refused": words}, status=422)
    return HttpResponseRedirect(reverse("console:coupon", args=[number]) + "?done=void")


def _page(request: HttpRequest, number: int, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    row = coupon_reads.coupon(number, now=now)
    why = coupon_reads.why_not(number, now=now)
    whole, kind = allowed(request, Action.SEE_IDENTIFIERS), shown_kind(coupon_reads.template(row.template, now=now))
    shown = {
        "each": shown_coupon(row), "row": row, "why_not": WHY_NOT[why] if why else "",
        "reason": why.value if why else "",
        "code": codes.written(row.code) if whole and row.code else "",
        "kind": kind, "campaign": campaign_reads.campaign(row.campaign),
        "happenings": _happenings(row, kind.row.term.get("type") == "days" and not kind.row.term.get("wait")),
        "may_void": allowed(request, Action.RUN_CAMPAIGNS) and row.state in ("issued", "expired"),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/coupon.html", "coupons", shown | context, status=status)


def _of_code(request: HttpRequest, typed: str, now: datetime) -> CouponRow | None:
    """The coupon of a code; who types many that are none has to wait, whoever they are."""
    if codes.normal(typed) is None:
        return None
    caller = f"user:{signed_in_member(request).pk}"
    spent = guessing.spend([typed], caller=caller, customer=None, now=now)
    row = coupon_reads.coupon_of_code(typed, now=now)
    if row is not None:
        guessing.give_back(spent, caller=caller, customer=None)
    return row


def _too_often(error: WotuError) -> str:
    if error.code is ErrorCode.RATE_LIMITED:
        return _("Too many codes that cannot be used; try again in a quarter of an hour.")
    return refusal(error)


def _happenings(row: CouponRow, gives_at_once: bool) -> list[Happening]:
    """What is known to have been done with a coupon, the latest first."""
    found = [*_staff(row)]
    if row.batch is not None:
        batch = coupon_reads.batch(row.batch)
        found.append(
            Happening(batch.created_at, _("Made as a code: %(name)s") % {"name": batch.name}, batch.created_by)
        )
        if batch.taken_at is not None:
            found.append(Happening(batch.taken_at, _("Codes of its batch downloaded"), batch.taken_by))
    if row.starts_at is not None and row.customer is not None and gives_at_once:
        found.append(Happening(row.starts_at, _("Came to the customer")))
    if row.order_id is not None:
        found += _order(row)
    return sorted(found, key=lambda each: each.at, reverse=True)


def _order(row: CouponRow) -> list[Happening]:
    try:
        order = order_reads.order(row.order_id or "")
    except WotuError:
        return [Happening(row.changed_at, _("Used for order %(order)s") % {"order": row.order_id})]
    told_of = {"order": order.order_id}
    if order.paid_at is None:
        return [Happening(row.changed_at, _("Held for order %(order)s") % told_of)]
    returned = [Happening(each.at, _("Part of order %(order)s came back") % told_of) for each in order.returns]
    return [Happening(order.paid_at, _("Used for order %(order)s") % told_of), *returned]


def _staff(row: CouponRow) -> list[Happening]:
    words = {
        AuditAction.ISSUE_COUPONS.value: _("Given to the customer"), AuditAction.VOID_COUPON.value: _("Made void"),
    }  # fmt: skip
    targets = {f"coupon {row.number}", _target(row)}
    return [
        Happening(each.at, words[each.action], each.actor)
        for each in audit.about(sorted(targets))
        if each.action in words and each.detail.get("coupon") == row.number
    ]


def _target(row: CouponRow) -> str:
    return f"coupon {row.number}" if row.customer is None or row.customer < 0 else customer_text(row.customer)
