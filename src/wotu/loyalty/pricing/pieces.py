"""Effects that look at single pieces: sets, buy X get Y, exchange, gifts.

A piece costs what its line still costs divided by its pieces; some pieces of a line, that share rounded down.
"""

from __future__ import annotations

from wotu.loyalty.pricing.allocation import allocate, part_of
from wotu.loyalty.pricing.quote import Gift, Refused
from wotu.loyalty.pricing.rules import Bundle, BuyGet, Exchange, GiftOf
from wotu.loyalty.pricing.working import (
    NOTHING,
    Candidate,
    NotTaken,
    Taken,
    Working,
    by_unit_price,
    pieces_in_turn,
    worth_of,
)


def bundle(effect: Bundle, candidate: Candidate, working: Working) -> Taken | NotTaken:
    """Each complete set at its price; of a product in several lines the dearest pieces are taken."""
    cart = candidate.cart
    lines = {product: [i for i in candidate.lines if cart.lines[i].product_id == product] for product in effect.pieces}
    times = min(candidate.pieces(lines[product]) // count for product, count in effect.pieces.items())
    if times == 0:
        short = (max(0, count - candidate.pieces(lines[product])) for product, count in effect.pieces.items())
        return NotTaken(Refused.BELOW_THRESHOLD, missing_pieces=sum(short))
    if candidate.rule.most_times is not None:
        times = min(times, candidate.rule.most_times)
    worth: dict[int, int] = {}
    for product, count in effect.pieces.items():
        in_turn = by_unit_price(cart, working, lines[product], dearest=True)
        worth |= worth_of(cart, working, pieces_in_turn(cart, in_turn, count * times))
    saved = sum(worth.values()) - effect.price * times
    return Taken(allocate(saved, worth), times=times) if saved > 0 else NOTHING


def buy_get(effect: BuyGet, candidate: Candidate, working: Working) -> Taken | NotTaken:
    """Pieces bought count in groups; the cheapest of those that may be got are."""
    cart = candidate.cart
    if effect.got is None:
        getting, group, bought = list(candidate.lines), effect.buy + effect.get, candidate.pieces()
    else:
        getting = [i for i, line in enumerate(cart.lines) if effect.got.holds(line)]
        group, bought = effect.buy, candidate.pieces([i for i in candidate.lines if i not in getting])
    if bought < group:
        return NotTaken(Refused.BELOW_THRESHOLD, missing_pieces=group - bought)
    if not getting:
        return NotTaken(Refused.BELOW_THRESHOLD, missing_pieces=1)
    times = bought // group
    if candidate.rule.most_times is not None:
        times = min(times, candidate.rule.most_times)
    in_turn = by_unit_price(cart, working, getting, dearest=False)
    worth = worth_of(cart, working, pieces_in_turn(cart, in_turn, effect.get * times))
    return Taken({i: part_of(amount, effect.rate) for i, amount in worth.items()}, times=times)


def exchange(effect: Exchange, candidate: Candidate, working: Working) -> Taken | NotTaken:
    """The one piece that is dearest now."""
    dearest = by_unit_price(candidate.cart, working, candidate.lines, dearest=True)[0]
    saved = working.left[dearest] // candidate.cart.lines[dearest].quantity - effect.price
    return Taken({dearest: saved}) if saved > 0 else NOTHING


def gift(effect: GiftOf, candidate: Candidate, _working: Working) -> Taken:
    """A line of its own, which costs nothing."""
    rule_id = candidate.rule.rule_id
    return Taken({}, gift=Gift(
        line_id=f"gift:{rule_id}", rule_id=rule_id, product_id=effect.product_id,
        quantity=effect.quantity, worth=effect.worth,
    ))  # fmt: skip
