"""A program that draws in a lottery and is killed where a test says: WORKSPACE KEY (``look``: draws nothing)."""

from __future__ import annotations

import sys
from pathlib import Path

from wotu.site.preparing import prepare_database


def main() -> None:
    """Draw once for the key, in a lottery that is made if it is not there, and tell what came of it."""
    workspace, key = sys.argv[1:]
    prepare_database(Path(workspace))
    from tests.loyalty.clubs import NOW, has
    from tests.loyalty.lotteries import goods, launched

    from wotu.ledger.proof import differences
    from wotu.loyalty.lottery import chance_services, draw_services
    from wotu.loyalty.models import Draw, Lottery, Ticket, Win

    if not Lottery.objects.exists():
        launched(goods(pieces=2))
        chance_services.give("wheel", 7, key="once", now=NOW)
    if key != "look":
        print(draw_services.draw("wheel", 7, key=key, now=NOW).repeated)
    taken = Ticket.objects.filter(draw__isnull=False).count()
    print(has(7, "chance:wheel"), Draw.objects.count(), taken, Win.objects.count(), len(differences()))


if __name__ == "__main__":
    main()
