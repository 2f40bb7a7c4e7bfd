"""A lottery from its draft to its end: tickets, draws, wins, what is settled with the launch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from tests.loyalty.clubs import NOW, club, has
from tests.loyalty.lotteries import ENDS, SEED, THANKS, draft, goods, launched, points

from wotu.core.errors import ErrorCode, WotuError
from wotu.ledger.proof import differences
from wotu.ledger.rules import Cause
from wotu.loyalty.campaigns import services as campaign_services
from wotu.loyalty.coupons import services as coupon_services
from wotu.loyalty.customers import personal
from wotu.loyalty.customers import services as customer_services
from wotu.loyalty.lottery import (
    chance_services,
    draft_services,
    draw_services,
    giving_services,
    own_reads,
    reads,
    services,
)
from wotu.loyalty.lottery.choices import Outcome, WinState
from wotu.loyalty.lottery.odds import commitment, draw_label, number_of, prize_of, table_of
from wotu.loyalty.lottery.releases import evenly
from wotu.loyalty.models import Coupon, Draw, Lottery, Ticket, Win
from wotu.outbox.models import Work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _zone(settings: Any) -> None:
    from wotu.core.settings import Settings

    settings.WOTU_SETTINGS = Settings(timezone="Asia/Shanghai")


def draw(number: int = 0, customer: int = 7, **given: Any) -> draw_services.Drawn:
    chance_services.give("wheel", customer, key=f"k{customer}:{number}", now=NOW)
    return draw_services.draw("wheel", customer, **{"key": f"d{customer}:{number}", "now": NOW, **given})


def refusal(error: pytest.ExceptionInfo[WotuError]) -> tuple[ErrorCode, str | None, Any]:
    return error.value.code, error.value.field, error.value.given.get("refusal")


def pool() -> tuple[int, int, int, int]:
    made = taken = free = withdrawn = 0
    for each in reads.lottery("wheel", NOW).prizes:
        made, taken = made + each.made, taken + each.taken
        free, withdrawn = free + each.free, withdrawn + each.withdrawn
    return made, taken, free, withdrawn


def test_tickets_are_made_with_the_launch_the_same_of_the_same_seed() -> None:
    windows = evenly(20, NOW, ENDS)
    launched(goods(Fraction(1, 10), 20, windows=windows), THANKS)
    first = list(Ticket.objects.order_by("release_at").values_list("release_at", flat=True))
    launched(goods(Fraction(1, 10), 20, windows=windows), THANKS, code="again")
    again = Ticket.objects.filter(prize__lottery__code="again").order_by("release_at")
    launched(goods(Fraction(1, 10), 20, windows=windows), THANKS, code="other", seed="0" * 16)
    other = Ticket.objects.filter(prize__lottery__code="other").order_by("release_at")
    assert len(first) == 20
    assert first == list(again.values_list("release_at", flat=True)) != list(other.values_list("release_at", flat=True))
    assert NOW <= first[0] < first[-1] < ENDS
    view = reads.lottery("wheel", NOW)
    assert (view.commitment, view.seed, view.nothing) == (commitment(SEED), "", Fraction(4, 10))


def test_a_draw_spends_a_chance_and_takes_a_ticket_once_for_its_key() -> None:
    launched(goods(pieces=2))
    first = draw()
    assert (first.outcome, first.prize, first.repeated) == (Outcome.WON, 0, False)
    assert draw_services.draw("wheel", 7, key="d7:0", now=NOW) == replace(first, repeated=True)
    assert (has(7, "chance:wheel"), Draw.objects.count(), Win.objects.count()) == (0, 1, 1)
    assert pool() == (2, 1, 1, 0)
    [told] = reads.wins_of(7, "wheel")
    assert (told.name_zh, told.state, told.draw) == ("茶壶", WinState.TO_HAND_OUT, first.draw)
    assert differences() == ()


def test_without_a_chance_nothing_is_drawn() -> None:
    launched()
    with pytest.raises(WotuError) as error:
        draw_services.draw("wheel", 7, key="k", now=NOW)
    assert refusal(error) == (ErrorCode.LIMIT_REACHED, "lottery", "no_chance")
    assert (Draw.objects.count(), pool(), Work.objects.count()) == (0, (1, 0, 1, 0), 0)


def test_a_key_of_somebody_else_is_refused() -> None:
    launched(goods(pieces=2))
    draw()
    chance_services.give("wheel", 8, key="k", now=NOW)
    with pytest.raises(WotuError) as error:
        draw_services.draw("wheel", 8, key="d7:0", now=NOW)
    assert refusal(error) == (ErrorCode.INVALID_ARGUMENT, "key", None)
    assert (has(8, "chance:wheel"), Draw.objects.count()) == (1, 1)


def test_a_draw_is_what_the_seed_and_the_published_odds_make_of_its_number() -> None:
    odds = [Fraction(1, 5), Fraction(1, 2)]
    launched(goods(odds[0], 100), THANKS)
    table = table_of(odds)
    for number in range(40):
        made = draw(number)
        expected = prize_of(number_of(SEED, draw_label(made.draw), table.out_of), table)
        assert made.prize == expected
        outcome = {0: Outcome.WON, 1: Outcome.THANKS, None: Outcome.NOTHING}[expected]
        assert made.outcome == outcome
    assert set(Draw.objects.values_list("outcome", flat=True)) == {Outcome.WON, Outcome.THANKS, Outcome.NOTHING}
    assert Win.objects.count() == Draw.objects.filter(outcome=Outcome.WON).count() == pool()[1]


def test_a_ticket_is_not_there_before_its_release() -> None:
    later = NOW + timedelta(days=5)
    launched(goods(pieces=1, windows=evenly(1, later, later)))
    assert draw().outcome == Outcome.NONE_LEFT
    assert draw(1, now=later).outcome == Outcome.WON
    assert draw(2, now=later).outcome == Outcome.NONE_LEFT
    assert pool() == (1, 1, 0, 0)


def test_pitfall_23_a_person_wins_so_often_at_most_and_the_pool_is_conserved() -> None:
    launched(goods(pieces=5), most_wins=2)
    assert [draw(number).outcome for number in range(4)] == [Outcome.WON, Outcome.WON] + [Outcome.WON_ENOUGH] * 2
    assert draw(0, customer=8).outcome == Outcome.WON
    assert pool() == (5, 3, 2, 0)
    assert own_reads.chances(7, "wheel", NOW).wins_left == 0
    assert services.end("wheel", now=NOW, because="The teapots broke.") == 2
    assert pool() == (5, 3, 0, 2)


def test_a_draw_that_finds_no_ticket_is_no_win() -> None:
    later = NOW + timedelta(days=1)
    launched(goods(pieces=1, windows=evenly(1, later, later)), most_wins=1)
    assert draw().outcome == Outcome.NONE_LEFT
    assert draw(1, now=later).outcome == Outcome.WON


def test_points_are_granted_and_a_winner_joins_the_programme() -> None:
    club()
    launched(points(Fraction(1)))
    assert draw().outcome == Outcome.WON
    assert has(7) == 50
    [win] = Win.objects.all()
    assert (win.state, win.given_at, win.transfer is not None) == (WinState.GIVEN, NOW, True)
    assert differences() == ()


def test_a_coupon_is_issued_and_one_that_cannot_be_is_owed_until_it_can() -> None:
    campaign, template = ten_off()
    launched(goods(kind="coupon", template=template, pieces=3, value=1_000))
    draw()
    assert Coupon.objects.get().customer == 7
    campaign_services.pause(campaign)
    second = draw(1)
    win = Win.objects.get(draw=second.draw)
    assert (second.outcome, win.state, win.why) == (Outcome.WON, WinState.OWED, "not_running")
    assert (has(7, "chance:wheel"), Coupon.objects.count(), pool()) == (0, 1, (3, 2, 1, 0))
    assert giving_services.give_owed(NOW) == 0
    campaign_services.resume(campaign)
    assert [giving_services.give_owed(NOW) for _ in range(2)] == [1, 0]
    win.refresh_from_db()
    assert (win.state, win.why, Coupon.objects.count()) == (WinState.GIVEN, "", 2)


def test_a_coupon_of_which_the_customer_had_enough_is_owed_and_staff_make_it_good() -> None:
    _, template = ten_off(per_customer=1)
    launched(goods(kind="coupon", template=template, pieces=3, value=1_000))
    draw(), draw(1)
    win = Win.objects.get(state=WinState.OWED)
    assert win.why == "customer_limit"
    assert giving_services.hand_out(win.pk, by="ann", now=NOW)
    assert not giving_services.hand_out(win.pk, by="bob", now=NOW)
    assert giving_services.give_owed(NOW) == 0
    win.refresh_from_db()
    assert (win.state, win.given_by, Coupon.objects.count()) == (WinState.HANDED_OUT, "ann", 1)


def test_facts_are_settled_with_the_launch_and_only_added_to() -> None:
    launched(goods(pieces=2), replace(THANKS, odds=Fraction(0)))
    with pytest.raises(WotuError) as error:
        draft_services.rewrite("wheel", draft(goods(Fraction(1, 2), 2)))
    assert refusal(error)[2] == "frozen"
    assert Fraction(1) == reads.lottery("wheel", NOW).prizes[0].odds
    assert services.add_pieces("wheel", 0, 3, now=NOW) == 5
    assert pool() == (5, 0, 5, 0)
    for place in (1, 2):
        with pytest.raises(WotuError) as error:
            services.add_pieces("wheel", place, 3, now=NOW)
        assert error.value.code == ErrorCode.NOT_FOUND
    with pytest.raises(WotuError) as error:
        services.launch("wheel", seed=SEED, by="ann", now=NOW)
    assert refusal(error)[2] == "not_a_draft"


def test_what_the_law_has_against_it_is_not_launched() -> None:
    dear = goods(pieces=1, value=5_000_001)
    draft_services.write_draft("wheel", draft(dear, sponsor=""), currency="CNY", by="ann", now=NOW)
    with pytest.raises(WotuError) as error:
        services.launch("wheel", seed=SEED, by="ann", now=NOW)
    assert refusal(error) == (ErrorCode.LAUNCH_REFUSED, "sponsor", "sponsor_missing")
    assert [each["code"] for each in error.value.given["findings"]] == ["sponsor_missing", "prize_too_high"]
    assert [each.code for each in reads.law_findings("wheel")] == ["sponsor_missing", "prize_too_high"]
    assert (Ticket.objects.count(), Lottery.objects.get().state) == (0, "draft")
    draft_services.rewrite("wheel", draft(goods()))
    assert services.launch("wheel", seed=SEED, by="ann", now=NOW) == 1


def test_it_rests_runs_and_ends_when_it_was_promised_to() -> None:
    launched(goods(pieces=3))
    draw()
    services.pause("wheel")
    with pytest.raises(WotuError) as error:
        draw(1)
    assert refusal(error)[2] == "not_running"
    assert draw_services.draw("wheel", 7, key="d7:0", now=NOW).repeated
    with pytest.raises(WotuError) as error:
        services.pause("wheel")
    assert refusal(error)[2] == "not_running"
    services.resume("wheel")
    with pytest.raises(WotuError) as error:
        services.end("wheel", now=NOW)
    assert (refusal(error)[2], pool()) == ("too_early", (3, 1, 2, 0))
    assert services.end_those_over(ENDS - timedelta(seconds=1)) == 0
    assert [services.end_those_over(ENDS) for _ in range(2)] == [1, 0]
    assert pool() == (3, 1, 0, 2)
    assert reads.lottery("wheel", ENDS).seed == SEED


def test_nothing_is_drawn_before_or_after_its_time() -> None:
    launched(goods(pieces=3), starts_at=NOW + timedelta(hours=1))
    for at in (NOW + timedelta(minutes=59), ENDS):
        with pytest.raises(WotuError) as error:
            draw_services.draw("wheel", 7, key="k", now=at)
        assert refusal(error)[2] == "not_running"
    assert Draw.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("name", {"name_zh": " ", "name_en": ""}), ("look", {"look": "slot"}), ("ends_at", {"ends_at": NOW}),
        ("claim_until", {"claim_until": NOW}), ("prizes", {"prizes": (THANKS,)}),
        ("prizes", {"prizes": (goods(Fraction(1, 99)),) * 13}), ("odds", {"prizes": (goods(), goods())}),
        ("odds", {"prizes": (goods(Fraction(0)),)}), ("pieces", {"prizes": (goods(pieces=0),)}),
        ("pieces", {"prizes": (goods(pieces=200_001),)}),
        ("pieces", {"prizes": (goods(Fraction(1, 2)), replace(THANKS, pieces=1))}),
        ("release", {"prizes": (goods(windows=evenly(2, NOW, ENDS)),)}), ("value", {"prizes": (goods(value=0),)}),
        ("points", {"prizes": (goods(points=5),)}), ("points", {"prizes": (goods(kind="points"),)}),
        ("template", {"prizes": (goods(kind="coupon"),)}),
        ("template", {"prizes": (goods(kind="coupon", template=99),)}),
        ("kind", {"prizes": (goods(kind="car"),)}), ("most_wins", {"most_wins": 0}),
        ("sponsor", {"sponsor": "x" * 121}),
    ],
)  # fmt: skip
def test_a_draft_that_cannot_be_is_refused(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(WotuError) as error:
        draft_services.write_draft("wheel", draft(**change), currency="CNY", by="ann", now=NOW)
    assert error.value.field == field
    assert Lottery.objects.count() == 0


def test_a_draft_is_read_as_it_was_written() -> None:
    club()
    written = draft(points(Fraction(1, 3), windows=evenly(1_000, NOW, ENDS)), THANKS, most_wins=2, look="scratch")
    draft_services.write_draft("wheel", written, currency="CNY", by="ann", now=NOW)
    assert reads.draft_of("wheel") == written
    with pytest.raises(WotuError) as error:
        draft_services.write_draft("wheel", written, currency="CNY", by="ann", now=NOW)
    assert error.value.field == "code"


def test_every_draw_and_win_is_told() -> None:
    launched(goods(pieces=1))
    first, second = draw(), draw(1)
    told = {each.key: each.payload for each in Work.objects.filter(task="outbox.message")}
    assert {key: (each["event"], each["customer"], each["properties"]) for key, each in told.items()} == {
        f"lottery-drawn:{first.draw}": ("Lottery Drawn", 7, {"lottery": "wheel", "outcome": "won", "prize": "茶壶"}),
        f"prize-won:{first.draw}": (
            "Prize Won", 7, {"lottery": "wheel", "prize": "茶壶", "kind": "goods", "value": "99.00"}
        ),
        f"lottery-drawn:{second.draw}": ("Lottery Drawn", 7, {"lottery": "wheel", "outcome": "none_left"}),
    }  # fmt: skip


def test_two_customers_who_are_one_have_what_both_had_and_win_no_more_often() -> None:
    launched(goods(pieces=9), most_wins=2)
    draw(0, customer=7), draw(0, customer=8)
    chance_services.give("wheel", 7, key="more", now=NOW)
    customer_services.merge_customers(Cause("identity", 1, "m", "c7", "merge"), 7, 8, now=NOW)
    assert (has(7, "chance:wheel"), has(8, "chance:wheel")) == (0, 1)
    assert draw_services.draw("wheel", 8, key="last", now=NOW).outcome == Outcome.WON_ENOUGH
    assert len(reads.wins_of(8, "wheel")) == 2
    assert differences() == ()


def test_who_is_forgotten_has_no_name_in_it_and_the_pool_stays() -> None:
    launched(goods(pieces=9))
    draw(0)
    told = personal.value_of(["c7"])
    assert ([each["outcome"] for each in told["draws"]], [each["prize__name_zh"] for each in told["wins"]]) == (
        ["won"], ["茶壶"]
    )  # fmt: skip
    personal.forget(["c7"])
    assert set(Draw.objects.values_list("customer", flat=True)) == {-1}
    assert Draw.objects.get().key == f"erased:{Draw.objects.get().pk}"
    assert set(Win.objects.values_list("customer", flat=True)) == {-1}
    assert (pool(), personal.value_of(["c7"])["draws"]) == ((9, 1, 8, 0), [])


def test_figures_are_those_of_the_draws() -> None:
    launched(goods(pieces=2))
    draw(0), draw(1), draw(0, customer=8)
    chance_services.give("wheel", 8, key="unused", now=NOW)
    told = reads.figures("wheel")
    assert (told.draws, told.people, told.wins, told.winners, told.left) == (3, 2, 2, 1, 0)
    assert (told.cost, told.owed, told.to_hand_out) == (19_800, 0, 2)
    assert (told.chances_earned, told.chances_used) == (4, 3)
    assert [each.customer for each in reads.wins("wheel", open_only=True).rows] == [7, 7]
    [row] = reads.lotteries(NOW)
    assert (row.code, row.running, row.cost) == ("wheel", True, 19_800)


def ten_off(per_customer: int | None = None) -> tuple[int, int]:
    campaign = campaign_services.create_campaign("spring", "Spring", by="ann", now=NOW)
    campaign_services.launch(campaign, by="ann", now=NOW)
    rule = {"effect": {"type": "amount_off", "amount": 1_000}}
    term = {"type": "days", "days": 30}
    template = coupon_services.create_template(campaign, "10 off", rule, term, now=NOW, per_customer=per_customer)
    return campaign, template
