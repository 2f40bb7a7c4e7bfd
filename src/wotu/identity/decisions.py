"""What identity decides, and what it has to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Subjects = npt.NDArray[np.int64]

# ``event`` of a decision, in the order of its number (from 1) in saved files.
DECISIONS = ("join", "merge", "split")


class Reason(StrEnum):
    """Why identity did not do what a message asked for. The words may be shown and counted."""

    CLASH = "clash"
    TOO_MANY = "too_many"
    SEPARATED = "separated"
    UNKNOWN = "unknown"
    SAME = "same"
    ONLY = "only"

    @property
    def sentence(self) -> str:
        """The reason for people, to stand after the kind of identifier or action."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.CLASH: "belongs to another user_id of the namespace; the two were not joined",
    Reason.TOO_MANY: "would be one too many of its kind at one customer; it was not joined",
    Reason.SEPARATED: "was split off this customer by hand; only a merge joins it again",
    Reason.UNKNOWN: "names a customer or identifier that does not exist; nothing was changed",
    Reason.SAME: "names one customer twice; nothing was changed",
    Reason.ONLY: "names the only identifier of its customer; nothing was changed",
}


class Flag(NamedTuple):
    """Something of message ``row`` that was not done; ``kind`` is that of an identifier, or merge or split."""

    row: int
    kind: str
    value: str
    reason: Reason


@dataclass(frozen=True)
class Resolution:
    """What a batch says about identity; ``row`` columns are positions in the batch.

    ``subjects``: per message, −1 for messages of nobody (fact rows, merges, splits). ``identifiers``, the
    new ones: subject, kind, namespace, value, row. ``decisions``, in the order in which they were taken:
    event (one of ``DECISIONS``), subject, other, row, detail (JSON, or null). A merge names two customers,
    a split the subject that leaves and the customer of the others. ``refused`` as (row, kind, value): the
    unusable identifiers. ``flags``: what was not done.
    """

    subjects: Subjects
    identifiers: pa.Table
    decisions: pa.Table
    refused: tuple[tuple[int, str, str], ...]
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class Changes:
    """Every subject whose customer is new or another one after a batch, with that customer; by subject."""

    subjects: Subjects
    customers: Subjects
