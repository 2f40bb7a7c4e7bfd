"""Loyalty, Points and levels: an owner begins the club and changes it in a form, others read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.fake import FakeWorkspace

from wotu.accounts import audit
from wotu.loyalty.models import Programme, ProgrammeVersion
from wotu.loyalty.programme import services as programme_services
from wotu.loyalty.programme.earning import EarnRule
from wotu.loyalty.programme.services import Rules
from wotu.loyalty.programme.tiers import Level, TierRules

SignIn = Callable[..., Client]
PAGE, WRITE, EXAMPLE, ACT = (f"/loyalty/points/{each}" for each in ("", "write/", "example/", "act/"))
_INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")")
FORM = {
    "name": "Club <b>", "points": "2", "per": "1", "worth": "0.01", "share": "50", "wait": "7", "expiry": "year_end",
    "count": "12", "notice": "30", "check_in": "3", "level_1": "金卡", "at_1": "100", "percent_1": "150",
    "months": "12",
}  # fmt: skip


def in_force() -> Rules:
    return programme_services.in_force(programme_services.programme(), timezone.now())[1]


def refused(client: Client, **typed: str) -> str:
    response = client.post(WRITE, FORM | typed)
    assert response.status_code == 422
    return response.content.decode()


def test_an_owner_begins_a_club_and_everybody_reads_it(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    assert "No programme yet" in owner.get(PAGE).content.decode()
    assert "银卡" in owner.get(f"{WRITE}?from=levels").content.decode()
    assert owner.post(WRITE, FORM).status_code == 302
    gold = TierRules(levels=(Level(key="金卡", at=100),), months=12)
    base = EarnRule(rule_id="base", points=2, per=100, by_tier={"金卡": 150})
    growth = EarnRule(rule_id="growth", points=1, per=100, unit="growth")
    assert in_force() == Rules(
        earn=(base, growth, EarnRule(rule_id="check-in", points=3, event="Check-in")), tiers=gold
    )
    row = Programme.objects.get()
    assert (row.point_worth, row.most_share, row.available_after_days, row.currency) == (1, 5_000, 7, "USD")
    for role, language in (("viewer", "en"), ("marketer", "zh-hans")):
        page = sign_in(role, language=language).get(PAGE).content.decode()
        assert "Club &lt;b&gt;" in page
        assert "900" in page, "three hundred dollars at level gold"
        assert _INLINE.search(page) is None
        assert WRITE not in page
    assert [each.detail["what"] for each in audit.about(["club"])] == ["create"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("3 points a check-in", "10 points more on day 7 of seven in a row")),
     ("zh-hans", ("每次签到得 3 积分", "连续签到第 7 天另加 10 积分"))],
)  # fmt: skip
def test_what_a_streak_brings_is_told_apart(
    space: FakeWorkspace, sign_in: SignIn, language: str, words: tuple[str, ...]
) -> None:
    daily = EarnRule(rule_id="daily", points=3, event="Check-in")
    seventh = EarnRule(rule_id="seventh", points=10, event="Check-in", where={"day_of_seven": 7})
    given = {"zone": "UTC", "by": "ann", "now": timezone.now(), "currency": "USD"}
    programme_services.create_programme("Club", Rules(earn=(daily, seventh)), **given)
    page = sign_in("viewer", language=language).get(PAGE).content.decode()
    for each in words:
        assert page.count(each) == 1


@pytest.mark.parametrize("role", ["viewer", "analyst", "marketer"])
def test_only_who_approves_budgets_writes_one(space: FakeWorkspace, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    for response in (client.get(WRITE), client.post(WRITE, FORM), client.post(ACT), client.post(EXAMPLE, FORM)):
        assert response.status_code == 403
    assert not Programme.objects.exists()


def test_a_change_is_a_new_version_and_the_same_again_is_none(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    owner.post(WRITE, FORM)
    page = owner.get(WRITE).content.decode()
    typed = dict(re.findall(r'<input name="(\w+)" value="([^"]*)"', page)) | {
        "expiry": "year_end",
        "name": FORM["name"],
    }
    assert typed == {**dict.fromkeys(typed, ""), **FORM, "per": "1.00"}
    owner.post(WRITE, typed)
    assert ProgrammeVersion.objects.count() == 1
    owner.post(WRITE, FORM | {"points": "5", "name": "Other"})
    assert (ProgrammeVersion.objects.count(), in_force().earn[0].points) == (2, 5)
    assert Programme.objects.get().name == "Other"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Write 1 to 120 characters."),
        ({"points": "-1"}, "Write a whole number from 1 to 1000000."),
        ({"points": ""}, "Fill in this field."),
        ({"worth": "0"}, "Write an amount such as"),
        ({"share": "200"}, "Write a percentage"),
        ({"expiry": "soon"}, "Choose one of the options."),
        ({"expiry": "days", "count": ""}, "Write after how many days they end."),
        ({"notice": "6"}, "tell them at least 7 days before"),
        ({"notice": ""}, "article 26, in force since 2014-03-15"),
        ({"level_2": "银卡", "at_2": "50"}, "Levels must rise"),
        ({"level_2": "银卡"}, "Write how much growth value the level takes."),
        ({"at_2": "500"}, "Name the level."),
        ({"percent_1": "99999"}, "Write a whole number from 100 to 1000."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    space: FakeWorkspace, sign_in: SignIn, typed: dict[str, str], words: str
) -> None:
    page = refused(sign_in("owner"), **typed)
    assert words in page
    assert "金卡" in page
    assert not Programme.objects.exists()


def test_the_example_follows_what_is_typed(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    told: Any = owner.post(EXAMPLE, FORM).content.decode()
    assert "900" in told
    assert "$9" in told
    assert "when every field can be read" in owner.post(EXAMPLE, FORM | {"points": "many"}).content.decode()


def test_a_club_rests_and_goes_on(space: FakeWorkspace, sign_in: SignIn) -> None:
    owner = sign_in("owner")
    owner.post(WRITE, FORM)
    for do, state in (("pause", "paused"), ("resume", "live")):
        assert owner.post(ACT, {"do": do}).status_code == 302
        assert Programme.objects.get().state == state


def test_rules_that_the_form_cannot_tell_are_left_alone(space: FakeWorkspace, sign_in: SignIn) -> None:
    weekend = EarnRule(rule_id="base", points=1, per=100, by_weekday={7: 200})
    programme_services.create_programme(
        "Club", Rules(earn=(weekend,)), zone="America/New_York", by="ann", now=timezone.now(), currency="USD"
    )
    owner = sign_in("owner")
    assert "say more than the form can" in owner.get(PAGE).content.decode()
    assert owner.post(WRITE, FORM).status_code == 302
    assert in_force().earn == (weekend,)
