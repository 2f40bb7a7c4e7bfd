"""What is published of a lottery, how it goes, who won, and what one customer has in it, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Count, Q, QuerySet

from wotu.ledger import house_reads
from wotu.ledger.reads import position
from wotu.loyalty.campaigns.launch_checks import Finding
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery import law, services
from wotu.loyalty.lottery.chances import ChanceRule
from wotu.loyalty.lottery.choices import Outcome, WinState
from wotu.loyalty.lottery.draft_services import LotteryDraft, PrizeDraft, lottery_of
from wotu.loyalty.lottery.models import Draw, Lottery, Prize, Ticket, Win
from wotu.loyalty.lottery.odds import commitment
from wotu.loyalty.programme.services import CLUB


@dataclass(frozen=True)
class PrizeRow:
    """A prize as it is published, and what became of its tickets: ``made`` is ``taken`` + ``free`` + ``withdrawn``.

    ``released`` are those of the free ones that can be drawn now.
    """

    number: int
    place: int
    name_zh: str
    name_en: str
    kind: str
    odds: Fraction
    pieces: int
    value: int | None
    points: int | None
    template: int | None
    made: int = 0
    taken: int = 0
    free: int = 0
    released: int = 0
    withdrawn: int = 0

    @property
    def later(self) -> int:
        """Free tickets that are released later."""
        return self.free - self.released


@dataclass(frozen=True)
class LotteryRow:
    """A lottery in the list. ``cost`` is what all its prizes are worth; ``None`` where one has no value."""

    code: str
    name_zh: str
    name_en: str
    look: str
    state: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    running: bool
    cost: int | None
    asked_by: str


@dataclass(frozen=True)
class LotteryView:
    """All that is known of a lottery. ``commitment`` is the hash of its seed, ``seed`` is told after the end."""

    row: LotteryRow
    prizes: tuple[PrizeRow, ...]
    chances: tuple[ChanceRule, ...]
    claim_until: datetime | None
    sponsor: str
    contact: str
    terms_zh: str
    terms_en: str
    most_wins: int | None
    most_chances: int | None
    created_by: str
    launched_at: datetime | None
    ended_at: datetime | None
    ended_because: str
    commitment: str
    seed: str

    @property
    def nothing(self) -> Fraction:
        """The odds of no prize at all."""
        return 1 - sum((each.odds for each in self.prizes), Fraction())


@dataclass(frozen=True)
class Figures:
    """How a lottery goes. ``cost`` is what the prizes that were won are worth, as far as they have a value."""

    draws: int
    people: int
    wins: int
    winners: int
    left: int
    cost: int
    owed: int
    to_hand_out: int
    chances_earned: int
    chances_used: int


@dataclass(frozen=True)
class WinRow:
    """A win: of whom, what, and what became of it; ``customer`` is below zero for one who was erased."""

    number: int
    draw: int
    lottery: str
    customer: int
    name_zh: str
    name_en: str
    kind: str
    value: int | None
    state: str
    why: str
    at: datetime
    given_at: datetime | None
    given_by: str


@dataclass(frozen=True)
class WinPage:
    """Latest first; pass ``next`` as ``before`` for the following page."""

    rows: tuple[WinRow, ...]
    next: str | None


def lotteries(now: datetime) -> tuple[LotteryRow, ...]:
    """All of them, the latest first."""
    rows = list(Lottery.objects.order_by("-starts_at", "-pk"))
    prizes: dict[int, list[Prize]] = {row.pk: [] for row in rows}
    for each in Prize.objects.filter(lottery__in=rows).order_by("lottery", "place"):
        prizes[each.lottery_id].append(each)
    return tuple(_row(row, prizes[row.pk], now) for row in rows)


def lottery(code: str, now: datetime) -> LotteryView:
    """One of them; raises ``not_found``."""
    row = lottery_of(code)
    prizes = services.prizes_of(row)
    return LotteryView(
        row=_row(row, prizes, now), prizes=tuple(_prizes(prizes, now)), chances=services.rules_of(row),
        claim_until=row.claim_until, sponsor=row.sponsor, contact=row.contact, terms_zh=row.terms_zh,
        terms_en=row.terms_en, most_wins=row.most_wins, most_chances=row.most_chances, created_by=row.created_by,
        launched_at=row.launched_at, ended_at=row.ended_at, ended_because=row.ended_because,
        commitment=commitment(row.seed) if row.seed else "",
        seed=row.seed if row.state == CampaignState.ENDED else "",
    )  # fmt: skip


def law_findings(code: str) -> tuple[Finding, ...]:
    """What the law has against the launch of a lottery."""
    return law.findings(services.facts_of(lottery_of(code)))


def draft_of(code: str) -> LotteryDraft:
    """A lottery as it was written, to be changed or copied."""
    row = lottery_of(code)
    prizes = tuple(
        PrizeDraft(
            name_zh=each.name_zh, name_en=each.name_en, kind=each.kind,
            odds=Fraction(each.numerator, each.denominator), pieces=each.pieces,
            windows=services.windows_of(row, each) if each.windows else (), value=each.value, points=each.points,
            programme=each.programme.code if each.programme else CLUB, template=each.template_id,
        )
        for each in services.prizes_of(row)
    )  # fmt: skip
    return LotteryDraft(
        name_zh=row.name_zh, name_en=row.name_en, starts_at=row.starts_at, ends_at=row.ends_at, prizes=prizes,
        chances=services.rules_of(row), look=row.look, claim_until=row.claim_until, sponsor=row.sponsor,
        contact=row.contact, terms_zh=row.terms_zh, terms_en=row.terms_en, most_wins=row.most_wins,
        most_chances=row.most_chances,
    )  # fmt: skip


def figures(code: str) -> Figures:
    """How a lottery goes until now."""
    row = lottery_of(code)
    drawn = Draw.objects.filter(lottery=row).aggregate(
        draws=Count("pk"), people=Count("customer", distinct=True),
        winners=Count("customer", distinct=True, filter=Q(outcome=Outcome.WON)),
    )  # fmt: skip
    won = list(
        Win.objects.filter(prize__lottery=row).order_by().values_list("prize__value", "state").annotate(Count("pk"))
    )
    chances = next(iter(house_reads.liability(services.chance_unit(row))), None)
    return Figures(
        **drawn, wins=sum(count for _, _, count in won),
        left=Ticket.objects.filter(prize__lottery=row, draw=None, withdrawn_at=None).count(),
        cost=sum((value or 0) * count for value, _, count in won),
        owed=sum(count for _, state, count in won if state == WinState.OWED),
        to_hand_out=sum(count for _, state, count in won if state == WinState.TO_HAND_OUT),
        chances_earned=chances.issued if chances else 0, chances_used=chances.redeemed if chances else 0,
    )  # fmt: skip


def wins(code: str, *, open_only: bool = False, before: str | None = None, limit: int = 50) -> WinPage:
    """Who won what, the latest first; with ``open_only`` what is still to be given."""
    rows = Win.objects.filter(prize__lottery=lottery_of(code))
    if open_only:
        rows = rows.filter(given_at=None)
    if (place := position(before)) is not None:
        rows = rows.filter(pk__lt=place)
    found = tuple(_wins(rows.order_by("-pk")[: limit + 1]))
    return WinPage(found[:limit], str(found[limit - 1].number) if len(found) > limit else None)


def all_wins(code: str) -> Iterator[WinRow]:
    """Every win of a lottery, the first first."""
    return _wins(Win.objects.filter(prize__lottery=lottery_of(code)).order_by("pk"))


def wins_of(customer: int, code: str) -> tuple[WinRow, ...]:
    """What one customer won in a lottery, the latest first."""
    return tuple(_wins(Win.objects.filter(customer=customer, prize__lottery__code=code).order_by("-pk")[:100]))


def win(number: int) -> WinRow | None:
    """One win."""
    return next(iter(_wins(Win.objects.filter(pk=number))), None)


def _wins(rows: QuerySet[Win]) -> Iterator[WinRow]:
    for each in rows.select_related("prize__lottery"):
        prize = each.prize
        yield WinRow(
            each.pk, each.draw_id, prize.lottery.code, each.customer, prize.name_zh, prize.name_en, prize.kind,
            prize.value, each.state, each.why, each.at, each.given_at, each.given_by,
        )  # fmt: skip


def _row(row: Lottery, prizes: Iterable[Prize], now: datetime) -> LotteryRow:
    asked_by = row.asked_by if row.state == CampaignState.DRAFT else ""
    return LotteryRow(
        row.code, row.name_zh, row.name_en, row.look, row.state, row.currency, row.starts_at, row.ends_at,
        services.is_running(row, now), services.cost_of(prizes), asked_by,
    )  # fmt: skip


def _prizes(prizes: list[Prize], now: datetime) -> Iterable[PrizeRow]:
    free = Q(tickets__draw=None, tickets__withdrawn_at=None)
    counted = Prize.objects.filter(pk__in=[each.pk for each in prizes]).annotate(
        made=Count("tickets"), taken=Count("tickets", filter=Q(tickets__draw__isnull=False)),
        free=Count("tickets", filter=free), released=Count("tickets", filter=free & Q(tickets__release_at__lte=now)),
        withdrawn=Count("tickets", filter=Q(tickets__withdrawn_at__isnull=False)),
    )  # fmt: skip
    names = ("made", "taken", "free", "released", "withdrawn")
    counts = {each.pk: {name: getattr(each, name) for name in names} for each in counted}
    for each in prizes:
        yield PrizeRow(
            number=each.pk, place=each.place, name_zh=each.name_zh, name_en=each.name_en, kind=each.kind,
            odds=Fraction(each.numerator, each.denominator), pieces=each.pieces, value=each.value, points=each.points,
            template=each.template_id, **counts[each.pk],
        )  # fmt: skip
