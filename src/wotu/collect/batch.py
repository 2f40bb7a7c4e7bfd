"""What every reader hands on: messages to keep, problems to quarantine, and how many rows were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wotu.collect.quarantine import Problem


@dataclass(frozen=True)
class Batch:
    """``table`` conforms to ``message.ENVELOPE``; ``rows`` counts what was read, problems included.

    A message of an order is made from many rows, so ``rows`` may exceed messages plus problems. ``decoded``
    holds what the text in the column ``properties`` says, for the rows (or none) where it is known already.
    """

    table: pa.Table
    problems: list[Problem]
    rows: int
    decoded: Sequence[dict[str, Any] | None] | None = None
