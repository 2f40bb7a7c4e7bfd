"""The shop's goods and words, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """Something to buy; the price is decimal text."""

    product_id: str
    names: dict[str, str]
    price: str


PRODUCTS = (
    Product("tea", {"en": "Green tea, 100 g", "zh": "绿茶 100 克"}, "12.00"),
    Product("rice", {"en": "Rice, 5 kg", "zh": "大米 5 千克"}, "19.90"),
    Product("oil", {"en": "Olive oil, 1 l", "zh": "橄榄油 1 升"}, "32.50"),
    Product("cup", {"en": "Tea cup", "zh": "茶杯"}, "8.80"),
    Product("pan", {"en": "Iron pan", "zh": "铁锅"}, "68.00"),
)
LANGUAGES = {"en": "English", "zh": "中文"}
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_WORDS = {
    "shop": ("Demo shop", "演示商店"),
    "who": ("Customer", "顾客"),
    "whom": ("Any identifier that Wotu knows, such as user_id:1", "沃土认识的任一标识，例如 user_id:1"),
    "code": ("Coupon code", "优惠码"),
    "own": ("Own coupons", "我的优惠券"),
    "price": ("Show the price", "查看价格"),
    "buy": ("Pay", "支付"),
    "listed": ("Goods", "商品金额"),
    "discount": ("Discount", "优惠"),
    "payable": ("To pay", "应付"),
    "gift": ("Gift", "赠品"),
    "empty": ("Choose how many of each.", "请选择数量。"),
    "order": ("Order", "订单"),
    "paid": ("Paid", "已支付"),
    "held": ("Not paid yet", "待支付"),
    "released": ("Let go", "已取消"),
    "return": ("Return one", "退一件"),
    "returned": ("Given back", "已退款"),
    "pieces": ("pieces", "件"),
    "points": ("points", "积分"),
    "page": ("My page", "我的主页"),
    "again": ("Go on shopping", "继续购物"),
    "not_known": ("This order is not known.", "没有这个订单。"),
    "wrong": ("The shop could not do this:", "未能完成："),
    "play": (
        "No money changes hands. The shop asks Wotu's API what carts cost, holds, pays and takes back.",
        "此处没有真实付款。商店通过沃土的接口询价、占用、支付和退货。",
    ),
    "unknown_code": ("This code cannot be used.", "此优惠码不可用。"),
    "below_threshold": ("The order does not reach the threshold yet.", "未达到使用门槛。"),
    "missing": ("{} more", "还差 {}"),
    "expired": ("This coupon has expired.", "此券已过期。"),
    "not_running": ("This campaign is not running.", "活动未在进行。"),
    "customer_limit": ("You have had as many of these as one may have.", "已达每人限领数量。"),
    "none_left": ("None is left.", "已抢光。"),
    "not_yet_valid": ("It has not begun yet.", "还没开始。"),
    "budget_spent": ("It is over.", "已结束。"),
    "refused": ("This coupon does not apply here", "此券在这里不适用"),
}


# Why a promotion is not used that customers are told of.
NEARLY = ("below_threshold", "none_left", "not_yet_valid", "customer_limit", "budget_spent")


def word(key: str, language: str) -> str:
    """A text of the shop."""
    return _WORDS[key][0 if language == "en" else 1]


def reason(code: str, missing: str | None, language: str) -> str:
    """Why a coupon is not used, in words; a reason without words is told as it came."""
    text = word(code, language) if code in _WORDS else f"{word('refused', language)} ({code})"
    return f"{text} {word('missing', language).format(missing)}" if missing and code == "below_threshold" else text
