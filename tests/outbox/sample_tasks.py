"""Tasks for tests. Their effects are rows of the audit (inside) and entries of ``TOLD`` (outside)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from wotu.accounts import audit
from wotu.outbox.tasks import TaskContext, task

TOLD: list[Any] = []


@task(name="sample.note")
def note(*, what: str) -> None:
    """Note something in the audit."""
    audit.record(actor="system", action="sample", target=what)


@task(name="sample.proof", keep=timedelta(days=3))
def proof(*, what: str) -> dict[str, str]:
    """Note something, and keep that it was done."""
    audit.record(actor="system", action="sample", target=what)
    return {"noted": what}


@task(name="sample.break", give_up=3)
def break_off(*, what: str) -> None:
    """Note something and fail: nothing is left of the note."""
    audit.record(actor="system", action="sample", target=what)
    raise ValueError(f"no {what} for ann@example.com")


@task(name="sample.tell", outside=True, give_up=timedelta(hours=1))
def tell(context: TaskContext, *, what: str) -> None:
    """Tell somebody outside; what begins with ``bad`` fails."""
    TOLD.append((context.key, context.attempt, what))
    if what.startswith("bad"):
        raise OSError("nobody there")


@task(name="sample.gather", outside=True, together=True, queue_name="gathered")
def gather(works: list[tuple[TaskContext, dict[str, Any]]]) -> None:
    """Tell many things at once; one bad thing spoils all."""
    TOLD.append([arguments["what"] for _, arguments in works])
    if any(arguments["what"].startswith("bad") for _, arguments in works):
        raise OSError("nobody there")
