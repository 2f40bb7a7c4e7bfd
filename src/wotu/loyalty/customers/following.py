"""What customers have follows who they are: points, coupons and orders go over when two turn out to be one.

A merge is followed in the transaction of the cursor. One that fails stops no other: work is queued that looks at
everybody, comes again by itself, and is told of as given up when it never succeeds.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from wotu.core.crash_points import crash_point
from wotu.core.customer_ids import customer_text, customer_texts
from wotu.core.layout import Layout
from wotu.ledger import personal as ledger
from wotu.ledger import reads
from wotu.ledger.erased import erased_customers
from wotu.ledger.rules import Cause
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.outbox.tasks import TaskContext, task

if TYPE_CHECKING:
    from wotu.workspace.feed import IdentityChange

_AT_ONCE = 50_000
_log = logging.getLogger("wotu.loyalty")


def anything_owned() -> bool:
    """Whether any customer has anything that could go over to another."""
    return reads.any_accounts() or personal.any_rows()


def apply_identity_changes(changes: Sequence[IdentityChange]) -> None:
    """Move what merged customers have to whom they are now, and forget who was erased; however often it is told."""
    if any(change.what == "erase" for change in changes):
        forget(erased_customers())
    now_of = {
        number: change.customer
        for change in changes if change.customer is not None
        for number in change.numbers if number != change.customer
    }  # fmt: skip
    event = f"identity:{changes[-1].seq}"
    if _merge(now_of, event, timezone.now()):
        settle_merged.using(key=event).enqueue()


@task(name="loyalty.settle_merged", every=timedelta(days=1), outside=True, queue_name="upkeep")
def settle_merged(context: TaskContext) -> int:
    """Move what is still under the number of a customer who was merged; how many customers."""
    return settle(f"settle:{context.key}") if anything_owned() else 0


@task(name="loyalty.forget_erased", every=timedelta(days=1), outside=True, queue_name="upkeep")
def forget_erased(_context: TaskContext) -> int:
    """Forget who is erased and still has anything, as after a restore; how many rows."""
    return forget(erased_customers())


def settle(event: str) -> int:
    """Move what is still under the number of a merged customer, for whatever reason; how many customers.

    A message that was read before its customer was merged may be applied after it.
    """
    from wotu.workspace.feed import Feed

    feed, moved = Feed(Layout(Path(settings.WOTU_WORKSPACE))), 0
    everybody = array("q", _everybody())
    for start in range(0, len(everybody), _AT_ONCE):
        some = everybody[start : start + _AT_ONCE]
        now_of = {number: now for number, now in feed.customers_now(some).items() if now not in (None, number)}
        if failed := _merge(now_of, event, timezone.now()):
            raise next(iter(failed.values()))
        moved += len(now_of)
    return moved


def forget(customers: Collection[int]) -> int:
    """Take the names of erased customers off everything; how many rows and accounts."""
    rows = sum(customer_services.forget(number) for number in sorted(personal.with_rows(customers)))
    return rows + ledger.forget_any(customer_texts(customers))


def _merge(now_of: Mapping[int, int | None], event: str, now: datetime) -> dict[int, Exception]:
    """Merge those who have anything; the others' failures."""
    failed: dict[int, Exception] = {}
    for gone in sorted(personal.with_rows(now_of) | reads.with_value(now_of)):
        survivor = now_of[gone]
        assert survivor is not None, "nobody is merged into nobody"
        try:
            with transaction.atomic():
                customer_services.merge_customers(
                    Cause("identity", 1, event, customer_text(gone), "merge"), gone, survivor, now=now
                )
        except OperationalError:
            # The database, not the customer: all of it is tried again.
            raise
        except Exception as error:
            _log.warning("following the merge of %s failed with %s", customer_text(gone), type(error).__name__)
            failed[gone] = error
        crash_point("loyalty-customers-merged")
    return failed


def _everybody() -> Iterator[int]:
    yield from personal.customers()
    yield from reads.owners_of_value()
