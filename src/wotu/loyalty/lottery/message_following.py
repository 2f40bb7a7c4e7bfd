"""Recharges and shares that messages tell of earn chances, each message once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import OperationalError, transaction

from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery import chance_services
from wotu.loyalty.lottery.chances import RECHARGE, SHARE, Deed
from wotu.loyalty.lottery.models import Lottery
from wotu.loyalty.orders.together import LONGEST_ID, Message, currency_of

SHARED, RECHARGED = "Content Shared", "Recharge Completed"
EVENTS = (RECHARGED, SHARED)
_log = logging.getLogger("wotu.loyalty")


def anything_to_earn() -> bool:
    """Whether a message could earn a chance in any lottery that runs."""
    running = Lottery.objects.filter(state__in=[CampaignState.LIVE, CampaignState.PAUSED])
    return any(rule["by"] in (SHARE, RECHARGE) for row in running for rule in row.chances)


def apply_messages(rows: Sequence[Message]) -> None:
    """Let recharges and shares earn, in any order and however often; one that fails stops no other."""
    for row in rows:
        try:
            with transaction.atomic():
                _apply(row)
        except OperationalError:
            # The database, not the message: all of it is tried again.
            raise
        except Exception as error:
            _log.warning("earning chances by message %d failed with %s", row.seq, type(error).__name__)


def _apply(row: Message) -> None:
    """A recharge of ``revenue`` earns in every lottery, a share in the one that it names as ``lottery``."""
    if row.customer is None:
        return
    told, event = row.properties, f"message:{row.message_id[:LONGEST_ID]}"
    if row.event == SHARED:
        shared = str(told.get("lottery") or "")
        done = Deed(by=SHARE, channel=str(told.get("channel") or ""))
        chance_services.earn(row.customer, done, event=event, at=row.time, lottery=shared)
    else:
        amount = told.get("revenue")
        paid = Deed(by=RECHARGE, currency=currency_of(told), amount=amount if isinstance(amount, int) else 0)
        chance_services.earn(row.customer, paid, event=event, at=row.time)
