"""The two movements that happen most often, each in as few round trips as the database allows.

PostgreSQL takes several steps as one prepared statement; every step is the same as in ``statements``, in the same
order of locks. SQLite, to which nothing has to travel, takes them one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from wotu.ledger import statements
from wotu.ledger.choices import Purpose
from wotu.ledger.rules import Cause, Leg, draw

_CAUSE = """
    WITH cause AS (
        INSERT INTO ledger_transfer (event, programme, version, beneficiary, effect, at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id),"""
_HOUSE = "(SELECT id FROM ledger_account WHERE owner = 0 AND unit_id = %s AND owner_kind = 'house' AND purpose = %s)"
_DEBIT = f"""{_CAUSE}
    debited AS (
        UPDATE ledger_account SET balance = balance - %s
        WHERE owner = %s AND unit_id = %s AND owner_kind = 'customer' AND purpose = 'main'
        AND balance - held >= %s AND (due_at IS NULL OR due_at > %s) AND EXISTS (SELECT FROM cause) RETURNING id)
    SELECT (SELECT id FROM cause), (SELECT id FROM debited)"""
# Of its own, so that it sees the lots as they are once the account is locked.
_DRAW = f"""
    WITH lots AS (
        SELECT id, remaining, (SUM(remaining) OVER (ORDER BY expires_at NULLS LAST, id) - remaining)::bigint AS before
        FROM ledger_lot WHERE account_id = %s AND remaining > 0 AND (expires_at IS NULL OR expires_at > %s)),
    taken AS (
        UPDATE ledger_lot SET remaining = ledger_lot.remaining - LEAST(lots.remaining, %s - before)
        FROM lots WHERE ledger_lot.id = lots.id AND before < %s
        RETURNING ledger_lot.id, before, LEAST(lots.remaining, %s - before) AS amount)
    INSERT INTO ledger_posting (transfer_id, account_id, lot_id, amount)
    SELECT %s, account, lot, amount FROM (
        SELECT %s AS account, id AS lot, -amount AS amount, before FROM taken
        UNION ALL SELECT {_HOUSE}, NULL, %s, NULL) AS legs
    ORDER BY before NULLS LAST RETURNING amount"""
# Nothing happens where no slice is free or the cause has its transfer: so it needs no transaction to be undone with.
_USE = f"""
    WITH room AS (
        SELECT id FROM ledger_slice WHERE account_id = %s AND size - used - held >= %s
        ORDER BY number LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED),
    cause AS (
        INSERT INTO ledger_transfer (event, programme, version, beneficiary, effect, at)
        SELECT %s, %s, %s, %s, %s, %s FROM room ON CONFLICT DO NOTHING RETURNING id),
    taken AS (
        UPDATE ledger_slice SET used = used + %s
        WHERE id = (SELECT id FROM room) AND EXISTS (SELECT FROM cause) RETURNING id),
    posted AS (
        INSERT INTO ledger_posting (transfer_id, account_id, amount)
        SELECT cause.id, account, amount FROM cause, taken, (
            SELECT %s AS account, -%s AS amount UNION ALL SELECT {_HOUSE}, %s) AS legs)
    SELECT id FROM cause"""


def open_and_debit(cause: Cause, customer: int, unit: str, amount: int, now: datetime) -> tuple[int, bool, int | None]:
    """``open_transfer``, and if it is new ``debit``: the transfer, whether it is new, the account that was debited."""
    if connection.vendor != "postgresql":
        transfer, new = statements.open_transfer(cause, now)
        return transfer, new, statements.debit(customer, unit, amount, now) if new else None
    new, account = _prepared(_DEBIT, [*_named(cause, now), amount, customer, unit, amount, now])[0]
    return (new, True, account) if new is not None else (*statements.open_transfer(cause, now), None)


def draw_and_post(transfer: int, account: int, unit: str, amount: int, into: Purpose, now: datetime) -> None:
    """Take what was debited out of the lots in the order of spending, and write the postings."""
    if connection.vendor != "postgresql":
        draws = draw(statements.lots_in_order(account, now), amount)
        statements.take_from_lots(draws)
        legs = [Leg(unit, account, -each.amount, each.lot) for each in draws]
        statements.post(transfer, [*legs, Leg(unit, into, amount)])
        return
    values = [account, now, amount, amount, amount, transfer, account, unit, into.value, amount]
    if wrong := sum(row[0] for row in _prepared(_DRAW, values)):
        raise AssertionError(f"a transfer must sum to zero, not to {wrong}")


def use(cause: Cause, account: int, unit: str, amount: int, now: datetime) -> int | None:
    """Use ``amount`` of a slice of a limit that nobody else is changing: the new transfer, with its postings.

    ``None``, and nothing is changed: the cause has a transfer already, or no slice was free, or it is SQLite.
    """
    if connection.vendor != "postgresql":
        return None
    values = [account, amount, *_named(cause, now), amount, account, amount, unit, Purpose.REDEEMED.value, amount]
    made = _prepared(_USE, values)
    return made[0][0] if made else None


def _named(cause: Cause, at: datetime) -> list[Any]:
    return [cause.event, cause.programme, cause.version, cause.beneficiary, cause.effect, at]


def _prepared(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement that the server parses once a connection; Django's own cursors write values into the text."""
    from psycopg import Cursor
    from psycopg.types.numeric import Int8

    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        # One size of whole numbers: each would be a statement of its own.
        bound = [Int8(value) if isinstance(value, int) else value for value in values]
        return cursor.execute(statement, bound).fetchall()
