"""Orders taken together leave what they leave one by one: points, levels, memberships, badges, to the last lot."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.loyalty.clubs import EARN, NOW, RULES, club
from tests.loyalty.lotteries import launched
from tests.loyalty.test_order_messages import Said

from wotu.ledger import due_services
from wotu.ledger.models import Account
from wotu.ledger.proof import differences
from wotu.loyalty.lottery.chances import ChanceRule
from wotu.loyalty.models import Allowance, BadgeAward, Enrolment, Order, OrderEarning, WaitingReturn
from wotu.loyalty.orders import following as order_following
from wotu.loyalty.orders import together as orders_together
from wotu.loyalty.orders.following import apply_order_messages
from wotu.loyalty.programme import badge_services, earning_together
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.programme.tiers import Level, TierRules

FOR_GOOD = Rules(earn=EARN, tiers=TierRules(levels=(Level(key="silver", at=100), Level(key="gold", at=300))))
CHANCES = (
    ChanceRule(rule_id="any", by="order", chances=2, most_per_day=3),
    ChanceRule(rule_id="large", by="order", at_least=5_000, most=4),
    ChanceRule(rule_id="wechat", by="order", paid_with="wechat", chances=3),
    ChanceRule(rule_id="visit", by="visit"),
)
orders = st.tuples(st.just("Order Completed"), st.integers(1, 4), st.integers(1, 9), st.integers(0, 20_000),
                   st.integers(-30, 500))  # fmt: skip
returns = st.tuples(st.sampled_from(["Order Refunded", "Order Cancelled"]), st.integers(1, 4), st.integers(1, 9),
                    st.integers(1, 9_000), st.integers(-30, 500))  # fmt: skip
pages = st.lists(st.lists(orders | orders | orders | returns, min_size=1, max_size=14), min_size=1, max_size=3)


class _Undone(Exception):
    """Raised to leave nothing behind."""


def said(page: int, number: int, told: tuple[str, int, int, int, int], crowd: bool) -> Said:
    event, customer, order, amount, day = told
    # With few order ids some come twice; of a crowd every one is new.
    order_id = f"{page}-{number}" if crowd else f"{customer}-{order}"
    paid_with = "wechat" if amount % 2 else "card"
    facts = {"order_id": order_id, "revenue": amount, "currency": "CNY", "payment_method": paid_with}
    return Said(event, f"m{page}-{number}", facts, customer, NOW + timedelta(days=day), seq=number)


def picture() -> dict[str, list[Any]]:
    """Everything that is left, by names that do not depend on the order of numbers."""
    accounts = [
        (each.owner, each.unit_id, each.purpose, each.balance, each.due_at, *sorted(
            each.lots.values_list("source__event", "source__effect", "granted", "remaining", "available_at",
                                  "expires_at").order_by(), key=repr))
        for each in Account.objects.filter(owner_kind="customer").order_by("owner", "unit_id", "purpose")
    ]  # fmt: skip
    earnings = OrderEarning.objects.order_by("order__order_id").values_list(
        "order__order_id", "version", "day", "tier", "rooms", "earned", "taken_back"
    )
    return {
        "accounts": accounts,
        "earnings": [
            (*rest, {rule: (had["unit"], had["points"]) for rule, had in earned.items()}, back)
            for *rest, earned, back in earnings
        ],
        "orders": list(Order.objects.order_by("order_id").values_list("order_id", "customer", "net", "pieces")),
        "members": list(Enrolment.objects.order_by("customer").values_list("customer", "joined_at")),
        "badges": list(BadgeAward.objects.filter(withdrawn_at=None).order_by("customer", "level").values_list(
            "badge__code", "customer", "level")),
        "caps": sorted(
            (each.scope.split(":", 2)[2], each.used, each.customer)
            for each in Allowance.objects.filter(scope__startswith="chance:")
        ),
        "waiting": list(WaitingReturn.objects.order_by("order_id", "refund_id").values_list("order_id", "refund_id")),
    }  # fmt: skip


def after(
    told: list[list[Said]], terms: dict[str, Any], rules: Rules, chances: tuple[ChanceRule, ...] = (), *, together: bool
) -> dict[str, list[Any]]:  # fmt: skip
    """What the pages leave."""
    found: dict[str, list[Any]] = {}
    allowed = patch.object(orders_together, "can_earn_together", return_value=together)
    with suppress(_Undone), transaction.atomic(), patch.object(orders_together, "_FEW", 1), allowed:
        club(rules, **terms)
        badge_services.create_badge("Regular", "orders", [1, 3], code="regular")
        badge_services.create_badge("Spender", "spent", [10_000], code="spender")
        if chances:
            launched(
                chances=chances,
                most_chances=9,
                ends_at=NOW + timedelta(days=300),
                claim_until=NOW + timedelta(days=330),
            )
        programme_services.set_level(1, "gold", first_day=date(2026, 3, 1), now=NOW)
        for page in told:
            with patch.object(order_following._log, "warning", side_effect=AssertionError):
                apply_order_messages(page)
        # What is due by then is due whoever came by last.
        for customer in range(5):
            due_services.carry_out_due(customer, now=NOW + timedelta(days=510))
        found = picture()
        assert differences() == ()
        raise _Undone
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=pages, crowd=st.booleans(), rules=st.sampled_from([RULES, FOR_GOOD]),
    chances=st.sampled_from([(), CHANCES[:1], CHANCES]),
    terms=st.fixed_dictionaries({}, optional={
        "available_after_days": st.just(7), "joining": st.just("by_hand"),
        "expiry": st.just("days"), "expiry_count": st.just(30),
    }),
)  # fmt: skip
def test_pages_of_orders_leave_what_single_orders_leave(
    db: None, told: list[list[Any]], crowd: bool, rules: Rules, chances: tuple[ChanceRule, ...], terms: dict[str, Any]
) -> None:
    terms = {"expiry": "never", **terms}
    told = [[said(page, number, each, crowd) for number, each in enumerate(some)] for page, some in enumerate(told)]
    if terms["expiry"] == "never":
        terms.pop("expiry_count", None)
    elif "expiry_count" not in terms:
        terms["expiry_count"] = 30
    assert after(told, terms, rules, chances, together=True) == after(told, terms, rules, chances, together=False)


@pytest.mark.django_db
def test_a_page_that_fails_together_is_taken_one_by_one() -> None:
    club()
    rows = [Said("Order Completed", f"m{n}", {"revenue": 1_000, "currency": "CNY"}, n, seq=n) for n in range(1, 11)]
    with patch.object(earning_together, "grant_each", side_effect=ValueError):
        apply_order_messages(rows)
    assert (Order.objects.count(), OrderEarning.objects.count(), differences()) == (10, 10, ())
    apply_order_messages(rows)
    assert OrderEarning.objects.count() == 10


@pytest.mark.django_db
def test_rules_with_a_cap_of_a_day_are_taken_one_by_one() -> None:
    capped = Rules(earn=(*EARN[1:], type(EARN[0])(rule_id="base", points=1, per=100, most_per_day=15)))
    club(capped)
    assert not earning_together.can_earn_together()
    rows = [Said("Order Completed", f"m{n}", {"revenue": 1_000, "currency": "CNY"}, 7, seq=n) for n in range(1, 11)]
    apply_order_messages(rows)
    earned = [each["earned"]["base"]["points"] for each in OrderEarning.objects.order_by("pk").values("earned")
              if "base" in each["earned"]]  # fmt: skip
    assert earned == [10, 5]
