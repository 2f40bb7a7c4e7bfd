"""Loyalty, Receipts: offers of cash back, and the queue of receipts that wait for somebody to look at them.

A receipt tells where a person buys, so that those who may not see identifiers see offers and their counts only.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.data_tabs import allowed
from wotu.console.loyalty import receipt_form
from wotu.console.loyalty.acting import check_budget, told
from wotu.console.loyalty.campaign_words import money
from wotu.console.loyalty.promotion_words import open_campaigns, refusal
from wotu.console.loyalty.receipt_form import PlannedOffer
from wotu.console.loyalty.receipt_words import shown_offer, shown_receipt
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, signed_in_member
from wotu.core.customer_ids import customer_text
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.money import decimal_text
from wotu.loyalty.choices import CampaignState, PaidIn, ReceiptState
from wotu.loyalty.receipts import offer_services, paying, reads, services
from wotu.loyalty.receipts.reads import ReceiptRow

_ROWS = 25
_DIRECTIVES = "default-src 'none'; sandbox"


@require_safe
def receipts(request: HttpRequest) -> HttpResponse:
    """The queue, and what came of each offer."""
    require(request, Action.READ)
    now, sees = timezone.now(), allowed(request, Action.SEE_IDENTIFIERS)
    offers = reads.offers(now)
    state = request.GET.get("state", ReceiptState.WAITING)
    state = state if state in set(ReceiptState) else ReceiptState.WAITING.value
    page = reads.receipts(state=state, before=request.GET.get("before") or None, limit=_ROWS) if sees else None
    counts = {each.value: sum(getattr(offer, each.value) for offer in offers) for each in ReceiptState}
    context: dict[str, Any] = {
        "offers": [shown_offer(each) for each in offers], "sees": sees, "state": state,
        "states": [(each.value, each.label, figures.count(counts[each.value])) for each in ReceiptState],
        "rows": [shown_receipt(each) for each in page.rows] if page else (),
        "more": urlencode({"state": state, "before": page.next}) if page and page.next else "",
        "first_page": not request.GET.get("before"), "may_run": allowed(request, Action.RUN_CAMPAIGNS),
        "done": request.GET.get("done", ""),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/receipts.html", "receipts", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Offer cash back."""
    require(request, Action.RUN_CAMPAIGNS)
    choices = {row.code: row for row in open_campaigns()}
    if request.method != "POST":
        return _form(request, choices, receipt_form.BLANK | {"campaign": request.GET.get("campaign", "")}, {})
    typed = receipt_form.posted(request.POST)
    plan, errors = receipt_form.offer_of(typed, choices)
    if plan is not None:
        try:
            _save(request, plan)
        except WotuError as error:
            errors = {error.field if error.field in receipt_form.NAMES else "form": refusal(error)}
        else:
            return HttpResponseRedirect(reverse("console:receipts") + "?done=offered")
    return _form(request, choices, typed, errors, status=422)


@require_safe
def receipt(request: HttpRequest, number: int) -> HttpResponse:
    """One receipt with its photo."""
    require(request, Action.SEE_IDENTIFIERS)
    return _page(request, number, {"done": request.GET.get("done", "")})


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve, refuse or take back; done twice it is done once."""
    require(request, Action.SEE_IDENTIFIERS)
    require(request, Action.RUN_CAMPAIGNS)
    row, wanted = reads.receipt(number), request.POST.get("do", "")
    try:
        if wanted == "approve":
            errors = _approve(request, row)
            if errors:
                return _page(request, number, {"errors": errors, "typed": request.POST}, status=422)
        else:
            _refuse(request, row, wanted)
    except WotuError as error:
        return _page(request, number, {"refused": refusal(error), "typed": request.POST}, status=422)
    return HttpResponseRedirect(reverse("console:receipt", args=[number]) + f"?done={wanted}")


@require_safe
def photo(request: HttpRequest, number: int) -> HttpResponse:
    """The photo, as the picture that its bytes are and as nothing else."""
    require(request, Action.SEE_IDENTIFIERS)
    found = reads.photo(number)
    return HttpResponse(
        found.content, content_type=found.kind,
        headers={"Content-Security-Policy": _DIRECTIVES, "X-Content-Type-Options": "nosniff",
                 "Content-Disposition": f'inline; filename="receipt-{number}.{found.kind.removeprefix("image/")}"',
                 "Cache-Control": "private, no-store"},
    )  # fmt: skip


def _approve(request: HttpRequest, row: ReceiptRow) -> dict[str, str]:
    seen, errors = receipt_form.seen_of(request.POST, row.currency)
    if seen is None:
        return errors
    with told(request, AuditAction.DECIDE_RECEIPT, _target(row), what="approve", receipt=row.number) as detail:
        done = services.approve(row.number, seen, by=signed_in_member(request).username, now=timezone.now())
        detail |= {"cash": done.cash} | ({"repeated": True} if done.repeated else {})
    return {}


def _refuse(request: HttpRequest, row: ReceiptRow, wanted: str) -> None:
    acts = {"refuse": services.refuse, "reverse": services.reverse}
    if wanted not in acts:
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    reason = request.POST.get("reason", "")
    if not 0 < len(reason.strip()) <= 200 or "\x00" in reason:
        raise invalid_argument("reason", _("Write the reason, in 1 to 200 characters."), Reason.SAID)
    with told(request, AuditAction.DECIDE_RECEIPT, _target(row), what=wanted, receipt=row.number):
        acts[wanted](row.number, reason, by=signed_in_member(request).username, now=timezone.now())


def _save(request: HttpRequest, plan: PlannedOffer) -> None:
    row = plan.campaign
    if row.state != CampaignState.DRAFT and row.budget is None:
        check_budget(request, None, row.currency)
    with told(request, AuditAction.EDIT_CAMPAIGN, row.code, what="receipt_offer") as detail:
        detail["offer"] = offer_services.create_offer(
            row.number, plan.name, plan.terms, plan.window, paid_in=plan.paid_in,
            by=signed_in_member(request).username, now=timezone.now(), most_per_customer=plan.most_per_customer,
            shops=plan.shops,
        )  # fmt: skip


def _page(request: HttpRequest, number: int, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    row = reads.receipt(number)
    offer = reads.offer_row(row.offer, timezone.now())
    filled = {
        "shop": row.shop, "day": row.day.isoformat(), "number": row.receipt_number,
        "amount": decimal_text(row.amount, row.currency),
    }  # fmt: skip
    shown: dict[str, Any] = {
        "each": shown_receipt(row), "row": row, "offer": shown_offer(offer), "typed": filled, "errors": {},
        "alike": [shown_receipt(each) for each in reads.alike(number)],
        "may_decide": allowed(request, Action.RUN_CAMPAIGNS),
        "due": money(paying.would_pay(row.offer, row.customer, row.amount), row.currency),
    }  # fmt: skip
    if "typed" in context:
        context["typed"] = {name: context["typed"].get(name, filled[name]) for name in filled} | {
            "reason": context["typed"].get("reason", "")
        }
    return loyalty_page(request, "console/loyalty/receipt.html", "receipts", shown | context, status=status)


def _form(
    request: HttpRequest, choices: dict[str, Any], typed: dict[str, str], errors: dict[str, str], *, status: int = 200
) -> HttpResponse:
    context = {
        "typed": typed, "errors": errors, "campaigns": list(choices.values()), "units": PaidIn.choices,
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/receipt_offer_form.html", "receipts", context, status=status)


def _target(row: ReceiptRow) -> str:
    return customer_text(row.customer) if row.customer >= 0 else f"receipt {row.number}"
