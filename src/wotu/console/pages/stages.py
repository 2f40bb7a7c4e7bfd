"""Data, Stages: how many customers reached each stage, and the rules that say when one is reached."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.console.addresses import client_address
from wotu.console.answers import ask, workspace
from wotu.console.data_tabs import allowed, data_page
from wotu.console.permissions import require, signed_in_member
from wotu.console.refusing import in_words
from wotu.console.stage_rules import KINDS, RuleError, RuleFields, read_rules, rule_error
from wotu.console.stage_whom import StageWhom
from wotu.console.words import STAGES
from wotu.core.errors import WotuError
from wotu.facts.stages import BESIDE, PRESETS
from wotu.insight.stages import StageCount, StagesAnswer

_DAYS = ("28", "91", "365", "all")
_DEFAULT_DAYS = "365"
_BAR = 40.0


@dataclass(frozen=True)
class Range:
    """The days that count: the last ``days`` (or all), or from one day to before another."""

    days: str
    since: str
    until: str

    @classmethod
    def read(cls, query: QueryDict) -> Range:
        since, until = query.get("since", "").strip(), query.get("until", "").strip()
        if since or until:
            return cls("", since, until)
        days = query.get("days", "")
        days = days if days in _DAYS else _DEFAULT_DAYS
        if days == "all":
            return cls(days, "", "")
        return cls(days, (workspace().now().date() - timedelta(days=int(days))).isoformat(), "")

    @property
    def asked(self) -> dict[str, str | None]:
        return {"since": self.since or None, "until": self.until or None}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        own = [("days", self.days)] if self.days else [("since", self.since), ("until", self.until)]
        return [(name, value) for name, value in own if value]


@require_http_methods(["GET", "HEAD", "POST"])
def stages(request: HttpRequest) -> HttpResponse:
    """The counts by the company's rules, by those of a preset, or by those typed; a POST keeps what is typed."""
    require(request, Action.READ)
    if request.method == "POST":
        require(request, Action.EDIT_FACTS)
        return _save(request)
    typed = any(f"{stage}.kind" in request.GET for stage in STAGES)
    preset = request.GET.get("preset", "")
    if typed:
        fields = read_rules(request.GET)
    else:
        rules = PRESETS[preset] if preset in PRESETS else workspace().stage_rules()
        fields = {stage: RuleFields.of(rules.get(stage)) for stage in STAGES}
    return _page(request, fields, draft=typed or preset in PRESETS)


@require_safe
def try_rule(request: HttpRequest) -> HttpResponse:
    """How many customers the rule that is being typed would count."""
    require(request, Action.READ)
    stage = request.GET.get("stage", "")
    if stage not in STAGES:
        stage = next(iter(STAGES))
    fields = RuleFields.read(request.GET, stage)
    context = {"stage": stage, **_tried(stage, fields, Range.read(request.GET))}
    return render(request, "console/data/parts/stage_count.html", context)


def _tried(stage: str, fields: RuleFields, chosen: Range) -> dict[str, Any]:
    """The count of one rule by itself, or what is wrong with it."""
    try:
        rule = fields.rule(stage)
        if rule is None:
            return {"count": None}
        answer = ask("stages", rules=dict.fromkeys(STAGES) | {stage: rule}, **chosen.asked)
    except WotuError as error:
        return {"error": rule_error(error, fields)}
    return {"count": answer.stages[0], "who": _who(stage, rule, chosen)}


def _page(
    request: HttpRequest, fields: dict[str, RuleFields], *, draft: bool, problem: str = "", status: int = 200
) -> HttpResponse:
    chosen = Range.read(request.GET)
    answer, errors = _answer(fields, chosen)
    manifest = workspace().generation().manifest
    draft_pairs = [pair for stage, each in fields.items() for pair in each.pairs(stage)] if draft else []
    context = {
        "strip": _strip(answer, fields, chosen) if answer else [],
        "rules": [
            {"stage": stage, "name": name, "fields": fields[stage], "error": errors.get(stage),
             "count": _count_of(answer, stage), "who": ""}
            for stage, name in STAGES.items()
        ],
        "range": chosen,
        "ranges": [(days, _range_name(days), urlencode([("days", days), *draft_pairs])) for days in _DAYS],
        "presets": [("b2c", _("Consumers")), ("b2b", pgettext("preset", "Companies"))],
        "range_query": urlencode(chosen.pairs),
        "kinds": _kinds(),
        "events": sorted(manifest.events),
        "draft": draft,
        "problem": problem,
        "done": request.GET.get("done") == "yes",
        "may_edit": allowed(request, Action.EDIT_FACTS),
    }  # fmt: skip
    return data_page(request, "console/data/stages.html", "stages", context, status=status)


def _answer(fields: dict[str, RuleFields], chosen: Range) -> tuple[StagesAnswer | None, dict[str, RuleError]]:
    """The counts, or what is wrong with which rule."""
    rules: dict[str, Any] = {}
    errors = {}
    for stage, each in fields.items():
        try:
            rules[stage] = each.rule(stage)
        except WotuError as error:
            errors[stage] = rule_error(error, each)
    if not errors:
        try:
            return ask("stages", rules=rules, **chosen.asked), {}
        except WotuError as error:
            stage = (error.field or "").removeprefix("rules.").partition(".")[0].partition("[")[0]
            if stage not in fields:
                raise
    # One question names one error: each rule says its own.
    tried = {stage: _tried(stage, each, chosen) for stage, each in fields.items()}
    return None, errors | {stage: each["error"] for stage, each in tried.items() if "error" in each}


def _save(request: HttpRequest) -> HttpResponse:
    fields = read_rules(request.POST)
    if request.POST.get("do") == "try":
        drafts = [pair for stage, each in fields.items() for pair in each.pairs(stage)]
        return HttpResponseRedirect(f"?{urlencode([*Range.read(request.GET).pairs, *drafts])}")
    try:
        rules = {stage: each.rule(stage) for stage, each in fields.items()}
        kept = workspace().set_stage_rules({stage: rule for stage, rule in rules.items() if rule is not None})
    except WotuError as error:
        return _page(request, fields, draft=True, problem=in_words(error), status=422)
    record(
        actor=signed_in_member(request), action=AuditAction.EDIT_FACTS, target="stage_rules",
        detail={"stages": ", ".join(kept)}, address=client_address(request)[0],
    )  # fmt: skip
    return HttpResponseRedirect(f"{reverse('console:stages')}?done=yes")


def _strip(answer: StagesAnswer, fields: dict[str, RuleFields], chosen: Range) -> list[dict[str, Any]]:
    """The stages side by side, with bars of their counts."""
    most = max((count.customers for count in answer.stages), default=0) or 1
    return [
        {
            "count": count, "name": STAGES[count.stage], "who": _who(count.stage, fields[count.stage].rule(count.stage),
            chosen), "height": round(_BAR * count.customers / most, 1), "beside": count.stage in BESIDE,
            "top": round(_BAR - _BAR * count.customers / most, 1),
        }
        for count in answer.stages
    ]  # fmt: skip


def _who(stage: str, rule: Any, chosen: Range) -> str:
    """The address part that lists who reached the stage by this very rule."""
    text = json.dumps(rule, ensure_ascii=False)
    return urlencode(StageWhom(stage, chosen.since, chosen.until, text).pairs)


def _count_of(answer: StagesAnswer | None, stage: str) -> StageCount | None:
    return next((count for count in answer.stages if count.stage == stage), None) if answer else None


def _range_name(days: str) -> str:
    return {"28": _("28 days"), "91": _("91 days"), "365": _("365 days"), "all": _("All time")}[days]


def _kinds() -> list[tuple[str, str]]:
    names = {"event": _("an event"), "order": _("an order"), "trait": _("a trait"), "json": _("a rule as JSON")}
    return [("", _("no rule")), *((kind, names[kind]) for kind in KINDS)]
