"""What ``wotu doctor`` says: whether every part of a workspace agrees with the others."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Literal

from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Quarantine
from wotu.core.money import decimal_text
from wotu.identity.checkpoint import read_checkpoint
from wotu.lake.messages import Lake
from wotu.workspace.workspace import Workspace

Level = Literal["ok", "note", "problem"]
_RESERVE_BYTES = 1 << 30
_MOST_REASONS = 5


@dataclass(frozen=True)
class Finding:
    """One thing looked at; a ``problem`` needs somebody, a ``note`` is good to know."""

    level: Level
    what: str
    detail: str

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def examine(workspace: Workspace) -> list[Finding]:
    """Look at disk, settings, inbox, lake, identity, timelines, orders and quarantine."""
    settings = workspace.settings
    zone = f"{settings.timezone}, {settings.currency}, weeks from {settings.week_start}"
    return [
        _disk(workspace),
        Finding("ok", "settings", f"{zone}, questions until {settings.questions_until}"),
        _inbox(workspace),
        *_derived(workspace),
        *_orders(workspace),
        *_quarantine(workspace),
    ]


def _disk(workspace: Workspace) -> Finding:
    free = shutil.disk_usage(workspace.path).free
    detail = f"{free / 1e9:.1f} GB free at {workspace.path}"
    return Finding("ok" if free > _RESERVE_BYTES else "problem", "disk", detail)


def _inbox(workspace: Workspace) -> Finding:
    inbox = Inbox(workspace.layout.inbox)
    waiting, claimed = len(inbox.pending()), len(inbox.claimed())
    detail = f"{waiting} segments wait for the settler" + (f", {claimed} settles are unfinished" if claimed else "")
    return Finding("note" if waiting or claimed else "ok", "inbox", detail)


def _derived(workspace: Workspace) -> list[Finding]:
    lake = Lake(workspace.layout.lake)
    last = lake.last_seq()
    manifest = workspace.generation().manifest
    findings = [Finding("ok", "lake", f"{last:,} rows of record")]
    behind = {"identity": read_checkpoint(workspace.layout.identity).seq, "timelines": manifest.seq}
    for name, seq in behind.items():
        current = seq == last
        detail = (
            "agrees with the lake" if current else f"reaches row {seq:,} of {last:,}; the next settle makes it again"
        )
        stuck = bool(Inbox(workspace.layout.inbox).claimed())
        findings.append(Finding("ok" if current else "problem" if stuck else "note", name, detail))
    detail = f"{manifest.customer_count:,} customers, {manifest.event_count:,} events, {manifest.order_count:,} orders"
    return [*findings, Finding("ok", "customers", detail)]


def _orders(workspace: Workspace) -> list[Finding]:
    totals, currency = workspace.generation().manifest.totals, workspace.settings.currency
    amount = f"{decimal_text(totals.unmatched_amount, currency)} {currency}"
    counted = [
        (totals.unmatched, "unmatched refunds", f"worth {amount}, in cash figures only"),
        (totals.repeated, "repeated orders", "later messages about a completed order, not counted again"),
        (totals.unconverted, "unconverted orders", "in a currency without a rate, left out of money sums"),
    ]
    return [Finding("note", what, f"{count:,} ({why})") for count, what, why in counted if count]


def _quarantine(workspace: Workspace) -> list[Finding]:
    rows = Quarantine(workspace.layout.quarantine).read()
    if not len(rows):
        return [Finding("ok", "quarantine", "empty")]
    reasons = Counter(rows["reason"].to_pylist()).most_common(_MOST_REASONS)
    found = [Finding("note", "quarantine", f"{len(rows):,} rows kept with their reason")]
    return found + [Finding("note", "quarantine", f"{count:,} × {reason}") for reason, count in reasons]
