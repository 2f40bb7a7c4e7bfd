"""What the law of the PRC asks of a drawn prize before it starts, as findings with source and date. Not legal advice.

Source: 规范促销行为暂行规定 (State Administration for Market Regulation, order 32, in force since 2020-12-01), articles
13 to 19, and 反不正当竞争法 (in force since 2025-10-15). It knows of amounts in CNY alone; of another currency the
limit of 50,000 yuan is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wotu.loyalty.campaigns.launch_checks import PROMOTION, Finding, Said

HIGHEST_PRIZE = 5_000_000
"""50,000 yuan in 分, article 17."""
YEARS_KEPT = 2
"""For how long rules, announcements, results and winners are to be kept, article 19. Nothing here deletes them."""
_SAID = {
    "sponsor_missing": ("sponsor", Said(
        "Name who runs the lottery and how to reach them.", "请写明主办方及其联系方式。")),
    "terms_missing": ("terms", Said(
        "Write how a win is claimed and handed over, and when it lapses.", "请写明如何兑奖、如何交付、何时视为放弃。")),
    "claim_time_missing": ("claim_until", Said(
        "Say until when a win can be claimed.", "请写明兑奖截止时间。")),
    "value_missing": ("prizes", Said(
        "Say what each prize is worth.", "请写明每种奖品的价值。")),
    "released_apart": ("prizes", Said(
        "Prizes are released at different times; let all have the same times.",
        "各奖品的投放时间不同；请统一投放时间。")),
    "prize_too_high": ("prizes", Said(
        "A prize may be worth 50,000 yuan at most.", "单项奖品的价值不得超过 5 万元。")),
    "prizes_together_too_high": ("prizes", Said(
        "All that one purchase can win may be worth 50,000 yuan at most.",
        "一次购买可中的奖品累计价值不得超过 5 万元。")),
}  # fmt: skip


@dataclass(frozen=True)
class PrizeFacts:
    """A prize: ``value`` in minor units (``None``: not told), and its windows of release as (from, until)."""

    pieces: int
    value: int | None
    thanks: bool = False
    windows: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class LotteryFacts:
    """What is published of a lottery; ``together`` is how many draws one purchase may earn."""

    currency: str
    prizes: Sequence[PrizeFacts]
    sponsor: str
    contact: str
    terms: str
    claim_until: datetime | None
    together: int = 1
    most_wins: int | None = None


def findings(facts: LotteryFacts) -> tuple[Finding, ...]:
    """Everything that has to change before the lottery may start; each of them blocks."""
    real = [each for each in facts.prizes if not each.thanks]
    found = []
    if not (facts.sponsor.strip() and facts.contact.strip()):
        found.append(_finding("sponsor_missing", 13))
    if not facts.terms.strip():
        found.append(_finding("terms_missing", 13))
    if facts.claim_until is None:
        found.append(_finding("claim_time_missing", 13))
    if any(each.value is None for each in real):
        found.append(_finding("value_missing", 13))
    if len({each.windows for each in real}) > 1:
        found.append(_finding("released_apart", 15))
    if facts.currency == "CNY" and _highest(real) > HIGHEST_PRIZE:
        found.append(_finding("prize_too_high", 17))
    elif facts.currency == "CNY" and highest_together(facts) > HIGHEST_PRIZE:
        found.append(_finding("prizes_together_too_high", 17))
    return tuple(found)


def highest_together(facts: LotteryFacts) -> int:
    """What the draws of one purchase can win at most, in minor units: it counts as one prize (article 17)."""
    draws = facts.together if facts.most_wins is None else min(facts.together, facts.most_wins)
    left, total = draws, 0
    for each in sorted(facts.prizes, key=lambda prize: -(prize.value or 0)):
        taken = min(left, 0 if each.thanks else each.pieces)
        total += taken * (each.value or 0)
        left -= taken
    return total


def _highest(prizes: Sequence[PrizeFacts]) -> int:
    return max((each.value or 0 for each in prizes), default=0)


def _finding(code: str, article: int) -> Finding:
    field, said = _SAID[code]
    return Finding(code, said, blocks=True, field=field, laws=(replace(PROMOTION, article=article),))
