"""Changing campaigns and coupons from a page: what was done is told in the audit, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.rules import Action, may
from wotu.console.addresses import client_address
from wotu.console.loyalty.campaign_words import money
from wotu.console.permissions import signed_in_member
from wotu.core.errors import Reason, WotuError, invalid_argument
from wotu.core.money import parse_decimal, to_minor
from wotu.loyalty.campaigns.approval import check_may_launch, needs_approval


@contextmanager
def told(request: HttpRequest, action: AuditAction, target: str, **detail: Any) -> Iterator[dict[str, Any]]:
    """Do something and tell it in the audit, both or neither; what is added to the detail is told too."""
    with transaction.atomic():
        yield detail
        record(
            actor=signed_in_member(request), action=action, target=target, detail=detail,
            address=client_address(request)[0],
        )  # fmt: skip


def approves(request: HttpRequest) -> bool:
    """Whether the person may launch whatever budget."""
    return may(signed_in_member(request).role, Action.APPROVE_BUDGETS)


def approval_needed(budget: int | None, currency: str) -> bool:
    """Whether a budget is for owners to launch."""
    return needs_approval(budget, currency, above=settings.WOTU_SETTINGS.approval_above)


def check_budget(request: HttpRequest, budget: int | None, currency: str) -> None:
    """Refuse a budget that the person may not launch, in words of the page."""
    above = settings.WOTU_SETTINGS.approval_above
    try:
        check_may_launch(signed_in_member(request).role, budget, currency, above=above)
    except WotuError as error:
        words = _("A budget above %(amount)s, or none at all, is for an owner to launch.") % {
            "amount": money(to_minor(parse_decimal(above), currency), currency)
        }
        raise invalid_argument("budget", words, Reason.SAID) from error
