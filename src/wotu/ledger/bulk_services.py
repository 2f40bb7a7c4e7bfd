"""Grants to very many customers at once, a set at a time: of one event to all, or each for a reason of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Q

from wotu.core.customer_ids import customer_number
from wotu.core.errors import invalid_argument
from wotu.ledger import accounts, services
from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.models import Account
from wotu.ledger.rules import Cause, check_amount, check_cause

_AT_ONCE = 20_000
_MORE = (
    "ON CONFLICT (owner, unit_id, owner_kind, purpose) DO UPDATE SET"
    " balance = ledger_account.balance + excluded.balance, due_at = CASE WHEN ledger_account.due_at IS NULL"
    " OR ledger_account.due_at > excluded.due_at THEN excluded.due_at ELSE ledger_account.due_at END"
)


def grant_many(
    cause: Cause, amounts: Iterable[tuple[int, int]], *, unit: str, now: datetime, expires_at: datetime | None = None
) -> int:
    """Grant (customer, amount) to each of ``amounts`` for one event; how many had not been granted for it before.

    The beneficiary of ``cause`` is each customer in turn, whatever it says. Sets of 20,000 are granted together and
    durably: called again after a failure, it goes on where it ended.
    """
    check_cause(cause)
    if expires_at is not None and expires_at <= now:
        raise invalid_argument("expires_at", "expires_at must be later than now.")
    return sum(_grant(cause, each, unit, now, expires_at) for each in _sets(amounts))


@dataclass(frozen=True)
class NewGrant:
    """What ``services.grant`` is given for one customer."""

    cause: Cause
    customer: int
    unit: str
    amount: int
    now: datetime
    available_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def pending(self) -> datetime | None:
        """From when it can be spent, if that is not now."""
        return self.available_at if self.available_at is not None and self.available_at > self.now else None

    @property
    def purpose(self) -> Purpose:
        """Where it waits or can be spent."""
        return Purpose.PENDING if self.pending else Purpose.MAIN


def grant_each(grants: Sequence[NewGrant]) -> list[int]:
    """Grant all of them as ``services.grant`` grants each in turn, in a few statements; their transfers.

    Customers who owe, or of whom something is due by then, are granted one by one.
    """
    for each in grants:
        check_amount(each.amount), check_cause(each.cause)
        services.check_life(each.now, each.pending, each.expires_at)
    with transaction.atomic():
        busy, together = _busy(grants), dict[Cause, NewGrant]()
        for each in grants:
            if (each.customer, each.unit) not in busy:
                # The same cause twice is granted once, the first time.
                together.setdefault(each.cause, each)
        transfers = _open_each(list(together.values()))
        _grant_new([together[cause] for cause in together if cause in transfers], transfers)
        for (customer, unit), now in sorted(_busy(list(together.values())).items()):
            accounts.bring_up_to_date(accounts.lock(customer, unit), now)
        return [transfers.get(each.cause) or _one_by_one(each) for each in grants]


def _one_by_one(each: NewGrant) -> int:
    return services.grant(
        each.cause, customer=each.customer, unit=each.unit, amount=each.amount, now=each.now,
        available_at=each.available_at, expires_at=each.expires_at,
    ).transfer  # fmt: skip


def _busy(grants: Sequence[NewGrant]) -> dict[tuple[int, str], datetime]:
    """(customer, unit) of accounts with a debt, or with something due by the last of their grants; when that is."""
    last: dict[tuple[int, str], datetime] = {}
    for each in grants:
        place = each.customer, each.unit
        last[place] = max(each.now, last.get(place, each.now))
    rows = Account.objects.filter(
        Q(purpose=Purpose.DEBT, balance__lt=0) | Q(due_at__isnull=False), owner_kind=Owner.CUSTOMER,
        owner__in={customer for customer, _ in last}, unit__in={unit for _, unit in last},
    ).values_list("owner", "unit_id", "purpose", "due_at")  # fmt: skip
    return {
        (owner, unit): last[owner, unit] for owner, unit, purpose, due in rows
        if (owner, unit) in last and (purpose == Purpose.DEBT or (due is not None and due <= last[owner, unit]))
    }  # fmt: skip


def _grant_new(grants: Sequence[NewGrant], transfers: Mapping[Cause, int]) -> None:
    if not grants:
        return
    amounts = Counter[tuple[str, int, str]]()
    due: dict[tuple[str, int, str], datetime] = {}
    for each in grants:
        main, place = ((each.unit, each.customer, purpose.value) for purpose in (Purpose.MAIN, each.purpose))
        amounts[main] += 0
        amounts[place] += each.amount
        if (changes := each.pending or each.expires_at) is not None:
            due[main] = min(changes, due.get(main, changes))
    accounts_of = _credit_each([(*place, amount, _text(due.get(place))) for place, amount in sorted(amounts.items())])
    lots = [
        (accounts_of[each.unit, each.customer, each.purpose.value], transfers[each.cause], each.amount,
         _text(each.pending), _text(each.expires_at))
        for each in grants
    ]  # fmt: skip
    lot_of = _lots_each(lots)
    house = {unit: _issued(unit) for unit in {each.unit for each in grants}}
    _post(
        [(transfer, account, lot_of[transfer], amount) for account, transfer, amount, *_ in lots]
        + [(transfers[each.cause], house[each.unit], None, -each.amount) for each in grants]
    )


def _open_each(grants: Sequence[NewGrant]) -> dict[Cause, int]:
    """The transfers that are new."""
    rows = [
        (each.cause.event, each.cause.programme, each.cause.version, each.cause.beneficiary, each.cause.effect,
         _text(each.now))
        for each in grants
    ]  # fmt: skip
    made = _run(
        "INSERT INTO ledger_transfer (event, programme, version, beneficiary, effect, at)"
        f" SELECT a, b, c, d, e, f FROM {_given('ttittd')} WHERE true"
        " ON CONFLICT DO NOTHING RETURNING programme, version, event, beneficiary, effect, id",
        [],
        rows,
    )
    return {Cause(*named): transfer for *named, transfer in made}


def _credit_each(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, int, str], int]:
    made = _run(
        "INSERT INTO ledger_account (owner_kind, held, unit_id, owner, purpose, balance, due_at)"
        f" SELECT %s, 0, a, b, c, d, e FROM {_given('titid')} WHERE true {_MORE} RETURNING unit_id, owner, purpose, id",
        [Owner.CUSTOMER.value],
        rows,
    )
    return {(unit, owner, purpose): number for unit, owner, purpose, number in made}


def _lots_each(rows: Sequence[tuple[Any, ...]]) -> dict[int, int]:
    return dict(
        _run(
            "INSERT INTO ledger_lot"
            " (expired, taken_back, account_id, source_id, granted, remaining, available_at, expires_at)"
            f" SELECT 0, 0, a, b, c, c, d, e FROM {_given('iiidd')} WHERE true RETURNING source_id, id",
            [],
            rows,
        )
    )


def _issued(unit: str) -> int:
    return Account.objects.values_list("pk", flat=True).get(
        owner=0, unit=unit, owner_kind=Owner.HOUSE, purpose=Purpose.ISSUED
    )


def _grant(cause: Cause, amounts: dict[int, int], unit: str, now: datetime, expires: datetime | None) -> int:
    with transaction.atomic():
        new = _open_transfers(cause, sorted(amounts), now)
        if not new:
            return 0
        accounts_of = _credit([(customer, amounts[customer]) for customer in new], unit, expires)
        rows = [(accounts_of[customer], transfer, amounts[customer]) for customer, transfer in new.items()]
        lot_of = dict(_add_lots(rows, expires))
        house = _issued(unit)
        _post(
            [(transfer, account, lot_of[transfer], amount) for account, transfer, amount in rows]
            + [(transfer, house, None, -amount) for _, transfer, amount in rows]
        )
        _repay_debts(list(new), unit, now)
        return len(new)


def _open_transfers(cause: Cause, customers: list[int], now: datetime) -> dict[int, int]:
    """The new transfer of each customer that has none for this cause yet."""
    made = _run(
        "INSERT INTO ledger_transfer (event, programme, version, beneficiary, effect, at)"
        f" SELECT %s, %s, %s, 'c' || a, %s, %s FROM {_given('i')} WHERE true ORDER BY a"
        " ON CONFLICT DO NOTHING RETURNING beneficiary, id",
        [cause.event, cause.programme, cause.version, cause.effect, _time(now)],
        [(customer,) for customer in customers],
    )
    return {customer_number(text) or 0: transfer for text, transfer in made}


def _credit(amounts: list[tuple[int, int]], unit: str, due: datetime | None) -> dict[int, int]:
    return dict(
        _run(
            "INSERT INTO ledger_account (unit_id, owner_kind, purpose, due_at, held, owner, balance)"
            f" SELECT %s, %s, %s, {_typed_time()}, 0, a, b FROM {_given('ii')} WHERE true ORDER BY a {_MORE}"
            " RETURNING owner, id",
            [unit, Owner.CUSTOMER.value, Purpose.MAIN.value, _time(due)],
            amounts,
        )
    )


def _add_lots(rows: list[tuple[int, int, int]], expires: datetime | None) -> list[tuple[int, int]]:
    return _run(
        "INSERT INTO ledger_lot (expired, taken_back, expires_at, account_id, source_id, granted, remaining)"
        f" SELECT 0, 0, {_typed_time()}, a, b, c, c FROM {_given('iii')} WHERE true RETURNING source_id, id",
        [_time(expires)],
        rows,
    )


def _post(rows: Sequence[tuple[int, int, int | None, int]]) -> None:
    _run(
        "INSERT INTO ledger_posting (transfer_id, account_id, lot_id, amount)"
        f" SELECT a, b, c, d FROM {_given('iiii')} WHERE true",
        [],
        rows,
    )


def _repay_debts(customers: list[int], unit: str, now: datetime) -> None:
    owing = _run(
        "SELECT owner FROM ledger_account WHERE unit_id = %s AND owner_kind = %s AND purpose = %s AND balance < 0"
        f" AND owner IN (SELECT a FROM {_given('i')}) ORDER BY owner",
        [unit, Owner.CUSTOMER.value, Purpose.DEBT.value],
        [(customer,) for customer in customers],
    )
    for (customer,) in owing:
        accounts.bring_up_to_date(accounts.lock(customer, unit), now)


def _sets(amounts: Iterable[tuple[int, int]]) -> Iterator[dict[int, int]]:
    left = iter(amounts)
    while some := list(islice(left, _AT_ONCE)):
        if len(given := dict(some)) < len(some):
            raise invalid_argument("amounts", "Each customer may be named once.")
        for amount in given.values():
            check_amount(amount)
        yield given


def _typed_time() -> str:
    """A bound time; PostgreSQL asks of what type a missing one is."""
    return "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"


def _given(types: str) -> str:
    """Rows that are bound as one JSON text; their columns are a, b, c … of ``types``: i(nteger), t(ext), d(ate)."""
    names = "abcdefgh"[: len(types)]
    if connection.vendor == "postgresql":
        casts = {"i": "bigint", "t": "text", "d": "timestamptz"}
        parts = ", ".join(
            f"(value->>{place})::{casts[kind]} AS {name}"
            for place, (name, kind) in enumerate(zip(names, types, strict=True))
        )
        return f"(SELECT {parts} FROM json_array_elements(%s::json)) AS given"
    parts = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(names))
    return f"(SELECT {parts} FROM json_each(%s)) AS given"


def _run(statement: str, values: Sequence[Any], rows: Sequence[Sequence[Any]]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, msgspec.json.encode(rows).decode()])
        return cursor.fetchall() if cursor.description else []


def _time(at: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _text(at: datetime | None) -> str | None:
    """A time within JSON, as this database reads it."""
    return None if at is None else str(_time(at))
