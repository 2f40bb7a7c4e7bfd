"""Somebody who takes an item, killed where a test says."""

from __future__ import annotations

from pathlib import Path

from wotu.site.preparing import setup


def take(workspace: Path, *keys: str) -> None:
    """Make a mall with two mugs and somebody with 900 points, unless it is there; take a mug for the key.

    Tells points, pieces left, and differences.
    """
    setup(workspace)
    from tests.loyalty.clubs import NOW, ZONE, buy, cart, club, has

    from wotu.ledger.proof import differences
    from wotu.loyalty.models import MallItem
    from wotu.loyalty.programme import mall_reads, mall_services

    if not MallItem.objects.exists():
        club()
        buy("o1", 7, cart(("pot", 1, 90_000)))
        mall_services.create_item("Mug", 60, now=NOW, stock=2)
    [item] = mall_reads.items("club")
    for key in keys:
        mall_services.redeem_item(item.number, 7, key=key, now=NOW, zone=ZONE)
    print(has(7), mall_reads.item(item.number).left, len(differences()))
