"""The proof of the ledger is run and its outcome kept, for people, programs and metrics to see."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime

from wotu.ledger.models import Proof
from wotu.ledger.proof import Difference, differences

_MOST_SHOWN = 100


@dataclass(frozen=True)
class Proved:
    """The outcome of a proof: how many ``differences`` there were, the first 100 of them, and how long it took.

    ``agreed_at`` is when a proof last found none; ``None``: never.
    """

    at: datetime
    seconds: float
    agreed_at: datetime | None
    differences: int
    shown: tuple[Difference, ...]


def prove(*, now: datetime) -> Proved:
    """Prove the ledger, and keep the outcome in place of the last one."""
    return prove_in_full(now=now)[0]


def prove_in_full(*, now: datetime) -> tuple[Proved, tuple[Difference, ...]]:
    """The same, with every difference there is."""
    began = time.perf_counter()
    found = differences()
    seconds = time.perf_counter() - began
    last = last_proof()
    before = last.agreed_at if last else None
    proved = Proved(now, seconds, before if found else now, len(found), found[:_MOST_SHOWN])
    shown = [asdict(each) for each in proved.shown]
    Proof.objects.update_or_create(
        pk=1,
        defaults={
            "at": now, "seconds": seconds, "agreed_at": proved.agreed_at, "differences": len(found), "shown": shown,
        },
    )  # fmt: skip
    return proved, found


def last_proof() -> Proved | None:
    """The outcome of the last proof; ``None`` before the first."""
    row = Proof.objects.filter(pk=1).first()
    if row is None:
        return None
    shown = tuple(Difference(**each) for each in row.shown)
    return Proved(row.at, row.seconds, row.agreed_at, row.differences, shown)
