"""Somebody who approves a receipt, killed where a test says: WORKSPACE [look]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wotu.site.preparing import prepare_database


def main() -> None:
    """Approve the receipt, unless it is only looked at; tell its state, what it paid and used, and the differences."""
    workspace, *look = sys.argv[1:]
    crash_at = os.environ.pop("WOTU_CRASH_AT", "")
    prepare_database(Path(workspace))
    from tests.loyalty.clubs import NOW
    from tests.loyalty.receipts_shop import cash, offer, send, states, used

    from wotu.ledger.proof import differences
    from wotu.loyalty.models import Receipt
    from wotu.loyalty.receipts import services

    if not Receipt.objects.exists():
        send(offer())
    os.environ["WOTU_CRASH_AT"] = crash_at
    if not look:
        services.approve(Receipt.objects.get().pk, by="bob", now=NOW)
    print(*states(), cash(), used(), len(differences()))


if __name__ == "__main__":
    main()
