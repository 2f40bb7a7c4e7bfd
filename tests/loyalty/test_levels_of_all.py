"""Members by level agree with the level of each member, whatever the rules, returns, merges and levels by hand."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.loyalty.clubs import NOW, RULES, TIERS, buy, cart, club

from wotu.ledger.rules import Cause
from wotu.ledger.services import grant, reverse_grant
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import BadgeAward, Enrolment
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.programme import badge_services
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.level_reads import members_by_level
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.programme.tier_reads import tier_of
from wotu.loyalty.programme.tiers import Level, TierRules

DAY = timedelta(days=1)
RULES_TO_TRY = [
    TIERS, msgspec.structs.replace(TIERS, months=None),
    msgspec.structs.replace(TIERS, months=1, grace_days=3),
    msgspec.structs.replace(TIERS, levels=(Level(key="bronze", at=0), *TIERS.levels), months=2, on_end="one_step"),
    msgspec.structs.replace(TIERS, levels=(Level(key="bronze", at=0), *TIERS.levels), window_months=3, months=None),
    msgspec.structs.replace(TIERS, window_months=2, months=1, grace_days=5, on_end="one_step"),
]  # fmt: skip


def one_by_one() -> dict[str, int]:
    """What the level of each member says."""
    customers = Enrolment.objects.filter(customer__gte=0).values_list("customer", flat=True)
    return dict(Counter(tier_of(each, now=NOW).level for each in customers))


def together() -> dict[str, int]:
    return {each.level: each.members for each in members_by_level("club", NOW) if each.members}


@pytest.mark.django_db
@pytest.mark.parametrize("tiers", RULES_TO_TRY)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    gains=some.lists(
        some.tuples(some.integers(1, 6), some.integers(-2, 399), some.integers(1, 250)), min_size=1, max_size=12
    ),
    given_by_hand=some.lists(some.tuples(some.integers(4, 8), some.integers(-40, 40)), max_size=3),
)
def test_members_by_level_are_the_levels_of_members(
    tiers: TierRules, gains: list[tuple[int, int, int]], given_by_hand: list[tuple[int, int]]
) -> None:
    from django.db import transaction

    with transaction.atomic():
        club(Rules(earn=RULES.earn, tiers=tiers))
        for number, (customer, ago, amount) in enumerate(gains):
            at = NOW - ago * DAY
            programme_services.enrol(customer, now=at)
            cause = Cause("test", 1, f"gain:{number}", "member", "gain")
            made = grant(cause, customer=customer, unit="growth", amount=amount, now=at)
            if amount % 3 == 0:
                # An order that came back, some of it or all.
                back = Cause("test", 1, f"gain:{number}", "member", "back")
                reverse_grant(back, made.transfer, now=NOW, amount=amount if amount % 2 else amount // 3)
        for customer, offset in given_by_hand:
            first = (NOW + offset * DAY).date()
            programme_services.set_level(customer, "gold", first_day=first, last_day=first + 30 * DAY, now=NOW)
        assert together() == one_by_one()
        assert sum(together().values()) == Enrolment.objects.count()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_what_came_back_or_went_to_somebody_else_does_not_count() -> None:
    club()
    for customer, price in ((7, 30_000), (8, 30_000), (9, 30_000)):
        buy(f"o{customer}", customer, cart(("pot", 1, price)))
    order_services.give_back("o8", "r", {"pot": 1}, now=NOW)
    customer_services.merge_customers(Cause("identity", 1, "m", "c9", "merge"), 9, 7, now=NOW)
    assert [(each.level, each.members) for each in members_by_level("club", NOW)] == [
        ("", 1), ("silver", 0), ("gold", 1),
    ]  # fmt: skip
    customer_services.forget(7)
    assert together() == one_by_one() == {"": 1}


@pytest.mark.django_db
def test_without_levels_there_is_nothing_to_count() -> None:
    club(Rules(earn=RULES.earn))
    buy("o1", 7, cart(("pot", 1, 30_000)))
    assert members_by_level("club", NOW) == ()


@pytest.mark.django_db
def test_a_new_badge_goes_to_everybody_who_has_reached_it_some_at_a_time() -> None:
    club()
    for customer in range(1, 8):
        buy(f"o{customer}", customer, cart(("pot", 1, 1_000 * customer)))
    badge = badge_services.create_badge("Patron", "spent", [3_000], code="patron")
    last, turns = 0, 0
    while last is not None:
        last, turns = badge_services.settle_some(badge, last, now=NOW, most=3), turns + 1
    assert turns == 3
    assert set(BadgeAward.objects.values_list("customer", "level")) == {(each, 1) for each in range(3, 8)}
    badge_services.change_badge("patron", name="Patron", levels=[1_000, 6_000])
    badge_services.settle_some(badge, 0, now=NOW)
    badge_services.settle_some(badge, 0, now=NOW)
    assert BadgeAward.objects.filter(level=1, withdrawn_at=None).count() == 7
    assert set(BadgeAward.objects.filter(level=2).values_list("customer", flat=True)) == {6, 7}
