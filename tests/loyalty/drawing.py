"""Somebody who draws in a lottery, killed where a test says."""

from __future__ import annotations

from pathlib import Path

from wotu.site.preparing import setup


def draw(workspace: Path, *keys: str) -> None:
    """Draw once for the key, in a lottery that is made if it is not there, and tell what came of it."""
    setup(workspace)
    from tests.loyalty.clubs import NOW, has
    from tests.loyalty.lotteries import goods, launched

    from wotu.ledger.proof import differences
    from wotu.loyalty.lottery import chance_services, draw_services
    from wotu.loyalty.models import Draw, Lottery, Ticket, Win

    if not Lottery.objects.exists():
        launched(goods(pieces=2))
        chance_services.give("wheel", 7, key="once", now=NOW)
    for key in keys:
        print(draw_services.draw("wheel", 7, key=key, now=NOW).repeated)
    taken = Ticket.objects.filter(draw__isnull=False).count()
    print(has(7, "chance:wheel"), Draw.objects.count(), taken, Win.objects.count(), len(differences()))
