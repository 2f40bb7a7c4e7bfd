"""Somebody who settles a contest, killed where a test says: WORKSPACE [look]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wotu.site.preparing import prepare_database


def main() -> None:
    """Settle the contest, unless it is only looked at; tell its state, its awards, and what they brought."""
    workspace, *look = sys.argv[1:]
    crash_at = os.environ.pop("WOTU_CRASH_AT", "")
    prepare_database(Path(workspace))
    from tests.loyalty.clubs import buy, cart, club, has
    from tests.loyalty.contest_field import CUT_OFF, contest, join

    from wotu.ledger.proof import differences
    from wotu.loyalty.contests import services
    from wotu.loyalty.models import Contest, ContestAward
    from wotu.loyalty.programme.services import Rules

    people = (1, 2, 3)
    if not Contest.objects.exists():
        club(Rules())
        join(contest(), *people)
        for customer in people:
            buy(f"o{customer}", customer, cart(("tea", 1, customer * 1_000)))
    os.environ["WOTU_CRASH_AT"] = crash_at
    if not look:
        services.settle(Contest.objects.get().pk, by="bob", now=CUT_OFF)
    state = "open" if Contest.objects.get().settled_at is None else "settled"
    print(state, ContestAward.objects.count(), sum(map(has, people)), len(differences()))


if __name__ == "__main__":
    main()
