"""Grants to very many customers at once, a set at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from django.db import connection, transaction

from wotu.core.customer_ids import customer_number
from wotu.core.errors import invalid_argument
from wotu.ledger import accounts
from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.models import Account
from wotu.ledger.rules import Cause, check_amount, check_cause

_AT_ONCE = 20_000


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


def _grant(cause: Cause, amounts: dict[int, int], unit: str, now: datetime, expires: datetime | None) -> int:
    with transaction.atomic():
        new = _open_transfers(cause, sorted(amounts), now)
        if not new:
            return 0
        accounts_of = _credit([(customer, amounts[customer]) for customer in new], unit, expires)
        rows = [(accounts_of[customer], transfer, amounts[customer]) for customer, transfer in new.items()]
        lot_of = dict(_add_lots(rows, expires))
        _post([(transfer, account, lot_of[transfer], amount) for account, transfer, amount in rows], unit)
        _repay_debts(list(new), unit, now)
        return len(new)


def _open_transfers(cause: Cause, customers: list[int], now: datetime) -> dict[int, int]:
    """The new transfer of each customer that has none for this cause yet."""
    made = _run(
        "INSERT INTO ledger_transfer (event, programme, version, beneficiary, effect, at)"
        f" SELECT %s, %s, %s, 'c' || a, %s, %s FROM {_given(1)} WHERE true ORDER BY a"
        " ON CONFLICT DO NOTHING RETURNING beneficiary, id",
        [cause.event, cause.programme, cause.version, cause.effect, _time(now)],
        [(customer,) for customer in customers],
    )
    return {customer_number(text) or 0: transfer for text, transfer in made}


def _credit(amounts: list[tuple[int, int]], unit: str, due: datetime | None) -> dict[int, int]:
    return dict(
        _run(
            "INSERT INTO ledger_account (unit_id, owner_kind, purpose, due_at, held, owner, balance)"
            f" SELECT %s, %s, %s, {_typed_time()}, 0, a, b FROM {_given(2)} WHERE true ORDER BY a"
            " ON CONFLICT (owner, unit_id, owner_kind, purpose) DO UPDATE SET"
            " balance = ledger_account.balance + excluded.balance, due_at = CASE WHEN ledger_account.due_at IS NULL"
            " OR ledger_account.due_at > excluded.due_at THEN excluded.due_at ELSE ledger_account.due_at END"
            " RETURNING owner, id",
            [unit, Owner.CUSTOMER.value, Purpose.MAIN.value, _time(due)],
            amounts,
        )
    )


def _add_lots(rows: list[tuple[int, int, int]], expires: datetime | None) -> list[tuple[int, int]]:
    return _run(
        "INSERT INTO ledger_lot (expired, taken_back, expires_at, account_id, source_id, granted, remaining)"
        f" SELECT 0, 0, {_typed_time()}, a, b, c, c FROM {_given(3)} WHERE true RETURNING source_id, id",
        [_time(expires)],
        rows,
    )


def _post(rows: list[tuple[int, int, int, int]], unit: str) -> None:
    issued = (
        "(SELECT id FROM ledger_account WHERE owner = 0 AND unit_id = %s AND owner_kind = 'house' AND purpose = %s)"
    )
    into = "INSERT INTO ledger_posting (transfer_id, account_id, lot_id, amount)"
    _run(f"{into} SELECT a, b, c, d FROM {_given(4)} WHERE true RETURNING id", [], rows)
    _run(
        f"{into} SELECT a, {issued}, NULL, -d FROM {_given(4)} WHERE true RETURNING id",
        [unit, Purpose.ISSUED.value],
        rows,
    )


def _repay_debts(customers: list[int], unit: str, now: datetime) -> None:
    owing = Account.objects.filter(
        unit_id=unit, owner_kind=Owner.CUSTOMER, purpose=Purpose.DEBT, balance__lt=0, owner__in=customers
    )
    for customer in sorted(owing.values_list("owner", flat=True)):
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


def _given(columns: int) -> str:
    """Rows of numbers that are bound as one JSON text; their columns are a, b, c and d."""
    names = "abcd"[:columns]
    if connection.vendor == "postgresql":
        parts = ", ".join(f"(value->>{place})::bigint AS {name}" for place, name in enumerate(names))
        return f"(SELECT {parts} FROM json_array_elements(%s::json)) AS given"
    parts = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(names))
    return f"(SELECT {parts} FROM json_each(%s)) AS given"


def _run(statement: str, values: Sequence[Any], rows: Sequence[Sequence[int]]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, msgspec.json.encode(rows).decode()])
        return cursor.fetchall()


def _time(at: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
