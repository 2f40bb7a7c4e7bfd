"""The statements of the ledger's hot paths, the same on SQLite and PostgreSQL.

Each limit is enforced by the statement that spends it. The order in which rows are locked is one for everybody:
transfer, customers' accounts by number, holds, slices, lots; so two transfers never wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from wotu.ledger.choices import Owner, Purpose
from wotu.ledger.rules import Cause, Draw, Leg

_HOUSE = "(SELECT id FROM ledger_account WHERE owner = 0 AND unit_id = %s AND owner_kind = 'house' AND purpose = %s)"


def open_transfer(cause: Cause, at: datetime, *, reverses: int | None = None) -> tuple[int, bool]:
    """The transfer of ``cause``, and whether it is new; one that another transaction is making is waited for."""
    named = [cause.event, cause.programme, cause.version, cause.beneficiary, cause.effect]
    new = _one(
        "INSERT INTO ledger_transfer (event, programme, version, beneficiary, effect, at, reverses_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
        [*named, _time(at), reverses],
    )
    if new is not None:
        return new[0], True
    known = _one(
        "SELECT id FROM ledger_transfer"
        " WHERE event = %s AND programme = %s AND version = %s AND beneficiary = %s AND effect = %s",
        named,
    )
    assert known is not None
    return known[0], False


def debit(customer: int, unit: str, amount: int, now: datetime) -> int | None:
    """Take ``amount`` off what ``customer`` has free; the account; ``None``: less is free, or something is due."""
    row = _one(
        "UPDATE ledger_account SET balance = balance - %s"
        " WHERE owner = %s AND unit_id = %s AND owner_kind = 'customer' AND purpose = 'main'"
        " AND balance - held >= %s AND (due_at IS NULL OR due_at > %s) RETURNING id",
        [amount, customer, unit, amount, _time(now)],
    )
    return None if row is None else row[0]


def credit(customer: int, unit: str, purpose: Purpose, amount: int, due: datetime | None) -> int:
    """Put ``amount`` (0: nothing) into an account of ``customer``, which is made when it is not there, and lock it.

    ``due`` is when what is put there changes by itself.
    """
    row = _one(
        "INSERT INTO ledger_account (unit_id, owner_kind, owner, purpose, balance, held, due_at)"
        " VALUES (%s, %s, %s, %s, %s, 0, %s)"
        " ON CONFLICT (owner, unit_id, owner_kind, purpose) DO UPDATE SET balance = ledger_account.balance"
        " + excluded.balance, due_at = CASE WHEN ledger_account.due_at IS NULL OR ledger_account.due_at"
        " > excluded.due_at THEN excluded.due_at ELSE ledger_account.due_at END RETURNING id",
        [unit, Owner.CUSTOMER.value, customer, purpose.value, amount, _time(due)],
    )
    assert row is not None
    return int(row[0])


def lock(customer: int, unit: str, now: datetime) -> tuple[int, int, int, bool]:
    """Lock a customer's account, made when it is not there: (id, balance, held, whether something of it is due)."""
    row = _one(
        "INSERT INTO ledger_account (unit_id, owner_kind, owner, purpose, balance, held)"
        " VALUES (%s, 'customer', %s, 'main', 0, 0) ON CONFLICT (owner, unit_id, owner_kind, purpose)"
        " DO UPDATE SET held = ledger_account.held RETURNING id, balance, held, due_at <= %s",
        [unit, customer, _time(now)],
    )
    assert row is not None
    number, balance, held, due = row
    return number, balance, held, bool(due)


def change(account: int, *, balance: int = 0, held: int = 0) -> None:
    """Add to the balance and to what is held of an account whose row the caller has locked."""
    _run("UPDATE ledger_account SET balance = balance + %s, held = held + %s WHERE id = %s", [balance, held, account])


def add_lot(account: int, source: int, amount: int, available: datetime | None, expires: datetime | None) -> int:
    """A new lot of ``amount``."""
    row = _one(
        "INSERT INTO ledger_lot"
        " (account_id, source_id, granted, remaining, expired, taken_back, available_at, expires_at)"
        " VALUES (%s, %s, %s, %s, 0, 0, %s, %s) RETURNING id",
        [account, source, amount, amount, _time(available), _time(expires)],
    )
    assert row is not None
    return int(row[0])


def lots_in_order(account: int, now: datetime | None = None) -> list[tuple[int, int]]:
    """(id, remaining) of an account's lots as they are spent: the earliest expiry first, then the oldest.

    With ``now`` without those whose time is over, which nothing but a hold keeps.
    """
    alive, values = (
        ("", [account]) if now is None else (" AND (expires_at IS NULL OR expires_at > %s)", [account, _time(now)])
    )
    return _all(
        f"SELECT id, remaining FROM ledger_lot WHERE account_id = %s AND remaining > 0{alive}"
        " ORDER BY expires_at IS NULL, expires_at, id",
        values,
    )


def take_from_lots(draws: Sequence[Draw]) -> None:
    """Take every draw out of its lot (a negative amount puts it back)."""
    values = ", ".join(["(%s, %s)"] * len(draws))
    _run(
        "UPDATE ledger_lot SET remaining = remaining - drawn.column2"
        f" FROM (VALUES {values}) AS drawn WHERE id = drawn.column1",
        [part for each in draws for part in (each.lot, each.amount)],
    )


def mark_expired(lot: int, amount: int) -> None:
    """Note that ``amount`` of a lot ran out unspent."""
    _run("UPDATE ledger_lot SET expired = expired + %s WHERE id = %s", [amount, lot])


def take_back(lot: int, amount: int) -> bool:
    """Note that ``amount`` of what a lot was granted for is reversed; false when so much is not left to reverse."""
    done = _one(
        "UPDATE ledger_lot SET taken_back = taken_back + %s WHERE id = %s AND taken_back + %s <= granted RETURNING id",
        [amount, lot, amount],
    )
    return done is not None


def post(transfer: int, legs: Iterable[Leg]) -> None:
    """Write the postings of a transfer."""
    rows, values = [], []
    for leg in legs:
        if isinstance(leg.account, Purpose):
            rows.append(f"(%s, {_HOUSE}, %s, %s)")
            values += [transfer, leg.unit, leg.account.value, leg.lot, leg.amount]
        else:
            rows.append("(%s, %s, %s, %s)")
            values += [transfer, leg.account, leg.lot, leg.amount]
    _run(f"INSERT INTO ledger_posting (transfer_id, account_id, lot_id, amount) VALUES {', '.join(rows)}", values)


def take_slice(account: int, amount: int, *, held: bool) -> int | None:
    """Use (or hold) ``amount`` of any slice of a limit that has room and that nobody else is changing; the slice."""
    column = "held" if held else "used"
    skip = " FOR NO KEY UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    row = _one(
        f"UPDATE ledger_slice SET {column} = {column} + %s WHERE id = (SELECT id FROM ledger_slice"
        f" WHERE account_id = %s AND size - used - held >= %s ORDER BY number LIMIT 1{skip}) RETURNING id",
        [amount, account, amount],
    )
    return None if row is None else row[0]


def open_hold(key: str, account: int, amount: int, until: datetime) -> None:
    """Make the row of a hold that keeps nothing yet, unless there is one; one that another makes is waited for."""
    _run(
        "INSERT INTO ledger_hold (key, account_id, amount, state, expires_at) VALUES (%s, %s, %s, 'released', %s)"
        " ON CONFLICT (key) DO NOTHING",
        [key, account, amount, _time(until)],
    )


def take_slice_in_turn(account: int, amount: int, *, held: bool) -> int | None:
    """The same of one slice that has room, any of them, after who is changing it now; ``None`` if it then has none."""
    column = "held" if held else "used"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM ledger_slice WHERE account_id = %s AND size - used - held >= %s ORDER BY random() LIMIT 1",
            [account, amount],
        )
        found = cursor.fetchone()
        if found is None:
            return None
        cursor.execute(
            f"UPDATE ledger_slice SET {column} = {column} + %s WHERE id = %s AND size - used - held >= %s RETURNING id",
            [amount, found[0], amount],
        )
        return int(found[0]) if cursor.fetchone() else None


def change_slice(slice_: int, *, used: int = 0, held: int = 0, size: int = 0) -> None:
    """Add to the counters of a slice; its check refuses what would be over."""
    _run(
        "UPDATE ledger_slice SET used = used + %s, held = held + %s, size = size + %s WHERE id = %s",
        [used, held, size, slice_],
    )


def _run(statement: str, values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _one(statement: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def _all(statement: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _time(at: datetime | None) -> Any:
    """A time as this database keeps it."""
    return connection.ops.adapt_datetimefield_value(at)
