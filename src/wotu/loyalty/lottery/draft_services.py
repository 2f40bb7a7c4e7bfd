"""Lotteries are written and changed while they are drafts. With the launch their facts are settled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import msgspec
from django.db import IntegrityError, transaction

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger.rules import check_amount
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery.chances import MOST_OF_ONE, ChanceRule, check_rules
from wotu.loyalty.lottery.choices import Look, PrizeKind
from wotu.loyalty.lottery.models import Lottery, Prize
from wotu.loyalty.lottery.odds import table_of
from wotu.loyalty.lottery.releases import Window, check_windows
from wotu.loyalty.models import CouponTemplate
from wotu.loyalty.programme.services import CLUB, json_of, programme

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LONGEST_NAME = 80
_LONGEST = {"sponsor": 120, "contact": 120, "terms_zh": 4_000, "terms_en": 4_000}
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_MOST_PRIZES, MOST_TICKETS = 12, 200_000


@dataclass(frozen=True, kw_only=True)
class PrizeDraft:
    """A prize: ``points`` of programme ``programme``, a coupon of ``template``, goods, or thanks without pieces."""

    name_zh: str
    name_en: str
    kind: str
    odds: Fraction
    pieces: int = 0
    windows: tuple[Window, ...] = ()
    value: int | None = None
    points: int | None = None
    programme: str = CLUB
    template: int | None = None


@dataclass(frozen=True, kw_only=True)
class LotteryDraft:
    """What a lottery is to be; amounts in minor units, ``None``: without that limit."""

    name_zh: str
    name_en: str
    starts_at: datetime
    ends_at: datetime
    prizes: tuple[PrizeDraft, ...]
    chances: tuple[ChanceRule, ...] = ()
    look: str = Look.WHEEL.value
    claim_until: datetime | None = None
    sponsor: str = ""
    contact: str = ""
    terms_zh: str = ""
    terms_en: str = ""
    most_wins: int | None = None
    most_chances: int | None = None


def write_draft(code: str, draft: LotteryDraft, *, currency: str, by: str, now: datetime) -> int:
    """A lottery that nobody can play yet; its number."""
    if not _CODE.fullmatch(code):
        raise invalid_argument("code", "code must have 1 to 40 characters of a-z, 0-9 and -, the first no dash.")
    _check(draft)
    with transaction.atomic():
        row = Lottery(code=code, currency=currency, created_by=by, created_at=now)
        try:
            with transaction.atomic():
                _write(row, draft)
        except IntegrityError as error:
            if not Lottery.objects.filter(code=code).exists():
                raise
            raise invalid_argument("code", f"There is a lottery {code!r} already; take another code.") from error
    return row.pk


def rewrite(code: str, draft: LotteryDraft) -> None:
    """Change a draft to what ``draft`` says; after the launch nothing of a lottery is changed."""
    _check(draft)
    with transaction.atomic():
        row = lottery_of(code, lock=True)
        if row.state != CampaignState.DRAFT:
            raise refused("frozen", "The facts of a lottery are settled with its launch.")
        row.prizes.all().delete()
        # Whoever waited for an approval waits for another one now.
        row.asked_by, row.asked_at = "", None
        _write(row, draft)


def ask_to_launch(code: str, *, by: str, now: datetime) -> None:
    """Let those who may approve the draft know that it waits for them; asking again changes nothing."""
    drafts = Lottery.objects.filter(code=code, state=CampaignState.DRAFT)
    if not drafts.exists():
        raise refused("not_a_draft", "Only a draft waits for an approval.")
    drafts.filter(asked_by="").update(asked_by=by[:80], asked_at=now)


def lottery_of(code: str, *, lock: bool = False) -> Lottery:
    """The lottery's row; raises ``not_found``."""
    rows = Lottery.objects.select_for_update() if lock else Lottery.objects.all()
    row = rows.filter(code=code).first()
    if row is None:
        raise WotuError(ErrorCode.NOT_FOUND, "There is no such lottery.", field="lottery")
    return row


def refused(word: str, sentence: str, *, field: str = "lottery") -> WotuError:
    """The error of what a lottery does not allow; ``word`` says to programs why."""
    return WotuError(ErrorCode.LIMIT_REACHED, sentence, field=field, given={"refusal": word})


def _write(row: Lottery, draft: LotteryDraft) -> None:
    for name in ("look", "starts_at", "ends_at", "claim_until", "most_wins", "most_chances", "terms_zh", "terms_en"):
        setattr(row, name, getattr(draft, name))
    row.name_zh, row.name_en = _names(draft.name_zh, draft.name_en)
    row.sponsor, row.contact = draft.sponsor.strip(), draft.contact.strip()
    row.chances = json_of(draft.chances)
    row.save()
    for place, each in enumerate(draft.prizes):
        zh, en = _names(each.name_zh, each.name_en)
        points = each.kind == PrizeKind.POINTS
        Prize.objects.create(
            lottery=row, place=place, name_zh=zh, name_en=en, kind=each.kind, numerator=each.odds.numerator,
            denominator=each.odds.denominator, pieces=each.pieces, windows=msgspec.to_builtins(each.windows),
            value=each.value, points=each.points, programme=programme(each.programme) if points else None,
            template_id=each.template,
        )  # fmt: skip


def _check(draft: LotteryDraft) -> None:
    _names(draft.name_zh, draft.name_en)
    if draft.look not in Look.values:
        raise invalid_argument("look", f"look must be one of {', '.join(Look.values)}.")
    for field in ("starts_at", "ends_at", "claim_until"):
        at = getattr(draft, field)
        if at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            raise invalid_argument(field, f"{field} must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}.")
    if draft.ends_at <= draft.starts_at:
        raise invalid_argument("ends_at", "ends_at must be later than starts_at.")
    if draft.claim_until is not None and draft.claim_until < draft.ends_at:
        raise invalid_argument("claim_until", "claim_until must not be before the lottery ends.")
    for field, longest in _LONGEST.items():
        if len(getattr(draft, field)) > longest or "\x00" in getattr(draft, field):
            raise invalid_argument(field, f"{field} must have {longest:,} characters at most.")
    for field in ("most_wins", "most_chances"):
        most = getattr(draft, field)
        if most is not None and check_amount(most, field=field) > MOST_OF_ONE:
            raise invalid_argument(field, f"{field} must lie between 1 and {MOST_OF_ONE:,}.")
    check_rules(draft.chances)
    _check_templates({each.template for each in draft.chances if each.template is not None})
    _check_prizes(draft)


def _check_prizes(draft: LotteryDraft) -> None:
    if not any(each.kind != PrizeKind.THANKS for each in draft.prizes) or len(draft.prizes) > _MOST_PRIZES:
        raise invalid_argument("prizes", f"A lottery has 1 to {_MOST_PRIZES} prizes, thanks among them if you like.")
    table_of([each.odds for each in draft.prizes])
    if sum(each.pieces for each in draft.prizes) > MOST_TICKETS:
        raise invalid_argument("pieces", f"A lottery has {MOST_TICKETS:,} tickets at most.")
    for each in draft.prizes:
        _check_prize(each, draft)


def _check_prize(each: PrizeDraft, draft: LotteryDraft) -> None:
    _names(each.name_zh, each.name_en)
    if each.kind not in PrizeKind.values:
        raise invalid_argument("kind", f"kind must be one of {', '.join(PrizeKind.values)}.")
    if each.kind == PrizeKind.THANKS:
        if each.pieces or each.windows:
            raise invalid_argument("pieces", "Thanks have no pieces: there is no end of them.")
    else:
        check_amount(each.pieces, field="pieces")
        if each.odds <= 0:
            raise invalid_argument("odds", "A prize that nobody can draw is none.")
    if each.windows:
        check_windows(each.windows, each.pieces, draft.starts_at, draft.ends_at)
    if each.value is not None:
        check_amount(each.value, field="value")
    if (each.points is not None) != (each.kind == PrizeKind.POINTS):
        raise invalid_argument("points", "Points are of a prize of points, and it needs them.")
    if each.points is not None:
        check_amount(each.points, field="points")
    if (each.template is not None) != (each.kind == PrizeKind.COUPON):
        raise invalid_argument("template", "A coupon template is of a prize that is a coupon, and it needs one.")
    _check_templates(set() if each.template is None else {each.template})


def _check_templates(wanted: set[int]) -> None:
    for number in wanted:
        if not CouponTemplate.objects.filter(pk=number).exists():
            raise WotuError(ErrorCode.NOT_FOUND, "There is no such coupon template.", field="template")


def _names(zh: str, en: str) -> tuple[str, str]:
    """Both names; one that is missing is the other."""
    names = [name.strip() for name in (zh, en)]
    if not any(names) or any(len(name) > _LONGEST_NAME or "\x00" in name for name in names):
        raise invalid_argument("name", f"Write a name of 1 to {_LONGEST_NAME} characters.")
    return names[0] or names[1], names[1] or names[0]
