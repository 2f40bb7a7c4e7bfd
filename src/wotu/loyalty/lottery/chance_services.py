"""Chances to draw are earned by rule, once for each cause, and are a unit of the ledger like points.

An order that is given back loses what it no longer earns: a chance that was used already is owed and repaid by the
next one, so that buying, drawing and giving back in a circle wins nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.ledger import gain_reads
from wotu.ledger import services as ledger
from wotu.ledger.deadlocks import again_after_deadlock
from wotu.ledger.rules import Cause, check_amount
from wotu.loyalty import allowances
from wotu.loyalty.choices import CampaignState
from wotu.loyalty.lottery.chances import MOST_CHANCES, ORDER, VISIT, ChanceRule, Deed, earned, within
from wotu.loyalty.lottery.draft_services import lottery_of, refused
from wotu.loyalty.lottery.models import Lottery
from wotu.loyalty.lottery.services import chance_unit, programme_name, rules_of
from wotu.loyalty.models import Coupon, Order
from wotu.loyalty.pricing import Quote, Refund

_RUNS = (CampaignState.LIVE, CampaignState.PAUSED)


@again_after_deadlock
def visit(code: str, customer: int, *, now: datetime) -> int:
    """The chances of the day for who comes to the page; how many that were, 0 when they had been given."""
    row = lottery_of(code)
    if not earns(row, now):
        return 0
    event = f"visit:{customer}:{today(now)}"
    with transaction.atomic():
        return sum(_grant(row, rule, customer, event, rule.chances, now) for rule in rules_of(row) if rule.by == VISIT)


@again_after_deadlock
def give(code: str, customer: int, *, key: str, count: int = 1, now: datetime) -> int:
    """Give chances for a reason of one's own, once for ``key``; how many, 0 when it had been done."""
    if not 0 < len(key) <= 120 or "\x00" in key:
        raise invalid_argument("key", "key must have 1 to 120 characters.")
    if check_amount(count, field="count") > MOST_CHANCES:
        raise invalid_argument("count", f"count must lie between 1 and {MOST_CHANCES:,}.")
    row = lottery_of(code)
    if not earns(row, now):
        raise refused("not_running", "Chances are given while the lottery runs.")
    rule, event = ChanceRule(rule_id="given", by="given"), f"given:{key}"
    with transaction.atomic():
        given = _grant(row, rule, customer, event, count, now)
        found = None if given else _transfer(cause_of(row, rule, event))
        if found is not None and gain_reads.granted_to(found) != customer:
            raise invalid_argument("key", "key names chances of somebody else; take another key.")
        return given


def follow_paid(order: Order, priced: Quote, *, now: datetime, paid_with: str = "") -> None:
    """Let a paid order earn chances, within the transaction of its payment; once for each rule."""
    if any(True for _ in rules_for(ORDER, now)):
        earn(order.customer, deed_of(priced, paid_with), event=event_of(order), at=now)


def follow_return(order: Order, priced: Quote, refunds: Sequence[Refund], *, now: datetime) -> None:
    """Take back what the order no longer earns after ``refunds``, within the transaction of the last of them."""
    net = priced.payable - sum(each.amount for each in refunds)
    back = sum(part.quantity for each in refunds for part in each.lines)
    whole = back >= sum(line.quantity for line in priced.lines)
    for row, rule in rules_for(ORDER, now):
        if whole or net < rule.at_least:
            _take_back(row, rule, order, now)


def running() -> list[Lottery]:
    """The lotteries that run, or rest, some of them at other times."""
    return list(Lottery.objects.filter(state__in=_RUNS).order_by("pk"))


def begun() -> datetime | None:
    """Since when any lottery has been launched; ``None``: none has."""
    found: datetime | None = Lottery.objects.aggregate(at=Min("launched_at"))["at"]
    return found


def earn(customer: int, done: Deed, *, event: str, at: datetime, lottery: str | None = None) -> int:
    """Let a deed earn chances in every lottery that runs (or in one), within the caller's transaction; how many."""
    return sum(
        _grant(row, rule, customer, event, earned(rule, done, currency=row.currency), at)
        for row, rule in rules_for(done.by, at)
        if lottery is None or row.code == lottery
    )


def of_today(row: Lottery, customer: int, now: datetime) -> int:
    """How many chances ``visit`` would give now: it asks the same caps."""
    total = 0
    for rule in rules_of(row) if earns(row, now) else ():
        if rule.by == VISIT:
            rooms = [allowances.left(scope, most) for scope, most in scopes_of(row, rule, customer, today(now)).items()]
            total += min([rule.chances, *(room for room in rooms if room is not None)])
    return total


def today(now: datetime) -> date:
    """The day of the workspace."""
    return now.astimezone(settings.WOTU_SETTINGS.zone).date()


def _first(row: Lottery) -> datetime:
    return max(row.starts_at, row.launched_at or row.starts_at)


def earns(row: Lottery, at: datetime) -> bool:
    """Whether chances of a lottery are earned at that time."""
    return row.state in _RUNS and _first(row) <= at < row.ends_at


def rules_for(by: str, at: datetime) -> Iterator[tuple[Lottery, ChanceRule]]:
    """What such a deed earns by at that time."""
    for row in Lottery.objects.filter(state__in=_RUNS, starts_at__lte=at, ends_at__gt=at).order_by("pk"):
        if earns(row, at):
            yield from ((row, rule) for rule in rules_of(row) if rule.by == by)


def _grant(row: Lottery, rule: ChanceRule, customer: int, event: str, count: int, now: datetime) -> int:
    """Grant what the caps leave of ``count`` chances, within the caller's transaction."""
    if not count:
        return 0
    scopes = scopes_of(row, rule, customer, today(now))
    used = {scope: allowances.lock(scope, customer=customer) for scope in sorted(scopes)}
    count = within(count, [(most, used[scope]) for scope, most in scopes.items()])
    if not count:
        return 0
    cause = cause_of(row, rule, event)
    receipt = ledger.grant(
        cause, customer=customer, unit=chance_unit(row), amount=count, now=now, expires_at=row.ends_at
    )
    if receipt.repeated:
        return 0
    for scope in scopes:
        allowances.add(scope, count)
    return count


def _take_back(row: Lottery, rule: ChanceRule, order: Order, now: datetime) -> None:
    found = _transfer(cause_of(row, rule, event_of(order)))
    if found is None:
        return
    granted = gain_reads.granted_by(found)
    cause = Cause(programme_name(row), 1, event_of(order), "player", f"back:{rule.rule_id}")
    if granted is None or ledger.reverse_grant(cause, found, now=now).repeated:
        return
    at, count = granted
    for scope in sorted(scopes_of(row, rule, order.customer, today(at))):
        allowances.lock(scope, customer=order.customer)
        allowances.add(scope, -count)


def cause_of(row: Lottery, rule: ChanceRule, event: str) -> Cause:
    """Why the ledger grants what a rule gives for an event."""
    return Cause(programme_name(row), 1, event, "player", f"chance:{rule.rule_id}")


def _transfer(cause: Cause) -> int | None:
    try:
        return ledger.transfer_of(cause)
    except WotuError as error:
        if error.code != ErrorCode.NOTHING_TO_REVERSE:
            raise
        return None


def deed_of(priced: Quote, paid_with: str) -> Deed:
    """What the customer of an order did."""
    used = [each.rule_id.removeprefix("coupon:") for each in priced.used if each.rule_id.startswith("coupon:")]
    templates = Coupon.objects.filter(pk__in=[int(each) for each in used]).values_list("template", flat=True)
    return Deed(
        by=ORDER, currency=priced.cart.currency, amount=priced.payable, paid_with=paid_with,
        templates=frozenset(templates),
    )  # fmt: skip


def scopes_of(row: Lottery, rule: ChanceRule, customer: int, day: date) -> dict[str, int]:
    """What counts the chances of one customer, by the most there may be: of the rule a day and in all, of all rules.

    A visit counts once a day, also for two customers who turn out to be one.
    """
    of_rule = f"chance:{row.pk}:{rule.rule_id}"
    a_day = min(rule.chances, rule.most_per_day or rule.chances) if rule.by == VISIT else rule.most_per_day
    caps = {
        f"{of_rule}:day:{day}:customer:{customer}": a_day,
        f"{of_rule}:customer:{customer}": rule.most,
        f"chance:{row.pk}:customer:{customer}": row.most_chances,
    }
    return {scope: most for scope, most in caps.items() if most is not None}


def event_of(order: Order) -> str:
    """What the ledger calls an order."""
    return f"order:{order.order_id}"
