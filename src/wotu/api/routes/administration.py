"""Keys, the audit, settings, the state of the install."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router

from wotu import __version__
from wotu.accounts import audit, key_services, reads, settings_services
from wotu.accounts.rules import Action
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.cursors import continuing
from wotu.api.errors import not_found
from wotu.api.idempotency import write
from wotu.api.schemas.administration import (
    AuditEntry,
    AuditQuery,
    EndedKey,
    Keys,
    MadeKey,
    NewKey,
    Rotation,
    Settings,
    State,
)
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, answers
from wotu.api.schemas.pages import Page, page
from wotu.collect.quarantine import Quarantine
from wotu.core.durations import parse_duration
from wotu.core.layout import Layout
from wotu.core.settings import read_settings
from wotu.workspace.condition import observe, troubles

router = Router(tags=["Administration"])


@router.get("/keys", response=answers(Keys), summary="List keys", operation_id="list_keys")
def list_keys(request: HttpRequest) -> Any:
    """Every key there ever was, those that work first; never their text."""
    caller_of(request).require(Action.MANAGE_KEYS)
    return {"items": list(reads.known_keys())}


@router.post(
    "/keys",
    response=answers(MadeKey, CONFLICT, status=HTTPStatus.CREATED),
    summary="Make a key",
    operation_id="create_key",
    openapi_extra=IDEMPOTENT,
)
@write(Action.MANAGE_KEYS, status=HTTPStatus.CREATED, in_control=True, told_once="key")
def create_key(request: HttpRequest, asked: NewKey) -> MadeKey:
    """The text of the key is in this answer and nowhere else."""
    caller = caller_of(request)
    made = key_services.create_key(**asked.model_dump(), by=caller.actor, address=caller.address)
    return MadeKey(id=made.id, key=made.text)


@router.post(
    "/keys/{id}/rotate",
    response=answers(MadeKey, NOT_FOUND, CONFLICT, status=HTTPStatus.CREATED),
    summary="Replace a key",
    operation_id="rotate_key",
    openapi_extra=IDEMPOTENT,
)
@write(Action.MANAGE_KEYS, status=HTTPStatus.CREATED, in_control=True, told_once="key")
def rotate_key(request: HttpRequest, id: str, asked: Rotation) -> MadeKey:  # noqa: A002
    """A new key that may the same; the old one works on for `overlap`."""
    caller = caller_of(request)
    micros = 0 if asked.overlap == "0" else parse_duration(asked.overlap, field="overlap")
    _known_key(id)
    made = key_services.rotate_key(id, overlap=timedelta(microseconds=micros), by=caller.actor, address=caller.address)
    return MadeKey(id=made.id, key=made.text)


@router.delete(
    "/keys/{id}",
    response=answers(EndedKey, NOT_FOUND, CONFLICT),
    summary="Revoke a key",
    operation_id="revoke_key",
    openapi_extra=IDEMPOTENT,
)
@write(Action.MANAGE_KEYS, in_control=True)
def revoke_key(request: HttpRequest, id: str) -> EndedKey:  # noqa: A002
    """It works no more from now on."""
    caller = caller_of(request)
    _known_key(id)
    key_services.revoke_key(id, by=caller.actor, address=caller.address)
    return EndedKey(id=id)


@router.get("/audit", response=answers(Page[AuditEntry]), summary="Read the audit", operation_id="list_audit")
def list_audit(request: HttpRequest, asked: Query[AuditQuery]) -> Page[Any]:
    """Who did what, newest first."""
    caller_of(request).require(Action.MANAGE_TEAM)
    with continuing():
        found = audit.entries(
            actor=asked.actor, action=asked.action, since=asked.since, until=asked.until, before=asked.place,
            limit=asked.limit,
        )  # fmt: skip
    return page([AuditEntry.from_orm(row) for row in found.rows], found.next)


@router.get("/settings", response=answers(Settings), summary="Read the settings", operation_id="get_settings")
def get_settings(request: HttpRequest) -> Any:
    """What `wotu.toml` says, but for the address of the database."""
    caller_of(request).require(Action.READ)
    current = read_settings(Layout(settings.WOTU_WORKSPACE).settings)
    told = {
        name: value for name, value in msgspec.to_builtins(current).items() if name not in settings_services.NOT_HERE
    }
    return {"settings": told, "version": settings_services.version_of(current)}


@router.get("/state", response=answers(State), summary="How the install runs", operation_id="get_state")
def get_state(request: HttpRequest) -> Any:
    """How far answers are behind, what the settler does, how much room is left."""
    caller_of(request).require(Action.READ)
    layout = Layout(settings.WOTU_WORKSPACE)
    seen = observe(layout, settings.WOTU_SETTINGS)
    return {
        "version": __version__,
        "settler": seen.status.state if seen.status else None,
        "settler_is_up": seen.settler_is_up,
        "waiting": seen.waiting,
        "backlog_seconds": seen.backlog_seconds,
        "generation": workspace().generation_name(),
        "quarantined": Quarantine(layout.quarantine).count(),
        "free_bytes": seen.free,
        "troubles": list(troubles(seen)),
    }


def _known_key(key_id: str) -> None:
    if not any(key.id == key_id for key in reads.known_keys()):
        raise not_found(f"There is no key {key_id!r}.", "id")
