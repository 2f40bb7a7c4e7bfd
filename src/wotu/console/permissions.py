"""The door of pages which not everybody may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from wotu.accounts.reads import signed_in
from wotu.accounts.rules import Action, may

if TYPE_CHECKING:
    from wotu.accounts.models import User

EXPORT_KINDS = ("csv", "xlsx")


def signed_in_member(request: HttpRequest) -> User:
    """The person behind a request that needs one."""
    member = signed_in(request.user)
    if member is None:
        raise PermissionDenied
    return member


def require(request: HttpRequest, action: Action) -> None:
    """Refuse, unless the signed-in person's role allows ``action``."""
    member = signed_in(request.user)
    role = member.role if member else None
    if not may(role, action):
        raise PermissionDenied


def require_export(request: HttpRequest, kind: str) -> None:
    """Refuse, unless the person may export and the kind of file is offered."""
    require(request, Action.EXPORT)
    if kind not in EXPORT_KINDS:
        raise Http404
