"""A lottery as a customer plays it on a phone: what is published, one draw a tap, what was won."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from tests.console.site import configure

configure()

import wotu  # noqa: E402
from wotu.core.errors import ErrorCode, WotuError  # noqa: E402
from wotu.h5 import wheel  # noqa: E402
from wotu.loyalty import links  # noqa: E402
from wotu.loyalty.lottery import chance_services, draft_services, services  # noqa: E402
from wotu.loyalty.lottery.chances import ChanceRule  # noqa: E402
from wotu.loyalty.lottery.draft_services import LotteryDraft, PrizeDraft  # noqa: E402
from wotu.loyalty.lottery.odds import commitment  # noqa: E402
from wotu.loyalty.models import Draw  # noqa: E402

SEED = "0123456789abcdef" * 2
LARGEST_BYTES = 30_000


class Space:
    """Knows customer 7 alone."""

    def customer(self, identifier: str) -> SimpleNamespace:
        if identifier != "c7":
            raise WotuError(ErrorCode.UNKNOWN_CUSTOMER, "unknown")
        return SimpleNamespace(customer_id="c7")


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr("wotu.h5.pages.workspace", Space)


def lottery(look: str = "wheel", *, launched: bool = True, **change: Any) -> datetime:
    now = timezone.now()
    teapot = PrizeDraft(
        name_zh="紫砂茶壶", name_en="Clay teapot", kind="goods", odds=Fraction(1), pieces=2, value=9_900
    )
    thanks = PrizeDraft(name_zh="谢谢", name_en="Thanks", kind="thanks", odds=Fraction(0))
    values = {
        "name_zh": "幸运大转盘", "name_en": "Lucky wheel", "starts_at": now, "ends_at": now + timedelta(days=9),
        "look": look, "prizes": (teapot, thanks), "claim_until": now + timedelta(days=30), "sponsor": "沃土小店",
        "contact": "400-1", "terms_zh": "奖品由客服寄出。", "chances": (ChanceRule(rule_id="daily", by="visit"),),
    }  # fmt: skip
    draft_services.write_draft("wheel", LotteryDraft(**{**values, **change}), currency="CNY", by="ann", now=now)
    if launched:
        services.launch("wheel", seed=SEED, by="ann", now=now)
    return now


def address(customer: int = 7) -> str:
    return f"/m/{links.member_token(customer, now=timezone.now())}/lottery/wheel/"


def page(client: Client, language: str = "zh-CN") -> str:
    response = client.get(address(), headers={"accept-language": language})
    assert response.status_code == 200
    return response.content.decode()


def test_it_publishes_prizes_odds_pieces_rules_and_who_runs_it(client: Client) -> None:
    lottery()
    chinese, english = page(client), page(client, "en")
    for text in (
        "幸运大转盘",
        "紫砂茶壶",
        "100%",
        "价值 ¥99",
        "剩 2 / 2 份",
        "每天 1 次机会",
        "沃土小店",
        "400-1",
        "奖品由客服寄出",
    ):
        assert text in chinese
    for text in ("Lucky wheel", "Clay teapot", "worth ¥99", "2 of 2 left", "1 chance each day", commitment(SEED)):
        assert text in english
    assert SEED not in chinese + english
    assert "<b>1</b> chance left" in english


@pytest.mark.parametrize("look", ["wheel", "scratch"])
def test_it_is_small_and_has_neither_script_nor_inline_style(client: Client, look: str) -> None:
    lottery(look)
    styles = Path(wotu.__file__).parent / "h5" / "static" / "h5"
    weight = sum((styles / name).stat().st_size for name in ("h5.css", "lottery.css"))
    for _ in range(2):
        response = client.post(address(), {"once": "a"}, headers={"accept-language": "zh-CN"})
        body = response.content.decode()
        assert response.status_code == 200
        assert weight + len(response.content) < LARGEST_BYTES
        assert not re.search(r"<script| style=|<style|javascript:| on[a-z]+=", body)


def test_tapped_twice_it_is_one_draw_also_when_the_page_is_loaded_again(client: Client) -> None:
    lottery()
    bodies = [
        client.post(address(), {"once": "a"}, headers={"accept-language": "en"}).content.decode() for _ in range(3)
    ]
    assert all("You have won: Clay teapot" in body for body in bodies)
    assert "<b>0</b> chances left" in bodies[0]
    assert Draw.objects.count() == 1
    refused = client.post(address(), {"once": "b"}, headers={"accept-language": "en"})
    assert (refused.status_code, "You have no chance left now." in refused.content.decode()) == (409, True)
    assert Draw.objects.count() == 1


def test_what_was_won_stands_on_the_page_and_what_ran_out_is_no_prize(client: Client) -> None:
    now = lottery()
    chance_services.give("wheel", 7, key="k", count=5, now=now)
    bodies = [
        client.post(address(), {"once": once}, headers={"accept-language": "en"}).content.decode() for once in "abc"
    ]
    assert ["You have won" in body for body in bodies] == [True, True, False]
    assert "No prize this time." in bodies[2]
    shown = page(client, "en")
    assert shown.count("We will contact you") == 2
    assert "0 of 2 left" in shown


def test_who_has_won_as_often_as_one_may_is_told_before_another_draw(client: Client) -> None:
    now = lottery(most_wins=1)
    chance_services.give("wheel", 7, key="k", count=5, now=now)
    assert "<button>Draw" in page(client, "en")
    body = client.post(address(), {"once": "a"}, headers={"accept-language": "en"}).content.decode()
    assert "You have won as often as one may: another draw brings no prize." in body
    assert "<button disabled>" in body


def test_a_draft_is_not_there_and_one_that_rests_or_ended_says_so(client: Client) -> None:
    lottery(launched=False)
    assert client.get(address()).status_code == 404
    services.launch("wheel", seed=SEED, by="ann", now=timezone.now())
    services.pause("wheel")
    assert "It rests for a while" in page(client, "en")
    services.end("wheel", now=timezone.now(), because="The kiln broke.")
    body = page(client, "en")
    assert "This lottery has ended. The kiln broke." in body
    assert SEED in body
    refused = client.post(address(), {"once": "a"})
    assert (refused.status_code, Draw.objects.count()) == (409, 0)


def test_a_link_that_ended_opens_nothing_and_draws_nothing(client: Client) -> None:
    lottery()
    wrong = address()[:-20] + "x" + address()[-19:]
    for response in (client.get(address(8)), client.post(address(8), {"once": "a"}), client.post(wrong, {"once": "a"})):
        assert response.status_code in (403, 404)
    assert Draw.objects.count() == 0


def test_the_members_page_leads_to_what_runs(client: Client) -> None:
    lottery()
    member = address().removesuffix("lottery/wheel/")
    assert "lottery/wheel/" in client.get(member).content.decode()
    services.pause("wheel")
    assert "lottery/wheel/" not in client.get(member).content.decode()
    services.resume("wheel")
    client.post(address(), {"once": "a"})
    services.pause("wheel")
    assert "lottery/wheel/" in client.get(member).content.decode()  # where something was won


@given(st.lists(st.text(min_size=1, max_size=80).filter(str.strip), min_size=2, max_size=13))
def test_every_wheel_has_a_sector_each_and_stops_on_the_middle_of_one(names: list[str]) -> None:
    made = wheel.sectors(names)
    assert len(made) == len(names)
    for place, each in enumerate(made):
        assert 1 <= len(each.lines) <= 2
        assert float(each.turned) + float(wheel.turned(place, len(names))) == pytest.approx(0, abs=0.02)
        assert each.tint != made[(place + 1) % len(made)].tint
