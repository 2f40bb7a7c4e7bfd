"""What ``wotu doctor`` says: whether every part of a workspace agrees with the others."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from wotu.collect.inbox import Inbox
from wotu.collect.quarantine import Quarantine
from wotu.core.clock import behind
from wotu.core.disk import shortage
from wotu.core.money import decimal_text
from wotu.identity.checkpoint import read_checkpoint
from wotu.lake.messages import Lake
from wotu.workspace.condition import MOST_BACKLOG_SECONDS, Condition, observe
from wotu.workspace.findings import Finding
from wotu.workspace.private_files import examine_files as _files
from wotu.workspace.workspace import Workspace

_MOST_REASONS = 5


def examine(workspace: Workspace) -> list[Finding]:
    """Look at disk, settings, inbox, lake, identity, timelines, orders and quarantine."""
    settings = workspace.settings
    seen = observe(workspace.layout, settings)
    zone = f"{settings.timezone}, {settings.currency}, weeks from {settings.week_start}"
    return [
        _disk(seen, workspace),
        Finding("ok", "settings", f"{zone}, questions until {settings.questions_until}"),
        *_server(seen),
        *_clock(workspace, seen.now),
        *_files(workspace.layout, seen.now),
        _inbox(workspace, seen),
        *_derived(workspace),
        *_orders(workspace),
        *_quarantine(workspace),
    ]


def _disk(seen: Condition, workspace: Workspace) -> Finding:
    detail = f"{seen.free / 1e9:.1f} GB free at {workspace.path}, {seen.reserve_mb / 1000:.1f} GB kept in reserve"
    short = shortage(seen.free, seen.reserve_mb)
    return Finding("problem" if short else "ok", "disk", short or detail)


def _server(seen: Condition) -> list[Finding]:
    status = seen.status
    if status is None:
        return []  # used as a library
    if not seen.settler_is_up:
        waits = seen.waiting > 0 and status.state != "stopped"
        detail = f"its settler last said {status.state!r}, {seen.now - status.updated:,.0f} seconds ago"
        return [Finding("problem" if waits else "note", "server", detail)]
    bad = status.state in ("failing", "clock_behind", "disk_full")
    detail = f"its settler is {status.state}{': ' + status.reason if status.reason else ''}"
    return [Finding("problem" if bad else "ok", "server", detail)]


def _clock(workspace: Workspace, now: float) -> list[Finding]:
    wrong = behind(datetime.fromtimestamp(now, UTC), Lake(workspace.layout.lake).last_received())
    return [Finding("problem", "clock", wrong)] if wrong else []


def _inbox(workspace: Workspace, seen: Condition) -> Finding:
    inbox = Inbox(workspace.layout.inbox)
    waiting, claimed = len(inbox.pending()), len(inbox.claimed())
    detail = f"{waiting} segments wait for the settler" + (f", {claimed} settles are unfinished" if claimed else "")
    if waiting:
        detail += f", the oldest for {seen.backlog_seconds:,.0f} seconds"
    late = seen.backlog_seconds > MOST_BACKLOG_SECONDS
    return Finding("problem" if late else "note" if waiting or claimed else "ok", "inbox", detail)


def _derived(workspace: Workspace) -> list[Finding]:
    lake = Lake(workspace.layout.lake)
    last = lake.last_seq()
    manifest = workspace.generation().manifest
    findings = [Finding("ok", "lake", f"{last:,} rows of record")]
    behind = {"identity": read_checkpoint(workspace.layout.identity).seq, "timelines": manifest.seq}
    for name, seq in behind.items():
        # Timelines show rows before the lake has them.
        current = seq == last or (name == "timelines" and seq > last)
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
