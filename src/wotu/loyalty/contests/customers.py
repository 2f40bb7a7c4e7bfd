"""Contests of customers who turn out to be one, or who are forgotten."""

from __future__ import annotations

from django.db.models import F, Q
from django.db.models.functions import Greatest

from wotu.loyalty.contests.models import Contest, ContestEntry, ContestTally

_NOBODY = -1


def merge(gone: int, survivor: int) -> int:
    """What both did counts together; of two entries of one contest the earlier stays, a settled one stays as it is."""
    _lock(gone, survivor)
    tallies = list(ContestTally.objects.filter(customer=gone).order_by("pk"))
    for tally in tallies:
        mine = ContestTally.objects.filter(contest=tally.contest_id, customer=survivor)
        if mine.update(times=F("times") + tally.times, last_at=Greatest("last_at", tally.last_at)):
            tally.delete()
        else:
            ContestTally.objects.filter(pk=tally.pk).update(customer=survivor)
    entries = list(ContestEntry.objects.select_related("contest").filter(customer=gone).order_by("pk"))
    for entry in entries:
        other = ContestEntry.objects.filter(contest=entry.contest_id, customer=survivor).first()
        if other is not None:
            _drop(max(entry, other, key=lambda each: (each.joined_at, each.pk)), settled=_is_settled(entry))
        ContestEntry.objects.filter(pk=entry.pk, customer=gone).update(customer=survivor)
    return len(tallies) + len(entries)


def forget(customer: int) -> int:
    """Take an erased customer out of contests; of a settled one the place stays, nobody's. How many."""
    _lock(customer)
    tallies = ContestTally.objects.filter(customer=customer).delete()[0]
    entries = list(ContestEntry.objects.select_related("contest").filter(customer=customer).order_by("pk"))
    for entry in entries:
        _drop(entry, settled=_is_settled(entry))
    return tallies + len(entries)


def _lock(*customers: int) -> None:
    """Let no contest of theirs be settled meanwhile: an entry that is won with does not go, and prizes find who won."""
    theirs = Q(pk__in=ContestEntry.objects.filter(customer__in=customers).values("contest"))
    list(Contest.objects.select_for_update(no_key=True).filter(theirs).order_by("pk").values_list("pk"))


def _is_settled(entry: ContestEntry) -> bool:
    return entry.contest.settled_at is not None


def _drop(entry: ContestEntry, *, settled: bool) -> None:
    rows = ContestEntry.objects.filter(pk=entry.pk)
    if settled:
        rows.update(customer=_NOBODY, nickname="", masked="")
    else:
        rows.delete()
