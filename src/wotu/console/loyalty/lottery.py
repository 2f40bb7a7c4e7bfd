"""Loyalty, one lottery: how it goes, its prizes and tickets, who won, what is still to be handed out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from wotu.accounts import audit
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console import figures
from wotu.console.answers import workspace
from wotu.console.data_tabs import allowed
from wotu.console.exporting import export
from wotu.console.loyalty.acting import approval_needed, approves, check_budget, told
from wotu.console.loyalty.campaign_words import money
from wotu.console.loyalty.check_words import shown_findings
from wotu.console.loyalty.lotteries import shown_row
from wotu.console.loyalty.lottery_form import can_be_typed
from wotu.console.loyalty.lottery_words import act_words, refusal, shown_prize, shown_win
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.permissions import require, require_export, signed_in_member
from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.money import decimal_text
from wotu.loyalty import links
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery import draft_services, giving_services, reads, services, words
from wotu.loyalty.lottery.choices import PrizeKind, WinState
from wotu.loyalty.lottery.reads import LotteryView

_WINS, _ACTS, _LINK_DAYS = 20, 8, 7
_TOLD = (AuditAction.EDIT_LOTTERY, AuditAction.LAUNCH_LOTTERY, AuditAction.HAND_OUT_PRIZE)


@require_safe
def lottery(request: HttpRequest, code: str) -> HttpResponse:
    """One lottery."""
    require(request, Action.READ)
    return _page(request, code, {"done": request.GET.get("done", "")})


@require_POST
def act(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for an approval, launch, pause, resume, end, add pieces, or note that a prize was handed out."""
    require(request, Action.RUN_CAMPAIGNS)
    view, wanted = reads.lottery(code, timezone.now()), request.POST.get("do", "")
    try:
        if wanted == "launch":
            _launch(request, view)
        elif wanted == "hand-out":
            _hand_out(request, code)
        else:
            _change(request, view, wanted)
    except WotuError as error:
        field = "pieces" if wanted == "pieces" else "act"
        return _page(request, code, {"refused": {field: refusal(error)}, "typed": request.POST}, status=422)
    anchor = "#wins" if wanted == "hand-out" else ""
    return HttpResponseRedirect(reverse("console:lottery", args=[code]) + f"?done={wanted}{anchor}")


@require_POST
def play(request: HttpRequest, code: str) -> HttpResponse:
    """A link with which the lottery is played as one customer, good for a week; who has it is taken for them."""
    require(request, Action.SEE_IDENTIFIERS)
    typed = request.POST.get("who", "").strip()[:400]
    try:
        customer = customer_number(workspace().customer(typed).customer_id)
        if customer is None:
            raise invalid_argument("who", _("Nobody fits"), Reason.SAID)
    except WotuError:
        return _page(request, code, {"refused": {"play": _("Nobody fits")}, "typed": request.POST}, status=422)
    with told(request, AuditAction.MAKE_MEMBER_LINK, customer_text(customer), days=_LINK_DAYS):
        token = links.member_token(customer, now=timezone.now(), days=_LINK_DAYS)
    address = request.build_absolute_uri(reverse("h5:lottery", args=[token, code]))
    return _page(request, code, {"play": address, "player": customer_text(customer)})


@require_safe
def export_wins(request: HttpRequest, code: str, kind: str) -> StreamingHttpResponse:
    """Every win of a lottery, the first first: kept two years, as the law wants. It names customers by Wotu's id."""
    require_export(request, kind)
    view = reads.lottery(code, timezone.now())
    header = [
        _("Win"), _("Draw"), _("Prize"), _("Kind"), _("Value"), _("State"), _("Customer ID"), _("Won"), _("Given"),
        _("Given by"),
    ]  # fmt: skip
    rows = (
        (
            each.number, each.draw, words.name(each.name_zh, each.name_en), str(PrizeKind(each.kind).label),
            "" if each.value is None else decimal_text(each.value, view.row.currency), str(WinState(each.state).label),
            "" if each.customer < 0 else customer_text(each.customer), each.at, each.given_at, each.given_by,
        )
        for each in reads.all_wins(code)
    )  # fmt: skip
    return export(request, f"wins-{code}", header, rows, kind=kind, total=reads.figures(code).wins)


def _launch(request: HttpRequest, view: LotteryView) -> None:
    code, now, by = view.row.code, timezone.now(), signed_in_member(request).username[:80]

    def approve(cost: int | None, currency: str) -> None:
        check_budget(request, cost, currency)
        if request.POST.get("seen") != _seen(code):
            words_ = _("Somebody changed the lottery meanwhile. Look at it again, then launch it.")
            raise invalid_argument("seen", words_, Reason.SAID)

    with told(request, AuditAction.LAUNCH_LOTTERY, code, what="launch"):
        services.launch(code, seed=secrets.token_hex(32), by=by, now=now, approve=approve)


def _hand_out(request: HttpRequest, code: str) -> None:
    number = _whole(request.POST.get("win", ""))
    row = reads.win(number)
    if row is None or row.lottery != code:
        raise invalid_argument("win", _("Choose one of the options."), Reason.SAID)
    with told(request, AuditAction.HAND_OUT_PRIZE, code, what="hand_out", win=number):
        giving_services.hand_out(number, by=signed_in_member(request).username[:80], now=timezone.now())


def _change(request: HttpRequest, view: LotteryView, wanted: str) -> None:
    code, now, by = view.row.code, timezone.now(), signed_in_member(request).username[:80]
    ways: dict[str, Callable[[], object]] = {
        "ask": lambda: draft_services.ask_to_launch(code, by=by, now=now),
        "pause": lambda: services.pause(code), "resume": lambda: services.resume(code),
        "end": lambda: services.end(code, now=now, because=request.POST.get("because", "")[:200].replace("\x00", "")),
        "pieces": lambda: _add_pieces(request, view),
    }  # fmt: skip
    if wanted not in ways:
        raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    with told(request, AuditAction.EDIT_LOTTERY, code, what=wanted):
        ways[wanted]()


def _add_pieces(request: HttpRequest, view: LotteryView) -> None:
    place, more = _whole(request.POST.get("place", "")), _whole(request.POST.get("pieces", ""))
    prize = next((each for each in view.prizes if each.place == place), None)
    if prize is None or more < 1:
        words_ = _("Write a whole number from %(least)s to %(most)s.")
        most = draft_services.MOST_TICKETS
        raise invalid_argument("pieces", words_ % {"least": 1, "most": figures.count_exact(most)}, Reason.SAID)
    services.add_pieces(
        view.row.code, place, more, now=timezone.now(),
        approve=lambda cost, currency: check_budget(request, cost, currency),
    )  # fmt: skip


def _page(request: HttpRequest, code: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    view, open_only = reads.lottery(code, now), request.GET.get("wins") == "open"
    row, draft = view.row, view.row.state == CampaignState.DRAFT
    page = reads.wins(code, open_only=open_only, before=request.GET.get("before") or None, limit=_WINS)
    going = reads.figures(code)
    shown: dict[str, Any] = {
        "each": shown_row(row, now), "name": words.name(row.name_zh, row.name_en), "row": row,
        "view": view, "draft": draft, "seen": _seen(code) if draft else "",
        "prizes": [shown_prize(each, row.currency) for each in view.prizes],
        "nothing": words.odds(view.nothing) if view.nothing else "",
        "rules": [words.chance(each, row.currency) for each in view.chances],
        "found": shown_findings(reads.law_findings(code)) if draft else (),
        "figures": going, "won_worth": money(going.cost, row.currency),
        "wins": [shown_win(each, row.currency) for each in page.rows], "open_only": open_only,
        "more": urlencode({"wins": "open" if open_only else "", "before": page.next}) if page.next else "",
        "first_page": not request.GET.get("before"), "refused": {}, "typed": {},
        "may_run": allowed(request, Action.RUN_CAMPAIGNS), "may_approve": approves(request),
        "may_export": allowed(request, Action.EXPORT), "may_play": allowed(request, Action.SEE_IDENTIFIERS),
        "may_edit": draft and can_be_typed(reads.draft_of(code), settings.WOTU_SETTINGS.zone),
        "needs_approval": approval_needed(row.cost, row.currency),
        "acts": _acts(code) if allowed(request, Action.RUN_CAMPAIGNS) else (),
        "early": row.ends_at > now and going.left > 0, "over_in": row.ends_at - now > timedelta(0),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/lottery.html", "lotteries", shown | context, status=status)


def _acts(code: str) -> list[tuple[audit.Entry, str]]:
    """The last that was done with the lottery."""
    found = [each for each in audit.about([code]) if each.action in _TOLD]
    return [(each, act_words(each)) for each in reversed(found[-_ACTS:])]


def _seen(code: str) -> str:
    """A text that changes with what somebody launches."""
    return hashlib.sha256(repr(reads.draft_of(code)).encode()).hexdigest()[:16]


def _whole(text: str) -> int:
    found = text.strip().replace(",", "")
    return int(found) if found.isascii() and found.isdigit() and len(found) <= 18 else -1
