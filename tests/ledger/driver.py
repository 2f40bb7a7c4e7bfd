"""Moves value at random until it is killed; each order starts a process that is ready already.

An order, one line of standard input: how many moves before the named point may kill, the point, a seed. What is
acknowledged is told on standard output, as a customer would be told, then ``over``.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def move(seed: str, turn: int) -> str:
    """The ``turn``-th move of a seed: what was done, or why it was refused."""
    from wotu.core.errors import WotuError
    from wotu.ledger import hold_services, limit_services, services
    from wotu.ledger.models import Account
    from wotu.ledger.rules import Cause

    draw = random.Random(f"{seed}:{turn}")
    cause = Cause("crash", 1, f"{seed}:{turn}", "buyer", "move")
    until, key = NOW + timedelta(minutes=draw.randrange(1, 60)), f"{seed}:{draw.randrange(8)}"
    customer, amount, way = draw.randrange(1, 4), draw.randrange(1, 9), draw.randrange(8)
    stock = Account.objects.get(purpose="limit").pk
    try:
        if way < 2:
            services.grant(cause, customer=customer, unit="points", amount=amount, now=NOW, expires_at=until)
        elif way == 2:
            services.spend(cause, customer=customer, unit="points", amount=amount, now=NOW)
        elif way == 3:
            hold_services.hold(f"own:{key}", customer=customer, unit="points", amount=amount, until=until, now=NOW)
        elif way == 4:
            hold_services.hold_limit(f"stock:{key}", account=stock, amount=amount, until=until, now=NOW)
        elif way == 5:
            hold_services.capture(cause, f"{draw.choice(['own', 'stock'])}:{key}", now=NOW)
        elif way == 6:
            hold_services.release(f"{draw.choice(['own', 'stock'])}:{key}", now=NOW)
        else:
            limit_services.spend_limit(cause, stock, amount, unit="points", now=NOW)
    except WotuError as refused:
        return refused.code.value
    return "moved" if way in (0, 1, 2, 5, 7) else "held"


def _drive(after: int, point: str, seed: str) -> None:
    from wotu.core.crash_points import VARIABLE, crash_point

    for turn in range(after + 500):
        if turn == after:
            os.environ[VARIABLE] = point
        told = move(seed, turn)
        crash_point("driver-committed")
        sys.stdout.write(f"{turn} {told}\n")
        sys.stdout.flush()


def main(workspace: str, database: str) -> None:
    from wotu.site.preparing import setup

    setup(Path(workspace))
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    # The threads of a pool do not come along into a forked process.
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)
    for line in sys.stdin:
        after, point, seed = line.split()
        if (child := os.fork()) == 0:
            _drive(int(after), point, seed)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"over {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
