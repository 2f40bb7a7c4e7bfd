"""Whether the wall clock can be trusted: messages are dated by it, so it must not run behind them.

How long something took, and until when a lease holds, is measured with ``time.monotonic``, which no
correction of the clock moves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=60)


def behind(now: datetime, last_received: datetime | None) -> str | None:
    """Why ``now`` cannot be right, in words, given when the last message came in; ``None`` when it can.

    Both instants have a zone. A clock corrected by up to a minute is no reason to stop.
    """
    if last_received is None or last_received - now <= TOLERANCE:
        return None
    seconds = (last_received - now).total_seconds()
    return (
        f"the clock is {seconds:,.0f} seconds behind the last message received, of {last_received:%Y-%m-%d %H:%M:%S} "
        f"{last_received:%Z}; set the clock of this machine."
    )
