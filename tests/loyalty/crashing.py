"""A worker that follows orders, killed where a test says: WORKSPACE [CUSTOMER…]."""

from __future__ import annotations

import sys
from pathlib import Path

from wotu.site.preparing import prepare_database


def main() -> None:
    """Follow until nothing is left, and tell what each customer has and whether the ledger agrees."""
    workspace, *customers = sys.argv[1:]
    prepare_database(Path(workspace))
    from tests.loyalty.clubs import club, has
    from tests.loyalty.following import work

    from wotu.ledger.proof import differences
    from wotu.loyalty.models import Programme

    if not Programme.objects.exists():
        club()
    work(Path(workspace))
    print(*(has(int(each)) for each in customers))
    print("differences", len(differences()))


if __name__ == "__main__":
    main()
