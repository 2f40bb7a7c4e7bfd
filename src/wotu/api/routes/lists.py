"""Lists of customers: what questions read as ``audience``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import workspace
from wotu.api.callers import caller_of
from wotu.api.errors import not_found
from wotu.api.idempotency import write
from wotu.api.probing import check_filter
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, TOO_LARGE, answers
from wotu.api.schemas.lists import CustomerList, DeletedList, NewList
from wotu.api.schemas.pages import Page, Paging, page
from wotu.core.errors import invalid_argument
from wotu.workspace.lists import SavedList, matching, no_list

router = Router(tags=["Lists"])


@router.get("/lists", response=answers(Page[CustomerList]), summary="Lists of customers", operation_id="list_lists")
def list_lists(request: HttpRequest, asked: Query[Paging]) -> Page[Any]:
    """By name. Every question takes one as `audience`, every filter as `audience.name`."""
    caller_of(request).require(Action.READ)
    after = asked.place
    found = [each for each in workspace().lists() if after is None or each.name > after]
    part = found[: asked.limit]
    return page([_shown(each) for each in part], part[-1].name if len(found) > len(part) else None)


@router.get(
    "/lists/{path:name}", response=answers(CustomerList, NOT_FOUND), summary="One list", operation_id="get_list"
)
def get_list(request: HttpRequest, name: str) -> CustomerList:
    """Its customers are those of `GET /api/v1/customers` with the filter `audience.name`."""
    caller_of(request).require(Action.READ)
    return _shown(_named(name))


@router.put(
    "/lists/{path:name}",
    response=answers(CustomerList, CONFLICT, TOO_LARGE),
    summary="Save a list",
    operation_id="save_list",
    openapi_extra=IDEMPOTENT,
)
@write(Action.SAVE)
def save_list(request: HttpRequest, name: str, asked: NewList) -> CustomerList:
    """In the place of an earlier one of that name. Ids that nobody has (any more) are left out."""
    caller = caller_of(request)
    saved = workspace().save_list(name, _chosen(asked, caller.sight), description=asked.description)
    detail = {"name": saved.name, "rows": saved.customers}
    record(actor=caller.actor, action=AuditAction.EDIT_FACTS, target="list", detail=detail, address=caller.address)
    return _shown(saved)


@router.delete(
    "/lists/{path:name}",
    response=answers(DeletedList, NOT_FOUND, CONFLICT),
    summary="Delete a list",
    operation_id="delete_list",
    openapi_extra=IDEMPOTENT,
)
@write(Action.SAVE)
def delete_list(request: HttpRequest, name: str) -> DeletedList:
    """The customers stay."""
    caller, gone = caller_of(request), _named(name)
    workspace().delete_list(gone.name)
    detail = {"name": gone.name, "deleted": 1}
    record(actor=caller.actor, action=AuditAction.EDIT_FACTS, target="list", detail=detail, address=caller.address)
    return DeletedList(deleted=gone.name)


def _chosen(asked: NewList, sight: Sight) -> Sequence[str]:
    if (asked.customer_ids is None) == (asked.where is None):
        raise invalid_argument("customer_ids", "Give customer_ids or where, one of them: who is to be on the list?")
    if asked.customer_ids is not None:
        return asked.customer_ids
    check_filter(sight, asked.where or "")
    return matching(workspace().source(), asked.where or "")


def _named(name: str) -> SavedList:
    known = {each.name: each for each in workspace().lists()}
    if name.strip() not in known:
        raise not_found(no_list(name.strip(), list(known)), "name")
    return known[name.strip()]


def _shown(found: SavedList) -> CustomerList:
    return CustomerList(**found.to_dict())
