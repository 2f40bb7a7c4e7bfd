"""Where a lottery begins: prizes, odds and ways to earn chances that are sensible and easily changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = str | Promise
TERMS_ZH = "中奖的积分和优惠券自动到账；实物奖品由客服在 7 个工作日内联系寄出，逾期未领视为放弃。"
TERMS_EN = (
    "Points and coupons are added by themselves. We contact winners of goods within 7 working days and send them;"
    " what is not claimed in time lapses."
)


@dataclass(frozen=True)
class Preset:
    """A start: what it is called, when one uses it, and what the form is filled with."""

    key: str
    name: Words
    purpose: Words
    filled: Mapping[str, str] = field(default_factory=dict)


PRESETS = (
    Preset(
        "wheel", pgettext_lazy("preset", "Wheel for members"),
        _("A reason to come by every day: one turn a day, and one more with each order."),
        {"name_zh": "会员幸运大转盘", "name_en": "Members' wheel of fortune", "look": "wheel", "visit_chances": "1",
         "order_chances": "1", "order_at_least": "99", "order_per_day": "3", "most_wins": "3",
         "zh_1": "茶具套装", "en_1": "Tea set", "kind_1": "goods", "odds_1": "0.2%", "pieces_1": "5", "value_1": "199",
         "zh_2": "50 积分", "en_2": "50 points", "kind_2": "points", "odds_2": "10%", "pieces_2": "500",
         "points_2": "50", "value_2": "0.5",
         "zh_3": "10 积分", "en_3": "10 points", "kind_3": "points", "odds_3": "30%", "pieces_3": "2000",
         "points_3": "10", "value_3": "0.1"},
    ),
    Preset(
        "scratch", pgettext_lazy("preset", "Scratch card after an order"),
        _("Lifts what an order is worth: a card for each order that reaches a sum."),
        {"name_zh": "下单刮刮乐", "name_en": "Scratch and win", "look": "scratch", "order_chances": "1",
         "order_at_least": "199", "order_per_day": "2", "most_wins": "5",
         "zh_1": "免单礼盒", "en_1": "Gift box", "kind_1": "goods", "odds_1": "1/500", "pieces_1": "3",
         "value_1": "299",
         "zh_2": "100 积分", "en_2": "100 points", "kind_2": "points", "odds_2": "20%", "pieces_2": "500",
         "points_2": "100", "value_2": "1",
         "zh_3": "谢谢惠顾", "en_3": "Thank you", "kind_3": "thanks", "odds_3": "50%"},
    ),
    Preset(
        "recharge", pgettext_lazy("preset", "Draw with a recharge"),
        _("For prepaid cards: a turn with each recharge from a sum, and for sharing it in your app."),
        {"name_zh": "充值抽好礼", "name_en": "Recharge and draw", "look": "wheel", "recharge_chances": "2",
         "recharge_at_least": "200", "share_chances": "1", "most_wins": "2",
         "zh_1": "品鉴礼盒", "en_1": "Tasting box", "kind_1": "goods", "odds_1": "1%", "pieces_1": "10",
         "value_1": "128",
         "zh_2": "样品小罐", "en_2": "Sample tin", "kind_2": "goods", "odds_2": "15%", "pieces_2": "200",
         "value_2": "9.9"},
    ),
)  # fmt: skip
BY_KEY = {each.key: each for each in PRESETS}


def filled(chosen: Preset, *, with_points: bool) -> dict[str, str]:
    """What the form begins with; where there is no points programme, prizes of points become goods."""
    begun = dict(chosen.filled)
    for name, kind in chosen.filled.items():
        place = name.removeprefix("kind_")
        if kind == "points" and not with_points:
            begun |= {name: "goods", f"points_{place}": "", f"zh_{place}": "小样礼包", f"en_{place}": "Sample"}
    return begun
