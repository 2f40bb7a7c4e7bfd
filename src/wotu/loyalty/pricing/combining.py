"""Which rules are used together: the combination that costs the customer least.

A combination is any set of rules of which no two conflict, applied in the order of ``Rule.order``. All of them are
looked at while there are at most ``MOST_COMBINATIONS``. Beyond, rules are taken in their order, with and without each,
and the ``KEPT`` cheapest combinations so far go on: nearly always the same answer, but not promised to be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import NamedTuple

import msgspec

from wotu.loyalty.pricing.allocation import allocate
from wotu.loyalty.pricing.cart import Cart
from wotu.loyalty.pricing.effects import attempt
from wotu.loyalty.pricing.eligibility import refused_for_good
from wotu.loyalty.pricing.quote import Discount, LineQuote, Quote, Refusal, Refused, Used
from wotu.loyalty.pricing.rules import Rule
from wotu.loyalty.pricing.working import Candidate, NotTaken, Taken, Working, after, at_list_price

MOST_COMBINATIONS = 1024
KEPT = 8

Step = tuple[int, Taken]
"""The number of a candidate in their order, and what it takes."""


class Combination(NamedTuple):
    """Rules applied one after another."""

    working: Working
    steps: tuple[Step, ...] = ()

    def cost(self) -> tuple[int, int, int, int, tuple[int, ...]]:
        """What is compared: money, then points, then worth of gifts, then number of rules, then their order."""
        gifts = sum(taken.gift.worth * taken.gift.quantity for _, taken in self.steps if taken.gift)
        points = sum(taken.points for _, taken in self.steps)
        numbers = tuple(number for number, _ in self.steps)
        return sum(self.working.left) + self.working.shipping, points, -gifts, len(numbers), numbers


def price(cart: Cart, rules: Iterable[Rule]) -> Quote:
    """What ``cart`` costs under ``rules``. Of a rule given several times the newest version counts, once."""
    in_order = sorted(_newest(rules), key=lambda rule: rule.order)
    # Nothing but ties depends on the order of lines, and ties are decided by their ids.
    ordered = msgspec.structs.replace(cart, lines=tuple(sorted(cart.lines, key=lambda line: line.line_id)))
    refused = {rule.rule_id: no for rule in in_order if (no := refused_for_good(rule, ordered))}
    candidates = [Candidate(rule, rule.lines_of(ordered), ordered) for rule in in_order if rule.rule_id not in refused]
    exhaustive = combinations(candidates) <= MOST_COMBINATIONS
    best = cheapest(candidates, ordered) if exhaustive else _nearly_cheapest(candidates, ordered)
    for number, candidate in enumerate(candidates):
        if number not in dict(best.steps):
            refused[candidate.rule.rule_id] = _why_not(number, candidates, best, ordered)
    return _quote(cart, candidates, best, [refused[rule.rule_id] for rule in in_order if rule.rule_id in refused],
                  exhaustive)  # fmt: skip


def _newest(rules: Iterable[Rule]) -> list[Rule]:
    newest: dict[str, Rule] = {}
    for rule in rules:
        if rule.rule_id not in newest or newest[rule.rule_id].version < rule.version:
            newest[rule.rule_id] = rule
    return list(newest.values())


def combinations(candidates: Sequence[Candidate]) -> int:
    """How many sets of rules there are of which no two conflict, the empty one among them."""
    together = [candidate.rule for candidate in candidates if not candidate.rule.exclusive]
    groups = Counter(rule.group for rule in together if rule.group)
    alone = sum(1 for rule in together if not rule.group)
    return prod(size + 1 for size in groups.values()) * 2**alone + len(candidates) - len(together)


def cheapest(candidates: Sequence[Candidate], cart: Cart) -> Combination:
    """The best of all combinations. A rule that takes nothing where it stands makes no combination of its own."""
    return min(_all(candidates, 0, Combination(at_list_price(cart))), key=Combination.cost)


def _all(candidates: Sequence[Candidate], first: int, so_far: Combination) -> Iterator[Combination]:
    yield so_far
    for number in range(first, len(candidates)):
        if _fits(so_far, number, candidates):
            longer = _with(so_far, number, candidates)
            if longer is not None:
                yield from _all(candidates, number + 1, longer)


def _with(so_far: Combination, number: int, candidates: Sequence[Candidate]) -> Combination | None:
    taken = attempt(candidates[number], so_far.working)
    if isinstance(taken, NotTaken):
        return None
    return Combination(after(so_far.working, taken), (*so_far.steps, (number, taken)))


def _applied(numbers: Iterable[int], candidates: Sequence[Candidate], cart: Cart) -> Combination:
    """The combination of those rules, without any that takes nothing."""
    combination = Combination(at_list_price(cart))
    for number in sorted(numbers):
        combination = _with(combination, number, candidates) or combination
    return combination


def _nearly_cheapest(candidates: Sequence[Candidate], cart: Cart) -> Combination:
    """Of each exclusive rule alone, and of the others rule by rule, where the cheapest ``KEPT`` go on each time."""
    beginning = Combination(at_list_price(cart))
    alone = [_with(beginning, n, candidates) for n, each in enumerate(candidates) if each.rule.exclusive]
    going = [beginning]
    for number, candidate in enumerate(candidates):
        if candidate.rule.exclusive:
            continue
        longer = [_with(each, number, candidates) for each in going if _fits(each, number, candidates)]
        going = sorted([*going, *filter(None, longer)], key=Combination.cost)[:KEPT]
    return min([*going, *filter(None, alone)], key=Combination.cost)


def _fits(so_far: Combination, number: int, candidates: Sequence[Candidate]) -> bool:
    return not any(candidates[number].rule.conflicts(candidates[other].rule) for other, _ in so_far.steps)


def _why_not(number: int, candidates: Sequence[Candidate], best: Combination, cart: Cart) -> Refusal:
    """What stands against a rule that is not in the best combination."""
    rule = candidates[number].rule
    others = [other for other, _ in best.steps]
    rivals = [other for other in others if rule.conflicts(candidates[other].rule)]
    working = _applied([o for o in others if o < number and o not in rivals], candidates, cart).working
    outcome = attempt(candidates[number], working)
    if isinstance(outcome, NotTaken):
        return Refusal(rule_id=rule.rule_id, version=rule.version, reason=outcome.reason, missing=outcome.missing,
                       missing_pieces=outcome.missing_pieces)  # fmt: skip
    reason, by = (Refused.EXCLUDED_BY, candidates[rivals[0]].rule.rule_id) if rivals else (Refused.NOT_CHEAPER, "")
    return Refusal(rule_id=rule.rule_id, version=rule.version, reason=reason, by=by)


def _quote(
    cart: Cart, candidates: Sequence[Candidate], best: Combination, refused: Sequence[Refusal], exhaustive: bool
) -> Quote:
    discounts: dict[str, list[Discount]] = {line.line_id: [] for line in cart.lines}
    for number, taken in best.steps:
        candidate = candidates[number]
        points = allocate(taken.points, taken.lines) if taken.points else None
        for i, amount in sorted(taken.lines.items()):
            if amount:
                discounts[candidate.cart.lines[i].line_id].append(Discount(
                    rule_id=candidate.rule.rule_id, amount=amount, points=None if points is None else points[i],
                ))  # fmt: skip
    lines = tuple(
        LineQuote(line_id=line.line_id, quantity=line.quantity, listed=line.listed,
                  discounts=tuple(discounts[line.line_id]),
                  payable=line.listed - sum(each.amount for each in discounts[line.line_id]))
        for line in cart.lines
    )  # fmt: skip
    used = tuple(_used(candidates[number].rule, taken) for number, taken in best.steps)
    return Quote(
        cart=cart, rules=tuple(candidates[number].rule for number, _ in best.steps), lines=lines,
        gifts=tuple(taken.gift for _, taken in best.steps if taken.gift), used=used, refused=tuple(refused),
        shipping=best.working.shipping, exhaustive=exhaustive,
    )  # fmt: skip


def _used(rule: Rule, taken: Taken) -> Used:
    return Used(rule_id=rule.rule_id, version=rule.version, amount=taken.amount, shipping=taken.shipping,
                times=taken.times, points=taken.points)  # fmt: skip
