"""Loyalty, Paid membership: the plans, and the form in which one is written and changed.

A plan promises without a limit, as a programme does, so that those who approve budgets write it; everybody reads it.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.data_tabs import allowed
from wotu.console.loyalty import plan_form
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.plan_form import COUPONS, STARTS, Planned, Typed, blank, planned_of, typed_of
from wotu.console.loyalty.plan_words import shown_plan
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.core.errors import WotuError
from wotu.loyalty.coupons import reads as coupon_reads
from wotu.loyalty.coupons.reads import TemplateRow
from wotu.loyalty.membership import plan_member_reads, plan_services
from wotu.loyalty.membership import reads as memberships
from wotu.loyalty.membership.plan_member_reads import SOON_DAYS, PlanFigures
from wotu.loyalty.membership.reads import PlanRow

_BY_KEY = {each.key: each for each in STARTS}
_FIELD_OF = {
    "notice_days": "notice", "trial_days": "trial", "grace_days": "grace", "benefits": "form", "multiplier": "percent",
}  # fmt: skip
_SUFFIXES = 100


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan with its members, what renews soon, and what trials led to."""
    require(request, Action.READ)
    now = timezone.now()
    found = plan_member_reads.figures(now)
    rows = [shown_plan(each, found.get(each.code, PlanFigures())) for each in memberships.plans(now)]
    context = {
        "rows": rows, "starts": STARTS, "soon": SOON_DAYS, "may_write": allowed(request, Action.APPROVE_BUDGETS),
        "low": [each for each in memberships.pools() if each.low],
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/plans.html", "plans", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a plan; it is offered at once."""
    require(request, Action.APPROVE_BUDGETS)
    currency, now = settings.WOTU_SETTINGS.currency, timezone.now()
    if request.method != "POST":
        start = _BY_KEY.get(request.GET.get("from", ""), STARTS[0])
        code = _free_code(start.key, {each.code for each in memberships.plans(now)})
        shop = settings.WOTU_SETTINGS.name
        name = _("%(name)s of %(shop)s") % {"name": start.name, "shop": shop}
        return _form(request, blank(name=name, code=code, product_id=code, **start.filled), {}, currency)
    typed = plan_form.posted(request.POST)
    plan, errors = planned_of(typed, currency)
    if plan is not None:
        try:
            with told(request, AuditAction.EDIT_PLAN, plan.code, what="create"):
                _create(plan, currency, signed_in_member(request).username)
        except WotuError as error:
            errors = _wrong(error)
        else:
            return HttpResponseRedirect(reverse("console:plan", args=[plan.code]) + "?done=saved")
    return _form(request, typed, errors, currency, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a plan; what was bought keeps its length, and benefits that members paid for stay."""
    require(request, Action.APPROVE_BUDGETS)
    row, back = plan_row(code), reverse("console:plan", args=[code])
    if not plan_form.fits(row):
        return HttpResponseRedirect(back)
    there = typed_of(row)
    if request.method != "POST":
        return _form(request, there, {}, row.currency, row=row)
    typed = plan_form.posted(request.POST) | {name: there[name] for name in ("code", "product_id", "grace")}
    plan, errors = planned_of(typed, row.currency)
    if plan is not None:
        try:
            with told(request, AuditAction.EDIT_PLAN, code, what="edit"):
                plan_services.change_plan(code, plan.terms, now=timezone.now())
        except WotuError as error:
            errors = _wrong(error)
        else:
            return HttpResponseRedirect(f"{back}?done=saved")
    return _form(request, typed, errors, row.currency, row=row, status=422)


def plan_row(code: str) -> PlanRow:
    """The plan of a code; raises ``not_found``."""
    plan_services.plan_of(code)
    return next(each for each in memberships.plans(timezone.now()) if each.code == code)


def _create(plan: Planned, currency: str, by: str) -> None:
    terms = plan.terms
    plan_services.create_plan(
        terms.name, code=plan.code, product_id=plan.product_id, price=terms.price, months=terms.months,
        days=terms.days, by=by, now=timezone.now(), benefits=terms.brings, currency=currency,
        trial_days=terms.trial_days, grace_days=plan.grace_days, renews=terms.renews, notice_days=terms.notice_days,
    )  # fmt: skip


def _form(
    request: HttpRequest, typed: Typed, errors: dict[str, str], currency: str, *, row: PlanRow | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    kinds = _kinds(row)
    context: dict[str, Any] = {
        "row": row, "typed": typed, "errors": errors, "currency": currency, "kinds": kinds,
        "coupons": [
            {"number": number, "coupon": typed[f"coupon_{number}"], "count": typed[f"count_{number}"],
             "error": errors.get(f"coupon_{number}") or errors.get(f"count_{number}", "")}
            for number in COUPONS
        ] if kinds else [],
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/plan_form.html", "plans", context, status=status)


def _kinds(row: PlanRow | None) -> list[TemplateRow]:
    """Kinds of coupons to choose: of campaigns that run, and those the plan has."""
    now = timezone.now()
    found = {each.number: each for each in coupon_reads.kinds_to_give(now=now)}
    for each in row.benefits.coupons if row else ():
        found.setdefault(each.template, coupon_reads.template(each.template, now=now))
    return list(found.values())


def _wrong(error: WotuError) -> dict[str, str]:
    """What the services refused, beside its field."""
    words = {
        "code": _("Write 1 to 40 of a-z, 0-9 and -; no other plan may have the same."),
        "product_id": _("Another plan has this product already."),
    }.get(error.field or "", in_words(error))
    if error.given.get("refusal") == "benefit_taken":
        words = _("Members have paid for a benefit that this takes away. Withdraw the plan and write another one.")
    field = error.field or "form"
    return {_FIELD_OF.get(field, field): words}


def _free_code(start: str, taken: set[str]) -> str:
    names = (start if number == 1 else f"{start}-{number}" for number in range(1, _SUFFIXES))
    return next((each for each in names if each not in taken), start)
