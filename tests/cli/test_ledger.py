"""``wotu doctor --ledger``: the proof without anybody signed in."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

_UNIT = "INSERT INTO ledger_unit (code, kind, name) VALUES ('points', 'points', 'Points')"
_ACCOUNT = (
    "INSERT INTO ledger_account (id, unit_id, owner_kind, owner, purpose, balance, held)"
    " VALUES (5, 'points', 'customer', 7, 'main', 1250, 0)"
)


def doctor(folder: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "wotu", "--workspace", str(folder), "doctor", "--ledger", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_the_ledger_is_proved_and_each_difference_printed(tmp_path: Path) -> None:
    assert doctor(tmp_path / "w") == (0, "✓ ledger: every sum equals its rows\n")

    with sqlite3.connect(tmp_path / "w" / "control.db") as database:
        database.execute(_UNIT)
        database.execute(_ACCOUNT)
    database.close()

    code, out = doctor(tmp_path / "w", "--json")
    told = json.loads(out)
    assert (code, told["healthy"]) == (1, False)
    assert [(each["rule"], each["kept"], each["counted"]) for each in told["differences"]] == [
        ("a customer's balance is the sum of its postings", 1250, 0),
        ("a customer's balance is what remains of its lots", 1250, 0),
    ]
    code, out = doctor(tmp_path / "w")
    assert (code, out.splitlines()[0]) == (
        1, "✗ a customer's balance is the sum of its postings: 5 has 1,250, its rows 0",
    )  # fmt: skip
