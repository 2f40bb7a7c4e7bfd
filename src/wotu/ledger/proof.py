"""The proof that the ledger agrees with itself: every unit sums to zero, every counter equals its rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Difference:
    """Something that should be equal and is not: ``counted`` by the rows, ``kept`` by the counter."""

    rule: str
    row: str
    kept: int
    counted: int


# Each lists what is wrong as (row, kept, counted); nothing is right.
_RULES = {
    "every posting names what there is": """
        SELECT posting.id, 0, 1 FROM ledger_posting posting
        LEFT JOIN ledger_account account ON account.id = posting.account_id
        LEFT JOIN ledger_transfer transfer ON transfer.id = posting.transfer_id
        LEFT JOIN ledger_lot lot ON lot.id = posting.lot_id
        WHERE account.id IS NULL OR transfer.id IS NULL OR (posting.lot_id IS NOT NULL AND lot.id IS NULL)""",
    "every lot names the transfer it came with": """
        SELECT lot.id, 0, 1 FROM ledger_lot lot
        LEFT JOIN ledger_transfer transfer ON transfer.id = lot.source_id WHERE transfer.id IS NULL""",
    "every unit sums to zero": """
        SELECT account.unit_id, 0, SUM(posting.amount) FROM ledger_posting posting
        JOIN ledger_account account ON account.id = posting.account_id
        GROUP BY account.unit_id HAVING SUM(posting.amount) <> 0""",
    "every transfer sums to zero in each unit": """
        SELECT posting.transfer_id, 0, SUM(posting.amount) FROM ledger_posting posting
        JOIN ledger_account account ON account.id = posting.account_id
        GROUP BY posting.transfer_id, account.unit_id HAVING SUM(posting.amount) <> 0""",
    "a customer's balance is the sum of its postings": """
        SELECT account.id, account.balance, COALESCE(SUM(posting.amount), 0) FROM ledger_account account
        LEFT JOIN ledger_posting posting ON posting.account_id = account.id
        WHERE account.owner_kind IN ('customer', 'erased')
        GROUP BY account.id, account.balance HAVING account.balance <> COALESCE(SUM(posting.amount), 0)""",
    "a customer's balance is what remains of its lots": """
        SELECT account.id, account.balance, COALESCE(SUM(lot.remaining), 0) FROM ledger_account account
        LEFT JOIN ledger_lot lot ON lot.account_id = account.id
        WHERE account.owner_kind IN ('customer', 'erased') AND account.purpose IN ('main', 'pending')
        GROUP BY account.id, account.balance HAVING account.balance <> COALESCE(SUM(lot.remaining), 0)""",
    "what is held of an account is the sum of its holds": """
        SELECT account.id, account.held, COALESCE(SUM(hold.amount), 0) FROM ledger_account account
        LEFT JOIN ledger_hold hold
            ON hold.account_id = account.id AND hold.state = 'held' AND hold.slice_id IS NULL
        GROUP BY account.id, account.held HAVING account.held <> COALESCE(SUM(hold.amount), 0)""",
    "what is held of a slice is the sum of its holds": """
        SELECT slice.id, slice.held, COALESCE(SUM(hold.amount), 0) FROM ledger_slice slice
        LEFT JOIN ledger_hold hold ON hold.slice_id = slice.id AND hold.state = 'held'
        GROUP BY slice.id, slice.held HAVING slice.held <> COALESCE(SUM(hold.amount), 0)""",
    "what is left of a limit is the sum of its postings": """
        SELECT part.account_id, part.open, COALESCE(SUM(posting.amount), 0) FROM (
            SELECT account_id, SUM(size - used) AS open FROM ledger_slice GROUP BY account_id) part
        LEFT JOIN ledger_posting posting ON posting.account_id = part.account_id
        GROUP BY part.account_id, part.open HAVING part.open <> COALESCE(SUM(posting.amount), 0)""",
}


def differences() -> tuple[Difference, ...]:
    """Whatever is wrong with the ledger, read at one moment; nothing when it agrees with itself."""
    found = []
    with connection.cursor() as cursor:
        for rule, statement in _RULES.items():
            cursor.execute(statement)
            found += [Difference(rule, str(row), int(kept), int(counted)) for row, kept, counted in cursor.fetchall()]
    return tuple(found)
