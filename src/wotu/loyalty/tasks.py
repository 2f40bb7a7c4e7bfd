"""What the worker does for loyalty without being asked."""

from __future__ import annotations

from datetime import timedelta

from wotu.ledger.erased import erased_customers
from wotu.loyalty import customer_services, personal
from wotu.outbox.tasks import TaskContext, task


@task(name="loyalty.forget_erased", every=timedelta(days=1), outside=True, queue_name="upkeep")
def forget_erased(_context: TaskContext) -> int:
    """Forget who is erased and still has coupons or orders, as after a restore; how many rows."""
    return sum(customer_services.forget(number) for number in sorted(personal.with_rows(erased_customers())))
