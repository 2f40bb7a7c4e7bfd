"""What the worker does for loyalty without being asked."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from wotu.ledger.erased import erased_customers
from wotu.loyalty import badge_services, expiry_notices, identity_following, order_following
from wotu.loyalty.contests import tasks as _of_contests  # noqa: F401 - makes them known to the worker
from wotu.loyalty.lottery import tasks as _of_lotteries  # noqa: F401 - makes them known to the worker
from wotu.loyalty.membership import tasks as _of_members  # noqa: F401 - makes them known to the worker
from wotu.loyalty.receipts import tasks as _of_receipts  # noqa: F401 - the same
from wotu.loyalty.samples import tasks as _of_samples  # noqa: F401 - the same
from wotu.outbox.following import follower
from wotu.outbox.tasks import TaskContext, task

follower("loyalty.identity", source="identity", wanted=identity_following.anything_owned)(
    identity_following.apply_identity_changes
)
follower("loyalty.orders", events=order_following.EVENTS, wanted=order_following.anything_to_earn)(
    order_following.apply_order_messages
)


@task(name="loyalty.follow_order", outside=True)
def follow_order(_context: TaskContext, *, seq: int) -> bool:
    """Follow a message about an order that could not be followed in its turn; false when it is there no more."""
    return order_following.apply_order_message(seq)


@task(name="loyalty.expiry_notices", every=timedelta(hours=6), outside=True, queue_name="upkeep")
def tell_of_expiry(_context: TaskContext) -> int:
    """Tell members whose points end soon; how many."""
    return expiry_notices.notify_expiring(timezone.now())


@task(name="loyalty.settle_badge")
def settle_badge(*, badge: int, after: int) -> None:
    """Give a new or changed badge to whoever has reached it, some customers at a time."""
    last = badge_services.settle_some(badge, after, now=timezone.now())
    if last is not None:
        settle_badge.enqueue(badge=badge, after=last)


@task(name="loyalty.forget_erased", every=timedelta(days=1), outside=True, queue_name="upkeep")
def forget_erased(_context: TaskContext) -> int:
    """Forget who is erased and still has anything, as after a restore; how many rows."""
    return identity_following.forget(erased_customers())


@task(name="loyalty.settle_merged", every=timedelta(days=1), outside=True, queue_name="upkeep")
def settle_merged(context: TaskContext) -> int:
    """Move what is still under the number of a customer who was merged; how many customers."""
    if not identity_following.anything_owned():
        return 0
    return identity_following.settle(f"settle:{context.key}")
