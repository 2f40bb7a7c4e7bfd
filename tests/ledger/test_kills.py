"""SIGKILL around commits: what was acknowledged is there, nothing happened twice, no hold outlives its time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from tests.conftest import SOAK
from tests.ledger.driver import NOW, move

from wotu.ledger import due_services, limit_services, services
from wotu.ledger.choices import UnitKind
from wotu.ledger.models import Hold, Posting, Transfer
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]

POINTS = ("ledger-posted", "ledger-hold-ended", "driver-committed")
KILLS = 300 if SOAK else 10
TOTAL = 400


@pytest.fixture
def driver(transactional_db: None) -> Iterator[subprocess.Popen[str]]:
    services.open_unit("points", UnitKind.POINTS, "Points")
    opened = Cause("crash", 1, "stock", "shop", "open")
    limit_services.open_limit(opened, unit="points", owner=1, total=TOTAL * KILLS, now=NOW)
    database = str(connection.settings_dict["NAME"])
    connections.close_all()
    command = [sys.executable, "-m", "tests.ledger.driver", os.environ["WOTU_WORKSPACE"], database]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def test_pitfall_35_what_was_told_is_there_once_whenever_the_process_is_killed(driver: subprocess.Popen[str]) -> None:
    draw = random.Random(4)
    for kill in range(KILLS):
        seed = f"kill{kill}"
        told = _killed(driver, f"{draw.randrange(5, 40)} {POINTS[kill % 3]} {seed}")

        assert differences() == ()
        moved = [f"{seed}:{turn}" for turn, what in told.items() if what == "moved"]
        there = Transfer.objects.filter(event__in=moved, postings__isnull=False).distinct()
        assert there.count() == len(moved)
        held = set(Transfer.objects.filter(programme="crash").values_list("pk", flat=True))
        before = Posting.objects.count()
        # Everything is delivered again, as after a crash it is.
        for turn, what in told.items():
            if what == "moved":
                assert move(seed, turn) == "moved"
        assert Posting.objects.count() == before
        assert set(Transfer.objects.filter(programme="crash").values_list("pk", flat=True)) == held

    room = limit_services.room(Hold.objects.filter(slice__isnull=False).values_list("account", flat=True)[0])
    assert room.limit == TOTAL * KILLS
    later = NOW + timedelta(hours=1)
    while due_services.carry_out_due_accounts(now=later) or due_services.end_limit_holds(now=later):
        pass
    assert not Hold.objects.filter(state="held").exists()
    assert differences() == ()


def _killed(driver: subprocess.Popen[str], order: str) -> dict[int, str]:
    """What was told, by turn, until the process was killed."""
    assert driver.stdin is not None
    assert driver.stdout is not None
    driver.stdin.write(f"{order}\n")
    driver.stdin.flush()
    told = {}
    for line in driver.stdout:
        turn, what = line.split()
        if turn == "over":
            assert int(what) == -signal.SIGKILL
            return told
        told[int(turn)] = what
    raise AssertionError("the driver ended")
