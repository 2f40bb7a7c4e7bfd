"""Receipts pay once, out of a budget that nobody gets past, and are taken back to the last minor unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests import forked
from tests.loyalty import crashing_receipts as crashing
from tests.loyalty.clubs import NOW, club, has
from tests.loyalty.receipts_shop import DAY, PHOTO, campaign, cash, offer, send, states, typed, used
from tests.loyalty.together import CLIENTS, together, why

from wotu.core.errors import WotuError
from wotu.ledger import services as ledger
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.models import Allowance, Receipt, ReceiptPhoto
from wotu.loyalty.receipts import customers, reads, services

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    from wotu.core.settings import Settings

    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai", currency="CNY")


def approve(receipt: int, seen: services.Typed | None = None) -> services.Approved:
    return services.approve(receipt, seen, by="bob", now=NOW)


def test_a_receipt_pays_once_however_often_it_is_approved() -> None:
    receipt = send(offer())
    assert (approve(receipt).cash, cash(), used()) == (500, 500, 500)
    again = approve(receipt, typed(amount=9_000))
    assert (again, cash(), used()) == (services.Approved(500, 500, repeated=True), 500, 500)
    row = reads.receipt(receipt)
    assert (row.state, row.cash, row.decided_by, row.decided_at) == ("approved", 500, "bob", NOW)
    assert differences() == ()


def test_in_points_whole_points_are_paid_and_charged() -> None:
    club(point_worth=3)
    receipt = send(offer(paid_in="points"), amount=5_050)
    assert approve(receipt) == services.Approved(504, 168)
    assert (has(7), used()) == (168, 504)


def test_staff_pay_what_stands_on_the_photo() -> None:
    receipt = send(offer())
    assert approve(receipt, typed("B 2", 3_000, "Tea  House 2")).cash == 300
    row = reads.receipt(receipt)
    assert (row.shop, row.receipt_number, row.amount) == ("Tea House 2", "B 2", 3_000)
    late = send(reads.offers(NOW)[0].number, number="C3")
    assert why(lambda: approve(late, typed("C3", day=DAY - timedelta(days=8)))) == "outside_window"
    assert states() == ["approved", "waiting"]


def test_what_staff_read_off_the_photo_must_be_of_the_offer_as_what_is_typed_must() -> None:
    made = offer(shops=["Tea House"])
    receipt = send(made, now=NOW + timedelta(days=14))
    assert why(lambda: approve(receipt, typed(day=DAY - timedelta(days=1)))) == "too_late"
    assert why(lambda: approve(receipt, typed(day=DAY + timedelta(days=15)))) == "outside_window"
    with pytest.raises(WotuError) as refused:
        approve(receipt, typed(shop="Cup House"))
    assert (refused.value.field, states(), cash(), used()) == ("shop", ["waiting"], 0, 0)
    assert approve(receipt, typed(amount=3_000)).cash == 300


def test_the_same_receipt_pays_once_whoever_sends_it() -> None:
    first_offer = offer()
    first, second = send(first_offer, 7), send(first_offer, 8)
    assert services.send(first_offer, 7, typed(" a-1 "), PHOTO, now=NOW) == services.Sent(first, repeated=True)
    assert [row.same_receipt for row in reads.receipts(state="waiting").rows] == [1, 1]
    approve(second)
    before = (cash(7), used(), Allowance.objects.get(scope__startswith=f"receipts:{first_offer}").used)
    assert why(lambda: approve(first)) == "already_paid"
    assert (cash(7), used(), Allowance.objects.get(scope__startswith=f"receipts:{first_offer}").used) == before
    assert why(lambda: send(first_offer, 9)) == "already_paid"
    other = offer(campaign(code="cups"))
    assert why(lambda: send(other, 9)) == "already_paid"
    assert states() == ["waiting", "approved"]


def test_the_same_photo_is_flagged() -> None:
    made = offer()
    first, second = send(made, number="A1", photo=PHOTO), send(made, 8, "B2", photo=PHOTO)
    send(made, 9, "C3")
    rows = reads.receipts(state="waiting").rows
    assert [(row.same_photo, row.same_receipt) for row in rows] == [(1, 0), (1, 0), (0, 0)]
    assert [row.number for row in reads.alike(first)] == [second]


def test_where_the_budget_is_empty_nothing_is_changed() -> None:
    made = offer(budget=800)
    receipts = [send(made, 7, "A1"), send(made, 8, "B2")]
    approve(receipts[0])
    assert why(lambda: approve(receipts[1])) == "budget_empty"
    assert (states(), cash(8), used()) == (["approved", "waiting"], 0, 500)
    assert Allowance.objects.filter(scope__endswith=":customer:8").aggregate(used=_sum())["used"] == 0
    assert approve(receipts[1], typed("B2", 3_000)).cash == 300
    assert differences() == ()


def test_one_person_gets_no_more_than_the_cap() -> None:
    made = offer(most_per_customer=700)
    receipts = [send(made, number=number) for number in ("A1", "B2", "C3")]
    assert [approve(each).cash for each in receipts[:2]] == [500, 200]
    assert why(lambda: approve(receipts[2])) == "customer_limit"
    services.reverse(receipts[0], "Forged", by="bob", now=NOW)
    assert approve(receipts[2]).cash == 500
    assert cash() == 700


def test_below_the_least_amount_nothing_is_due() -> None:
    receipt = send(offer(least=6_000))
    assert why(lambda: approve(receipt)) == "nothing_due"
    assert states() == ["waiting"]


def test_taken_back_it_is_as_if_it_had_not_been() -> None:
    made = offer(most_per_customer=700)
    first, second = send(made, 7), send(made, 8)
    approve(first)
    assert services.reverse(first, "Forged", by="bob", now=NOW)
    assert not services.reverse(first, "Forged", by="bob", now=NOW)
    assert (cash(), used(), states()) == (0, 0, ["reversed", "waiting"])
    assert why(lambda: approve(first)) == "already_decided"
    assert approve(second).cash == 500
    assert why(lambda: services.reverse(send(made, 9, "D4"), "x", by="bob", now=NOW)) == "not_approved"
    assert differences() == ()


def test_what_was_spent_of_it_is_owed() -> None:
    receipt = send(offer())
    approve(receipt)
    spent = Cause("shop", 1, "payout", "c7", "payout")
    ledger.spend(spent, customer=7, unit="money:CNY", amount=500, now=NOW)
    services.reverse(receipt, "Forged", by="bob", now=NOW)
    assert (cash(), used()) == (-500, 0)
    assert differences() == ()


def test_refused_it_says_why_and_may_be_sent_again() -> None:
    made = offer()
    receipt = send(made)
    assert services.refuse(receipt, " Blurred \n photo ", by="bob", now=NOW)
    assert not services.refuse(receipt, "Other", by="bob", now=NOW)
    assert reads.receipt(receipt).reason == "Blurred photo"
    assert why(lambda: approve(receipt)) == "already_decided"
    assert send(made) != receipt
    assert (cash(), used()) == (0, 0)


@pytest.mark.parametrize(
    ("day", "now", "word"),
    [(DAY - timedelta(days=8), NOW, "outside_window"), (DAY + timedelta(days=1), NOW, "outside_window"),
     (DAY, NOW + timedelta(days=15), "too_late"), (DAY, NOW + timedelta(days=14), "")],
)  # fmt: skip
def test_receipts_count_on_the_days_of_the_offer(day: Any, now: Any, word: str) -> None:
    made = offer()
    if word:
        assert why(lambda: services.send(made, 7, typed(day=day), PHOTO, now=now)) == word
    else:
        services.send(made, 7, typed(day=day), PHOTO, now=now)
    assert Receipt.objects.count() == ReceiptPhoto.objects.count() == int(not word)


def test_what_does_not_run_takes_nothing_and_what_was_sent_is_paid_all_the_same() -> None:
    made = campaign()
    tea = offer(made)
    receipt = send(tea)
    campaign_services.end(made)
    assert why(lambda: send(tea, 8, "B2")) == "not_running"
    assert reads.open_offers(NOW, DAY) == ()
    assert approve(receipt).cash == 500


def test_one_person_does_not_fill_the_queue() -> None:
    made = offer()
    for number in range(services.MOST_WAITING):
        send(made, number=f"N{number}")
    assert why(lambda: send(made, number="more")) == "too_many_waiting"
    assert Receipt.objects.count() == services.MOST_WAITING


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"amount": 0}, "amount"), ({"number": " - "}, "number"), ({"number": "x" * 81}, "number"),
     ({"shop": "  "}, "shop"), ({"shop": "a\x00"}, "shop")],
)  # fmt: skip
def test_a_receipt_that_cannot_be_is_refused(changed: dict[str, Any], field: str) -> None:
    made = offer()
    with pytest.raises(WotuError) as refused:
        services.send(made, 7, typed(**changed), PHOTO, now=NOW)
    assert refused.value.field == field
    assert not Receipt.objects.exists()


def test_shops_are_those_of_the_offer_where_it_names_some() -> None:
    made = offer(shops=["Tea House", "Tea House "])
    assert reads.offers(NOW)[0].shops == ("Tea House",)
    with pytest.raises(WotuError) as refused:
        services.send(made, 7, typed(shop="Pot House"), PHOTO, now=NOW)
    assert refused.value.field == "shop"
    assert send(made)


def test_merged_customers_share_a_cap_and_the_erased_leave_no_name() -> None:
    made = offer(most_per_customer=700)
    first, second = send(made, 7, "A1"), send(made, 8, "B2")
    approve(first)
    customer_services.merge_customers(Cause("identity", 1, "e", "c8", "merge"), 8, 7, now=NOW)
    assert approve(second).cash == 200
    waiting = send(made, 7, "C3")
    assert len(personal.value_of(["c7"])["receipts"]) == 3

    personal.forget(["c7"])

    assert not Receipt.objects.filter(pk=waiting).exists()
    assert ReceiptPhoto.objects.count() == 0
    left = list(Receipt.objects.values_list("customer", "shop", "number", "photo_sha256", "cash"))
    assert left == [(-1, "", "", "", 500), (-1, "", "", "", 200)]
    assert why(lambda: send(made, 9, "A1")) == "already_paid"
    assert used() == 700
    assert services.reverse(first, "Forged", by="bob", now=NOW)
    assert (used(), differences()) == (200, ())


def test_photos_go_ninety_days_after_the_decision() -> None:
    made = offer()
    receipt = send(made)
    send(made, number="B2")
    approve(receipt)
    assert reads.photo(receipt).kind == "image/png"
    later = NOW + timedelta(days=customers.PHOTO_DAYS)
    assert customers.drop_photos(later - timedelta(seconds=1)) == 0
    assert customers.drop_photos(later) == 1
    assert ReceiptPhoto.objects.count() == 1
    with pytest.raises(WotuError):
        reads.photo(receipt)


@pytest.mark.django_db(transaction=True)
def test_with_a_budget_for_ten_exactly_ten_of_forty_are_paid() -> None:
    made = offer(budget=5_000)
    receipts = [send(made, customer, f"N{customer}") for customer in range(CLIENTS)]
    told = together(lambda number: approve(receipts[number]))
    assert sorted(told) == ["budget_empty"] * 30 + ["done"] * 10
    assert (used(), sum(map(cash, range(CLIENTS)))) == (5_000, 5_000)
    assert sorted(states()) == ["approved"] * 10 + ["waiting"] * 30
    assert differences() == ()


@pytest.mark.django_db(transaction=True)
def test_of_forty_who_send_the_same_receipt_one_is_paid() -> None:
    made = offer()
    receipts = [send(made, customer) for customer in range(CLIENTS)]
    told = together(lambda number: approve(receipts[number]))
    assert sorted(told) == ["already_paid"] * 39 + ["done"]
    assert (used(), sum(map(cash, range(CLIENTS)))) == (500, 500)
    assert differences() == ()


@pytest.mark.django_db(transaction=True)
def test_one_receipt_tapped_and_approved_forty_times_is_one() -> None:
    made = offer()
    assert together(lambda _: send(made)) == ["done"] * CLIENTS
    [receipt] = Receipt.objects.values_list("pk", flat=True)
    assert together(lambda _: approve(receipt)) == ["done"] * CLIENTS
    assert (used(), cash(), ReceiptPhoto.objects.count()) == (500, 500, 1)
    assert differences() == ()


@pytest.mark.crash
def test_killed_while_it_is_approved_a_receipt_is_paid_by_the_next_time(make_prepared: Callable[..., Any]) -> None:
    path = make_prepared(timezone="Asia/Shanghai", currency="CNY").path
    assert forked.told(crashing.look, path) == "waiting 0 0 0\n"
    for crash_at in ("loyalty-receipt-approved", "ledger-posted"):
        forked.killed(crash_at, crashing.approve, path)
        assert forked.told(crashing.look, path) == "waiting 0 0 0\n"
    assert [forked.told(crashing.approve, path) for _ in range(2)] == ["approved 500 500 0\n"] * 2


def _sum() -> Any:
    from django.db.models import Sum

    return Sum("used")
