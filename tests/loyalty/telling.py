"""Members are told that points end, in a process that a test kills."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from wotu.site.preparing import setup


def tell(workspace: Path) -> None:
    """Tell, and say how many notices there are and how many messages wait."""
    setup(workspace)
    from tests.loyalty.clubs import NOW, buy, cart, club

    from wotu.loyalty.models import ExpiryNotice, Programme
    from wotu.loyalty.programme.expiry_notices import notify_expiring
    from wotu.outbox.models import Work

    if not Programme.objects.exists():
        club(expiry="days", expiry_count=30)
        for customer in range(1, 4):
            buy(f"o{customer}", customer, cart(("tea", 1, 10_000)))
    notify_expiring(NOW + timedelta(days=20))
    print(ExpiryNotice.objects.count(), Work.objects.filter(key__startswith="points-expiring:").count())
