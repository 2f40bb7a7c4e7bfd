"""A lottery to test with."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.loyalty.clubs import NOW

from wotu.loyalty.lottery import draft_services, services
from wotu.loyalty.lottery.chances import ChanceRule
from wotu.loyalty.lottery.draft_services import LotteryDraft, PrizeDraft

SEED = "4f1c9a7730d84e52b8aa61b7e2c3d901"
ENDS = NOW + timedelta(days=10)
THANKS = PrizeDraft(name_zh="谢谢参与", name_en="Thank you", kind="thanks", odds=Fraction(1, 2))


def goods(odds: Fraction = Fraction(1), pieces: int = 1, **given: Any) -> PrizeDraft:
    """A prize of goods worth 99 yuan."""
    return PrizeDraft(
        **{
            "name_zh": "茶壶",
            "name_en": "Teapot",
            "kind": "goods",
            "odds": odds,
            "pieces": pieces,
            "value": 9_900,
            **given,
        }
    )


def points(odds: Fraction, amount: int = 50, pieces: int = 1_000, **given: Any) -> PrizeDraft:
    """A prize of points of the club."""
    return PrizeDraft(
        **{"name_zh": "积分", "name_en": "Points", "kind": "points", "odds": odds, "pieces": pieces, "value": amount,
           "points": amount, **given}
    )  # fmt: skip


def draft(*prizes: PrizeDraft, **given: Any) -> LotteryDraft:
    """A lottery that the law has nothing against."""
    values = {
        "name_zh": "幸运大转盘", "name_en": "Wheel", "starts_at": NOW, "ends_at": ENDS, "prizes": prizes or (goods(),),
        "claim_until": ENDS + timedelta(days=30), "sponsor": "沃土小店", "contact": "400-000-0000",
        "terms_zh": "奖品由客服联系寄出。", "chances": (ChanceRule(rule_id="daily", by="visit"),),
    }  # fmt: skip
    return LotteryDraft(**{**values, **given})


def launched(
    *prizes: PrizeDraft, code: str = "wheel", seed: str = SEED, at: datetime = NOW, **given: Any
) -> str:  # fmt: skip
    """The lottery ``wheel``, launched."""
    draft_services.write_draft(code, draft(*prizes, **given), currency="CNY", by="ann", now=at)
    services.launch(code, seed=seed, by="ann", now=at)
    return code
