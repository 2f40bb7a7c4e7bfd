"""What the worker does for loyalty without being asked."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from wotu.loyalty.contests import tasks as _of_contests  # noqa: F401 - makes them known to the worker
from wotu.loyalty.customers import following as customers
from wotu.loyalty.lottery import tasks as _of_lotteries  # noqa: F401 - the same
from wotu.loyalty.membership import tasks as _of_members  # noqa: F401 - the same
from wotu.loyalty.orders import following as orders
from wotu.loyalty.programme import badge_services as _of_badges  # noqa: F401 - the same
from wotu.loyalty.programme import expiry_notices
from wotu.loyalty.receipts import tasks as _of_receipts  # noqa: F401 - the same
from wotu.loyalty.samples import tasks as _of_samples  # noqa: F401 - the same
from wotu.outbox.following import follower
from wotu.outbox.tasks import TaskContext, task

follower("loyalty.identity", source="identity", wanted=customers.anything_owned)(customers.apply_identity_changes)
follower("loyalty.orders", events=orders.EVENTS, wanted=orders.anything_to_earn)(orders.apply_order_messages)


@task(name="loyalty.expiry_notices", every=timedelta(hours=6), outside=True, queue_name="upkeep")
def tell_of_expiry(_context: TaskContext) -> int:
    """Tell members whose points end soon; how many."""
    return expiry_notices.notify_expiring(timezone.now())
