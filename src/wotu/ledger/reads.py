"""What others may know of customers' value, as plain data: balances, lots, statements, transfers.

Nothing is carried out here: call ``due_services.carry_out_due`` first where what is due counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from wotu.core.customer_ids import customer_text
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.models import Account, Lot, Posting, Transfer, Unit
from wotu.ledger.rules import Cause

_DIGITS = 18
_AT_ONCE = 500


@dataclass(frozen=True)
class UnitRow:
    """Something that is counted; ``kind`` is a word of ``UnitKind``."""

    code: str
    kind: str
    name: str


@dataclass(frozen=True)
class Balance:
    """What a customer has of a unit: ``free`` to spend, ``held`` for a time, ``pending`` to come, ``owed`` by them."""

    unit: UnitRow
    free: int = 0
    held: int = 0
    pending: int = 0
    owed: int = 0

    @property
    def net(self) -> int:
        """What all postings of the customer in this unit sum to."""
        return self.free + self.held + self.pending - self.owed


@dataclass(frozen=True)
class Side:
    """An account as a posting names it: whose it is, and for what. ``owner`` is a customer's or programme's number."""

    account: int
    unit: UnitRow
    owner_kind: str
    owner: int
    purpose: str

    @property
    def customer_id(self) -> str | None:
        """The customer it belongs to."""
        return customer_text(self.owner) if self.owner_kind == Owner.CUSTOMER else None


@dataclass(frozen=True)
class TransferRef:
    """A transfer with its time and cause."""

    id: int
    at: datetime
    cause: Cause


@dataclass(frozen=True)
class LotRow:
    """Value that came together. ``waits`` while it cannot be spent yet; spent is what is in no other part."""

    id: int
    source: TransferRef
    granted: int
    remaining: int
    expired: int
    taken_back: int
    waits: bool
    available_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True)
class StatementEntry:
    """One posting: what moved, why, from or to where, and the ``balance`` after it."""

    id: int
    transfer: TransferRef
    account: Side
    counter: tuple[Side, ...]
    lot: int | None
    amount: int
    balance: int
    reverses: int | None
    reversed_by: tuple[int, ...]


@dataclass(frozen=True)
class Statement:
    """Newest first; pass ``next`` as ``before`` for the following page. ``balance`` is what stands now."""

    balance: int
    entries: tuple[StatementEntry, ...]
    next: str | None


@dataclass(frozen=True)
class PostingRow:
    """An amount into an account, or out of it when negative."""

    id: int
    account: Side
    lot: int | None
    amount: int


@dataclass(frozen=True)
class TransferView:
    """A transfer with everything it moved, what it reverses and what reverses it."""

    transfer: TransferRef
    postings: tuple[PostingRow, ...]
    reverses: TransferRef | None
    reversals: tuple[TransferRef, ...]


def units() -> tuple[UnitRow, ...]:
    """Everything that is counted, by kind and name."""
    return tuple(_unit(row) for row in Unit.objects.order_by("kind", "name", "code"))


def unit(code: str) -> UnitRow:
    """One unit; raises ``not_found``."""
    # PostgreSQL refuses to compare with NUL.
    row = None if "\x00" in code else Unit.objects.filter(pk=code).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"No unit has the code {code!r}.", field="unit")
    return _unit(row)


def balances(customer: int) -> tuple[Balance, ...]:
    """What a customer has of each unit they ever had any of."""
    parts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    named: dict[str, UnitRow] = {}
    for row in _owned(customer).select_related("unit").order_by("unit__kind", "unit__name", "unit"):
        named[row.unit_id] = _unit(row.unit)
        if row.purpose == Purpose.MAIN:
            parts[row.unit_id] |= {"free": row.balance - row.held, "held": row.held}
        elif row.purpose == Purpose.PENDING:
            parts[row.unit_id]["pending"] = row.balance
        else:
            parts[row.unit_id]["owed"] = -row.balance
    return tuple(Balance(each, **parts[code]) for code, each in named.items())


def with_accounts(customers: Collection[int]) -> tuple[int, ...]:
    """Who of ``customers`` has any account."""
    wanted, found = sorted(customers), set[int]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = Account.objects.filter(owner__in=wanted[start : start + _AT_ONCE], owner_kind=Owner.CUSTOMER)
        found.update(some.values_list("owner", flat=True))
    return tuple(sorted(found))


def any_accounts() -> bool:
    """Whether any customer has an account."""
    return Account.objects.filter(owner_kind=Owner.CUSTOMER).exists()


def with_value(customers: Collection[int]) -> set[int]:
    """Who of ``customers`` has any value, or had some that is told of: whatever a merge would move."""
    wanted, found = sorted(customers), set[int]()
    for start in range(0, len(wanted), _AT_ONCE):
        found.update(_of_value().filter(owner__in=wanted[start : start + _AT_ONCE]).values_list("owner", flat=True))
    return found


def owners_of_value() -> Iterator[int]:
    """Every customer who has any value, or had some that is told of."""
    yield from _of_value().values_list("owner", flat=True).distinct().iterator()


def _of_value() -> QuerySet[Account]:
    kept = Q(Exists(Lot.objects.filter(account=OuterRef("pk")))) | ~Q(balance=0) | ~Q(held=0)
    return Account.objects.filter(kept, owner_kind=Owner.CUSTOMER)


def lots(customer: int, unit_code: str, *, spent: bool = False) -> tuple[LotRow, ...]:
    """The lots a customer has something left of, in the order in which they are spent, then those that wait.

    With ``spent``, lots of which nothing is left follow, the newest first.
    """
    owned = Lot.objects.filter(account__in=_owned(customer).filter(unit=unit_code)).select_related("source", "account")
    left = owned.filter(remaining__gt=0)
    found = [
        *left.filter(account__purpose=Purpose.MAIN).order_by(F("expires_at").asc(nulls_last=True), "pk"),
        *left.filter(account__purpose=Purpose.PENDING).order_by("available_at", "pk"),
    ]
    if spent:
        found += owned.filter(remaining=0).order_by("-pk")
    return tuple(_lot(row) for row in found)


def statement(
    customer: int, unit_code: str, *, purpose: str = "", before: str | None = None, limit: int = 50
) -> Statement:
    """Every posting of a customer in a unit, newest first, with the balance after each.

    The balance is that of all their accounts in it together, or of the one for ``purpose``.
    """
    owned = _owned(customer).filter(unit=unit_code)
    return _statement(owned.filter(purpose=purpose) if purpose else owned, before, limit)


def account_statement(account: int, *, before: str | None = None, limit: int = 50) -> Statement:
    """The same for one account, whosever it is; raises ``not_found``."""
    account_side(account)
    return _statement(Account.objects.filter(pk=account), before, limit)


def account_side(account: int) -> Side:
    """Whose an account is and what it is for; raises ``not_found``."""
    row = Account.objects.select_related("unit").filter(pk=account).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"There is no account {account}.", field="account")
    return side(row)


def transfer(number: int) -> TransferView:
    """One transfer; raises ``not_found``."""
    row = Transfer.objects.select_related("reverses").filter(pk=number).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, f"There is no transfer {number}.", field="transfer")
    postings = row.postings.select_related("account__unit").order_by("pk")
    return TransferView(
        transfer=_ref(row),
        postings=tuple(PostingRow(each.pk, side(each.account), each.lot_id, each.amount) for each in postings),
        reverses=_ref(row.reverses) if row.reverses else None,
        reversals=tuple(_ref(each) for each in row.reversals.order_by("pk")),
    )


def side(row: Account) -> Side:
    """An account, its unit loaded, as a posting names it."""
    return Side(row.pk, _unit(row.unit), row.owner_kind, row.owner, row.purpose)


def position(before: str | None) -> int | None:
    """The row number a page continues before; raises when ``before`` is no number of ours."""
    if before is None:
        return None
    if not (before.isascii() and before.isdigit() and len(before) <= _DIGITS):
        raise invalid_argument("before", f"before={before!r} is not what an earlier page gave as next.")
    return int(before)


def _statement(accounts: QuerySet[Account], before: str | None, limit: int) -> Statement:
    if not 1 <= limit <= 500:
        raise invalid_argument("limit", f"limit={limit} must be from 1 to 500.")
    numbers = list(accounts.values_list("pk", flat=True))
    theirs = Posting.objects.filter(account__in=numbers)
    older = theirs if (place := position(before)) is None else theirs.filter(pk__lt=place)
    now, until = _sums(theirs, place)
    rows = list(older.select_related("transfer", "account__unit").order_by("-pk")[: limit + 1])
    page = rows[:limit]
    others = _others({row.transfer_id for row in page})
    reversed_by = _reversed_by({row.transfer_id for row in page})
    entries = []
    for row in page:
        counter = _counter(row, others[row.transfer_id])
        entries.append(_entry(row, until, counter, tuple(reversed_by[row.transfer_id])))
        until -= row.amount
    return Statement(now, tuple(entries), str(page[-1].pk) if len(rows) > limit else None)


def _sums(postings: QuerySet[Posting], place: int | None) -> tuple[int, int]:
    """What all postings sum to, and those before ``place``."""
    earlier = Q() if place is None else Q(pk__lt=place)
    sums = postings.aggregate(all=Sum("amount"), earlier=Sum("amount", filter=earlier))
    return sums["all"] or 0, sums["earlier"] or 0


def _others(transfers: Iterable[int]) -> dict[int, list[Posting]]:
    found: defaultdict[int, list[Posting]] = defaultdict(list)
    for row in Posting.objects.filter(transfer__in=transfers).select_related("account__unit").order_by("pk"):
        found[row.transfer_id].append(row)
    return found


def _reversed_by(transfers: Iterable[int]) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for key, reversed_ in Transfer.objects.filter(reverses__in=transfers).order_by("pk").values_list("pk", "reverses"):
        found[reversed_ or 0].append(key)
    return found


def _counter(row: Posting, postings: Iterable[Posting]) -> tuple[Side, ...]:
    """Where the amount of a posting came from or went to: the accounts of the other sign in its unit, each once."""
    across = [each for each in postings if (each.amount > 0) != (row.amount > 0)]
    return tuple(
        {each.account_id: side(each.account) for each in across if each.account.unit_id == row.account.unit_id}.values()
    )


def _entry(row: Posting, balance: int, counter: tuple[Side, ...], reversed_by: tuple[int, ...]) -> StatementEntry:
    return StatementEntry(
        id=row.pk, transfer=_ref(row.transfer), account=side(row.account), counter=counter, lot=row.lot_id,
        amount=row.amount, balance=balance, reverses=row.transfer.reverses_id, reversed_by=reversed_by,
    )  # fmt: skip


def _owned(customer: int) -> QuerySet[Account]:
    return Account.objects.filter(owner=customer, owner_kind=Owner.CUSTOMER)


def _unit(row: Unit) -> UnitRow:
    return UnitRow(row.code, row.kind, row.name)


def _ref(row: Transfer) -> TransferRef:
    return TransferRef(row.pk, row.at, Cause(row.programme, row.version, row.event, row.beneficiary, row.effect))


def _lot(row: Lot) -> LotRow:
    return LotRow(
        id=row.pk, source=_ref(row.source), granted=row.granted, remaining=row.remaining, expired=row.expired,
        taken_back=row.taken_back, waits=row.account.purpose == Purpose.PENDING, available_at=row.available_at,
        expires_at=row.expires_at,
    )  # fmt: skip
