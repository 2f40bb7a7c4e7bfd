"""What an answer shows around its numbers: notes on days, when it was computed, and whom a masked group counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console import real

from wotu.accounts.models import User
from wotu.accounts.sight import Sight
from wotu.boards import services
from wotu.console.asking.drawing import count_axis
from wotu.console.asking.sealing import sealed, unsealed
from wotu.console.asking.times import Times, marked, numbered

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db
PHONE = "13800138000"
MONTHS = "/insight/ask/events/?events.1=Order+Completed&unit=month&last=all"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    space = real.make(tmp_path_factory.mktemp("answers") / "workspace")
    space.collect(
        [
            {
                "type": "track", "event": "Coupon Redeemed", "messageId": f"k{number}", "userId": f"u{number}",
                "timestamp": f"2024-0{number}-05T03:00:00Z", "properties": {"contact": PHONE if number < 4 else "shop"},
            }
            for number in range(1, 6)
        ]
    )  # fmt: skip
    return space


@pytest.fixture
def shop(made: Any, open_as: Callable[[Any], Any], settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    monkeypatch.setattr("wotu.console.pages.dashboards.SOON", 60)
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


def _page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def _chart(page: str, key: str) -> Any:
    found = re.search(rf'<script id="data-{key}" type="application/json">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])["light"]


def test_a_note_is_a_mark_in_the_chart_and_a_line_below_it(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("analyst")
    by = User.objects.get()
    services.annotate(date(2024, 6, 18), "618 <b>大促</b>", by=by)
    services.annotate(date(2024, 3, 8), f"电话 {PHONE}", by=by)

    page = _page(client, MONTHS)

    layout = _chart(page, "events")["layout"]
    assert [mark["text"] for mark in layout["annotations"]] == ["1", "2"]
    assert layout["xaxis"]["tickvals"][layout["annotations"][1]["x"]] == "2024-06"
    assert "&lt;b>" in layout["annotations"][1]["hovertext"]
    assert len(layout["shapes"]) == 2
    assert re.search(r'<span class="note-number">2</span><time>[^<]+</time> <span>618 &lt;b&gt;大促', page)


def test_a_note_shows_no_identifier_to_those_who_may_not_see_one(shop: Any, sign_in: SignIn) -> None:
    sign_in("analyst")
    services.annotate(date(2024, 3, 8), f"电话 {PHONE}", by=User.objects.get())
    viewer = sign_in("viewer")
    for address in (MONTHS, "/insight/notes/"):
        page = _page(viewer, address)
        assert "电话 138****8000" in page
        assert PHONE not in page


def test_whoever_has_a_link_reads_no_notes(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("owner")
    by = User.objects.get()
    services.annotate(date(2024, 6, 18), "内部的话", by=by)
    board = services.make_dashboard("早会", by=by)
    kept = services.save_question(
        "每月", "events", {"events": ["Order Completed"], "unit": "month", "last": "all"}, by=by
    )
    services.add_card(board, kept, by=by)
    token = services.share_dashboard(board, days=7, by=by)

    assert "内部的话" in _page(client, f"/insight/dashboards/{board}/cards/{kept}/")
    shared = _page(Client(), f"/shared/{token}/cards/{kept}/")
    assert "card-finding" in shared
    assert "内部的话" not in shared


def test_an_answer_says_when_it_was_computed_not_when_it_was_shown(
    shop: Any, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wotu.answers import kept

    client = sign_in("viewer")
    known = {"events": ["Order Completed"], "unit": "month"}
    first = kept.ask_dated("events", **known)
    assert kept.ask_dated("events", **known) is first
    computed = re.compile(r"computed ([^<]+)<")
    said = computed.search(_page(client, MONTHS))
    again = computed.search(_page(client, MONTHS))
    assert said is not None
    assert again is not None
    assert said[1] == again[1]


@pytest.mark.parametrize(
    ("address", "cell"),
    [
        ("events/?events.1=Coupon+Redeemed&unit=month&last=all&by=contact", None),
        ("funnel/?steps.1=Coupon+Redeemed&steps.2=Order+Completed&last=all&by=contact&within=90d", 3),
        ("sessions/?events.1=Coupon+Redeemed&last=all&by=contact", 3),
    ],
)
def test_a_masked_group_opens_its_customers(shop: Any, sign_in: SignIn, address: str, cell: int | None) -> None:
    viewer = sign_in("viewer")
    page = _page(viewer, f"/insight/ask/{address}")
    assert PHONE not in page
    assert "138****8000" in page
    sealed_ones = [unescape(each) for each in re.findall(r'href="(/customers/\?who=[^"]*sealed[^"]*)"', page)]
    assert sealed_ones

    listed = _page(viewer, sealed_ones[0])

    assert PHONE not in listed
    assert "138****8000" in listed
    number = re.search(r"<b>(\d+)</b> customer", listed)
    assert number is not None
    assert cell is None or int(number[1]) == cell


def test_an_empty_answer_leads_to_the_same_question_about_all_time(shop: Any, sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    asked = "/insight/ask/funnel/?steps.1=Order+Cancelled&steps.2=Order+Completed&last="
    wider = re.search(r'href="([^"]+)">Ask about all time', _page(viewer, f"{asked}28d"))
    assert wider is not None
    assert unescape(wider[1]) == f"{asked}all"
    assert "Ask about all time" not in _page(viewer, f"{asked}all")


def test_a_seal_tells_nothing_and_finds_its_text_again() -> None:
    class Answer:
        def to_dict(self) -> dict[str, Any]:
            return {"groups": [{"value": PHONE}, {"value": "shop"}], "links": [{"source": f"0:{PHONE}"}]}

    masked = Sight(whole=False)
    pick = {"group": PHONE, "link": [f"0:{PHONE}", "1:shop"], "step": 2}
    hidden = sealed(pick, masked)
    assert PHONE not in json.dumps(hidden)
    assert hidden["step"] == 2
    assert hidden["link"][1] == "1:shop"
    assert unsealed(hidden, Answer()) == pick
    assert sealed(pick, Sight(whole=True)) == pick
    assert unsealed({"group": "sealed:of-nothing"}, Answer()) == {"group": "sealed:of-nothing"}


def test_links_and_boxes_of_paths_open_their_customers(shop: Any, sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    (flow,) = _chart(_page(viewer, "/insight/ask/paths/?last=all&gap=90d"), "paths")["data"]
    for address in (flow["node"]["customdata"][0], flow["link"]["customdata"][0]):
        assert re.search(r"<b>\d+</b> customer", _page(viewer, address))


def test_no_two_places_of_an_axis_of_days_are_one() -> None:
    days = Times(tuple(f"{year}-11-{day:02}" for year in (2023, 2024) for day in range(1, 29)), "day")
    assert len(set(days.places)) == 56
    hours = Times(("2024-11-03T01:00:00-04:00", "2024-11-03T01:00:00-05:00"), "hour")
    assert len(set(hours.places)) == 2
    assert days.place_of(date(2024, 11, 2)) == 29
    assert days.place_of(date(2024, 1, 1)) is None


def test_notes_of_one_period_have_one_mark() -> None:
    class Note:
        text = "x"

        def __init__(self, day: int) -> None:
            self.day = date(2024, 1, day)

    weeks = Times(("2024-01-01", "2024-01-08"), "week")
    notes = numbered([Note(9), Note(10), Note(3)], Sight(whole=True))
    drawn = marked({"light": {"data": [], "layout": {}}}, weeks, notes)["light"]["layout"]
    assert [(each["x"], each["text"]) for each in drawn["annotations"]] == [(0, "1"), (1, "2–3")]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [([], [0, 1]), ([3], [0, 1, 2, 3]), ([1161], [0, 500, 1000, 1500]), ([-400, 1300], [-500, 0, 500, 1000, 1500]),
     ([0.4], [0, 1]), ([155_848], [0, 50_000, 100_000, 150_000, 200_000])],
)  # fmt: skip
def test_ticks_are_round_numbers(values: list[float], ticks: list[int]) -> None:
    assert count_axis(values)["tickvals"] == ticks
