"""The proof sees rows that name what is not there; the database does not look."""

from __future__ import annotations

import pytest
from django.db import connection
from tests.ledger.test_value_moves import NOW

from wotu.ledger import services
from wotu.ledger.choices import UnitKind
from wotu.ledger.models import Lot
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

pytestmark = pytest.mark.django_db
NOBODY = 10**9


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def lot() -> Lot:
    services.open_unit("points", UnitKind.POINTS, "Points")
    services.grant(Cause("gift", 1, "day", "each", "grant"), customer=7, unit="points", amount=10, now=NOW)
    assert differences() == ()
    return Lot.objects.get()


def test_a_lot_without_its_transfer_is_found(lot: Lot) -> None:
    run("UPDATE ledger_lot SET source_id = %s WHERE id = %s", NOBODY, lot.pk)

    assert [(each.rule, each.row) for each in differences()] == [
        ("every lot names the transfer it came with", str(lot.pk))
    ]


@pytest.mark.parametrize("name", ["transfer_id", "account_id", "lot_id"])
def test_a_posting_that_names_nothing_is_found(lot: Lot, name: str) -> None:
    run(f"UPDATE ledger_posting SET {name} = %s WHERE lot_id = %s", NOBODY, lot.pk)

    assert "every posting names what there is" in {each.rule for each in differences()}
