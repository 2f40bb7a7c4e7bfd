"""The four levers on a step and what is looked at for each, in the words of (动力−阻力)×助推+奖励 and of B = MAP.

B = MAP (B. J. Fogg): behaviour needs motivation, ability and a prompt at the same moment. Friction is what takes
ability away. What stands under ``try_`` is worth a test where the signals of a lever differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lever = Literal["motivation", "friction", "prompt", "reward"]
Kind = Literal["share", "mean", "median"]


@dataclass(frozen=True)
class Words:
    """One text in both languages."""

    en: str
    zh: str

    def to_dict(self) -> dict[str, str]:
        return {"en": self.en, "zh": self.zh}


@dataclass(frozen=True)
class LeverWords:
    """A lever, its place in the two models, and what one can try with it."""

    name: Words
    place: Words
    try_: tuple[Words, ...]


@dataclass(frozen=True)
class Signal:
    """Something measured of everybody who came to the step."""

    key: str
    lever: Lever
    kind: Kind
    name: Words


LEVERS: dict[Lever, LeverWords] = {
    "motivation": LeverWords(
        Words("Motivation", "动力"),
        Words("Motivation in B = MAP", "公式中的动力，B=MAP 中的 M"),
        (
            Words("Say what the customer gets, on the page of this step", "在这一步的页面上说清能得到什么"),
            Words("Show what others bought, said or saved", "展示他人的购买、评价与收获"),
            Words("Keep the promise of the ad that brought them", "与引流广告的承诺保持一致"),
            Words("Show price and total before this step", "在这一步之前就看到价格与总价"),
        ),
    ),
    "friction": LeverWords(
        Words("Friction", "阻力"),
        Words("What takes ability away in B = MAP", "公式中的阻力，B=MAP 中 A（能力）的反面"),
        (
            Words("Take out pages and fields; fill in what is known", "减少页面与填写项，已知信息自动带出"),
            Words("Mend the errors customers meet, the most frequent first", "先修复最常遇到的错误"),
            Words("Answer on this page what makes people go back", "把让人返回去找的信息放到本页"),
            Words("Keep what was entered, so that one can go on later", "保留已填内容，稍后可继续"),
        ),
    ),
    "prompt": LeverWords(
        Words("Prompt", "助推"),
        Words("Prompt in B = MAP", "公式中的助推，B=MAP 中的 P"),
        (
            Words("Remind those who stopped, soon and once", "对中断的客户及时提醒一次"),
            Words("One button that says what comes next", "只留一个说明下一步的按钮"),
            Words("Put the prompt where they are when they stop", "在客户停下的位置给出提示"),
        ),
    ),
    "reward": LeverWords(
        Words("Reward", "奖励"),
        Words("Added to the product in the formula", "公式中的奖励"),
        (
            Words("Offer something for this step, seen before it", "在这一步之前展示完成后的奖励"),
            Words("Give it at once, and show that it was given", "即时发放并明确告知"),
            Words("Compare money with what costs none, such as a badge", "比较金钱与荣誉、优先等非金钱奖励"),
        ),
    ),
}

SIGNALS: tuple[Signal, ...] = (
    Signal("views", "motivation", "mean", Words("views and searches before", "之前的浏览与搜索次数")),
    Signal("visits", "motivation", "mean", Words("earlier visits", "之前的到访次数")),
    Signal("price_seen", "motivation", "share", Words("saw a price before", "之前看到过价格")),
    Signal("seconds", "friction", "median", Words("seconds until next step or end of visit", "到下一步或离开的秒数")),
    Signal("pages", "friction", "mean", Words("pages between", "其间的页面数")),
    Signal("fields", "friction", "mean", Words("fields between", "其间的填写项数")),
    Signal("errors", "friction", "share", Words("met an error", "遇到过错误")),
    Signal("back_steps", "friction", "share", Words("went back to an earlier step", "返回过之前的步骤")),
    Signal("messages", "prompt", "share", Words("reached by a message shortly before", "不久前收到过消息")),
    Signal("slots", "prompt", "share", Words("saw a slot shortly before", "不久前看到过资源位")),
    Signal("offered", "reward", "share", Words("was offered a coupon or discount", "看到过优惠")),
    Signal("taken", "reward", "share", Words("took it", "领取或使用了优惠")),
)  # fmt: skip

FORMULA = Words("(motivation − friction) × prompt + reward", "（动力−阻力）×助推+奖励")
CAUTION = Words(
    "Evidence for a test, not a cause: those who went on may differ for reasons nobody measured.",
    "这是做实验的线索，不是因果：继续的人可能因未被测量的原因而不同。",
)
NOTHING = Words("No signal differs by more than chance.", "没有信号的差异超出偶然。")


def differs_most(signal: Signal, more: bool) -> Words:
    """The sentence about the signal that differs most; ``more``: those who went on had more of it."""
    lever = LEVERS[signal.lever].name
    return Words(
        f"{lever.en} differs most: {signal.name.en} is {'higher' if more else 'lower'} among those who went on.",
        f"差异最大的是{lever.zh}：继续的客户“{signal.name.zh}”{'更高' if more else '更低'}。",
    )
