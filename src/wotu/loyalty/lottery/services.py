"""A lottery is launched with its tickets, rests, and ends; prizes may be added to, as that harms nobody.

What was published may not be changed to the harm of those who play (规范促销行为暂行规定, article 13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction
from django.db.models import F

from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.periods import from_micros, to_micros
from wotu.ledger import services as ledger
from wotu.ledger.choices import UnitKind
from wotu.ledger.rules import check_amount
from wotu.loyalty.campaigns.launch_checks import refuse_blocked
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery import law
from wotu.loyalty.lottery.chances import ChanceRule, most_of_one_deed
from wotu.loyalty.lottery.choices import PrizeKind
from wotu.loyalty.lottery.draft_services import MOST_TICKETS, lottery_of, refused
from wotu.loyalty.lottery.models import Lottery, Prize, Ticket
from wotu.loyalty.lottery.odds import Table, table_of
from wotu.loyalty.lottery.releases import Window, evenly, release_times

Approve = Callable[[int | None, str], None]
"""Raises, where whoever acts may not promise prizes worth so much: minor units (``None``: not told), a currency."""
_ROWS_AT_ONCE = 1_000
_SHORTEST_SEED, _LONGEST_SEED = 16, 64


def _approved(_cost: int | None, _currency: str) -> None:
    """Whatever it costs."""


def launch(code: str, *, seed: str, by: str, now: datetime, approve: Approve = _approved) -> int:
    """Make the tickets and let the lottery run; how many tickets. What the law has against it is refused.

    ``seed`` is drawn by the caller (``secrets.token_hex(32)``): the same seed makes the same tickets and draws.
    ``approve`` is asked about the lottery as it is launched.
    """
    if not _SHORTEST_SEED <= len(seed) <= _LONGEST_SEED or not seed.isalnum() or not seed.isascii():
        raise invalid_argument("seed", f"seed must have {_SHORTEST_SEED} to {_LONGEST_SEED} letters and digits.")
    with transaction.atomic():
        row = lottery_of(code, lock=True)
        if row.state != CampaignState.DRAFT:
            raise refused("not_a_draft", f"A lottery that is {row.state} cannot be launched.")
        if row.ends_at <= now:
            raise invalid_argument("ends_at", "The lottery would have ended before it began.")
        approve(cost_of(prizes_of(row)), row.currency)
        check_law(row)
        ledger.open_unit(chance_unit(row), UnitKind.USES, row.name_zh)
        Lottery.objects.filter(pk=row.pk).update(
            state=CampaignState.LIVE, seed=seed, launched_at=now, approved_by=by[:80]
        )
        row.seed = seed
        made = sum(_make_tickets(row, each, windows_of(row, each), f"prize:{each.place}") for each in prizes_of(row))
        crash_point("loyalty-lottery-launched")
    return made


def check_law(row: Lottery) -> None:
    """Raise ``launch_refused`` with what the law has against the launch."""
    refuse_blocked(law.findings(facts_of(row)))


def facts_of(row: Lottery) -> law.LotteryFacts:
    """What the checks of the law look at."""
    prizes = [
        law.PrizeFacts(
            pieces=each.pieces, value=each.value, thanks=each.kind == PrizeKind.THANKS,
            windows=tuple((window.starts, window.ends) for window in windows_of(row, each)),
        )
        for each in prizes_of(row)
    ]  # fmt: skip
    together = max(1, most_of_one_deed(rules_of(row), row.most_chances))
    return law.LotteryFacts(
        currency=row.currency, prizes=prizes, sponsor=row.sponsor, contact=row.contact,
        terms=row.terms_zh or row.terms_en, claim_until=row.claim_until, together=together, most_wins=row.most_wins,
    )  # fmt: skip


def add_pieces(code: str, place: int, pieces: int, *, now: datetime, approve: Approve = _approved) -> int:
    """More pieces of a prize of a running lottery, spread evenly until its end; how many there are now.

    ``approve`` is asked about all prizes with them.
    """
    check_amount(pieces, field="pieces")
    with transaction.atomic():
        row = lottery_of(code, lock=True)
        if row.state not in (CampaignState.LIVE, CampaignState.PAUSED) or row.ends_at <= now:
            raise refused("not_running", "Pieces are added while the lottery runs.")
        prize = row.prizes.exclude(kind=PrizeKind.THANKS).filter(place=place).first()
        if prize is None:
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such prize.", field="prize")
        if Ticket.objects.filter(prize__lottery=row).count() + pieces > MOST_TICKETS:
            raise invalid_argument("pieces", f"A lottery has {MOST_TICKETS:,} tickets at most.")
        windows = evenly(pieces, max(now, row.starts_at), row.ends_at)
        Prize.objects.filter(pk=prize.pk).update(pieces=F("pieces") + pieces)
        approve(cost_of(prizes_of(row)), row.currency)
        check_law(row)
        _make_tickets(row, prize, windows, f"prize:{place}:{prize.pieces}")
    return prize.pieces + pieces


def pause(code: str) -> None:
    """Stop the draws for a while; chances are still earned, and what was won stays won."""
    _move(code, (CampaignState.LIVE,), CampaignState.PAUSED)


def resume(code: str) -> None:
    """Let a paused lottery run again."""
    _move(code, (CampaignState.PAUSED,), CampaignState.LIVE)


def end(code: str, *, now: datetime, because: str = "") -> int:
    """End a lottery for good; how many free tickets were withdrawn.

    Before the time that was published it takes a reason that can be told, ``because``, unless nothing is left to win.
    """
    with transaction.atomic():
        row = lottery_of(code, lock=True)
        if row.state not in (CampaignState.LIVE, CampaignState.PAUSED):
            raise refused("not_running", f"A lottery that is {row.state} cannot end.")
        free = Ticket.objects.filter(prize__lottery=row, draw=None, withdrawn_at=None)
        if now < row.ends_at and not because.strip() and free.exists():
            raise refused("too_early", "It was promised to run until its end; write the reason why it ends now.")
        Lottery.objects.filter(pk=row.pk).update(
            state=CampaignState.ENDED, ended_at=now, ended_because=because.strip()[:200]
        )
        return free.update(withdrawn_at=now)


def end_those_over(now: datetime) -> int:
    """End the lotteries whose published time is over; how many."""
    over = Lottery.objects.filter(state__in=[CampaignState.LIVE, CampaignState.PAUSED], ends_at__lte=now)
    codes = list(over.order_by("pk").values_list("code", flat=True))
    return sum(_end_over(code, now) for code in codes)


def _end_over(code: str, now: datetime) -> bool:
    try:
        end(code, now=now)
    except WotuError as error:
        if error.given.get("refusal") != "not_running":
            raise
        # Somebody else ended it since it was looked for.
        return False
    return True


def is_running(row: Lottery, now: datetime) -> bool:
    """Whether anybody can draw now."""
    return row.state == CampaignState.LIVE and row.starts_at <= now < row.ends_at


def chance_unit(row: Lottery) -> str:
    """The unit of the ledger in which chances of a lottery are counted."""
    return f"chance:{row.code}"


def programme_name(row: Lottery) -> str:
    """What causes in the ledger name as their programme."""
    return f"lottery:{row.code}"


def rules_of(row: Lottery) -> tuple[ChanceRule, ...]:
    """What earns chances."""
    return msgspec.convert(row.chances, tuple[ChanceRule, ...])


def prizes_of(row: Lottery) -> list[Prize]:
    """The prizes in their order, which is that of the odds."""
    return list(row.prizes.select_related("programme", "template__campaign").order_by("place"))


def odds_of(prizes: Sequence[Prize]) -> Table:
    """The published odds of the prizes."""
    return table_of([Fraction(each.numerator, each.denominator) for each in prizes])


def cost_of(prizes: Iterable[Prize]) -> int | None:
    """What all pieces of the prizes are worth, in minor units; ``None`` where one has no value."""
    real = [each for each in prizes if each.kind != PrizeKind.THANKS]
    known = all(each.value is not None for each in real)
    return sum((each.value or 0) * each.pieces for each in real) if known else None


def windows_of(row: Lottery, prize: Prize) -> tuple[Window, ...]:
    """When tickets of a prize are released: as written, else all of them when the lottery starts."""
    if prize.kind == PrizeKind.THANKS:
        return ()
    written = msgspec.convert(prize.windows, tuple[Window, ...])
    starts = to_micros(row.starts_at)
    return written or (Window(starts=starts, ends=starts, pieces=prize.pieces),)


def _make_tickets(row: Lottery, prize: Prize, windows: Sequence[Window], label: str) -> int:
    times = release_times(windows, seed=row.seed, label=label)
    utc = ZoneInfo("UTC")
    tickets = [Ticket(prize=prize, release_at=from_micros(at, utc)) for at in times]
    Ticket.objects.bulk_create(tickets, batch_size=_ROWS_AT_ONCE)
    return len(tickets)


def _move(code: str, froms: Sequence[CampaignState], to: CampaignState) -> None:
    with transaction.atomic():
        row = lottery_of(code, lock=True)
        if row.state not in froms:
            raise refused("not_running", f"A lottery that is {row.state} cannot become {to.value}.")
        Lottery.objects.filter(pk=row.pk).update(state=to)
