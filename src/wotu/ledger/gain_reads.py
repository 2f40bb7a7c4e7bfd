"""What a customer gained of a unit, and when: for levels that are reckoned from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, Sum

from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.models import Lot, Posting

_AT_ONCE = 10_000


def gains(customer: int, unit: str) -> Iterator[tuple[datetime, int]]:
    """(moment, amount) of each grant, oldest first, less what of it was taken back.

    A grant that was reversed counts at its own moment with what is left of it, also after a merge of customers.
    """
    rows = _granted([customer], unit).values_list("source__at", "granted", "taken_back").order_by("source__at", "pk")
    return ((at, granted - taken_back) for at, granted, taken_back in rows.iterator())


def gains_of_many(
    customers: Sequence[int], unit: str, *, since: datetime | None = None
) -> Iterator[tuple[int, datetime, int]]:
    """(customer, moment, amount) of each grant of many customers, those of ``since`` and later where it is given."""
    rows = _granted(customers, unit) if since is None else _granted(customers, unit).filter(source__at__gte=since)
    found = rows.values_list("account__owner", "source__at", "granted", "taken_back").order_by()
    return ((customer, at, granted - taken_back) for customer, at, granted, taken_back in found.iterator())


def gained(customers: Sequence[int], unit: str, *, before: datetime | None = None) -> dict[int, int]:
    """The sum of all gains (of ``before``, where it is given) of each of ``customers`` that has any."""
    rows = _granted(customers, unit) if before is None else _granted(customers, unit).filter(source__at__lt=before)
    return dict(rows.values_list("account__owner").order_by().annotate(sum=Sum(F("granted") - F("taken_back"))))


def gains_of_all(unit: str, *, at_least: int) -> Iterator[tuple[int, datetime, int]]:
    """(customer, moment, amount) of each grant of everybody who gained ``at_least`` so much, customer by customer."""
    enough = _sums(unit).filter(sum__gte=at_least).values("account__owner")
    rows = (
        _granted_to_all(unit)
        .filter(account__owner__in=enough)
        .values_list("account__owner", "source__at", "granted", "taken_back")
    )
    found = rows.order_by("account__owner").iterator(chunk_size=_AT_ONCE)
    return ((customer, at, granted - taken_back) for customer, at, granted, taken_back in found)


def gained_by_all(unit: str, *, at_least: int, until: datetime) -> Iterator[tuple[int, int]]:
    """(customer, sum of all gains before ``until``) of everybody who gained ``at_least`` so much by then."""
    found: Iterator[tuple[int, int]] = (
        _sums(unit, source__at__lt=until).filter(sum__gte=at_least).iterator(chunk_size=_AT_ONCE)
    )
    return found


def granted_by(transfer: int) -> tuple[datetime, int] | None:
    """When a grant was made, and how much it was; ``None`` for what is no grant."""
    return Lot.objects.filter(source=transfer).order_by("pk").values_list("source__at", "granted").first()


def granted_to(transfer: int) -> int | None:
    """Who has what a grant gave, after merges too; ``None`` for what is no grant to a customer."""
    lots = Lot.objects.filter(source=transfer, account__owner_kind=Owner.CUSTOMER).order_by("pk")
    return lots.values_list("account__owner", flat=True).first()


def gains_within(
    customers: Sequence[int], unit: str, *, since: datetime, until: datetime, taken_back_until: datetime
) -> Iterator[tuple[int, datetime, int]]:
    """(customer, moment, amount) of each grant from ``since`` until ``until``, less what was taken back of it until
    ``taken_back_until``: what is taken back later counts as if it had not been.
    """
    rows = _granted(customers, unit).filter(source__at__gte=since, source__at__lt=until)
    lots = list(rows.values_list("account__owner", "source", "source__at", "granted").order_by("source__at", "pk"))
    back = Posting.objects.filter(
        transfer__reverses__in={source for _, source, _, _ in lots}, transfer__at__lte=taken_back_until,
        account__owner_kind=Owner.HOUSE, account__unit=unit, account__purpose__in=[Purpose.ISSUED, Purpose.ADJUSTED],
    )  # fmt: skip
    taken = dict(back.values_list("transfer__reverses").order_by().annotate(sum=Sum("amount")))
    return ((customer, at, granted - int(taken.get(source, 0))) for customer, source, at, granted in lots)


def _sums(unit: str, **only: Any) -> Any:
    rows = _granted_to_all(unit).filter(**only).values_list("account__owner").order_by()
    return rows.annotate(sum=Sum(F("granted") - F("taken_back")))


def _granted(customers: Sequence[int], unit: str) -> QuerySet[Lot]:
    return _granted_to_all(unit).filter(account__owner__in=customers)


def _granted_to_all(unit: str) -> QuerySet[Lot]:
    # What a returned spend put back is no gain.
    return Lot.objects.filter(account__unit=unit, account__owner_kind=Owner.CUSTOMER, source__reverses=None)
