"""The columns of a retention answer: periods counted from that of the birth, or brackets of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wotu.core.errors import Reason, invalid_argument
from wotu.core.periods import Periods

MOST_PERIODS = 10_000
_BRACKET = re.compile(r"\s*(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?\s*")


@dataclass(frozen=True)
class Columns:
    """``labels`` of the columns, the first being period 0; ``highs``: the last period of each."""

    labels: tuple[str, ...]
    lows: tuple[int, ...]
    highs: tuple[int, ...]
    brackets: bool

    def edges(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """First and last period of the brackets."""
        lows, highs = (self.lows[1:], self.highs[1:]) if self.brackets else ((), ())
        return np.array(lows, np.int64), np.array(highs, np.int64)

    def place(self, period: int | str) -> int:
        """The column of a period, or of a bracket by its label."""
        if str(period) not in self.labels:
            known = f"{self.labels[0]} to {self.labels[-1]}" if not self.brackets else ", ".join(self.labels)
            raise invalid_argument("period", f"period={period!r} is not in the answer; use {known}.")
        return self.labels.index(str(period))

    def is_over(self, cohort: int, column: int, cohorts: Periods, window: int, over: int) -> bool:
        """Whether the column's last period is over for everybody in a cohort."""
        ends, last = cohorts.boundaries, self.highs[column] + 1
        if window:
            # The last of the cohort may have been born at the very end of its period.
            return ends[cohort + 1] + last * window <= over
        return cohort + last < len(ends) and ends[cohort + last] <= over


def columns_of(
    cohorts: Periods, window: int, until: int, mode: str, periods: int | None, brackets: Sequence[str] | str | None
) -> Columns:
    """Check ``periods`` and ``brackets``; by default every period that begins before ``until``."""
    if brackets is not None:
        if periods is not None:
            raise invalid_argument(
                "periods", "periods and brackets exclude each other; give one of them.", Reason.NOT_WITH_BRACKETS
            )
        if mode != "on":
            raise invalid_argument(
                "mode",
                f"mode={mode!r} has no meaning with brackets, which are spans themselves.",
                Reason.NOT_WITH_BRACKETS,
            )
        return _bracketed(brackets.split(",") if isinstance(brackets, str) else list(brackets))
    if periods is None:
        last = -(-(until - cohorts.boundaries[0]) // window) - 1 if window else len(cohorts) - 1
        last = min(max(last, 0), MOST_PERIODS)
    elif 0 <= periods <= MOST_PERIODS:
        last = periods
    else:
        raise invalid_argument(
            "periods",
            f"periods={periods} must be from 0 to {MOST_PERIODS:,}.",
            Reason.OUT_OF_RANGE,
            least=0,
            most=MOST_PERIODS,
        )
    numbers = tuple(range(last + 1))
    return Columns(tuple(map(str, numbers)), numbers, numbers, brackets=False)


def _bracketed(brackets: list[str]) -> Columns:
    lows, highs, labels = [0], [0], ["0"]
    for i, text in enumerate(brackets):
        match = _BRACKET.fullmatch(str(text))
        low = int(match[1]) if match else 0
        high = int(match[2] or low) if match else 0
        if not 1 <= low <= high <= MOST_PERIODS:
            message = f"brackets[{i}]={text!r} is not a bracket; write a period such as 1 or a span such as 2-3."
            raise invalid_argument("brackets", message, Reason.NOT_BRACKETS)
        lows.append(low)
        highs.append(high)
        labels.append(str(low) if low == high else f"{low}-{high}")
    if len(labels) == 1 or len(set(labels)) < len(labels):
        raise invalid_argument(
            "brackets", "brackets must name at least one bracket, and none twice.", Reason.NOT_BRACKETS
        )
    return Columns(tuple(labels), tuple(lows), tuple(highs), brackets=True)
