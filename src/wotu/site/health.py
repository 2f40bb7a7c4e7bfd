"""Readiness: may this process be sent requests, and if not, why?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from wotu.core.disk import leaves_reserve, shortage
from wotu.core.status import WorkerStatus
from wotu.workspace.condition import MOST_BACKLOG_SECONDS, Condition


@dataclass(frozen=True)
class Check:
    """One thing that must hold. ``reason`` says what does not; empty when it holds."""

    check: str
    ok: bool
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def readiness(
    condition: Condition, *, database_fault: str, warm: bool, worker: WorkerStatus | None
) -> tuple[Check, ...]:  # fmt: skip
    """Every check. ``database_fault`` is why the control database does not answer, empty when it does."""
    return (
        _check("database", database_fault),
        _check("inbox", "" if condition.inbox_writable else "the inbox cannot be written to"),
        _check("settler", _settler_fault(condition)),
        _check("worker", _worker_fault(worker, condition.now)),
        _check("kernels", "" if warm else "the first answers are still being computed"),
        _check("backlog", _backlog_fault(condition)),
        _check("disk", _disk_fault(condition)),
    )


def fault_of(probe: Callable[[], object]) -> str:
    """Why a probe fails, by the kind of its error alone: its words may name hosts and people."""
    try:
        probe()
    except Exception as error:
        return f"it does not answer ({type(error).__name__})"
    return ""


def _check(name: str, fault: str) -> Check:
    return Check(name, not fault, fault)


def _settler_fault(condition: Condition) -> str:
    status = condition.status
    if status is None:
        return "no settler has run yet"
    if not status.is_fresh(condition.now):
        return f"it last said {status.state!r}, {condition.now - status.updated:,.0f} seconds ago"
    if not condition.lock_held:
        return "nobody holds the settler's lock"
    return f"it is {status.state}: {status.reason}" if status.state in ("failing", "clock_behind") else ""


def _worker_fault(status: WorkerStatus | None, now: float) -> str:
    if status is None:
        return "no worker has run yet"
    if not status.is_fresh(now):
        return f"it last said {status.state!r}, {now - status.updated:,.0f} seconds ago"
    return f"it is failing: {status.reason}" if status.state == "failing" else ""


def _backlog_fault(condition: Condition) -> str:
    behind = condition.backlog_seconds
    return "" if behind <= MOST_BACKLOG_SECONDS else f"the oldest message has waited for {behind:,.0f} seconds"


def _disk_fault(condition: Condition) -> str:
    if leaves_reserve(condition.free, condition.reserve_mb):
        return ""
    return shortage(condition.free, condition.reserve_mb) or ""
