"""When PostgreSQL stops one of two transactions that wait for each other, the one that was stopped begins again.

The order of locks (``statements``) leaves few ways to meet: a merge of customers whose lots move while somebody else
reverses, several limits spent in one transaction. A caller with a larger transaction of its own wraps that.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")

_TIMES = 6
_STOPPED = {"40P01", "40001"}
_LONGEST_WAIT_SECONDS = 0.05


def again_after_deadlock(function: Callable[P, R]) -> Callable[P, R]:
    """Begin ``function`` again, a few times, when its transaction was stopped for another's sake.

    Inside a transaction of the caller nothing is begun again: the caller's is lost as a whole.
    """

    @wraps(function)
    def again(*arguments: P.args, **named: P.kwargs) -> R:
        for turn in range(1, _TIMES):
            try:
                return function(*arguments, **named)
            except OperationalError as error:
                if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", None) not in _STOPPED:
                    raise
                time.sleep(random.uniform(0, _LONGEST_WAIT_SECONDS * turn))  # noqa: S311 - only spreads them
        return function(*arguments, **named)

    return again
