"""Messages in, and those that could not be understood."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Body, Query, Router

from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.cursors import unusable
from wotu.api.idempotency import once_id, write
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, TOO_LARGE, answers
from wotu.api.schemas.facts import Counts
from wotu.api.schemas.messages import MessageQuery, QuarantinedRow
from wotu.api.schemas.pages import Page, Paging, page
from wotu.collect.quarantine import Quarantine
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout

router = Router(tags=["Messages"])
_PLACE = re.compile(r"[\w-]+/[0-9]{1,9}", re.ASCII)


@router.post(
    "/messages",
    response=answers(Counts, CONFLICT, TOO_LARGE),
    summary="Send messages",
    operation_id="send_messages",
    openapi_extra=IDEMPOTENT,
)
@write(Action.EDIT_FACTS)
def send_messages(request: HttpRequest, asked: Query[MessageQuery], messages: Body[list[dict[str, Any]]]) -> Counts:
    """Messages as the Segment spec writes them; answered once every question sees them.

    For streams of events use the collector (`/v1/batch`), which answers sooner.
    """
    most = settings.WOTU_SETTINGS.largest_batch_bytes
    if len(request.body) > most:
        message = f"The body is larger than {most:,} bytes (largest_batch_bytes); send less at once."
        raise WotuError(ErrorCode.TOO_LARGE, message)
    named = _named(messages, once_id(request))
    return Counts(**workspace().collect(named, source=asked.source, namespace=asked.namespace))


@router.get(
    "/quarantine",
    response=answers(Page[QuarantinedRow]),
    summary="What could not be understood",
    operation_id="list_quarantine",
)
def list_quarantine(request: HttpRequest, asked: Query[Paging]) -> Page[Any]:
    """Rows with their reason, the latest first. What was sent is told to roles that see identifiers."""
    caller = caller_of(request)
    caller.require(Action.READ)
    before = asked.place
    if before is not None and not _PLACE.fullmatch(before):
        raise unusable()
    rows, place = Quarantine(Layout(settings.WOTU_WORKSPACE).quarantine).latest(asked.limit, before=before)
    items = [_shown(row, caller.sight) for row in rows]
    return page(items, place)


def _shown(row: dict[str, Any], sight: Sight) -> QuarantinedRow:
    content = row["content"] if sight.whole else None
    return QuarantinedRow(**{**row, "reason": sight.text(row["reason"]), "content": content})


def _named(messages: list[dict[str, Any]], once: str) -> list[dict[str, Any]]:
    """Messages that will be the same when a request with a key is carried out again."""
    if not once:
        return messages
    return [
        message if message.get("messageId") is not None else {**message, "messageId": f"api:{once[:32]}:{number}"}
        for number, message in enumerate(messages)
    ]
