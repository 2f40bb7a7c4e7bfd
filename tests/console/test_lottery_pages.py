"""Loyalty, Lotteries: begun from a start, changed while a draft, launched, followed; prizes are handed out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import FakeWorkspace
from tests.console.shops import written
from tests.console.test_loyalty_pages import _INLINE, SignIn
from tests.loyalty.clubs import club
from tests.loyalty.lotteries import THANKS, draft, goods

from wotu.accounts import audit
from wotu.console.loyalty import lottery_form
from wotu.core.periods import to_micros
from wotu.loyalty.lottery import chance_services, draft_services, draw_services, reads, services
from wotu.loyalty.lottery.chances import ChanceRule
from wotu.loyalty.lottery.releases import evenly
from wotu.loyalty.models import Draw, Lottery, Prize, Ticket, Win

DAY = timedelta(days=1)
ZONE = ZoneInfo("UTC")


def lottery(code: str = "wheel", *, live: bool = True, **change: Any) -> None:
    """Everybody wins a teapot; customer 42 has drawn twice."""
    now = timezone.now()
    given = {
        "chances": (ChanceRule(rule_id="visit", by="visit"),),
        "starts_at": now - DAY,
        "ends_at": now + 9 * DAY,
        "claim_until": now + 30 * DAY,
        **change,
    }
    prizes = given.pop("prizes", (goods(Fraction(1), 3, name_en="Teapot <b>"),))
    draft_services.write_draft(code, draft(*prizes, **given), currency="USD", by="ann", now=now - DAY)
    if live:
        services.launch(code, seed="0" * 32, by="ann", now=now - DAY)
        chance_services.give(code, 42, key="k", count=5, now=now)
        for key in "ab":
            draw_services.draw(code, 42, key=key, now=now)


def filled(client: Client, start: str = "wheel") -> dict[str, str]:
    """The form as a start fills it, with a contact typed in."""
    page = client.get(f"/loyalty/lotteries/new/?from={start}").content.decode()
    form = dict(re.findall(r'<input[^>]*name="([a-z_0-9]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select name="([a-z_0-9]+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        form[name] = chosen[1] if chosen else ""
    texts = dict(re.findall(r'<textarea name="([a-z_]+)"[^>]*>([^<]*)', page))
    return form | texts | {"contact": "400-1"}


def state_of_all() -> list[Any]:
    return [list(each.objects.order_by("pk").values()) for each in (Lottery, Prize, Ticket, Draw, Win)]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_every_page_answers(space: FakeWorkspace, sign_in: SignIn, role: str, language: str) -> None:
    lottery()
    lottery("written", live=False, sponsor="", prizes=(goods(Fraction(1, 7), value=None), THANKS))
    draft_services.ask_to_launch("written", by="mia", now=timezone.now())
    lottery("over", name_zh="很长的名字" * 16)
    services.end("over", now=timezone.now(), because="No kiln")
    client = sign_in(role, language=language)
    pages = ["", "of/wheel/", "of/wheel/?wins=open", "of/written/", "of/over/"]
    forms = ["new/", "new/?from=wheel", "new/?from=scratch", "new/?from=recharge", "of/written/edit/"]
    for address in [*pages, *(forms if role == "marketer" else [])]:
        response = client.get(f"/loyalty/lotteries/{address}")
        page = response.content.decode()
        assert response.status_code == 200, address
        assert page.count("<h1") == 1, address
        assert _INLINE.search(page) is None, address
        assert "{{" not in page, address
        assert "Teapot <b>" not in page, address


def test_pages_teach_before_there_is_anything(space: FakeWorkspace, sign_in: SignIn) -> None:
    assert "No lottery yet" in sign_in("marketer").get("/loyalty/lotteries/").content.decode()
    viewer = sign_in("viewer")
    assert "/loyalty/lotteries/new/" not in viewer.get("/loyalty/lotteries/").content.decode()
    assert viewer.get("/loyalty/lotteries/of/none/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_only_who_runs_campaigns_changes_anything(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    lottery()
    lottery("written", live=False)
    client, before = sign_in(role), state_of_all()
    win = Win.objects.earliest("pk").pk
    for address, form in (
        ("new/", {}), ("of/written/edit/", {}), ("of/written/act/", {"do": "launch"}),
        ("of/wheel/act/", {"do": "pause"}),
        ("of/wheel/act/", {"do": "hand-out", "win": win}), ("of/wheel/play/", {"who": "c42"}),
    ):  # fmt: skip
        assert client.post(f"/loyalty/lotteries/{address}", form).status_code == 403, address
    assert "<form method=" not in client.get("/loyalty/lotteries/of/wheel/").content.decode().split("</header>")[1]
    assert state_of_all() == before


@pytest.mark.parametrize("start", ["wheel", "scratch", "recharge"])
def test_a_lottery_is_begun_from_a_start_and_launched_in_three_steps(
    space: FakeWorkspace, sign_in: SignIn, start: str
) -> None:
    club()
    client = sign_in("owner")
    form = filled(client, start)
    saved = client.post("/loyalty/lotteries/new/", form)
    assert saved.status_code == 302, saved.content.decode()
    code = form["code"]
    page = client.get(f"/loyalty/lotteries/of/{code}/").content.decode()
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
    assert client.post(f"/loyalty/lotteries/of/{code}/act/", {"do": "launch", "seen": seen}).status_code == 302
    view = reads.lottery(code, timezone.now())
    assert (view.row.running, view.row.look) == (True, "scratch" if start == "scratch" else "wheel")
    assert sum(each.made for each in view.prizes) == sum(each.pieces for each in view.prizes) > 200
    assert [(each.action, each.detail["what"]) for each in audit.about([code])] == [
        ("edit_lottery", "create"), ("launch_lottery", "launch")
    ]  # fmt: skip


def test_without_a_points_programme_a_start_has_goods_instead(space: FakeWorkspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    form = filled(client)
    assert (form["kind_2"], form["points_2"]) == ("goods", "")
    assert client.post("/loyalty/lotteries/new/", form).status_code == 302
    wrong = client.post("/loyalty/lotteries/new/", form | {"code": "x", "kind_2": "points", "points_2": "5"})
    assert "There is no points programme" in wrong.content.decode()
    assert Lottery.objects.count() == 1


def test_what_the_law_wants_is_listed_and_blocks_the_launch(space: FakeWorkspace, sign_in: SignIn) -> None:
    lottery("written", live=False, contact="", claim_until=None)
    client = sign_in("owner")
    page = client.get("/loyalty/lotteries/of/written/").content.decode()
    assert "Name who runs the lottery and how to reach them." in page
    assert "Say until when a win can be claimed." in page
    assert "(SAMR Order 32), article 13, in force since 2020-12-01" in page
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
    refused = client.post("/loyalty/lotteries/of/written/act/", {"do": "launch", "seen": seen})
    assert (refused.status_code, Lottery.objects.get().state) == (422, "draft")


def test_a_marketer_asks_and_an_owner_launches_what_they_saw(space: FakeWorkspace, sign_in: SignIn) -> None:
    lottery("dear", live=False, prizes=(goods(Fraction(1, 10), 100, value=4_000_000),))
    marketer, owner = sign_in("marketer"), sign_in("owner")
    assert marketer.post("/loyalty/lotteries/of/dear/act/", {"do": "launch"}).status_code == 422
    assert marketer.post("/loyalty/lotteries/of/dear/act/", {"do": "ask"}).status_code == 302
    assert "Waiting for your approval" in owner.get("/loyalty/lotteries/").content.decode()
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', owner.get("/loyalty/lotteries/of/dear/").content.decode())
    draft_services.rewrite("dear", replace(reads.draft_of("dear"), most_wins=5))
    late = owner.post("/loyalty/lotteries/of/dear/act/", {"do": "launch", "seen": seen})
    assert (late.status_code, "meanwhile" in late.content.decode()) == (422, True)
    assert (Lottery.objects.get().state, Ticket.objects.count()) == ("draft", 0)


def test_a_draft_is_changed_saving_it_as_it_is_changes_nothing(space: FakeWorkspace, sign_in: SignIn) -> None:
    club()
    client = sign_in("marketer")
    form = filled(client)
    client.post("/loyalty/lotteries/new/", form)
    code = form["code"]
    was = reads.draft_of(code)
    assert lottery_form.can_be_typed(was, ZONE)
    assert client.post(f"/loyalty/lotteries/of/{code}/edit/", form).status_code == 302
    assert reads.draft_of(code) == was
    client.post(f"/loyalty/lotteries/of/{code}/edit/", form | {"odds_1": "1/400", "release": "start"})
    now = reads.draft_of(code)
    assert (now.prizes[0].odds, now.prizes[0].windows) == (Fraction(1, 400), ())


def test_prizes_come_day_by_day_and_a_coupon_brings_chances_from_the_form(
    space: FakeWorkspace, sign_in: SignIn
) -> None:
    club()
    client, kind = sign_in("marketer"), str(written())
    form = filled(client) | {"release": "days", "coupon_chances": "2", "coupon_kind": kind}
    short = client.post("/loyalty/lotteries/new/", form)
    assert "Each prize needs a piece for each day" in short.content.decode()
    assert not Lottery.objects.exists()
    form |= {f"pieces_{place}": str(number) for place, number in ((1, 15), (2, 28), (3, 30))}
    assert client.post("/loyalty/lotteries/new/", form).status_code == 302
    was = reads.draft_of(form["code"])
    assert [[each.pieces for each in prize.windows[:3]] for prize in was.prizes] == [[2, 1, 1], [2, 2, 2], [3, 3, 2]]
    assert {len(prize.windows) for prize in was.prizes} == {14}
    assert was.prizes[0].windows[-1].ends == to_micros(was.ends_at)
    assert [each.rule_id for each in was.chances] == ["visit", "order", "coupon"]
    assert was.chances[-1] == ChanceRule(rule_id="coupon", by="order", chances=2, template=int(kind))
    assert reads.law_findings(form["code"]) == ()
    edit = f"/loyalty/lotteries/of/{form['code']}/edit/"
    assert client.post(edit, form).status_code == 302
    assert reads.draft_of(form["code"]) == was
    days = f"{form['starts']}, {form['ends']}"
    assert client.post(edit, form | {"release_days": days, "pieces_1": "2"}).status_code == 302
    assert [each.pieces for each in reads.draft_of(form["code"]).prizes[0].windows] == [1, 1]
    assert f'value="{days}"' in client.get(edit).content.decode()


def test_what_a_program_wrote_with_more_is_left_to_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    now = timezone.now()
    half = evenly(1, now, now + DAY)
    assert not lottery_form.can_be_typed(draft(goods(pieces=1, windows=half)), ZONE)
    assert not lottery_form.can_be_typed(draft(goods(), chances=(ChanceRule(rule_id="x", by="visit"),)), ZONE)
    lottery("written", live=False, chances=(ChanceRule(rule_id="x", by="visit"),))
    client = sign_in("marketer")
    assert client.get("/loyalty/lotteries/of/written/edit/")["Location"] == "/loyalty/lotteries/of/written/"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name_zh", {"name_zh": "", "name_en": ""}), ("ends", {"ends": "2020-01-01"}), ("starts", {"starts": "soon"}),
        ("claim", {"claim": "2020-01-01"}), ("odds_1", {"odds_1": "often"}), ("odds_1", {"odds_1": "90%"}),
        ("pieces_1", {"pieces_1": "none"}), ("value_1", {"value_1": "-1"}), ("points_2", {"points_2": ""}),
        ("template_1", {"kind_1": "coupon"}), ("most_wins", {"most_wins": "0"}), ("code", {"code": "No!"}),
        ("release_days", {"release": "days", "release_days": "soon"}),
        ("release_days", {"release": "days", "release_days": "2020-01-01"}),
        ("coupon_kind", {"coupon_chances": "1"}), ("coupon_chances", {"coupon_kind": "7"}),
        ("order_at_least", {"order_at_least": "x"}), ("visit_chances", {"visit_chances": "0"}),
    ],
)  # fmt: skip
def test_wrong_fields_are_said_and_nothing_is_saved(
    space: FakeWorkspace, sign_in: SignIn, field: str, typed: dict[str, str]
) -> None:
    club()
    client = sign_in("marketer")
    response = client.post("/loyalty/lotteries/new/", filled(client) | typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Nothing was saved" in page
    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', page), page
    assert Lottery.objects.count() == 0


def test_it_rests_is_added_to_and_ends_with_a_reason(space: FakeWorkspace, sign_in: SignIn) -> None:
    lottery()
    client = sign_in("owner")

    def act(**form: str) -> int:
        return client.post("/loyalty/lotteries/of/wheel/act/", form).status_code

    assert (act(do="pause"), act(do="pause"), act(do="resume")) == (302, 422, 302)
    assert (act(do="pieces", place="0", pieces="2"), act(do="pieces", place="0", pieces="x")) == (302, 422)
    assert reads.lottery("wheel", timezone.now()).prizes[0].free == 3
    assert (act(do="end"), act(do="nothing")) == (422, 422)
    assert act(do="end", because="No kiln") == 302
    page = client.get("/loyalty/lotteries/of/wheel/").content.decode()
    assert "Ended before its time: No kiln" in page
    assert "0" * 32 in page


def test_goods_are_handed_out_from_the_list_once(space: FakeWorkspace, sign_in: SignIn) -> None:
    lottery()
    client = sign_in("marketer")
    first = Win.objects.earliest("pk")
    hand = {"do": "hand-out", "win": str(first.pk)}
    assert [client.post("/loyalty/lotteries/of/wheel/act/", hand).status_code for _ in range(2)] == [302, 302]
    assert [each.state for each in Win.objects.order_by("pk")] == ["handed", "to_hand"]
    page = client.get("/loyalty/lotteries/of/wheel/?wins=open").content.decode()
    assert page.count('value="hand-out"') == 1
    assert client.post("/loyalty/lotteries/of/wheel/act/", {"do": "hand-out", "win": "999"}).status_code == 422


def test_winners_are_exported_without_anything_but_their_number(space: FakeWorkspace, sign_in: SignIn) -> None:
    lottery()
    assert sign_in("viewer").get("/loyalty/lotteries/of/wheel/wins.csv").status_code == 403
    response = sign_in("analyst").get("/loyalty/lotteries/of/wheel/wins.csv")
    lines = b"".join(response).decode("utf-8-sig").splitlines()  # type: ignore[call-overload]
    assert lines[0] == "Win,Draw,Prize,Kind,Value,State,Customer ID,Won,Given,Given by"
    assert len(lines) == 3
    assert all("c42" in line and "99.00" in line for line in lines[1:])
    assert audit.about(["wins-wheel"])[-1].action == "export"


def test_the_calendar_has_it_beside_campaigns(space: FakeWorkspace, sign_in: SignIn) -> None:
    lottery()
    lottery("over", starts_at=timezone.now() - 400 * DAY, ends_at=timezone.now() - 390 * DAY, live=False)
    page = sign_in("viewer").get("/loyalty/calendar/").content.decode()
    assert 'href="/loyalty/lotteries/of/wheel/"' in page
    assert 'href="/loyalty/lotteries/of/over/"' not in page


def test_a_link_to_play_is_made_for_a_customer_and_told_in_the_audit(space: FakeWorkspace, sign_in: SignIn) -> None:
    lottery()
    client = sign_in("marketer")
    page = client.post("/loyalty/lotteries/of/wheel/play/", {"who": "c42"}).content.decode()
    assert re.search(r'href="http://testserver/m/[^/"]+/lottery/wheel/"', page)
    assert audit.about(["c42"])[-1].action == "make_member_link"
    assert client.post("/loyalty/lotteries/of/wheel/play/", {"who": "nobody"}).status_code == 422
