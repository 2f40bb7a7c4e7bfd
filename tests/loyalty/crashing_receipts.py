"""Somebody who approves a receipt, killed where a test says."""

from __future__ import annotations

from pathlib import Path

from wotu.site.preparing import setup


def look(workspace: Path) -> None:
    """Send the receipt unless it is there; tell its state, what it paid and used, and the differences."""
    setup(workspace)
    from tests.loyalty.receipts_shop import cash, offer, send, states, used

    from wotu.ledger.proof import differences
    from wotu.loyalty.models import Receipt

    if not Receipt.objects.exists():
        send(offer())
    print(*states(), cash(), used(), len(differences()))


def approve(workspace: Path) -> None:
    """Approve it, and look."""
    setup(workspace)
    from tests.loyalty.clubs import NOW

    from wotu.loyalty.models import Receipt
    from wotu.loyalty.receipts import services

    services.approve(Receipt.objects.get().pk, by="bob", now=NOW)
    look(workspace)
