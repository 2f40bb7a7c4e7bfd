"""The referee of prices: every set of rules is tried, with fractions, on pieces and plain dicts.

Carts and rules come as plain data with every field. The rules are those of ``docs/explanation/prices.md``.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import floor
from typing import Any

Data = dict[str, Any]
STAGES = {
    "limited_time_price": 0, "flash_price": 0, "member_price": 0, "bundle": 1, "buy_get": 1, "exchange": 1, "gift": 1,
    "percent": 2, "full_discount": 2, "amount_off": 3, "full_reduction": 3, "free_shipping": 4, "points_off": 5,
}  # fmt: skip


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def shared(amount: int, weights: dict[str, int]) -> dict[str, int]:
    """Largest remainder; the earlier id first among equals."""
    total = sum(weights.values())
    if not total:
        return {}
    exact = {key: Fraction(amount * weight, total) for key, weight in weights.items()}
    parts = {key: floor(value) for key, value in exact.items()}
    while sum(parts.values()) < amount:
        key = min(exact, key=lambda key: (parts[key] - exact[key], key))
        parts[key] += 1
    return parts


class Order:
    """A cart on which one set of rules is tried."""

    def __init__(self, cart: Data) -> None:
        self.cart = cart
        self.lines: dict[str, Data] = {line["line_id"]: line for line in cart["lines"]}
        self.pieces = {key: [line["unit_price"]] * line["quantity"] for key, line in self.lines.items()}
        self.left = {key: sum(prices) for key, prices in self.pieces.items()}
        self.deal = dict(self.left)
        self.listed = dict(self.left)
        self.shipping: int = cart["shipping"]
        self.points = self.gifts = 0
        self.taken: list[tuple[str, dict[str, int], int]] = []

    def scope(self, scope: Data) -> list[str]:
        def under(line: Data, tops: Any) -> bool:
            return any(tuple(line["category"])[: len(top)] == tuple(top) for top in tops)

        found = []
        for key, line in self.lines.items():
            every = not scope["products"] and not scope["categories"]
            inside = every or line["product_id"] in scope["products"] or under(line, scope["categories"])
            outside = line["product_id"] in scope["without_products"] or under(line, scope["without_categories"])
            if inside and not outside:
                found.append(key)
        return sorted(found)

    def measured(self, rule: Data, keys: list[str]) -> int:
        prices = {"list": self.listed, "deal": self.deal, "left": self.left}[rule["measured_at"]]
        return sum(prices[key] for key in keys)

    def count(self, keys: list[str]) -> int:
        return sum(self.lines[key]["quantity"] for key in keys)

    def each(self, key: str) -> Fraction:
        return Fraction(self.left[key], self.lines[key]["quantity"])

    def value_of_pieces(self, keys: list[str], count: int, dearest: bool) -> dict[str, int]:
        """What ``count`` pieces cost, piece after piece."""
        in_turn = sorted(keys, key=lambda key: (-self.each(key) if dearest else self.each(key), key))
        one_by_one = [key for key in in_turn for _ in range(self.lines[key]["quantity"])][:count]
        return {key: floor(self.each(key) * one_by_one.count(key)) for key in set(one_by_one)}

    def apply(self, rule: Data) -> bool:
        keys, threshold = self.scope(rule["scope"]), rule["threshold"]
        if not refused_anyway(rule, self.cart) and keys:
            if self.measured(rule, keys) < threshold["amount"] or self.count(keys) < threshold["pieces"]:
                return False
            effect = rule["effect"]
            before = self.points, self.gifts, self.shipping
            amounts = getattr(self, effect["type"])(rule, effect, keys)
            most = rule["most_off"]
            if most is not None and effect["type"] != "points_off" and sum(amounts.values()) > most:
                amounts = shared(most, amounts)
            if not any(amounts.values()) and before == (self.points, self.gifts, self.shipping):
                return False
            self.left = {key: left - amounts.get(key, 0) for key, left in self.left.items()}
            if STAGES[effect["type"]] == 0:
                self.deal = dict(self.left)
            self.taken.append((rule["rule_id"], amounts, before[2] - self.shipping))
            return True
        return False

    def times(self, rule: Data, times: int) -> int:
        return times if rule["most_times"] is None else min(times, rule["most_times"])

    def special(self, rule: Data, keys: list[str], price: Any) -> dict[str, int]:
        allowed = sum(map(len, self.pieces.values())) if rule["most_times"] is None else rule["most_times"]
        saved: dict[str, int] = {}
        for _ in range(allowed):
            savings = [(now - price(self.lines[key]), key) for key in keys for now in self.pieces[key]]
            saving, key = min(savings, key=lambda each: (-each[0], each[1]))
            if saving <= 0:
                break
            self.pieces[key].remove(price(self.lines[key]) + saving)
            self.pieces[key].append(price(self.lines[key]))
            saved[key] = saved.get(key, 0) + saving
        return saved

    def limited_time_price(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        def price(line: Data) -> int:
            off = half_up(Fraction(line["unit_price"] * effect["rate"], 10_000))
            return int(effect["prices"].get(line["product_id"], line["unit_price"] - off))

        return self.special(rule, keys, price)

    flash_price = limited_time_price

    def member_price(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        rate = effect["rates"].get(self.cart["tier"], 0)
        return self.special(
            rule, keys, lambda line: line["unit_price"] - half_up(Fraction(line["unit_price"] * rate, 10_000))
        )

    def bundle(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        of = {
            product: [key for key in keys if self.lines[key]["product_id"] == product] for product in effect["pieces"]
        }
        sets = self.times(rule, min(self.count(of[product]) // n for product, n in effect["pieces"].items()))
        value: dict[str, int] = {}
        for product, n in effect["pieces"].items():
            value |= self.value_of_pieces(of[product], n * sets, dearest=True)
        saved = sum(value.values()) - sets * effect["price"]
        return shared(saved, value) if saved > 0 else {}

    def buy_get(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        if effect["got"] is None:
            got, sets = keys, self.count(keys) // (effect["buy"] + effect["get"])
        else:
            got = self.scope(effect["got"])
            sets = self.count([key for key in keys if key not in got]) // effect["buy"]
        value = self.value_of_pieces(got, self.times(rule, sets) * effect["get"], dearest=False)
        return {key: half_up(Fraction(amount * effect["rate"], 10_000)) for key, amount in value.items()}

    def exchange(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        return {key: max(0, v - effect["price"]) for key, v in self.value_of_pieces(keys, 1, dearest=True).items()}

    def gift(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        self.gifts += effect["quantity"] * effect["worth"] + (1 << 80)
        return {}

    def rate_off(self, rate: int, keys: list[str]) -> dict[str, int]:
        left = {key: self.left[key] for key in keys}
        return shared(half_up(Fraction(sum(left.values()) * rate, 10_000)), left)

    def amount_of(self, amount: int, keys: list[str]) -> dict[str, int]:
        left = {key: self.left[key] for key in keys}
        return shared(min(amount, sum(left.values())), left)

    def percent(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        return self.rate_off(effect["rate"], keys)

    def amount_off(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        return self.amount_of(effect["amount"], keys)

    def has(self, rule: Data, effect: Data, keys: list[str]) -> int:
        return self.measured(rule, keys) if effect["by"] == "amount" else self.count(keys)

    def full_discount(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        reached = [rate for at, rate in effect["steps"] if self.has(rule, effect, keys) >= at]
        return self.rate_off(reached[-1], keys) if reached else {}

    def full_reduction(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        has = self.has(rule, effect, keys)
        reached = [(at, off) for at, off in effect["steps"] if has >= at]
        if not reached:
            return {}
        times = self.times(rule, has // reached[-1][0]) if effect["every"] else 1
        return self.amount_of(reached[-1][1] * times, keys)

    def free_shipping(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        self.shipping -= self.shipping if rule["most_off"] is None else min(self.shipping, rule["most_off"])
        return {}

    def points_off(self, rule: Data, effect: Data, keys: list[str]) -> dict[str, int]:
        most = floor(Fraction(sum(self.left[key] for key in keys) * effect["rate"], 10_000))
        most = most if rule["most_off"] is None else min(most, rule["most_off"])
        points = min(effect["points"], most // effect["worth"])
        self.points += points
        return self.amount_of(points * effect["worth"], keys)


def refused_anyway(rule: Data, cart: Data) -> bool:
    return bool(
        (rule["starts"] is not None and cart["now"] < rule["starts"])
        or (rule["ends"] is not None and not cart["now"] < rule["ends"])
        or rule["currency"] != cart["currency"]
        or (rule["channels"] and cart["channel"] not in rule["channels"])
        or cart["channel"] in rule["without_channels"]
        or (rule["stores"] and cart["store"] not in rule["stores"])
        or (rule["tiers"] and cart["tier"] not in rule["tiers"])
        or (rule["effect"]["type"] == "member_price" and cart["tier"] not in rule["effect"]["rates"])
    )


def conflict(one: Data, other: Data) -> bool:
    return one["exclusive"] or other["exclusive"] or (one["group"] and one["group"] == other["group"])


def cheapest(cart: Data, rules: list[Data]) -> Order:
    """The cart under the set of rules that costs least; then by points, gifts, number of rules, their order."""
    in_order = sorted(rules, key=lambda rule: (STAGES[rule["effect"]["type"]], rule["priority"], rule["rule_id"]))
    best: tuple[Any, Order] | None = None
    for size in range(len(in_order) + 1):
        for numbers in combinations(range(len(in_order)), size):
            chosen = [in_order[number] for number in numbers]
            if any(conflict(one, other) for one, other in combinations(chosen, 2)):
                continue
            order = Order(cart)
            if not all(order.apply(rule) for rule in chosen):
                continue
            money = sum(order.left.values()) + order.shipping
            worth = order.gifts % (1 << 80)
            key = (money, order.points, -worth, size, numbers)
            if best is None or key < best[0]:
                best = key, order
    assert best is not None
    return best[1]
