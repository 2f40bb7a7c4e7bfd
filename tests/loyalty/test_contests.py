"""Contests: who joined is ranked by what was kept; settled once, each prize with its posting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests import forked
from tests.loyalty import crashing_contests as crashing
from tests.loyalty.clubs import NOW, buy, cart, club, has
from tests.loyalty.contest_field import CUT_OFF, DAY, END, contest, count, join
from tests.loyalty.receipts_shop import campaign
from tests.loyalty.together import CLIENTS, together, why

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import services as ledger
from wotu.ledger.models import Posting
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.contests import awarding, reads, services
from wotu.loyalty.contests.ranks import Prize
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import Contest, ContestAward, ContestEntry, Coupon
from wotu.loyalty.orders import services as order_services

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _club(settings: Any, db: None) -> None:
    from wotu.core.settings import Settings

    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")
    club()


def spend(customer: int, price: int, *, at: Any = NOW, order: str = "") -> str:
    name = order or f"o{customer}-{price}-{at:%d%H%M}"
    buy(name, customer, cart(("tea", 1, price)), at=at)
    return name


def settle(number: int, now: Any = CUT_OFF) -> services.Settled:
    return services.settle(number, by="bob", now=now)


def test_only_who_joined_is_ranked_by_what_they_spent_in_the_time() -> None:
    made = contest()
    for customer, price in ((1, 500), (2, 900), (3, 700), (4, 5_000)):
        spend(customer, price)
    spend(1, 9_000, at=NOW - timedelta(seconds=1))
    spend(3, 9_000, at=END)
    join(made, 1, 2, 3, 5)
    assert count(made) == {"N2": (1, 900), "N3": (2, 700), "N1": (3, 500)}
    spend(1, 450, at=END - timedelta(seconds=1))
    assert count(made)["N1"] == (1, 950)
    assert reads.place_of(made, 4) is None
    assert (reads.place_of(made, 5) or reads.board(made)[0]).place is None


def test_of_two_with_the_same_score_who_reached_it_earlier_stands_before_or_they_share() -> None:
    earlier = contest()
    shared = contest(of=campaign(code="cups"), tie="shared")
    for number in (earlier, shared):
        join(number, 1, 2, 3)
    spend(1, 500, at=NOW + 2 * DAY)
    spend(2, 500, at=NOW + DAY)
    spend(3, 100)
    assert count(earlier) == {"N2": (1, 500), "N1": (2, 500), "N3": (3, 100)}
    assert count(shared) == {"N1": (1, 500), "N2": (1, 500), "N3": (3, 100)}
    before = {customer: has(customer) for customer in (1, 2, 3)}
    settle(shared)
    assert [has(customer) - before[customer] for customer in (1, 2, 3)] == [65, 65, 30]


def test_returns_count_until_the_cut_off_and_no_longer() -> None:
    made = contest()
    join(made, 1, 2)
    first, second = spend(1, 900), spend(2, 800)
    order_services.give_back(first, "r1", {"tea": 1}, now=CUT_OFF)
    order_services.give_back(second, "r1", {"tea": 1}, now=CUT_OFF + timedelta(seconds=1))
    settle(made, CUT_OFF + 5 * DAY)
    assert [(each.shown, each.place, each.score) for each in reads.board(made)] == [("N2", 1, 800)]


@pytest.mark.parametrize("metric", ["orders", "points"])
def test_orders_and_points_are_counted_as_they_were_kept(metric: str) -> None:
    made = contest(metric)
    join(made, 1, 2, 3)
    orders = [spend(1, 10_000), spend(1, 20_000, at=NOW + DAY), spend(2, 40_000), spend(3, 10_000)]
    order_services.give_back(orders[0], "r1", {"tea": 1}, now=END)
    order_services.give_back(orders[3], "r1", {"tea": 1}, now=CUT_OFF + timedelta(seconds=1))
    found = {each.shown: (each.place, each.score) for each in _settled(made)}
    if metric == "orders":
        assert found == {"N2": (1, 1), "N3": (2, 1), "N1": (3, 1)}
    else:
        assert found == {"N2": (1, 400), "N1": (2, 200), "N3": (3, 100)}


def test_settled_once_each_prize_has_its_posting() -> None:
    template = ten_off()
    made = contest(prizes=(Prize(first=1, last=2, points=100, template=template), Prize(first=3, last=3, points=5)))
    join(made, 1, 2, 3, 4)
    for customer in (1, 2, 3, 4):
        spend(customer, customer * 1_000)
    assert why(lambda: settle(made, CUT_OFF - timedelta(seconds=1))) == "too_early"
    assert not ContestAward.objects.exists()
    before = {customer: has(customer) for customer in (1, 2, 3, 4)}

    done = settle(made)
    assert done == services.Settled(ranked=4, given=5, refused=0)
    assert settle(made, CUT_OFF + DAY) == services.Settled(4, 5, 0, repeated=True)

    assert [has(customer) - before[customer] for customer in (4, 3, 2, 1)] == [100, 100, 5, 0]
    awards = ContestAward.objects.filter(kind="points")
    moved = Posting.objects.filter(transfer__in=awards.values("transfer"), amount__gt=0)
    assert sorted(moved.values_list("amount", flat=True)) == [5, 100, 100]
    assert set(Coupon.objects.values_list("customer", flat=True)) == {3, 4}
    assert ContestAward.objects.filter(kind="coupon", coupon__isnull=False).count() == 2
    assert differences() == ()


def test_a_settled_contest_stays_as_it_is() -> None:
    made = contest()
    join(made, 1, 2)
    order = spend(1, 900)
    spend(2, 800)
    settle(made)
    order_services.give_back(order, "r1", {"tea": 1}, now=CUT_OFF + DAY)
    before = reads.board(made)
    services.count(made, now=CUT_OFF + DAY)
    assert reads.board(made) == before
    assert why(lambda: services.leave(made, 1)) == "already_decided"
    services.join(made, 1, now=CUT_OFF + DAY, nickname="Other")
    assert reads.board(made) == before


def test_a_coupon_that_cannot_be_given_says_why_and_is_given_later() -> None:
    template = ten_off(total=1)
    made = contest(prizes=(Prize(first=1, last=2, template=template),))
    join(made, 1, 2)
    spend(1, 900)
    spend(2, 800)
    assert settle(made) == services.Settled(ranked=2, given=1, refused=1)
    assert [(each.coupons, each.missed) for each in reads.board(made)] == [(1, ""), (0, "none_left")]
    assert awarding.try_again(made, now=CUT_OFF) == 0
    from wotu.ledger.limit_services import resize_limit
    from wotu.loyalty.models import CouponTemplate

    account = CouponTemplate.objects.values_list("total_account", flat=True).get(pk=template)
    assert account is not None
    resize_limit(Cause("test", 1, "more", "shop", "resize"), account, total=2, now=CUT_OFF)
    assert [awarding.try_again(made, now=CUT_OFF) for _ in range(2)] == [1, 0]
    assert (Coupon.objects.count(), reads.counted_contest(made, CUT_OFF).refused) == (2, 0)


def test_one_joins_once_changes_the_nickname_and_leaves() -> None:
    of = campaign()
    made = contest(of=of)
    [entry] = join(made, 1)
    again = services.join(made, 1, now=NOW, nickname="  Tea   lover ")
    assert again == services.Joined(entry, repeated=True)
    services.join(made, 2, now=NOW, masked=reads.masked("王小明"))
    spend(1, 900)
    spend(2, 800)
    assert list(count(made)) == ["Tea lover", "王**"]
    assert not services.clear_nickname(contest(of=of), entry)
    assert services.clear_nickname(made, entry)
    assert not services.clear_nickname(made, entry)
    assert list(count(made)) == ["**", "王**"]
    assert services.leave(made, 1)
    assert not services.leave(made, 1)
    assert list(count(made)) == ["王**"]
    assert why(lambda: join(made, 3, now=END)) == "not_running"
    campaign_services.pause(of)
    assert why(lambda: join(made, 3)) == "not_running"
    assert ContestEntry.objects.count() == 1


def test_a_customer_is_shown_contests_that_are_open_and_those_settled_lately() -> None:
    of = campaign()
    old, new = contest(of=of), contest(of=of, ends_at=END + 60 * DAY, cut_off=CUT_OFF + 60 * DAY)
    join(old, 1)
    assert [[row.number for row in reads.contests_of(each, NOW)] for each in (1, 2)] == [[old, new], [old, new]]
    assert [row.number for row in reads.contests_of(2, END)] == [new]
    settle(old)
    assert [row.number for row in reads.contests_of(1, CUT_OFF + 29 * DAY)] == [old, new]
    assert [row.number for row in reads.contests_of(1, CUT_OFF + 30 * DAY)] == [new]


@pytest.mark.parametrize("nickname", ["x" * 21, "a\x00b", "a\u202eb", "\u200bab"])
def test_a_nickname_is_short_and_can_be_seen(nickname: str) -> None:
    made = contest()
    with pytest.raises(WotuError) as refused:
        services.join(made, 1, now=NOW, nickname=nickname)
    assert refused.value.field == "nickname"
    assert not ContestEntry.objects.exists()


def test_merged_customers_have_one_place_and_the_erased_none() -> None:
    made = contest()
    join(made, 1, 2, 3)
    for customer, price in ((1, 500), (2, 400), (3, 800)):
        spend(customer, price)
    customer_services.merge_customers(Cause("identity", 1, "e", "c2", "merge"), 2, 1, now=NOW)
    assert count(made) == {"N1": (1, 900), "N3": (2, 800)}
    assert personal.value_of(["c3"])["contests"][0]["nickname"] == "N3"
    settle(made)
    personal.forget(["c3"])
    assert [(each.shown, each.place, each.customer) for each in reads.board(made)] == [("N1", 1, 1), ("**", 2, -1)]
    assert personal.value_of(["c3"])["contests"] == []
    assert differences() == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"ends_at": NOW}, "ends_at"), ({"cut_off": END - DAY}, "ends_at"), ({"metric": "luck"}, "metric"),
     ({"metric": "event"}, "event"), ({"event": "Exposed"}, "event"), ({"tie": "dice"}, "tie"),
     ({"prizes": ()}, "prizes"),
     ({"prizes": (Prize(first=1, last=1, template=999),)}, "prizes"), ({"of": 999}, "campaign"),
     ({"metric": "event", "event": "Exposed", "starts_at": NOW - DAY}, "starts_at")],
)  # fmt: skip
def test_a_contest_that_cannot_be_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as refused:
        contest(**changed)
    assert refused.value.field == field
    assert refused.value.code in (ErrorCode.INVALID_ARGUMENT, ErrorCode.NOT_FOUND)
    assert not Contest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_settled_by_forty_at_once_each_prize_is_given_once() -> None:
    made = contest()
    join(made, 1, 2, 3)
    for customer in (1, 2, 3):
        spend(customer, customer * 1_000)
    before = sum(has(customer) for customer in (1, 2, 3))
    assert together(lambda _: settle(made)) == ["done"] * CLIENTS
    assert sum(has(customer) for customer in (1, 2, 3)) - before == 160
    assert (ContestAward.objects.count(), differences()) == (3, ())


@pytest.mark.django_db(transaction=True)
def test_joined_forty_times_at_once_one_is_in_once() -> None:
    made = contest()
    assert together(lambda _: join(made, 7)) == ["done"] * CLIENTS
    assert ContestEntry.objects.count() == 1


def test_what_other_grants_brought_counts_as_points_and_what_was_reversed_does_not() -> None:
    made = contest("points")
    join(made, 1, 2)
    for customer, amount in ((1, 50), (2, 40)):
        cause = Cause("gift", 1, f"g{customer}", f"c{customer}", "gift")
        ledger.grant(cause, customer=customer, unit="points", amount=amount, now=NOW)
    transfer = ledger.transfer_of(Cause("gift", 1, "g1", "c1", "gift"))
    ledger.reverse_grant(Cause("gift", 1, "g1", "c1", "back"), transfer, amount=20, now=END)
    assert count(made) == {"N2": (1, 40), "N1": (2, 30)}


@pytest.mark.crash
def test_killed_while_it_is_settled_a_contest_is_settled_by_the_next_time(make_prepared: Callable[..., Any]) -> None:
    path = make_prepared(timezone="Asia/Shanghai", currency="CNY").path
    assert forked.told(crashing.look, path) == "open 0 0 0\n"
    for crash_at in ("loyalty-contest-awarded", "loyalty-contest-settled"):
        forked.killed(crash_at, crashing.settle, path)
        assert forked.told(crashing.look, path) == "open 0 0 0\n"
    assert [forked.told(crashing.settle, path) for _ in range(2)] == ["settled 3 160 0\n"] * 2


def _settled(number: int) -> tuple[reads.PlaceRow, ...]:
    settle(number, CUT_OFF + DAY)
    return reads.board(number)


def ten_off(**caps: Any) -> int:
    rule = {"effect": {"type": "amount_off", "amount": 1_000}}
    of = campaign(code="coupons", budget=None)
    return coupon_services.create_template(of, "10 off", rule, {"type": "days", "days": 30}, now=NOW, **caps)
