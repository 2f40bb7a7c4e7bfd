"""When somebody who got a sample is asked about it, and who of them bought the product in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from wotu.core.errors import Reason, invalid_argument

_LONGEST = 366


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """``remind_after`` days after the sample its owner is asked; bought within ``measure`` days counts."""

    remind_after: int
    measure: int

    def __post_init__(self) -> None:
        for field in ("remind_after", "measure"):
            if not 1 <= getattr(self, field) <= _LONGEST:
                raise invalid_argument(
                    field, f"{field} must lie between 1 and {_LONGEST}.", Reason.OUT_OF_RANGE, least=1, most=_LONGEST
                )

    def bought(self, given: datetime, purchases: Iterable[datetime]) -> bool:
        """Whether any of ``purchases`` follows a sample ``given`` then, in time; the last moment counts."""
        return any(given < each <= given + timedelta(days=self.measure) for each in purchases)

    def is_over(self, given: datetime, now: datetime) -> bool:
        """Whether all the time to buy has passed: only then is not having bought an answer."""
        return given + timedelta(days=self.measure) <= now

    def asks(self, given: datetime, now: datetime) -> bool:
        """Whether the day to ask has come."""
        return given + timedelta(days=self.remind_after) <= now


class PurchaseRate(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``of`` people who got a sample and whose time to buy is over, ``bought`` bought; ``waiting``: not over yet.

    It says what followed, not what the sample did: some would have bought without it. ``low`` and ``high`` are Wilson's
    interval at 95 %; all three figures are ``None`` while ``of`` is 0.
    """

    of: int
    bought: int
    waiting: int

    @property
    def share(self) -> float | None:
        return self.bought / self.of if self.of else None

    @property
    def low(self) -> float | None:
        return self._interval()[0] if self.of else None

    @property
    def high(self) -> float | None:
        return self._interval()[1] if self.of else None

    def _interval(self) -> tuple[float, float]:
        # The worker, which asks for no rate, has no need of the arrays behind it.
        from wotu.insight.intervals import wilson

        return wilson(self.bought, self.of)


def purchase_rate(
    following: Following, samples: Iterable[tuple[datetime, Sequence[datetime]]], now: datetime
) -> PurchaseRate:  # fmt: skip
    """Tally (when the sample was given, when the product was bought afterwards) of each person."""
    over = waiting = bought = 0
    for given, purchases in samples:
        if not following.is_over(given, now):
            waiting += 1
            continue
        over += 1
        bought += following.bought(given, purchases)
    return PurchaseRate(of=over, bought=bought, waiting=waiting)
