"""What others may know of the house's side, as plain data: liability, limits, and what will expire when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.models import Account, Lot, Posting, Slice, Unit
from wotu.ledger.reads import UnitRow, position


@dataclass(frozen=True)
class ProgrammeLiability:
    """What a programme issued and redeemed, net of reversals, and what expired and remains of what it issued."""

    programme: str
    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    adjusted: int = 0
    outstanding: int = 0


@dataclass(frozen=True)
class Liability:
    """A unit as the house sees it.

    ``issued`` = ``redeemed`` + ``expired`` + ``adjusted`` + ``outstanding`` − ``owed`` + ``in_limits``, always:
    every transfer sums to zero. ``adjusted`` is what staff took, less what they gave.
    """

    unit: UnitRow
    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    adjusted: int = 0
    outstanding: int = 0
    owed: int = 0
    in_limits: int = 0
    customers: int = 0
    programmes: tuple[ProgrammeLiability, ...] = ()


@dataclass(frozen=True)
class LimitRow:
    """A limit: what may be spent of a unit by programme ``owner``. ``slices`` is how many parts it is kept in."""

    account: int
    unit: UnitRow
    owner: int
    size: int
    used: int
    held: int
    slices: int

    @property
    def left(self) -> int:
        return self.size - self.used - self.held


@dataclass(frozen=True)
class LimitPage:
    """Newest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[LimitRow, ...]
    next: str | None


@dataclass(frozen=True)
class SliceRow:
    """A part of a limit."""

    number: int
    size: int
    used: int
    held: int


@dataclass(frozen=True)
class Expiring:
    """What will expire unless it is spent before, in the day or month that begins at ``start``."""

    start: date
    amount: int
    lots: int


@dataclass
class _Sums:
    """Of one unit, while it is summed: totals by word, and the same by programme."""

    totals: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    programmes: defaultdict[str, defaultdict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )


def liability(unit_code: str = "") -> tuple[Liability, ...]:
    """What was issued and became of it, of one unit or of each, with the same by programme."""
    units = Unit.objects.order_by("kind", "name", "code")
    found = list(units.filter(pk=unit_code) if unit_code else units)
    sums: defaultdict[str, _Sums] = defaultdict(_Sums)
    _sum_customers(sums, unit_code)
    _sum_house(sums, unit_code)
    _sum_limits(sums, unit_code)
    _sum_lots(sums, unit_code)
    return tuple(_liability(row, sums[row.code]) for row in found)


def limits(*, unit_code: str = "", owner: int | None = None, before: str | None = None, limit: int = 50) -> LimitPage:
    """Limits, of one unit or programme where it is named."""
    if not 1 <= limit <= 500:
        raise invalid_argument("limit", f"limit={limit} must be from 1 to 500.")
    wanted = {"unit": unit_code or None, "owner": owner, "pk__lt": position(before)}
    accounts = _limits().filter(**{name: value for name, value in wanted.items() if value is not None})
    rows = list(accounts.order_by("-pk")[: limit + 1])
    page = tuple(_limit(row) for row in rows[:limit])
    return LimitPage(page, str(page[-1].account) if len(rows) > limit else None)


def limit_of(account: int) -> tuple[LimitRow, tuple[SliceRow, ...]]:
    """One limit with its slices; raises ``not_found``."""
    row = _limits().filter(pk=account).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"There is no limit {account}.", field="account")
    slices = Slice.objects.filter(account=account).order_by("number")
    return _limit(row), tuple(SliceRow(each.number, each.size, each.used, each.held) for each in slices)


def expiry_calendar(
    unit_code: str, *, since: datetime, until: datetime | None = None, by: Literal["day", "month"] = "month",
    zone: ZoneInfo,
) -> tuple[Expiring, ...]:  # fmt: skip
    """What will expire of a unit from ``since`` to before ``until``, by day or month of ``zone``.

    Periods in which nothing expires are left out.
    """
    lots = Lot.objects.filter(
        account__unit=unit_code, account__owner_kind=Owner.CUSTOMER, remaining__gt=0, expires_at__gte=since
    )
    if until is not None:
        lots = lots.filter(expires_at__lt=until)
    found: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    moments = lots.order_by().values_list("expires_at").annotate(Sum("remaining"), Count("pk"))
    for moment, amount, number in moments.iterator():
        day = moment.astimezone(zone).date()
        period = found[day.replace(day=1) if by == "month" else day]
        period[0] += amount
        period[1] += number
    return tuple(Expiring(start, *found[start]) for start in sorted(found))


def _sum_customers(sums: defaultdict[str, _Sums], unit_code: str) -> None:
    accounts = Account.objects.filter(owner_kind__in=(Owner.CUSTOMER, Owner.ERASED))
    rows = _of_unit(accounts, "unit", unit_code).order_by().values_list("unit", "purpose", "owner_kind")
    for code, purpose, kind, total, number in rows.annotate(Sum("balance"), Count("pk")):
        if purpose == Purpose.DEBT:
            sums[code].totals["owed"] -= total
        else:
            sums[code].totals["outstanding"] += total
        if purpose == Purpose.MAIN and kind == Owner.CUSTOMER:
            sums[code].totals["customers"] += number


def _sum_house(sums: defaultdict[str, _Sums], unit_code: str) -> None:
    postings = _of_unit(Posting.objects.filter(account__owner_kind=Owner.HOUSE), "account__unit", unit_code)
    rows = postings.order_by().values_list("account__unit", "account__purpose", "transfer__programme")
    for code, purpose, programme, total in rows.annotate(Sum("amount")):
        amount = -total if purpose == Purpose.ISSUED else total
        sums[code].totals[purpose] += amount
        if purpose != Purpose.EXPIRED:
            sums[code].programmes[programme][purpose] += amount


def _sum_limits(sums: defaultdict[str, _Sums], unit_code: str) -> None:
    rows = _of_unit(Slice.objects.all(), "account__unit", unit_code).order_by().values_list("account__unit")
    for code, size, used in rows.annotate(Sum("size"), Sum("used")):
        sums[code].totals["in_limits"] += size - used


def _sum_lots(sums: defaultdict[str, _Sums], unit_code: str) -> None:
    rows = _of_unit(Lot.objects.all(), "account__unit", unit_code).order_by()
    for code, programme, remaining, expired in rows.values_list("account__unit", "source__programme").annotate(
        Sum("remaining"), Sum("expired")
    ):
        sums[code].programmes[programme]["outstanding"] += remaining
        sums[code].programmes[programme]["expired"] += expired


def _of_unit(rows: QuerySet[Any], path: str, unit_code: str) -> QuerySet[Any]:
    return rows.filter(**{path: unit_code}) if unit_code else rows


def _liability(row: Unit, sums: _Sums) -> Liability:
    programmes = [
        ProgrammeLiability(name, **parts) for name, parts in sorted(sums.programmes.items()) if any(parts.values())
    ]
    return Liability(UnitRow(row.code, row.kind, row.name), **sums.totals, programmes=tuple(programmes))


def _limits() -> QuerySet[Account]:
    return (
        Account.objects.filter(purpose=Purpose.LIMIT)
        .select_related("unit")
        .annotate(size=Sum("slices__size"), used=Sum("slices__used"), kept=Sum("slices__held"), parts=Count("slices"))
    )


def _limit(row: Account) -> LimitRow:
    counted = (getattr(row, name) or 0 for name in ("size", "used", "kept", "parts"))
    return LimitRow(row.pk, UnitRow(row.unit.code, row.unit.kind, row.unit.name), row.owner, *counted)
