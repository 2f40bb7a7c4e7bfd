"""What a lottery has for one customer now: chances, what may still be earned today, and whether it can be played."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from wotu.ledger import reads as ledger
from wotu.loyalty import allowances
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery import chance_services
from wotu.loyalty.lottery.draft_services import lottery_of
from wotu.loyalty.lottery.models import Lottery
from wotu.loyalty.lottery.services import chance_unit, is_running


@dataclass(frozen=True)
class OwnChances:
    """How often the customer can draw: ``had``, and ``for_today``, which come with the first draw of the day."""

    had: int
    for_today: int
    wins_left: int | None


@dataclass(frozen=True)
class OwnLottery:
    """A lottery that the customer can be led to."""

    code: str
    name_zh: str
    name_en: str


def open_to(customer: int, now: datetime) -> tuple[OwnLottery, ...]:
    """Lotteries in which anybody can draw now, and those where the customer has a win; the first to end first."""
    playable = Q(state=CampaignState.LIVE, starts_at__lte=now, ends_at__gt=now)
    won = Q(prizes__wins__customer=customer) & (Q(claim_until=None) | Q(claim_until__gt=now))
    rows = Lottery.objects.filter(playable | won).distinct().order_by("ends_at", "pk")
    return tuple(OwnLottery(row.code, row.name_zh, row.name_en) for row in rows)


def chances(customer: int, code: str, now: datetime) -> OwnChances:
    """How often the customer can draw in a lottery, and win."""
    row = lottery_of(code)
    unit = chance_unit(row)
    had = next((each.free for each in ledger.balances(customer) if each.unit.code == unit), 0)
    used = f"lottery:{row.pk}:wins:customer:{customer}"
    if not is_running(row, now):
        return OwnChances(0, 0, allowances.left(used, row.most_wins))
    return OwnChances(had, chance_services.of_today(row, customer, now), allowances.left(used, row.most_wins))
