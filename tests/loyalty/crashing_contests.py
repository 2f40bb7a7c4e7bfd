"""Somebody who settles a contest, killed where a test says."""

from __future__ import annotations

from pathlib import Path

from wotu.site.preparing import setup

PEOPLE = (1, 2, 3)


def look(workspace: Path) -> None:
    """Make the contest unless it is there; tell its state, its awards, what they brought, and the differences."""
    setup(workspace)
    from tests.loyalty.clubs import buy, cart, club, has
    from tests.loyalty.contest_field import contest, join

    from wotu.ledger.proof import differences
    from wotu.loyalty.models import Contest, ContestAward
    from wotu.loyalty.programme.services import Rules

    if not Contest.objects.exists():
        club(Rules())
        join(contest(), *PEOPLE)
        for customer in PEOPLE:
            buy(f"o{customer}", customer, cart(("tea", 1, customer * 1_000)))
    state = "open" if Contest.objects.get().settled_at is None else "settled"
    print(state, ContestAward.objects.count(), sum(map(has, PEOPLE)), len(differences()))


def settle(workspace: Path) -> None:
    """Settle it, and look."""
    setup(workspace)
    from tests.loyalty.contest_field import CUT_OFF

    from wotu.loyalty.contests import services
    from wotu.loyalty.models import Contest

    services.settle(Contest.objects.get().pk, by="bob", now=CUT_OFF)
    look(workspace)
