"""A worker killed at every named point: effects in the control database once, outside ones at least once, same key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.outbox.receiver import receiving

from wotu.core.crash_points import VARIABLE

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.django_only]
POINTS = [
    "outbox:claimed",
    "outbox:before-commit",
    "outbox:committed",
    "outbox:outside-effect",
    "outbox:before-cursor-commit",
    "outbox:cursor-committed",
]


@pytest.fixture
def database(pytestconfig: pytest.Config, tmp_path: Path) -> str:
    """The setting that names a new control database, empty for SQLite."""
    if pytestconfig.getoption("--database") != "postgresql":
        return ""
    from urllib.parse import quote

    import psycopg

    host, name = os.environ["WOTU_TEST_POSTGRESQL"], f"crash_{os.getpid()}_{abs(hash(tmp_path)) % 10**8}"
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={quote(host, safe='')}"


def run(workspace: Any, *arguments: str, crash_at: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tests.outbox.crashing", str(workspace.path), *arguments]
    done = subprocess.run(
        command, env={**environment, VARIABLE: crash_at}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == (-signal.SIGKILL if crash_at else 0), done.stderr
    return done


# It runs processes of its own; the mark has it run with either database.
@pytest.mark.django_db
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_anywhere_loses_and_repeats_nothing(
    make_workspace: Callable[..., Any], database: str, point: str
) -> None:
    space = make_workspace(database_url=database, webhooks_to_private_networks=True)
    space.collect([{"event": "View", "userId": "ann", "messageId": f"m{n}"} for n in range(3)])
    with receiving() as receiver:
        run(space, receiver.url, crash_at=point)
        counted = run(space).stdout.splitlines()
        told = Counter(headers["wotu-id"] for headers, _ in receiver.received)
    expected = [f"{kind} {number}" for kind in ("note", "proof") for number in range(2)]
    expected += [f"followed m{number}" for number in range(3)] + [
        "left sample.proof done",
        "left outbox.webhook done",
    ] * 2
    assert sorted(counted) == sorted(expected)
    assert set(told) == {"0", "1"}
    assert sum(told.values()) <= 2 + (point == "outbox:outside-effect")
    space._intake().settle()
    rows = space.feed().messages_after(0, events=["Points Earned"]).rows
    assert sorted(row.message_id for row in rows) == ["outbox:0", "outbox:1"]
