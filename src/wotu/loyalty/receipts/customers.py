"""Receipts of customers who turn out to be one, or who are forgotten; and photos that nobody needs any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from wotu.loyalty.choices import ReceiptState
from wotu.loyalty.receipts.models import Receipt, ReceiptPhoto

PHOTO_DAYS = 90
_NOBODY = -1


def merge(gone: int, survivor: int) -> int:
    """What one sent in is the other's; the caller merges their allowances after it, and so what caps counted."""
    return Receipt.objects.filter(customer=gone).update(customer=survivor)


def forget(customer: int) -> int:
    """Delete an erased customer's photos and what waits, and take the name off the rest; how many.

    ``same`` stays, which tells nobody what was bought where: what was paid for is not paid for again.
    """
    mine = Receipt.objects.filter(customer=customer)
    ReceiptPhoto.objects.filter(receipt__customer=customer).delete()
    waiting = mine.filter(state=ReceiptState.WAITING).delete()[0]
    return waiting + mine.update(
        customer=_NOBODY, shop="", number="", plain_number="", photo_sha256="", reason="", decided_by=""
    )


def drop_photos(now: datetime) -> int:
    """Delete photos of receipts that were decided 90 days ago or longer; how many."""
    old = ReceiptPhoto.objects.filter(receipt__decided_at__lte=now - timedelta(days=PHOTO_DAYS))
    return old.delete()[0]
