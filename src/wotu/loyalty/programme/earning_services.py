"""Orders earn as they are paid, and lose what their returns no longer earn: rule by rule, never line by line.

What an order earned is kept with the version of the rules, the tier and the room under caps it was reckoned with.
A return asks the same question about what remains; the difference goes back out of the very grants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from wotu.ledger import services
from wotu.ledger.bulk_services import NewGrant
from wotu.ledger.rules import Cause
from wotu.loyalty import allowances
from wotu.loyalty.membership import reads
from wotu.loyalty.models import Enrolment, Order, OrderEarning, Programme
from wotu.loyalty.pricing import Quote, Refund
from wotu.loyalty.programme import badge_services
from wotu.loyalty.programme.earning import Deed, Earned, EarnRule, bought, points_for, room
from wotu.loyalty.programme.services import GROWTH, Rules, day_of, in_force, joined, live_programmes, rules_of, term_of
from wotu.loyalty.programme.tier_reads import standing


def enter(customer: int, currency: str, at: datetime) -> list[Programme]:
    """The programmes in which an order paid at that time earns; the customer's membership is locked in each."""
    mine = [row for row in live_programmes() if row.currency == currency and joined(row, customer, at)]
    if mine:
        lock_membership(customer)
    return mine


def lock_membership(customer: int) -> None:
    """Lock what a customer is a member of, before anything of the ledger: so no two of their deeds deadlock."""
    list(Enrolment.objects.select_for_update().filter(customer=customer).order_by("pk").values_list("pk"))


def earn(order: Order, priced: Quote, programmes: Iterable[Programme], *, now: datetime) -> None:
    """Grant what a paid order earns, within the transaction of its payment; once for each order and programme."""
    for row in programmes:
        version, rules = in_force(row, now)
        if not version or OrderEarning.objects.filter(order=order, programme=row).exists():
            continue
        day = day_of(row, now)
        tier = standing(row, rules.tiers, order.customer, day).level
        percent = reads.benefits_of(order.customer, reads.today(now)).multiplier
        done = deed(priced, (), day=day, tier=tier, percent=percent)
        found, rooms = within_caps(row, order.customer, done, rules.earn)
        kept = {}
        for each in found:
            cause = cause_of_earning(row, version, order, each.rule_id)
            transfer = grant(row, order.customer, each, cause, now)
            kept[each.rule_id] = {"unit": each.unit, "points": each.points, "transfer": transfer}
        OrderEarning.objects.create(
            programme=row,
            order=order,
            version=version,
            day=day,
            tier=tier,
            percent=percent,
            rooms=rooms,
            earned=kept,
        )
        badge_services.settle(row, order.customer, now=now)


def earn_back(order: Order, priced: Quote, refunds: Sequence[Refund], refund_id: str, *, now: datetime) -> None:
    """Take back what the order no longer earns after ``refunds``, within the transaction of the last one."""
    for each in OrderEarning.objects.select_related("programme").filter(order=order).order_by("programme"):
        row, rules = each.programme, rules_of(each.programme, each.version)
        rest = deed(priced, refunds, day=each.day, tier=each.tier, percent=each.percent)
        left = {found.rule_id: found.points for found in points_for(rest, rules.earn, each.rooms)}
        lost = {}
        for rule_id, had in sorted(each.earned.items()):
            amount = had["points"] - each.taken_back.get(rule_id, 0) - left.get(rule_id, 0)
            if amount > 0:
                cause = Cause(row.code, each.version, f"order:{order.order_id}", "buyer", _back(rule_id, refund_id))
                services.reverse_grant(cause, had["transfer"], amount=amount, now=now)
                lost[rule_id] = amount
        if lost:
            _give_room_back(row, order.customer, each.day, rules, lost)
            taken = {rule: each.taken_back.get(rule, 0) + lost.get(rule, 0) for rule in {*each.taken_back, *lost}}
            OrderEarning.objects.filter(pk=each.pk).update(taken_back=taken)
        badge_services.settle(row, order.customer, now=now)


def within_caps(
    row: Programme, customer: int, done: Deed, rules: Sequence[EarnRule]
) -> tuple[tuple[Earned, ...], dict[str, int]]:
    """What a deed earns within the caps of day and month, which are used up with it, and the rooms it had."""
    uncapped = {each.rule_id for each in points_for(done, rules)}
    rooms: dict[str, int] = {}
    scopes: dict[str, tuple[str, str]] = {}
    with transaction.atomic():
        for rule in sorted(rules, key=lambda rule: rule.rule_id):
            if rule.rule_id in uncapped and (rule.most_per_day is not None or rule.most_per_month is not None):
                scopes[rule.rule_id] = today, month = _scopes(row, customer, rule.rule_id, done.day)
                used = {scope: allowances.lock(scope, customer=customer) for scope in (today, month)}
                left = room(rule, today=used[today], this_month=used[month])
                assert left is not None, "the rule has a cap"
                rooms[rule.rule_id] = left
        found = points_for(done, rules, rooms)
        for each in found:
            for scope in scopes.get(each.rule_id, ()):
                allowances.add(scope, each.points)
    return found, rooms


def grant(row: Programme, customer: int, earned: Earned, cause: Cause, now: datetime) -> int:
    """Grant what a rule gives; growth value is there at once and for good. The transfer."""
    given = new_grant(row, customer, earned, cause, now)
    return services.grant(
        cause, customer=customer, unit=given.unit, amount=given.amount, now=now, available_at=given.available_at,
        expires_at=given.expires_at,
    ).transfer  # fmt: skip


def new_grant(row: Programme, customer: int, earned: Earned, cause: Cause, now: datetime) -> NewGrant:
    """What a rule gives, by the terms of the programme."""
    if earned.unit == GROWTH:
        return NewGrant(cause, customer, row.growth_unit, earned.points, now)
    # The calendar's day: that of the programme may have ended where its day starts later.
    zone = ZoneInfo(row.zone)
    life = term_of(row).life(now.astimezone(zone).date(), zone)
    return NewGrant(cause, customer, row.points_unit, earned.points, now, life.available_at, life.expires_at)


def cause_of_earning(row: Programme, version: int, order: Order, rule_id: str) -> Cause:
    """Why an order earns by a rule: once, whoever the buyer turns out to be."""
    return Cause(row.code, version, f"order:{order.order_id}", "buyer", f"earn:{rule_id}")


def deed(priced: Quote, refunds: Sequence[Refund], *, day: date, tier: str, percent: int = 100) -> Deed:
    """What a paid order is to the rules, net of ``refunds``."""
    coupons = {each.rule_id for each in priced.rules if each.rule_id.startswith("coupon:")}
    facts: dict[str, str | int | bool] = {"channel": priced.cart.channel, "store": priced.cart.store}
    return Deed(
        day=day, tier=tier, percent=percent, lines=bought(priced, refunds, coupons=coupons), facts=facts,
        shipping=priced.shipping - sum(each.shipping for each in refunds),
    )  # fmt: skip


def _give_room_back(row: Programme, customer: int, day: date, rules: Rules, lost: Mapping[str, int]) -> None:
    for rule in rules.earn:
        if rule.rule_id in lost and (rule.most_per_day is not None or rule.most_per_month is not None):
            for scope in _scopes(row, customer, rule.rule_id, day):
                allowances.lock(scope, customer=customer)
                allowances.add(scope, -lost[rule.rule_id])


def _scopes(row: Programme, customer: int, rule_id: str, day: date) -> tuple[str, str]:
    rule = f"earn:{row.pk}:{rule_id}"
    return f"{rule}:day:{day}:customer:{customer}", f"{rule}:month:{day:%Y-%m}:customer:{customer}"


def _back(rule_id: str, refund_id: str) -> str:
    return f"back:{rule_id}:{hashlib.sha256(refund_id.encode()).hexdigest()[:16]}"
