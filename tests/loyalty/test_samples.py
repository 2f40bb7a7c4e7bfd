"""Samples: one a person and never more than there are, asked about once, followed to the purchase."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.loyalty.clubs import NOW, buy, cart, club
from tests.loyalty.receipts_shop import campaign
from tests.loyalty.together import CLIENTS, together, why

from wotu.core.errors import WotuError
from wotu.ledger import limit_services
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import SampleOffer, SampleRequest
from wotu.loyalty.orders import services as order_services
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.samples import reads, services, upkeep
from wotu.loyalty.samples.rules import Following
from wotu.outbox.models import Work

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    from wotu.core.settings import Settings

    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")


def offer(pieces: int = 3, of: int | None = None, **given: Any) -> int:
    following = Following(remind_after=7, measure=30)
    of = campaign() if of is None else of
    return services.create_offer(of, "Tea bag", "tea", pieces, following, by="ann", now=NOW, **given)


def given(of: int, customer: int, *, at: datetime = NOW) -> int:
    request = services.ask(of, customer, now=at).request
    assert services.hand_out(request, "handed", by="bob", now=at)
    return request


def left(of: int) -> int:
    account = SampleOffer.objects.values_list("stock_account", flat=True).get(pk=of)
    assert account is not None
    return limit_services.room(account).left


def test_one_a_person_and_no_more_than_there_are() -> None:
    made = offer(pieces=2)
    first = services.ask(made, 7, now=NOW)
    assert services.ask(made, 7, now=NOW) == services.Asked(first.request, "requested", repeated=True)
    services.ask(made, 8, now=NOW)
    assert why(lambda: services.ask(made, 9, now=NOW)) == "none_left"
    assert (left(made), SampleRequest.objects.count()) == (0, 2)
    assert services.turn_down(first.request, "Not here", by="bob", now=NOW)
    assert not services.turn_down(first.request, "Not here", by="bob", now=NOW)
    assert left(made) == 1
    assert services.ask(made, 7, now=NOW).state == "turned_down"
    services.ask(made, 9, now=NOW)
    assert (left(made), differences()) == (0, ())


def test_handed_out_once_it_stays_so() -> None:
    made = offer()
    request = given(made, 7)
    assert not services.hand_out(request, "shipped", by="bob", now=NOW + DAY)
    assert why(lambda: services.turn_down(request, "x", by="bob", now=NOW)) == "already_decided"
    row = reads.request(request)
    assert (row.state, row.handed_over, row.given_at, row.decided_by) == ("given", "handed", NOW, "bob")
    other = services.ask(made, 8, now=NOW).request
    services.turn_down(other, "Not here", by="bob", now=NOW)
    assert why(lambda: services.hand_out(other, "handed", by="bob", now=NOW)) == "already_decided"
    assert left(made) == 2


def test_it_is_for_whom_the_offer_says_while_its_campaign_runs() -> None:
    club()
    of = campaign()
    made = offer(of=of, tiers=["gold"])
    assert why(lambda: services.ask(made, 7, now=NOW)) == "wrong_tier"
    assert reads.samples_of(7, NOW) == ()
    programme_services.set_level(7, "gold", first_day=NOW.date(), now=NOW)
    assert [each.name for each in reads.samples_of(7, NOW)] == ["Tea bag"]
    services.ask(made, 7, now=NOW)
    campaign_services.end(of)
    programme_services.set_level(8, "gold", first_day=NOW.date(), now=NOW)
    assert why(lambda: services.ask(made, 8, now=NOW)) == "not_running"
    assert SampleRequest.objects.count() == 1


def test_whoever_got_one_is_asked_once_when_the_day_has_come() -> None:
    made = offer()
    request = given(made, 7)
    services.ask(made, 8, now=NOW)
    days = [upkeep.remind(NOW + day) for day in (7 * DAY - timedelta(seconds=1), 7 * DAY, 8 * DAY)]
    assert days == [0, 1, 0]
    work = Work.objects.get(task="outbox.message", key=f"sample-reminder:{request}")
    assert work.payload["properties"] == {"name": "Tea bag", "product_id": "tea", "given_on": "2026-03-01"}
    assert [each.ask_about for each in reads.samples_of(7, NOW + 8 * DAY)] == [True]
    assert [each.ask_about for each in reads.samples_of(7, NOW + 30 * DAY)] == [False]
    buy("o1", 7, cart(("tea", 1, 500)), at=NOW + 9 * DAY)
    assert [each.ask_about for each in reads.samples_of(7, NOW + 9 * DAY)] == [False]


def test_whoever_has_bought_it_is_not_asked() -> None:
    made = offer()
    given(made, 7)
    buy("o1", 7, cart(("tea", 1, 500)), at=NOW + DAY)
    assert upkeep.remind(NOW + 7 * DAY) == 0
    assert SampleRequest.objects.get().reminder == "bought"


def test_the_rate_counts_purchases_in_time_that_were_kept() -> None:
    made = offer(pieces=9)
    for customer in range(1, 8):
        given(made, customer)
    given(made, 8, at=NOW + 20 * DAY)
    buy("before", 1, cart(("tea", 1, 500)), at=NOW - DAY)
    buy("in time", 2, cart(("tea", 1, 500)), at=NOW + 30 * DAY)
    buy("late", 3, cart(("tea", 1, 500)), at=NOW + 30 * DAY + timedelta(seconds=1))
    buy("other", 4, cart(("pot", 1, 500)), at=NOW + DAY)
    buy("returned", 5, cart(("tea", 2, 500)), at=NOW + DAY)
    order_services.give_back("returned", "r", {"tea": 2}, now=NOW + 2 * DAY)
    buy("partly", 6, cart(("tea", 2, 500)), at=NOW + DAY)
    order_services.give_back("partly", "r", {"tea": 1}, now=NOW + 2 * DAY)
    buy("free", 7, cart(("tea", 1, 0)), at=NOW + DAY)
    assert reads.rate(made, NOW + 29 * DAY).share is None
    found = reads.rate(made, NOW + 31 * DAY)
    assert (found.of, found.bought, found.waiting) == (7, 2, 1)


def test_merged_customers_have_one_and_the_erased_none() -> None:
    made = offer(pieces=5)
    kept = given(made, 8)
    services.ask(made, 7, now=NOW)
    other = given(offer(of=campaign(code="cups")), 8)
    customer_services.merge_customers(Cause("identity", 1, "e", "c8", "merge"), 8, 7, now=NOW)
    assert list(SampleRequest.objects.order_by("pk").values_list("pk", "customer")) == [(kept, 7), (other, 7)]
    assert left(made) == 4

    both = [given(made, 9), given(made, 10, at=NOW + DAY)]
    customer_services.merge_customers(Cause("identity", 1, "f", "c9", "merge"), 9, 10, now=NOW)
    assert [SampleRequest.objects.get(pk=each).customer for each in both] == [10, -1]
    waiting = services.ask(made, 11, now=NOW).request
    assert [each["state"] for each in personal.value_of(["c7"])["samples"]] == ["given", "given"]
    for customer in (7, 11):
        personal.forget([f"c{customer}"])
    assert not SampleRequest.objects.filter(pk=waiting).exists()
    assert set(SampleRequest.objects.values_list("customer", flat=True)) == {-1, 10}
    assert (left(made), differences()) == (2, ())


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name": " "}, "name"), ({"product_id": ""}, "product_id"), ({"pieces": 0}, "pieces"), ({"tiers": [""]}, "tiers"),
     ({"campaign": 999}, "campaign")],
)  # fmt: skip
def test_an_offer_that_cannot_be_is_refused(changed: dict[str, Any], field: str) -> None:
    asked = {"campaign": campaign(), "name": "Tea bag", "product_id": "tea", "pieces": 3, **changed}
    with pytest.raises(WotuError) as refused:
        services.create_offer(**asked, following=Following(remind_after=7, measure=30), by="ann", now=NOW)
    assert refused.value.field == field
    assert not SampleOffer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_forty_who_ask_for_ten_pieces_exactly_ten_get_one() -> None:
    made = offer(pieces=10)
    told = together(lambda number: services.ask(made, number, now=NOW))
    assert sorted(told) == ["done"] * 10 + ["none_left"] * 30
    assert (SampleRequest.objects.count(), left(made), differences()) == (10, 0, ())


@pytest.mark.django_db(transaction=True)
def test_one_person_who_taps_forty_times_has_one() -> None:
    made = offer(pieces=10)
    assert together(lambda _: services.ask(made, 7, now=NOW)) == ["done"] * CLIENTS
    assert (SampleRequest.objects.count(), left(made)) == (1, 9)


@pytest.mark.django_db(transaction=True)
def test_what_was_handed_out_while_its_owner_is_merged_or_erased_stays_handed_out() -> None:
    made = offer(pieces=20)
    requests = [services.ask(made, customer, now=NOW).request for customer in range(1, 21)]
    handed = set[int]()

    def act(number: int) -> None:
        customer, turn = number // 2 + 1, number % 2
        if turn == 0:
            services.hand_out(requests[customer - 1], "handed", by="bob", now=NOW)
            handed.add(requests[customer - 1])
        elif customer % 2:
            customer_services.forget(customer)
        else:
            cause = Cause("identity", 1, "e", f"c{customer}", "merge")
            customer_services.merge_customers(cause, customer, customer + 100, now=NOW)

    together(act)
    kept = set(SampleRequest.objects.filter(state="given").values_list("pk", flat=True))
    assert kept == handed
    assert 20 - left(made) == SampleRequest.objects.count()
    assert differences() == ()
