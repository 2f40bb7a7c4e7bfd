"""Points that a contest gives are paid by its campaign's budget, which no prize gets past."""

from __future__ import annotations

from typing import Any

import pytest
from tests.loyalty.clubs import buy, cart, club, has
from tests.loyalty.contest_field import CUT_OFF, contest, join
from tests.loyalty.receipts_shop import campaign, used
from tests.loyalty.together import together

from wotu.core.errors import WotuError
from wotu.ledger.limit_services import resize_limit
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.contests import awarding, reads, services
from wotu.loyalty.contests.ranks import Prize
from wotu.loyalty.models import Campaign, Contest, ContestAward

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    from wotu.core.settings import Settings

    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")


def field(of: int, *customers: int, **given: Any) -> int:
    """A contest in which the first of ``customers`` is first."""
    made = contest(of=of, **given)
    join(made, *customers)
    return made


def spent(*customers: int) -> None:
    for place, customer in enumerate(customers):
        buy(f"o{customer}", customer, cart(("tea", 1, 9_000 - place)))


def settle(number: int) -> services.Settled:
    return services.settle(number, by="bob", now=CUT_OFF)


def test_points_are_charged_by_what_they_are_worth_and_given_by_place_while_the_budget_lasts() -> None:
    club(point_worth=3)
    made = field(campaign(budget=400), 1, 2, 3)
    spent(1, 2, 3)
    before = {customer: has(customer) for customer in (1, 2, 3)}

    assert settle(made) == services.Settled(ranked=3, given=2, refused=1)
    assert (used(), [has(each) - before[each] for each in (1, 2, 3)]) == (390, [100, 30, 0])
    told = [(row.points, row.missed) for row in reads.board(made)]
    assert told == [(100, ""), (30, ""), (0, "budget_empty")]
    assert awarding.try_again(made, now=CUT_OFF) == 0
    assert (used(), differences()) == (390, ())

    account = Campaign.objects.values_list("budget_account", flat=True).get(code="tea")
    assert account is not None
    resize_limit(Cause("test", 1, "more", "shop", "resize"), account, total=480, now=CUT_OFF)
    assert [awarding.try_again(made, now=CUT_OFF) for _ in range(2)] == [1, 0]
    assert (used(), has(3) - before[3], reads.board(made)[2].missed) == (480, 30, "")
    assert settle(made) == services.Settled(3, 3, 0, repeated=True)
    assert differences() == ()


def test_a_campaign_without_a_budget_is_charged_nothing() -> None:
    club(point_worth=3)
    made = field(campaign(budget=None), 1)
    spent(1)
    before = has(1)
    assert settle(made).given == 1
    assert has(1) - before == 100


def test_what_no_budget_can_hold_is_not_given_and_stops_no_other_prize() -> None:
    club(point_worth=1_000_000)
    prizes = (Prize(first=1, last=1, points=10**10), Prize(first=2, last=2, points=1))
    made = field(campaign(budget=1_000_000), 1, 2, prizes=prizes)
    spent(1, 2)
    assert settle(made) == services.Settled(ranked=2, given=1, refused=1)
    assert used() == 1_000_000


def test_points_of_another_currency_than_the_campaigns_are_no_prize() -> None:
    club(currency="USD")
    with pytest.raises(WotuError) as refused:
        contest()
    assert (refused.value.field, Contest.objects.count()) == ("prizes", 0)


@pytest.mark.django_db(transaction=True)
def test_eight_contests_settled_at_once_spend_no_more_than_the_budget_and_no_less() -> None:
    club(point_worth=1)
    of = campaign(budget=450)
    many = [field(of, 1, 2, 3) for _ in range(8)]
    spent(1, 2, 3)
    before = sum(has(customer) for customer in (1, 2, 3))
    assert together(lambda number: settle(many[number % 8]), 16) == ["done"] * 16
    given = ContestAward.objects.filter(state="given")
    assert used() == sum(each.points for each in given) == sum(has(each) for each in (1, 2, 3)) - before
    # Nothing that fits is refused: the smallest prize is worth 30.
    assert 450 - used() < 30
    assert (ContestAward.objects.count(), differences()) == (24, ())
