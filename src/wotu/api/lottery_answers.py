"""Lotteries as the API tells of them, and as it is told of them."""

from __future__ import annotations

from datetime import datetime

from wotu.api.schemas import lotteries as told
from wotu.core.customer_ids import customer_text
from wotu.core.money import decimal_text
from wotu.core.periods import to_micros
from wotu.loyalty.lottery import reads
from wotu.loyalty.lottery.chances import ChanceRule
from wotu.loyalty.lottery.draft_services import LotteryDraft, PrizeDraft
from wotu.loyalty.lottery.odds import fraction_of
from wotu.loyalty.lottery.releases import Window
from wotu.loyalty.pricing.written import minor


def draft_of(asked: told.NewLottery, currency: str) -> LotteryDraft:
    """The draft that somebody wrote."""
    same = {
        name: getattr(asked, name)
        for name in ("name_zh", "name_en", "look", "starts_at", "ends_at", "claim_until", "sponsor", "contact",
                     "terms_zh", "terms_en", "most_wins", "most_chances")
    }  # fmt: skip
    prizes = tuple(_prize(each, currency) for each in asked.prizes)
    return LotteryDraft(prizes=prizes, chances=tuple(_rule(each, currency) for each in asked.chances), **same)


def shown_lottery(row: reads.LotteryRow) -> told.Lottery:
    """A lottery in a list."""
    same = {name: getattr(row, name) for name in told.Lottery.model_fields if name != "cost"}
    return told.Lottery(cost=_money(row.cost, row.currency), **same)


def lottery_in_full(code: str, now: datetime) -> told.LotteryInFull:
    """Everything that is known of a lottery."""
    view = reads.lottery(code, now)
    currency = view.row.currency
    law = [each.code for each in reads.law_findings(code)] if view.row.state == "draft" else []
    same = {name: getattr(view, name) for name in _SAME}
    return told.LotteryInFull(
        **shown_lottery(view.row).model_dump(), **same, prizes=[_shown_prize(each, currency) for each in view.prizes],
        nothing=str(view.nothing), chances=[_shown_rule(each, currency) for each in view.chances],
        seed_sha256=view.commitment, law=law, figures=_figures(code, currency),
    )  # fmt: skip


def shown_win(row: reads.WinRow, currency: str) -> told.Win:
    """A win and whose it is."""
    same = {name: getattr(row, name) for name in told.Win.model_fields if name not in ("id", "customer", "value")}
    customer = None if row.customer < 0 else customer_text(row.customer)
    return told.Win(id=row.number, customer=customer, value=_money(row.value, currency), **same)


_SAME = (
    "claim_until", "sponsor", "contact", "terms_zh", "terms_en", "most_wins", "most_chances", "created_by",
    "launched_at", "ended_at", "ended_because", "seed",
)  # fmt: skip


def _figures(code: str, currency: str) -> told.Figures:
    row = reads.figures(code)
    same = {name: getattr(row, name) for name in told.Figures.model_fields if name != "cost"}
    return told.Figures(cost=decimal_text(row.cost, currency), **same)


def _prize(asked: told.NewPrize, currency: str) -> PrizeDraft:
    windows = tuple(
        Window(starts=to_micros(each.starts_at), ends=to_micros(each.ends_at), pieces=each.pieces)
        for each in asked.release
    )
    return PrizeDraft(
        name_zh=asked.name_zh, name_en=asked.name_en, kind=asked.kind, odds=fraction_of(asked.odds),
        pieces=asked.pieces, windows=windows, points=asked.points, template=asked.template,
        value=None if asked.value is None else minor(asked.value, currency, field="value"),
    )  # fmt: skip


def _rule(asked: told.ChanceRule, currency: str) -> ChanceRule:
    return ChanceRule(
        rule_id=asked.id, by=asked.by, chances=asked.chances, paid_with=asked.paid_with, template=asked.template,
        at_least=minor(asked.at_least, currency, field="at_least"), most_per_day=asked.most_per_day, most=asked.most,
    )  # fmt: skip


def _shown_prize(row: reads.PrizeRow, currency: str) -> told.Prize:
    same = {name: getattr(row, name) for name in told.Prize.model_fields if name not in ("odds", "value")}
    return told.Prize(odds=str(row.odds), value=_money(row.value, currency), **same)


def _shown_rule(rule: ChanceRule, currency: str) -> told.ChanceRule:
    same = {name: getattr(rule, name) for name in told.ChanceRule.model_fields if name not in ("id", "at_least")}
    return told.ChanceRule(id=rule.rule_id, at_least=decimal_text(rule.at_least, currency), **same)


def _money(amount: int | None, currency: str) -> str | None:
    return None if amount is None else decimal_text(amount, currency)
