"""Workspaces to back up, and what questions see in those that come back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.settle.messages import track

from wotu.core.layout import Layout
from wotu.workspace import Workspace
from wotu.workspace.backup import BackupSummary, back_up
from wotu.workspace.restore import restore

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def order(number: int) -> dict[str, Any]:
    return track("Order Completed", f"u{number}", message=f"o{number}", order_id=f"O{number}", revenue="10.00")


def take(layout: Layout, target: Path, **options: Any) -> BackupSummary:
    return back_up(layout, target, now=NOW, version="0.1.0", **options)


def back(archive: Path, root: Path) -> Workspace:
    restore(archive, root)
    return Workspace.open(root)


def orders(workspace: Workspace) -> list[str]:
    """The customers who ordered, by the name they were collected under, one entry per order counted."""
    table = workspace.rfm("2026-02-01").table
    found = []
    for customer, count in zip(table["customer_id"].to_pylist(), table["frequency"].to_pylist(), strict=True):
        (identifier,) = workspace.customer(customer).identifiers
        found += [identifier.value] * count
    return sorted(found)


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
