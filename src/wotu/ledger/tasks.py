"""What the worker does for the ledger without being asked: the proof of every night, what is due, who is erased."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from wotu.core.customer_ids import customer_texts
from wotu.ledger import due_services, personal, proof_services
from wotu.ledger.erased import erased_customers
from wotu.outbox.tasks import TaskContext, task

# Each acts in small transactions of its own, none of which keeps other writers waiting.
_QUEUE = "upkeep"
_SECONDS = 30.0
_AT_ONCE = 200


@task(name="ledger.prove", every=timedelta(days=1), outside=True, queue_name=_QUEUE)
def prove(_context: TaskContext) -> int:
    """Prove the ledger; how many differences there were."""
    return proof_services.prove(now=timezone.now()).differences


@task(name="ledger.carry_out_due", every=timedelta(minutes=1), outside=True, queue_name=_QUEUE)
def carry_out_due(_context: TaskContext) -> int:
    """Let lots become spendable or expire, and holds end, for whom nobody came by; how many accounts and limits."""
    until = time.monotonic() + _SECONDS
    return _until(until, due_services.end_limit_holds) + _until(until, due_services.carry_out_due_accounts)


@task(name="ledger.forget_erased", every=timedelta(days=1), outside=True, queue_name=_QUEUE)
def forget_erased(_context: TaskContext) -> int:
    """Forget who is erased and still has accounts, as after a restore; how many accounts."""
    return personal.forget_any(customer_texts(erased_customers()))


def _until(end: float, carry_out: Callable[..., int]) -> int:
    """Batch after batch until nothing is left or the time is over; the next minute goes on."""
    done = 0
    while time.monotonic() < end:
        found = carry_out(now=timezone.now(), most=_AT_ONCE)
        done += found
        if found < _AT_ONCE:
            break
    return done
