"""What a launch is checked for, by law and by sense: pure rules over what is to be launched.

A finding says what is wrong in English and Chinese and whether it stops the launch; one that the law asks for names
its sources. It is a reminder by rules, no legal advice: nothing found does not mean that everything is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.money import decimal_text

LEAST_NOTICE_DAYS = 7
"""Before points end. The law asks for a fair notice and names no number of days; this one is ours."""
LEAST_RENEWAL_DAYS = 5
PRICE_BASE_DAYS = 7
_EXAMPLES = 3


class Check(StrEnum):
    """What was found. The words are part of the public contract."""

    NO_COUPONS = "no_coupons"
    OVER_ALREADY = "over_already"
    UNEQUAL_PRICE = "unequal_price"
    PRICE_BASE = "price_base"
    PRICE_BASE_UNCHECKED = "price_base_unchecked"
    EXPIRY_NOTICE = "expiry_notice"
    RENEWAL_NOTICE = "renewal_notice"


class Unchecked(StrEnum):
    """Why the base of a discount cannot be checked."""

    NO_SALES = "no_sales"
    TOO_MANY_SALES = "too_many_sales"


@dataclass(frozen=True)
class Said:
    """The same in both languages."""

    en: str
    zh: str

    def within(self, language: str) -> str:
        """The text for a page in ``language``."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True)
class Law:
    """A law or regulation of the People's Republic of China, in force ``since``; an ``article`` of it, if one alone."""

    name: Said
    number: Said
    article: int | None
    since: date

    @property
    def source(self) -> Said:
        """Name, number, article and date in one line."""
        article = Said("", "") if self.article is None else Said(f", article {self.article}", f"第{self.article}条")
        return Said(
            f"{self.name.en} ({self.number.en}){article.en}, in force since {self.since}",
            f"《{self.name.zh}》（{self.number.zh}）{article.zh}，{self.since} 起施行",
        )


@dataclass(frozen=True)
class Finding:
    """One thing to know before a launch. ``field`` is what to change, where that is one thing."""

    code: str
    said: Said
    blocks: bool
    field: str | None = None
    laws: tuple[Law, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data, as an error and the API tell it."""
        return {
            "code": str(self.code), "blocks": self.blocks, "field": self.field, "text": self.said.en,
            "text_zh": self.said.zh, "laws": [_law(each) for each in self.laws],
        }  # fmt: skip


CONSUMERS = Law(
    Said("Law on the Protection of Consumer Rights and Interests", "消费者权益保护法"),
    Said("Presidential Order 7 of 2013", "2013年主席令第7号"), 26, date(2014, 3, 15),
)  # fmt: skip
CONSUMERS_PRICES = Law(
    Said("Regulations for Implementing the Consumer Protection Law", "消费者权益保护法实施条例"),
    Said("State Council Order 778", "国务院令第778号"), 9, date(2024, 7, 1),
)  # fmt: skip
CONSUMERS_RENEWALS = Law(CONSUMERS_PRICES.name, CONSUMERS_PRICES.number, 10, CONSUMERS_PRICES.since)
PERSONAL_INFORMATION = Law(
    Said("Personal Information Protection Law", "个人信息保护法"),
    Said("Presidential Order 91 of 2021", "2021年主席令第91号"), 24, date(2021, 11, 1),
)  # fmt: skip
ONLINE_TRADE = Law(
    Said("Measures for Supervising Online Trade", "网络交易监督管理办法"),
    Said("SAMR Order 37", "市场监管总局令第37号"), 18, date(2021, 5, 1),
)  # fmt: skip
PROMOTION = Law(
    Said("Interim Provisions on Regulating Promotions", "规范促销行为暂行规定"),
    Said("SAMR Order 32", "市场监管总局令第32号"), 21, date(2020, 12, 1),
)  # fmt: skip


@dataclass(frozen=True)
class KindForWhom:
    """Whom a kind of coupon is for: ``chosen`` by a list, a column or a program, or levels; and why, as they read."""

    name: str
    chosen: bool = False
    tiers: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Deal:
    """What a product was listed at last and the least it was sold for, a piece in minor units."""

    product_id: str
    listed: int
    lowest: int


def equal_price(kinds: Iterable[KindForWhom], public_levels: Iterable[str]) -> list[Finding]:
    """Whoever is chosen for a discount, and whoever is not, must be able to read why.

    Everybody, and levels that the programme publishes, are reasons by themselves.
    """
    public = set(public_levels)
    found = []
    for kind in kinds:
        hidden = sorted(set(kind.tiers) - public)
        if not kind.reason.strip() and (kind.chosen or hidden):
            whom = Said("chosen customers", "选定的客户")
            if hidden:
                named = ", ".join(hidden[:_EXAMPLES])
                whom = Said(
                    f"customers of {named}, no level of the programme", f"“{named}”的客户，而会员计划中没有这一等级"
                )
            said = Said(
                f"“{kind.name}” is for {whom.en}, and no reason is stated that customers can read.",
                f"“{kind.name}”面向{whom.zh}，但没有写明客户可以看到的理由。",
            )
            laws = (PERSONAL_INFORMATION, CONSUMERS_PRICES)
            found.append(Finding(Check.UNEQUAL_PRICE, said, blocks=True, field="reason", laws=laws))
    return found


def points_notice(*, expires: bool, notice_days: int) -> list[Finding]:
    """Points that end need a notice before: without it the term that ends them may be void."""
    if not expires or notice_days >= LEAST_NOTICE_DAYS:
        return []
    said = Said(
        f"Points end, and members are told {notice_days} days before: tell them at least {LEAST_NOTICE_DAYS} days"
        " before.",
        f"积分会过期，而提前通知会员的天数为 {notice_days}：请至少提前 {LEAST_NOTICE_DAYS} 天通知。",
    )
    return [Finding(Check.EXPIRY_NOTICE, said, blocks=True, field="notice_days", laws=(CONSUMERS,))]


def renewal_notice(*, renews: bool, notice_days: int) -> list[Finding]:
    """A membership that renews by itself needs a notice five days before."""
    if not renews or notice_days >= LEAST_RENEWAL_DAYS:
        return []
    said = Said(
        f"The plan renews by itself, and members are told {notice_days} days before: tell them at least"
        f" {LEAST_RENEWAL_DAYS} days before.",
        f"该方案自动续费，而提前通知会员的天数为 {notice_days}：请至少提前 {LEAST_RENEWAL_DAYS} 天通知。",
    )
    laws = (ONLINE_TRADE, CONSUMERS_RENEWALS)
    return [Finding(Check.RENEWAL_NOTICE, said, blocks=True, field="notice_days", laws=laws)]


def price_base(deals: Iterable[Deal] | Unchecked, currency: str) -> list[Finding]:
    """A discount that names no base is one from the lowest price of the seven days before: a warning, where it is not.

    ``Unchecked``: why that cannot be told.
    """
    if isinstance(deals, Unchecked):
        return [Finding(Check.PRICE_BASE_UNCHECKED, _WHY_UNCHECKED[deals], blocks=False, laws=(PROMOTION,))]
    above = sorted((each for each in deals if each.listed > each.lowest), key=lambda each: each.product_id)
    if not above:
        return []
    shown = [
        (each.product_id, decimal_text(each.listed, currency), decimal_text(each.lowest, currency))
        for each in above[:_EXAMPLES]
    ]
    named = Said(
        "; ".join(f"{product} at {listed}, sold for {sold} {currency}" for product, listed, sold in shown),
        "；".join(f"{product} 标价 {listed}，成交 {sold} {currency}" for product, listed, sold in shown),
    )
    many = "1 product is listed above its" if len(above) == 1 else f"{len(above)} products are listed above their"
    said = Said(
        f"{many} lowest price of the last {PRICE_BASE_DAYS} days ({named.en}): state from which price the discount is,"
        " or it counts from the lowest.",
        f"有 {len(above)} 件商品的标价高于最近 {PRICE_BASE_DAYS} 天的最低成交价（{named.zh}）："
        "请标明折价的基准，否则以最低成交价为基准。",
    )
    return [Finding(Check.PRICE_BASE, said, blocks=False, laws=(PROMOTION,))]


def campaign_sense(*, gives: bool, ends_at: datetime | None, now: datetime) -> list[Finding]:
    """What no law asks and every launch should: that there is something to give, and time to give it in."""
    found = []
    if not gives:
        said = Said(
            "It gives nothing yet: it has no coupon, no promotion, nothing else.",
            "还什么都不给：没有优惠券、促销或其他内容。",
        )
        found.append(Finding(Check.NO_COUPONS, said, blocks=False))
    if ends_at is not None and ends_at <= now:
        said = Said("Its last day is over: nothing would be given.", "最后一天已经过去：上线后什么也不会发。")
        found.append(Finding(Check.OVER_ALREADY, said, blocks=False, field="ends_at"))
    return found


def refuse_blocked(findings: Iterable[Finding]) -> None:
    """Raise ``launch_refused`` when a finding stops the launch; ``given`` has all that do."""
    stopping = [each for each in findings if each.blocks]
    if not stopping:
        return
    told = " ".join(_sentence(each) for each in stopping)
    given = {"refusal": str(stopping[0].code), "findings": [each.to_dict() for each in stopping]}
    raise WotuError(ErrorCode.LAUNCH_REFUSED, told, field=stopping[0].field, given=given)


_WHY_UNCHECKED: Mapping[Unchecked, Said] = {
    Unchecked.NO_SALES: Said(
        f"Whether prices were raised before cannot be checked, because no order of the last {PRICE_BASE_DAYS} days has"
        " these products. The base is then the price of their last sale.",
        f"无法核对是否先提价后打折，因为最近 {PRICE_BASE_DAYS} 天没有包含这些商品的订单。此时以最后一次成交价为基准。",
    ),
    Unchecked.TOO_MANY_SALES: Said(
        f"Whether prices were raised before cannot be checked here, because the last {PRICE_BASE_DAYS} days have too"
        " many orders to read them while you wait. Compare with the lowest price in your shop.",
        f"此处无法核对是否先提价后打折，因为最近 {PRICE_BASE_DAYS} 天的订单太多，无法即时读完。"
        "请与商城里的最低成交价核对。",
    ),
}


def _sentence(finding: Finding) -> str:
    sources = "; ".join(law.source.en for law in finding.laws)
    return f"{finding.said.en} ({sources})" if sources else finding.said.en


def _law(law: Law) -> dict[str, Any]:
    return {
        "name": law.name.en, "name_zh": law.name.zh, "number": law.number.en, "number_zh": law.number.zh,
        "article": law.article, "since": law.since.isoformat(), "source": law.source.en, "source_zh": law.source.zh,
    }  # fmt: skip
