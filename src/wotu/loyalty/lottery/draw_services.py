"""A draw: one chance is spent, the seed says which prize it is, and a ticket of it is taken, or there is nothing.

All of it is one transaction, once for each key. A ticket goes to one draw by the statement that takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.money import decimal_text
from wotu.ledger import services as ledger
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.rules import Cause
from wotu.loyalty import allowances
from wotu.loyalty.lottery import giving_services
from wotu.loyalty.lottery.choices import Outcome, PrizeKind, WinState
from wotu.loyalty.lottery.draft_services import lottery_of, refused
from wotu.loyalty.lottery.models import Draw, Lottery, Prize, Win
from wotu.loyalty.lottery.odds import draw_label, number_of, prize_of
from wotu.loyalty.lottery.services import chance_unit, is_running, odds_of, prizes_of, programme_name
from wotu.loyalty.programme import earning_services
from wotu.outbox import messages

DRAWN, PRIZE_WON = "Lottery Drawn", "Prize Won"
_TAKE = (
    "UPDATE loyalty_ticket SET draw_id = %s WHERE id = (SELECT id FROM loyalty_ticket WHERE prize_id = %s"
    " AND draw_id IS NULL AND withdrawn_at IS NULL AND release_at <= %s ORDER BY release_at, id LIMIT 1{lock})"
    " AND draw_id IS NULL AND withdrawn_at IS NULL RETURNING id"
)
# The second time it waits for who is about to take the last ones: none is left when it then finds none.
_LOCKS = {"postgresql": (" FOR UPDATE SKIP LOCKED", " FOR UPDATE")}


@dataclass(frozen=True)
class Drawn:
    """What a draw came to: the place of the prize that was won, if any; ``repeated`` when it had been drawn before."""

    draw: int
    outcome: str
    prize: int | None = None
    win: int | None = None
    repeated: bool = False


@again_after_deadlock
def draw(code: str, customer: int, *, key: str, now: datetime) -> Drawn:
    """Draw once for ``key``. Refused with ``not_running`` or ``no_chance``; then nothing is changed."""
    if not 0 < len(key) <= 120 or "\x00" in key:
        raise invalid_argument("key", "key must have 1 to 120 characters.")
    with transaction.atomic():
        row = lottery_of(code)
        known = Draw.objects.filter(lottery=row, key=key).first()
        if known is not None:
            return _known(known, customer)
        if not is_running(row, now):
            raise refused("not_running", "Nobody can draw in this lottery now.")
        earning_services.lock_membership(customer)
        made, new = Draw.objects.get_or_create(lottery=row, key=key, defaults={"customer": customer, "at": now})
        if not new:
            return _known(made, customer)
        _spend_chance(row, made, now)
        win = _decide(row, made, now)
        made.save(update_fields=["number", "drawn", "outcome"])
        _tell(row, made, win)
        crash_point("loyalty-lottery-drawn")
    crash_point("loyalty-lottery-draw-committed")
    return _answer(made, win)


def _spend_chance(row: Lottery, made: Draw, now: datetime) -> None:
    cause = Cause(programme_name(row), 1, f"draw:{made.pk}", "player", "draw")
    try:
        ledger.spend(cause, customer=made.customer, unit=chance_unit(row), amount=1, now=now)
    except WotuError as error:
        if error.code != ErrorCode.INSUFFICIENT_BALANCE:
            raise
        raise refused("no_chance", "The customer has no chance left to draw.") from error


def _decide(row: Lottery, made: Draw, now: datetime) -> Win | None:
    """What the draw comes to; the win, when a ticket was taken."""
    prizes = prizes_of(row)
    table = odds_of(prizes)
    made.number = number_of(row.seed, draw_label(made.pk), table.out_of)
    place = prize_of(made.number, table)
    if place is None:
        return None
    made.drawn = prizes[place]
    if made.drawn.kind == PrizeKind.THANKS:
        made.outcome = Outcome.THANKS
        return None
    wins = f"lottery:{row.pk}:wins:customer:{made.customer}"
    if not allowances.spend(wins, row.most_wins, customer=made.customer):
        made.outcome = Outcome.WON_ENOUGH
        return None
    if not _take_ticket(made, made.drawn, now):
        if row.most_wins is not None:
            allowances.add(wins, -1)
        made.outcome = Outcome.NONE_LEFT
        return None
    made.outcome = Outcome.WON
    win = Win(draw=made, prize=made.drawn, customer=made.customer, state=WinState.OWED, at=now)
    giving_services.give(win, now=now)
    return win


def _take_ticket(made: Draw, prize: Prize, now: datetime) -> bool:
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        for lock in _LOCKS.get(connection.vendor, ("",)):
            cursor.execute(_TAKE.format(lock=lock), [made.pk, prize.pk, at])
            if cursor.fetchone() is not None:
                return True
    return False


def _tell(row: Lottery, made: Draw, win: Win | None) -> None:
    told: dict[str, Any] = {"lottery": row.code, "outcome": made.outcome}
    if made.drawn is not None and made.outcome in (Outcome.WON, Outcome.THANKS):
        told["prize"] = made.drawn.name_zh
    messages.emit(DRAWN, key=f"lottery-drawn:{made.pk}", customer=made.customer, at=made.at, properties=told)
    if win is not None:
        prize = win.prize
        worth = {} if prize.value is None else {"value": decimal_text(prize.value, row.currency)}
        properties = {"lottery": row.code, "prize": prize.name_zh, "kind": prize.kind, **worth}
        messages.emit(PRIZE_WON, key=f"prize-won:{made.pk}", customer=made.customer, at=made.at, properties=properties)


def _known(made: Draw, customer: int) -> Drawn:
    if made.customer != customer:
        raise invalid_argument("key", "key names a draw of somebody else; take another key.")
    return _answer(made, Win.objects.filter(draw=made).first(), repeated=True)


def _answer(made: Draw, win: Win | None, *, repeated: bool = False) -> Drawn:
    shown = made.drawn if made.outcome in (Outcome.WON, Outcome.THANKS) else None
    place = None if shown is None else shown.place
    return Drawn(made.pk, str(made.outcome), place, None if win is None else win.pk, repeated)
