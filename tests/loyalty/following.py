"""What the worker of a workspace does, until nothing is left of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest_django

from wotu.core.layout import Layout
from wotu.outbox.following import Following
from wotu.outbox.running import drain
from wotu.workspace.feed import Feed


def use(space: Any, settings: pytest_django.fixtures.SettingsWrapper) -> None:
    """Let tasks and services act for this workspace."""
    settings.WOTU_WORKSPACE, settings.WOTU_SETTINGS = str(space.path), space.settings


def work(workspace: Path) -> None:
    """Follow everything and do everything that is due."""
    following = Following(Feed(Layout(workspace)))
    while following.step() + drain("default", "upkeep"):
        pass


def order(number: str, who: str, revenue: str = "100.00", **properties: Any) -> dict[str, Any]:
    """An order as a shop tells of it."""
    given = {"order_id": number, "revenue": revenue, "currency": "CNY", **properties}
    return {"event": "Order Completed", "userId": who, "messageId": f"o{number}", "timestamp": "2026-03-01T08:00:00Z",
            "properties": given}  # fmt: skip


def number_of(space: Any, who: str) -> int:
    """The customer's number now."""
    return int(space.customer(f"user_id:{who}").customer_id[1:])
