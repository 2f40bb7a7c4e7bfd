"""What others are told: balances, lots, statements whose every balance is explained, transfers, liability, limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger import (
    due_services,
    hold_services,
    house_reads,
    limit_services,
    moving_services,
    proof_services,
    reads,
    services,
)
from wotu.ledger.choices import Purpose
from wotu.ledger.house_reads import Expiring, LimitRow, ProgrammeLiability
from wotu.ledger.models import Account, Hold, Slice
from wotu.ledger.reads import Balance, UnitRow
from wotu.ledger.rules import Cause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
POINTS = UnitRow("points", "points", "Points")


def cause(event: str, effect: str = "earn", programme: str = "club") -> Cause:
    return Cause(programme, 1, event, "buyer", effect)


def grant(event: str, amount: int, *, programme: str = "club", **options: object) -> int:
    given = {"customer": 7, "unit": "points", "now": NOW, **options}
    return services.grant(cause(event, programme=programme), amount=amount, **given).transfer  # type: ignore[arg-type]


def spend(event: str, amount: int, *, programme: str = "club") -> int:
    why = cause(event, "spend", programme)
    return services.spend(why, customer=7, unit="points", amount=amount, now=NOW).transfer


@pytest.fixture
def history(points: str) -> dict[str, int]:
    """Earned 100 (until day 5) and 40, 30 to come on day 7, 60 spent and 20 of it returned, 10 held."""
    made = {"soon": grant("order:1", 100, expires_at=NOW + 5 * DAY), "late": grant("order:2", 40)}
    made["waits"] = grant("order:3", 30, available_at=NOW + 7 * DAY)
    made["spent"] = spend("gift", 60)
    made["back"] = services.reverse_spend(cause("return", "return"), made["spent"], now=NOW, amount=20).transfer
    hold_services.hold("cart", customer=7, unit="points", amount=10, until=NOW + DAY, now=NOW)
    return made


def test_balances_tell_what_is_free_held_to_come_and_owed(history: dict[str, int], django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        (told,) = reads.balances(7)

    assert told == Balance(POINTS, free=90, held=10, pending=30, owed=0)
    assert reads.balances(8) == ()


def test_lots_stand_in_the_order_of_spending_then_those_that_wait(
    history: dict[str, int], django_assert_num_queries
) -> None:
    with django_assert_num_queries(2):
        lots = reads.lots(7, "points")

    assert [(lot.source.id, lot.remaining, lot.waits) for lot in lots] == [
        (history["soon"], 60, False), (history["late"], 40, False), (history["waits"], 30, True),
    ]  # fmt: skip
    assert lots[0].expires_at == NOW + 5 * DAY
    spend("rest", 60)
    assert [lot.remaining for lot in reads.lots(7, "points", spent=True)] == [40, 30, 0]


def test_a_statement_explains_every_balance(history: dict[str, int], django_assert_num_queries) -> None:
    with django_assert_num_queries(5):
        told = reads.statement(7, "points")

    assert told.balance == 130
    moved = [(each.transfer.cause.effect, each.amount, each.balance) for each in told.entries]
    assert moved == [
        ("return", 20, 130), ("spend", -60, 110), ("earn", 30, 170), ("earn", 40, 140), ("earn", 100, 100),
    ]  # fmt: skip
    back, spent = told.entries[:2]
    assert (back.reverses, spent.reversed_by) == (history["spent"], (history["back"],))
    assert [each.purpose for each in spent.counter] == [Purpose.REDEEMED]


def test_pages_of_a_statement_follow_each_other(history: dict[str, int]) -> None:
    whole, found, before = reads.statement(7, "points").entries, [], None
    while True:
        page = reads.statement(7, "points", before=before, limit=2)
        found += page.entries
        before = page.next
        if before is None:
            break

    assert tuple(found) == whole
    with pytest.raises(WotuError) as refused:
        reads.statement(7, "points", before="x")
    assert refused.value.field == "before"


def test_a_statement_of_one_purpose_or_account_ends_at_its_balance(history: dict[str, int]) -> None:
    for account in Account.objects.filter(owner=7):
        told = reads.account_statement(account.pk)
        assert (told.balance, told.entries[0].balance) == (account.balance, account.balance)
        assert reads.statement(7, "points", purpose=account.purpose) == told
    with pytest.raises(WotuError) as refused:
        reads.account_statement(10**9)
    assert refused.value.code == ErrorCode.NOT_FOUND


def test_a_transfer_names_what_it_reverses_and_what_reverses_it(
    history: dict[str, int], django_assert_num_queries
) -> None:
    with django_assert_num_queries(3):
        spent = reads.transfer(history["spent"])
    back = reads.transfer(history["back"])

    assert [each.id for each in spent.reversals] == [history["back"]]
    assert back.reverses is not None
    assert back.reverses.id == history["spent"]
    assert sum(each.amount for each in spent.postings) == 0
    assert {each.account.customer_id for each in spent.postings} == {"c7", None}
    with pytest.raises(WotuError):
        reads.transfer(10**9)


def test_what_a_customer_owes_is_told(points: str) -> None:
    earned = grant("order:1", 100)
    spend("gift", 70)
    services.reverse_grant(cause("refund:1", "reverse"), earned, now=NOW)

    (told,) = reads.balances(7)

    assert (told.free, told.owed, told.net) == (0, 70, -70)
    assert reads.statement(7, "points").balance == -70


def test_liability_adds_up_by_unit_and_programme(history: dict[str, int], django_assert_num_queries) -> None:
    grant("lucky", 50, programme="lottery")
    spend("gift:2", 5, programme="mall")
    due_services.carry_out_due(7, now=NOW + 6 * DAY)
    services.spend(cause("oops", "take", "staff"), customer=7, unit="points", amount=3, now=NOW, into=Purpose.ADJUSTED)
    with django_assert_num_queries(5):
        (told,) = house_reads.liability()

    assert (told.issued, told.redeemed, told.expired, told.adjusted) == (220, 45, 55, 3)
    assert (told.outstanding, told.owed, told.customers) == (117, 0, 1)
    assert told.issued == told.redeemed + told.expired + told.adjusted + told.outstanding - told.owed + told.in_limits
    assert told.programmes == (
        ProgrammeLiability("club", issued=170, redeemed=40, expired=55, outstanding=67),
        ProgrammeLiability("lottery", issued=50, outstanding=50),
        ProgrammeLiability("mall", redeemed=5),
        ProgrammeLiability("staff", adjusted=3),
    )


def test_liability_of_what_is_limited_and_of_who_is_erased(points: str) -> None:
    grant("order:1", 100)
    moving_services.forget(7)
    account = limit_services.open_limit(cause("budget", "open"), unit=points, owner=1, total=40, now=NOW)
    limit_services.spend_limit(cause("order:9", "pay"), account, 15, unit=points, now=NOW)

    (told,) = house_reads.liability("points")

    assert (told.issued, told.redeemed, told.outstanding, told.in_limits, told.customers) == (140, 15, 100, 25, 0)
    assert house_reads.liability("nothing") == ()


def test_the_calendar_says_what_expires_by_day_and_month_of_the_zone(points: str, django_assert_num_queries) -> None:
    evening = datetime(2026, 3, 31, 17, tzinfo=UTC)  # 1 April in Shanghai
    for number, (amount, expires) in enumerate([(10, evening), (5, evening), (7, NOW + DAY), (1, None)]):
        grant(f"order:{number}", amount, expires_at=expires)
    grant("other", 100, customer=8, expires_at=evening)

    with django_assert_num_queries(1):
        days = house_reads.expiry_calendar("points", since=NOW, by="day", zone=SHANGHAI)

    assert days == (Expiring(date(2026, 3, 2), 7, 1), Expiring(date(2026, 4, 1), 115, 3))
    months = house_reads.expiry_calendar("points", since=NOW, until=evening, zone=SHANGHAI)
    assert months == (Expiring(date(2026, 3, 1), 7, 1),)


def test_limits_are_told_with_their_slices_summed(points: str, django_assert_num_queries) -> None:
    first = limit_services.open_limit(cause("a", "open"), unit=points, owner=1, total=40, now=NOW)
    second = limit_services.open_limit(cause("b", "open"), unit=points, owner=2, total=9, now=NOW)
    limit_services.spend_limit(cause("order", "pay"), first, 6, unit=points, now=NOW)
    hold_services.hold_limit("cart", account=first, amount=3, until=NOW + DAY, now=NOW)

    with django_assert_num_queries(1):
        page = house_reads.limits()

    assert page.rows == (
        LimitRow(second, POINTS, 2, size=9, used=0, held=0, slices=1),
        LimitRow(first, POINTS, 1, size=40, used=6, held=3, slices=5),
    )
    assert (page.rows[1].left, page.next) == (31, None)
    newest = house_reads.limits(limit=1)
    assert house_reads.limits(before=newest.next).rows == page.rows[1:]
    assert house_reads.limits(owner=1).rows == page.rows[1:]
    with django_assert_num_queries(2):
        row, slices = house_reads.limit_of(first)
    assert (row, sum(each.size for each in slices), len(slices)) == (page.rows[1], 40, 5)
    with pytest.raises(WotuError):
        house_reads.limit_of(10**9)


def test_what_is_due_is_carried_out_for_one_and_for_all(history: dict[str, int]) -> None:
    grant("other", 5, customer=8, expires_at=NOW + DAY)
    assert due_services.carry_out_due(7, now=NOW) == 0

    assert due_services.carry_out_due(7, now=NOW + 2 * DAY) == 1
    assert reads.balances(7)[0].free == 100
    assert due_services.carry_out_due_accounts(now=NOW + 8 * DAY, most=1) == 1
    assert due_services.carry_out_due_accounts(now=NOW + 8 * DAY) == 1
    assert due_services.carry_out_due_accounts(now=NOW + 8 * DAY) == 0

    assert reads.balances(7) == (Balance(POINTS, free=70),)
    assert reads.balances(8) == (Balance(POINTS),)


def test_limits_get_back_what_is_held_beyond_its_time(points: str) -> None:
    account = limit_services.open_limit(cause("a", "open"), unit=points, owner=1, total=40, now=NOW)
    hold_services.hold_limit("cart", account=account, amount=3, until=NOW + DAY, now=NOW)
    assert due_services.end_limit_holds(now=NOW) == 0

    assert due_services.end_limit_holds(now=NOW + DAY) == 1

    assert limit_services.room(account).held == 0
    assert Hold.objects.get().state == "expired"


def test_the_outcome_of_a_proof_is_kept(history: dict[str, int]) -> None:
    assert proof_services.last_proof() is None
    agreed = proof_services.prove(now=NOW)
    assert (agreed.differences, agreed.agreed_at, proof_services.last_proof()) == (0, NOW, agreed)

    Account.objects.filter(owner=7, purpose=Purpose.MAIN).update(balance=1000)
    wrong = proof_services.prove(now=NOW + DAY)

    assert (wrong.differences, wrong.agreed_at, proof_services.last_proof()) == (2, NOW, wrong)
    assert [each.kept for each in wrong.shown] == [1000, 1000]
    assert not Slice.objects.exists()
