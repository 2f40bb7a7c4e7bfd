"""The company's stages: when has a customer reached which."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.idempotency import write
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, answers
from wotu.api.schemas.facts import NewStages, Stages

router = Router(tags=["Stages"])


@router.get("/stages", response=answers(Stages), summary="Rules of the stages", operation_id="get_stages")
def get_stages(request: HttpRequest) -> Stages:
    """The rules in force: those that were set, else the preset `b2c`."""
    caller_of(request).require(Action.READ)
    return Stages(rules=workspace().stage_rules())


@router.put(
    "/stages",
    response=answers(Stages, CONFLICT),
    summary="Set the rules of the stages",
    operation_id="put_stages",
    openapi_extra=IDEMPOTENT,
)
@write(Action.EDIT_FACTS)
def put_stages(request: HttpRequest, asked: NewStages) -> Stages:
    """A stage that neither `rules` nor the preset names has no rule from then on."""
    caller = caller_of(request)
    kept = workspace().set_stage_rules(asked.rules, preset=asked.preset)
    record(
        actor=caller.actor, action=AuditAction.EDIT_FACTS, target="stage_rules", detail={"stages": len(kept)},
        address=caller.address,
    )  # fmt: skip
    return Stages(rules=kept)
