"""Loyalty, one plan: what it brings and costs, its members, codes of partners; one membership and its refund."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.data_tabs import allowed
from wotu.console.exporting import export
from wotu.console.loyalty import plan_form
from wotu.console.loyalty.acting import told
from wotu.console.loyalty.plan_words import NOW, last_days, shown_plan, shown_terms, told_refund, told_report
from wotu.console.loyalty.plans import plan_row
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.pages.search import customers_found, searched
from wotu.console.permissions import require, require_export
from wotu.console.refusing import in_words
from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.money import decimal_text
from wotu.loyalty.choices import CodePeriod, MembershipSource
from wotu.loyalty.membership import plan_member_reads, plan_services, refunds, report_reads, services
from wotu.loyalty.membership import reads as memberships
from wotu.loyalty.membership.plan_member_reads import SOON_DAYS, PlanFigures

_ROWS, _FOUND, _MOST_CODES, _MOST_BYTES = 25, 50, 100_000, 4_000_000
_DAYS = (30, 90, 365)
# What stands above the codes of a file, and is none.
_HEADINGS = {"", "code", "codes", "券码", "兑换码"}


@require_safe
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """One plan."""
    require(request, Action.READ)
    return _page(request, code, {"done": request.GET.get("done", ""), "added": request.GET.get("added", "")})


@require_POST
def act(request: HttpRequest, code: str) -> HttpResponse:
    """Owners offer the plan or withdraw it; who runs campaigns adds a partner's pool, or codes to one."""
    wanted, more = request.POST.get("do", ""), ""
    require(request, Action.RUN_CAMPAIGNS if wanted in ("pool", "codes") else Action.APPROVE_BUDGETS)
    row = plan_row(code)
    try:
        if wanted in ("offer", "withdraw"):
            with told(request, AuditAction.EDIT_PLAN, row.code, what=wanted):
                plan_services.offer_plan(row.code, offered=wanted == "offer")
        elif wanted == "pool":
            _add_pool(request, row.code)
        elif wanted == "codes":
            more = f"&added={_add_codes(request, row.code)}"
        else:
            raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    except WotuError as error:
        field = "codes" if wanted in ("pool", "codes") else "act"
        return _page(request, code, {"refused": {field: in_words(error)}, "typed": request.POST}, status=422)
    return HttpResponseRedirect(reverse("console:plan", args=[row.code]) + f"?done={wanted}{more}")


@require_safe
def export_members(request: HttpRequest, code: str, kind: str) -> StreamingHttpResponse:
    """The terms of a plan, those in one state if the address names one."""
    require_export(request, kind)
    row, now, state = plan_row(code), timezone.now(), _state(request)
    header = [
        _("Customer ID"), _("State"), _("From"), pgettext("membership", "Until"), _("Came by"),
        _("Renews by itself"), _("Paid"), _("Currency"),
    ]  # fmt: skip
    rows = (
        (
            customer_text(each.customer), str(NOW[each.now]), each.first_day, each.last_day,
            str(MembershipSource(each.source).label), _("yes") if each.renews else _("no"),
            decimal_text(each.paid, each.currency), each.currency,
        )
        for each in plan_member_reads.every_term(row.code, now=now, state=state)
    )  # fmt: skip
    total = plan_member_reads.count(row.code, now=now, state=state)
    return export(request, f"members-{row.code}", header, rows, kind=kind, total=total)


@require_safe
def membership(request: HttpRequest, number: int) -> HttpResponse:
    """One membership, and what is due if it ends today."""
    require(request, Action.READ)
    now = timezone.now()
    (shown,) = shown_terms(request, [plan_member_reads.term(number, now=now)])
    running = shown.row.now is not plan_member_reads.Now.ENDED
    keep, deduct = (refunds.refund_due(number, now=now, taken=taken) for taken in ("keep", "deduct"))
    context = {
        "term": shown, "running": running, "refund": told_refund(keep),
        "deducted": told_refund(deduct) if deduct.taken else None, "done": request.GET.get("done", ""),
        "may_run": allowed(request, Action.RUN_CAMPAIGNS),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/membership.html", "plans", context)


@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """End a membership today; the shop gives the money back."""
    require(request, Action.RUN_CAMPAIGNS)
    row = plan_member_reads.term(number, now=timezone.now())
    with told(request, AuditAction.END_MEMBERSHIP, str(number), plan=row.plan) as detail:
        if not services.end(number, now=timezone.now()):
            detail["repeated"] = True
    return HttpResponseRedirect(reverse("console:membership", args=[number]) + "?done=ended")


def _page(request: HttpRequest, code: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    now, row = timezone.now(), plan_row(code)
    found = plan_member_reads.figures(now, plan=code).get(row.code, PlanFigures())
    state, words = _state(request), searched(request, "who")
    page = plan_member_reads.terms(
        row.code, now=now, state=state, customers=_searched(request, words), before=request.GET.get("before") or None,
        limit=_ROWS,
    )  # fmt: skip
    days = next((each for each in _DAYS if str(each) == request.GET.get("days", "")), _DAYS[0])
    first, last = last_days(days, memberships.today(now))
    kept = {"days": str(days) if days != _DAYS[0] else "", "state": state, "who": words}
    shown: dict[str, Any] = {
        "each": shown_plan(row, found), "row": row, "figures": found, "soon": SOON_DAYS, "fits": plan_form.fits(row),
        "report": told_report(report_reads.benefit_report(row.code, first_day=first, last_day=last)),
        "spans": [(each, _kept(kept | {"days": str(each)})) for each in _DAYS], "span": days,
        "pools": [each for each in memberships.pools() if each.plan == row.code], "periods": CodePeriod.choices,
        "terms": shown_terms(request, page.rows), "state": state, "words": words,
        "states": [(key, name, _kept(kept | {"state": key})) for key, name in (("", _("All")), *NOW.items())],
        "more": _kept(kept | {"before": page.next}) if page.next else "", "kept": _kept(kept),
        "first_page": not request.GET.get("before"), "refused": {}, "typed": {},
        "may_write": allowed(request, Action.APPROVE_BUDGETS), "may_run": allowed(request, Action.RUN_CAMPAIGNS),
        "export": f"?state={state}" if state else "",
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/plan.html", "plans", shown | context, status=status)


def _searched(request: HttpRequest, words: str) -> list[int] | None:
    """The customers whom words name; ``None`` where nobody is looked for."""
    if not words:
        return None
    found = customers_found(request, words, most=_FOUND)
    numbers = (customer_number(each.customer_id) for each in (found.rows if found else ()))
    return [each for each in numbers if each is not None]


def _add_pool(request: HttpRequest, code: str) -> None:
    posted = request.POST
    low = posted.get("low_at", "").strip() or "0"
    if not (low.isascii() and low.isdigit() and len(low) <= 6):
        words = _("Write a whole number from %(least)s to %(most)s.") % {"least": 0, "most": _MOST_CODES}
        raise invalid_argument("low_at", words, Reason.SAID)
    if not 0 < len(posted.get("name", "").strip()) <= 120 or "\x00" in posted["name"]:
        raise invalid_argument("name", _("Write 1 to %(most)s characters.") % {"most": 120}, Reason.SAID)
    with told(request, AuditAction.EDIT_PLAN, code, what="partner_pool") as detail:
        detail["pool"] = plan_services.create_pool(
            code, posted["name"], now=timezone.now(), period=posted.get("period", ""), low_at=int(low)
        )


def _add_codes(request: HttpRequest, code: str) -> int:
    """Put the codes of a file, or typed ones, into a pool of the plan; how many are new."""
    pool = next((each for each in memberships.pools() if str(each.number) == request.POST.get("pool")), None)
    if pool is None or pool.plan != code:
        raise invalid_argument("pool", _("Choose one of the options."), Reason.SAID)
    text = request.POST.get("codes", "") + "\n" + _text_of(request)
    wanted = [line.strip().strip('"') for line in text.splitlines() if line.strip().casefold() not in _HEADINGS]
    if not 0 < len(wanted) <= _MOST_CODES or any(len(each) > 200 or "\x00" in each for each in wanted):
        raise invalid_argument("codes", _("Give 1 to 100,000 codes of 200 characters at most."), Reason.SAID)
    with told(request, AuditAction.EDIT_PLAN, code, what="partner_codes", pool=pool.number) as detail:
        detail["added"] = added = plan_services.add_codes(pool.number, wanted)
    return added


def _text_of(request: HttpRequest) -> str:
    """What stands in the file that was sent, if one was."""
    file = request.FILES.get("file")
    if file is None:
        return ""
    if file.size is None or file.size > _MOST_BYTES:
        raise invalid_argument("codes", _("The file is too large: 4 MB at most."), Reason.SAID)
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise invalid_argument("codes", _("This is no text file in UTF-8."), Reason.SAID) from error


def _state(request: HttpRequest) -> str:
    state = request.GET.get("state", "")
    return state if state in set(NOW) else ""


def _kept(asked: dict[str, str]) -> str:
    return urlencode({name: value for name, value in asked.items() if value})
