"""Where a lottery went wrong once: keys of others, wins that wait behind others, the law after more pieces."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any
from unittest.mock import patch

import pytest
from tests.loyalty.clubs import NOW, club, has
from tests.loyalty.lotteries import ENDS, draft, goods, launched, points

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import Settings
from wotu.loyalty.lottery import chance_services, draft_services, draw_services, giving_services, reads, services
from wotu.loyalty.lottery.chances import ChanceRule
from wotu.loyalty.lottery.choices import WinState
from wotu.loyalty.lottery.models import Lottery, Prize, Ticket, Win
from wotu.loyalty.programme import services as programme_services

pytestmark = pytest.mark.django_db
DEAR = goods(pieces=1, value=3_000_000)


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")


def refused(call: Any) -> WotuError:
    with pytest.raises(WotuError) as found:
        call()
    return found.value


def test_a_key_that_gave_chances_to_somebody_else_gives_none_and_says_so() -> None:
    launched()
    assert chance_services.give("wheel", 7, key="k", now=NOW) == 1
    assert chance_services.give("wheel", 7, key="k", now=NOW) == 0
    error = refused(lambda: chance_services.give("wheel", 8, key="k", now=NOW))
    assert (error.code, error.field) == (ErrorCode.INVALID_ARGUMENT, "key")
    assert (has(7, "chance:wheel"), has(8, "chance:wheel")) == (1, 0)


def test_a_key_is_known_also_where_the_most_that_one_may_have_is_reached() -> None:
    launched(most_chances=3)
    assert chance_services.give("wheel", 7, key="k", count=5, now=NOW) == 3
    assert refused(lambda: chance_services.give("wheel", 8, key="k", now=NOW)).field == "key"
    assert chance_services.give("wheel", 7, key="k", count=5, now=NOW) == 0


@pytest.mark.parametrize(
    ("rules", "stands_in_the_way"),
    [
        ((ChanceRule(rule_id="a", by="order"), ChanceRule(rule_id="b", by="order", paid_with="wechat")), True),
        ((ChanceRule(rule_id="a", by="order", chances=3, most_per_day=1),), False),
        ((ChanceRule(rule_id="a", by="order", chances=3, most=2),), True),
        ((ChanceRule(rule_id="a", by="recharge", chances=2),), True),
        ((ChanceRule(rule_id="a", by="visit", chances=2), ChanceRule(rule_id="b", by="order")), False),
    ],
)
def test_all_that_one_purchase_may_draw_counts_together(rules: tuple[ChanceRule, ...], stands_in_the_way: bool) -> None:
    prizes = (replace(DEAR, odds=Fraction(1, 4), pieces=2), replace(DEAR, odds=Fraction(1, 4), pieces=1))
    draft_services.write_draft("wheel", draft(*prizes, chances=rules), currency="CNY", by="ann", now=NOW)
    found = [each.code for each in reads.law_findings("wheel")]
    assert found == (["prizes_together_too_high"] if stands_in_the_way else [])


def test_the_most_chances_of_a_person_bound_what_one_purchase_may_draw() -> None:
    rules = (ChanceRule(rule_id="a", by="order", chances=3),)
    asked = draft(replace(DEAR, pieces=3), chances=rules, most_chances=1)
    draft_services.write_draft("wheel", asked, currency="CNY", by="ann", now=NOW)
    assert reads.law_findings("wheel") == ()


def test_more_pieces_are_refused_where_the_law_is_against_them() -> None:
    launched(DEAR, chances=(ChanceRule(rule_id="a", by="order", chances=2),))
    error = refused(lambda: services.add_pieces("wheel", 0, 1, now=NOW))
    assert (error.code, error.given["refusal"]) == (ErrorCode.LAUNCH_REFUSED, "prizes_together_too_high")
    assert (Prize.objects.get().pieces, Ticket.objects.count()) == (1, 1)


def test_wins_that_cannot_be_given_keep_no_other_from_theirs() -> None:
    club()
    launched(points(Fraction(1), pieces=5))
    for customer in range(1, 5):
        chance_services.give("wheel", customer, key=str(customer), now=NOW)
        draw_services.draw("wheel", customer, key=str(customer), now=NOW)
    programme_services.set_terms("club", state="paused")
    assert Win.objects.exclude(state=WinState.GIVEN).count() == Win.objects.count() - 4 == 0
    Win.objects.update(state=WinState.OWED, given_at=None, transfer=None)
    programme_services.set_terms("club", state="live")
    first = Win.objects.order_by("pk").values_list("pk", flat=True)[0]
    give, failing = giving_services.give, iter([ValueError("of the first")])

    def breaking(win: Win, **named: Any) -> None:
        if win.pk == first:
            raise next(failing, ValueError("again"))
        give(win, **named)

    with (
        patch.object(giving_services, "_AT_ONCE", 1), patch.object(giving_services, "give", breaking),
        pytest.raises(ValueError, match="of the first"),
    ):  # fmt: skip
        giving_services.give_owed(NOW)
    assert list(Win.objects.exclude(state=WinState.GIVEN).values_list("pk", flat=True)) == [first]


def test_a_lottery_that_somebody_ended_meanwhile_keeps_no_other_from_its_end() -> None:
    for code in ("one", "two"):
        launched(code=code)
    end, over = services.end, ENDS + timedelta(hours=1)

    def beaten(code: str, **named: Any) -> int:
        if code == "one":
            end(code, **named)
        return end(code, **named)

    with patch.object(services, "end", beaten):
        services.end_those_over(over)
    assert set(Lottery.objects.values_list("state", flat=True)) == {"ended"}


@pytest.mark.parametrize(
    ("change", "field"),
    [({"most_wins": 10**12}, "most_wins"), ({"most_chances": 10**12}, "most_chances"),
     ({"chances": (ChanceRule(rule_id="a\x00", by="order"),)}, "chances"),
     ({"chances": (ChanceRule(rule_id="a", by="order", paid_with="x" * 41),)}, "paid_with"),
     ({"chances": (ChanceRule(rule_id="a", by="order", paid_with="\x00"),)}, "paid_with"),
     ({"chances": (ChanceRule(rule_id="a", by="order", most=10**30),)}, "most"),
     ({"chances": (ChanceRule(rule_id="a", by="order", template=10**6),)}, "template"),
     ({"chances": tuple(ChanceRule(rule_id=str(each), by="order") for each in range(21))}, "chances")],
)  # fmt: skip
def test_what_no_lottery_can_have_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    error = refused(lambda: draft_services.write_draft("wheel", draft(**change), currency="CNY", by="ann", now=NOW))
    assert (error.field, Lottery.objects.count()) == (field, 0)
