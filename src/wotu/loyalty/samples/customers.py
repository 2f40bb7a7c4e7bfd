"""Samples of customers who turn out to be one, or who are forgotten."""

from __future__ import annotations

from datetime import datetime

from wotu.loyalty.choices import SampleState
from wotu.loyalty.samples import services
from wotu.loyalty.samples.models import SampleRequest

_NOBODY = -1


def merge(gone: int, survivor: int, *, now: datetime) -> int:
    """What one asked for is the other's. Of two samples of one offer one stays: the one given first, else asked first.

    The piece of another that is not given yet returns to stock; one that is given stays given, to nobody.
    """
    theirs = _locked(gone)
    mine = {row.offer_id: row for row in _locked(survivor)}
    for row in theirs:
        other = mine.get(row.offer_id)
        if other is not None:
            _drop(max(row, other, key=_later), now)
        SampleRequest.objects.filter(pk=row.pk, customer=gone).update(customer=survivor)
    return len(theirs)


def forget(customer: int, *, now: datetime) -> int:
    """Take an erased customer's name off; what they wait for returns to stock. How many."""
    rows = _locked(customer)
    for row in rows:
        _drop(row, now)
    return len(rows)


def _locked(customer: int) -> list[SampleRequest]:
    """A customer's requests as they are, nobody deciding on them until the transaction ends."""
    rows = SampleRequest.objects.select_related("offer__campaign").select_for_update(of=("self",))
    return list(rows.filter(customer=customer).order_by("pk"))


def _drop(row: SampleRequest, now: datetime) -> None:
    if row.state == SampleState.REQUESTED:
        services.give_piece_back(row, now=now)
        SampleRequest.objects.filter(pk=row.pk).delete()
    else:
        SampleRequest.objects.filter(pk=row.pk).update(customer=_NOBODY, reason="", decided_by="")


def _later(row: SampleRequest) -> tuple[bool, datetime, int]:
    return row.given_at is None, row.given_at or row.asked_at, row.pk
