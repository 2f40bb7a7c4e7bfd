"""What orders have of promotions: written when they are held, looked at again when paid late, less what came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from wotu.core.errors import ErrorCode, WotuError
from wotu.loyalty import allowances
from wotu.loyalty.models import Order
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.pricing.allocation import cumulative
from wotu.loyalty.pricing.quote import Used
from wotu.loyalty.promotions.models import Promotion, PromotionUse
from wotu.loyalty.promotions.running import NotNow, Running, kept_name, scope_of, used_by
from wotu.loyalty.promotions.services import PROMOTION, counts_pieces


def count_of(use: Used, running: Running) -> int:
    """How much of its caps a use takes: pieces at a special price, else one order."""
    return use.times if counts_pieces(running.offer.rule) else 1


def kept_of_slots(priced: Quote, running: Sequence[Running]) -> dict[str, int]:
    """What the price takes of each slot that has a total, by the name an order keeps it under."""
    of_rule = {each.offer.rule.rule_id: each for each in running if each.account is not None}
    return {
        kept_name(found.slot): count_of(use, found)
        for use in priced.used if (found := of_rule.get(use.rule_id)) is not None
    }  # fmt: skip


def write(order: Order, priced: Quote, running: Sequence[Running]) -> None:
    """Note what the order has now, in place of what it had."""
    of_rule = {each.offer.rule.rule_id: each for each in running}
    PromotionUse.objects.filter(order=order).delete()
    PromotionUse.objects.bulk_create(
        PromotionUse(
            promotion_id=found.promotion, slot_id=found.slot, order=order, count=count_of(use, found),
            cost=use.amount + use.shipping,
        )
        for use in priced.used if (found := of_rule.get(use.rule_id)) is not None
    )  # fmt: skip


def check_again(order: Order, now: datetime) -> None:
    """Raise when the customer has used up their share since the order's hold was over."""
    for use in PromotionUse.objects.filter(order=order).select_related("promotion").order_by("promotion"):
        most = use.promotion.per_customer
        if most is None:
            continue
        allowances.lock(scope_of(use.promotion_id, order.customer), customer=order.customer)
        if used_by(use.promotion_id, order.customer, but=order, now=now) + use.count > most:
            raise WotuError(
                ErrorCode.LIMIT_REACHED, f"The customer has had as much of “{use.promotion.name}” as one may have.",
                field="order_id", given={"refusal": NotNow.CUSTOMER_LIMIT.value, "promotion": use.promotion_id},
            )  # fmt: skip


def returned_counts(order: Order, priced: Quote, refunds: Sequence[Refund]) -> dict[str, int]:
    """What the last of ``refunds`` gives back to slots, by the name the order keeps it under; the uses are less by it.

    Pieces come back by their share of the lines that had the special price; an order's use when its rule says.
    """
    uses = {f"{PROMOTION}{use.promotion_id}": use for use in PromotionUse.objects.filter(order=order).order_by("pk")}
    back = dict[str, int]()
    for rule_id, use in uses.items():
        before, after = (_count_returned(priced, rule_id, some) for some in (refunds[:-1], refunds))
        count = min(after - before, use.count)
        if count > 0:
            PromotionUse.objects.filter(pk=use.pk).update(count=use.count - count)
            back[kept_name(use.slot_id)] = count
    return back


def less_cost(order: Order, costs: Mapping[str, int]) -> None:
    """Each use cost less by what came back, by rule."""
    for use in PromotionUse.objects.filter(order=order):
        if amount := costs.get(f"{PROMOTION}{use.promotion_id}", 0):
            PromotionUse.objects.filter(pk=use.pk).update(cost=use.cost - amount)


def campaigns_of(rules: Iterable[str]) -> dict[str, str]:
    """The campaign of each rule that is a promotion's."""
    numbers = [int(rule.removeprefix(PROMOTION)) for rule in rules if rule.startswith(PROMOTION)]
    rows = Promotion.objects.filter(pk__in=numbers).values_list("pk", "campaign")
    return {f"{PROMOTION}{promotion}": str(campaign) for promotion, campaign in rows}


def _count_returned(priced: Quote, rule_id: str, refunds: Sequence[Refund]) -> int:
    rule = next(each for each in priced.rules if each.rule_id == rule_id)
    use = next(each for each in priced.used if each.rule_id == rule_id)
    if not counts_pieces(rule):
        return int(any(rule_id in each.coupons for each in refunds))
    if rule.on_return == "never":
        return 0
    lines = {line.line_id: line.quantity for line in priced.lines
             if any(taken.rule_id == rule_id for taken in line.discounts)}  # fmt: skip
    pieces = Counter[str]()
    for each in refunds:
        pieces.update({part.line_id: part.quantity for part in each.lines if part.line_id in lines})
    return cumulative(use.times, pieces.total(), sum(lines.values()))
