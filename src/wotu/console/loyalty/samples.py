"""Loyalty, Samples: offers, who waits for one, and how many bought the product afterwards."""

from __future__ import annotations

from collections.abc import Mapping
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
from wotu.console.loyalty.acting import check_budget, told
from wotu.console.loyalty.promotion_words import open_campaigns, refusal
from wotu.console.loyalty.tabs import loyalty_page
from wotu.console.loyalty.typed import TypedFields
from wotu.console.permissions import require, signed_in_member
from wotu.core.customer_ids import customer_text
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.loyalty.campaigns.reads import CampaignRow
from wotu.loyalty.choices import CampaignState, HandedOver, SampleState
from wotu.loyalty.samples import reads, services
from wotu.loyalty.samples.rules import Following

_ROWS, _MOST_PIECES = 25, 1_000_000_000
_NAMES = ("campaign", "name", "product_id", "pieces", "tiers", "remind_after", "measure")
_BLANK = dict.fromkeys(_NAMES, "") | {"remind_after": "7", "measure": "30"}


@require_safe
def samples(request: HttpRequest) -> HttpResponse:
    """Who waits, and what came of each offer."""
    require(request, Action.READ)
    return _page(request, {"done": request.GET.get("done", "")})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Offer samples."""
    require(request, Action.RUN_CAMPAIGNS)
    choices = {row.code: row for row in open_campaigns()}
    if request.method != "POST":
        return _form(request, choices, _BLANK | {"campaign": request.GET.get("campaign", "")}, {})
    typed = {name: request.POST.get(name, "")[:5_000] for name in _NAMES}
    form = TypedFields(typed)
    wanted = _wanted(form, choices)
    errors = form.errors
    if wanted is not None:
        try:
            _save(request, choices[typed["campaign"]], wanted)
        except WotuError as error:
            errors = {error.field if error.field in _NAMES else "form": refusal(error)}
        else:
            return HttpResponseRedirect(reverse("console:samples") + "?done=offered")
    return _form(request, choices, typed, errors, status=422)


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Hand a sample out, or turn the request down; done twice it is done once."""
    require(request, Action.RUN_CAMPAIGNS)
    row, wanted, now = reads.request(number), request.POST.get("do", ""), timezone.now()
    by = signed_in_member(request).username
    target = customer_text(row.customer) if row.customer >= 0 else f"sample {number}"
    try:
        with told(request, AuditAction.DECIDE_SAMPLE, target, sample=number, what=wanted):
            if wanted in set(HandedOver):
                services.hand_out(number, wanted, by=by, now=now)
            elif wanted == "turn_down":
                services.turn_down(number, _reason(request), by=by, now=now)
            else:
                raise invalid_argument("do", _("Choose one of the options."), Reason.SAID)
    except WotuError as error:
        return _page(request, {"refused": refusal(error)}, status=422)
    return HttpResponseRedirect(reverse("console:samples") + f"?done={wanted}")


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    now, state = timezone.now(), request.GET.get("state", SampleState.REQUESTED)
    state = state if state in set(SampleState) else SampleState.REQUESTED.value
    offers = reads.offers(now)
    page = reads.requests(state=state, before=request.GET.get("before") or None, limit=_ROWS)
    shown: dict[str, Any] = {
        "offers": [(row, _rate(row.number)) for row in offers], "state": state,
        "states": [
            (each.value, each.label, figures.count(sum(getattr(row, each.value) for row in offers)))
            for each in SampleState
        ],
        "rows": [(row, customer_text(row.customer), _how(row.handed_over)) for row in page.rows],
        "more": urlencode({"state": state, "before": page.next}) if page.next else "",
        "first_page": not request.GET.get("before"), "may_run": allowed(request, Action.RUN_CAMPAIGNS),
    }  # fmt: skip
    return loyalty_page(request, "console/loyalty/samples.html", "samples", shown | context, status=status)


def _rate(offer: int) -> dict[str, str | int]:
    """How many bought afterwards, with its interval; without anybody there is no figure."""
    found = reads.rate(offer, timezone.now())
    told_of = {"low": figures.percent(found.low), "high": figures.percent(found.high)}
    return {
        "share": figures.percent(found.share), "bought": figures.count_exact(found.bought),
        "of": figures.count_exact(found.of), "waiting": found.waiting,
        "interval": _("%(low)s to %(high)s") % told_of if found.of else "",
    }  # fmt: skip


def _how(handed_over: str) -> str:
    return str(HandedOver(handed_over).label) if handed_over else ""


def _wanted(form: TypedFields, choices: Mapping[str, CampaignRow]) -> dict[str, Any] | None:
    if form.typed.get("campaign", "") not in choices:
        form.refuse("campaign", _("Choose one of the options."))
    numbers = {
        "pieces": form.whole("pieces", most=_MOST_PIECES), "remind_after": form.whole("remind_after", most=366),
        "measure": form.whole("measure", most=366),
    }  # fmt: skip
    for name, value in numbers.items():
        if value is None:
            form.refuse(name, _("Write a whole number from %(least)s to %(most)s.") % {"least": 1, "most": 366})
    told_of = {
        "name": form.text("name", most=120), "product_id": form.text("product_id", most=120),
        "tiers": form.ids("tiers"),
    }  # fmt: skip
    return None if form.errors else numbers | told_of


def _save(request: HttpRequest, row: CampaignRow, wanted: dict[str, Any]) -> None:
    if row.state != CampaignState.DRAFT and row.budget is None:
        check_budget(request, None, row.currency)
    following = Following(remind_after=wanted["remind_after"], measure=wanted["measure"])
    with told(request, AuditAction.EDIT_CAMPAIGN, row.code, what="sample_offer") as detail:
        detail["offer"] = services.create_offer(
            row.number, wanted["name"], wanted["product_id"], wanted["pieces"], following,
            by=signed_in_member(request).username, now=timezone.now(), tiers=wanted["tiers"],
        )  # fmt: skip


def _reason(request: HttpRequest) -> str:
    reason = request.POST.get("reason", "")
    if not 0 < len(reason.strip()) <= 200 or "\x00" in reason:
        raise invalid_argument("reason", _("Write the reason, in 1 to 200 characters."), Reason.SAID)
    return reason


def _form(
    request: HttpRequest, choices: dict[str, Any], typed: dict[str, str], errors: dict[str, str], *, status: int = 200
) -> HttpResponse:
    context = {"typed": typed, "errors": errors, "campaigns": list(choices.values())}
    return loyalty_page(request, "console/loyalty/sample_form.html", "samples", context, status=status)
