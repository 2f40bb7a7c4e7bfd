"""A worker that follows orders, killed where a test says."""

from __future__ import annotations

from pathlib import Path

from wotu.site.preparing import setup


def follow(workspace: Path, *customers: int) -> None:
    """Follow until nothing is left, and tell what each customer has and whether the ledger agrees."""
    setup(workspace)
    from tests.loyalty.clubs import club, has
    from tests.loyalty.following import work

    from wotu.ledger.proof import differences
    from wotu.loyalty.models import Programme

    if not Programme.objects.exists():
        club()
    work(workspace)
    print(*(has(each) for each in customers))
    print("differences", len(differences()))
