"""The questions of ``behaviour``: the same for Wotu and its peers, and another parameter in every repetition."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isclose
from statistics import median
from typing import Any

from measuring import Json

Rows = list[list[Any]]
HOUR, DAY = 3_600_000_000, 86_400_000_000
START = 1_735_660_800_000_000  # 2025-01-01 00:00 in Shanghai, where the events of ``made_data`` begin
YEAR = 365 * DAY
ZONE = 8 * HOUR  # Shanghai is as far ahead all year
STEPS = (2, 0, 1, 4, 3)  # codes of the funnel's events; the name of code 0 is "Event 001"
BORN, RETURNS, ONE = 1, 0, 0
PATH = (2, 0)  # a path leads from one to the other, and then to ``last``
RETENTION_DAYS = 30
TEXT = "channel 1"
REPETITIONS = 5


@dataclass(frozen=True)
class Parameters:
    """``window``, ``since`` and ``until`` in µs; ``last`` is the code of a path's last event."""

    window: int
    since: int
    until: int
    last: int


def parameters(repetition: int) -> Parameters:
    """A shorter window, a later first day and a path to another event each time, so that no old answer is of use."""
    return Parameters(7 * DAY - repetition * HOUR, START + repetition * DAY, START + YEAR, 5 + repetition)


def bound(repetition: int) -> dict[str, int]:
    """The parameters by name, as SQL binds them."""
    return asdict(parameters(repetition))


def name(code: int) -> str:
    """The event's name in the data."""
    return f"Event {code + 1:03}"


def timed(ask: Callable[[int], Any], rows: Callable[[Any], Rows] = list, repetitions: int = REPETITIONS) -> Json:
    """The median of several repetitions after one that warms up, and all their rows, made outside the time.

    ``cpu``: seconds of all the process's threads, which hardly mind what else the machine does.
    """
    asked: list[Rows] = [rows(ask(0))]
    seconds, worked = [], []
    for repetition in range(1, repetitions + 1):
        start, cpu = time.perf_counter(), time.process_time()
        answer = ask(repetition)
        seconds.append(time.perf_counter() - start)
        worked.append(time.process_time() - cpu)
        asked.append(rows(answer))
    return {**medians(seconds, worked), "rows": asked}


def medians(seconds: list[float], worked: list[float]) -> Json:
    """What is said of a question's repetitions."""
    return {"seconds": round(median(seconds), 4), "cpu": round(median(worked), 4), "repetitions": len(seconds)}


def same(one: Any, other: Any) -> bool:
    """Equal, but for the last digits of floating-point numbers."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and isclose(one, other, rel_tol=1e-9)
    return bool(one == other)
