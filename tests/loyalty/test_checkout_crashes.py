"""A shop is killed while it holds, pays or gives back: nothing is half done, and trying again does it once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.loyalty.crashing_checkout import PIECES
from tests.outbox.test_crashes import database as database

from wotu.core.crash_points import VARIABLE

# What is there before, held, paid, and after one piece of three came back. Two of them cost 20.00, all less 5.00.
NOTHING = {"slot": [0, 0, 5], "budget": [0, 0], "uses": [], "coupons": [], "orders": [], "points": 0}
HELD = {"slot": [0, 2, 3], "budget": [0, 6_500], "uses": [2], "coupons": ["held"], "orders": [["held", 0]], "points": 0}
PAID = {"slot": [2, 0, 3], "budget": [6_500, 0], "uses": [2], "coupons": ["redeemed"], "orders": [["paid", 8_500]],
        "points": 85}  # fmt: skip
DONE = {"slot": [2, 0, 3], "budget": [4_334, 0], "uses": [2], "coupons": ["redeemed"], "orders": [["paid", 5_667]],
        "points": 56}  # fmt: skip


def shop(space: Any, *arguments: str, crash_at: str = "") -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.loyalty.crashing_checkout", str(space.path), *arguments],
        env={**environment, VARIABLE: crash_at}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == (-signal.SIGKILL if crash_at else 0), done.stderr
    told: dict[str, Any] = {} if crash_at else json.loads(done.stdout)
    assert told.pop("differences", 0) == 0
    return told


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.django_only
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("point", "left"),
    [("loyalty-order-held", NOTHING), ("loyalty-order-paid", HELD), ("loyalty-order-returned", PAID)],
)
def test_pitfall_35_killed_between_two_steps_an_order_has_all_of_it_or_nothing(
    make_workspace: Callable[..., Any], database: str, point: str, left: dict[str, Any]
) -> None:
    made = make_workspace(timezone="Asia/Shanghai", currency="CNY", database_url=database)
    shop(made, crash_at=point)
    there = shop(made, "look")
    assert there == left
    assert sum(there["slot"]) == PIECES
    assert [shop(made) for _ in range(2)] == [DONE] * 2
