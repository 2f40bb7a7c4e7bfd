"""Alternatives that have filters of their own: shown in words, asked as they were kept, and chosen anew."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import QueryDict
from django.test import Client
from django.utils import translation

from settle.messages import track
from wotu.accounts.models import User
from wotu.boards.services import save_question
from wotu.console.asking.forms import asked_of, query_of, read
from wotu.console.asking.questions import QUESTIONS
from wotu.console.asking.summary import summary
from wotu.workspace import Workspace

STEPS = [
    [{"event": "Product Viewed", "where": 'channel == "app"'}, {"event": "Product Added", "where": "price > 5"}],
    "Order Completed",
]
FUNNEL = QUESTIONS["funnel"]


@pytest.fixture
def shop(tmp_path: Path, open_as: Callable[[Any], Any], settings: LazySettings) -> Workspace:
    space = Workspace.open(tmp_path / "w")
    space.collect(
        [
            track("Product Viewed", "a", channel="app", price=1),
            track("Product Viewed", "b", channel="web", price=9),
            track("Product Added", "b", channel="web", price=9),
            track("Product Added", "c", channel="app", price=1),
            track("Order Completed", "b", order_id="1", revenue=9),
        ]
    )
    settings.WOTU_SETTINGS = space.settings
    open_as(space)
    return space


def test_they_keep_their_filters_through_an_address(shop: Workspace) -> None:
    asked = asked_of(FUNNEL, {"steps": STEPS, "last": "all"})
    again = read(FUNNEL, QueryDict(query_of(asked)))
    assert (again.errors, again.asked.parameters["steps"]) == ({}, STEPS)
    for broken in ("{", "[1]", '[{"where": 1}]', '{"event": "x"}', "[" * 5_000):
        form = QueryDict(mutable=True)
        form.update({"steps.1": "Product Viewed", "steps.1.exact": broken, "steps.2": "Order Completed"})
        assert read(FUNNEL, form).asked.parameters["steps"] == ["Product Viewed", "Order Completed"]


@pytest.mark.django_db(transaction=True)
def test_a_saved_question_with_them_is_run_and_chosen_anew(
    shop: Workspace, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    client = sign_in()
    save_question("either", "funnel", {"steps": STEPS, "last": "all"}, by=User.objects.get())
    saved = html.unescape(client.get("/insight/saved/").content.decode())
    address = re.search(r'href="(/insight/ask/funnel/\?[^"]+)"', saved)
    assert address is not None
    page = html.unescape(client.get(address[1]).content.decode())
    assert 'Product Viewed [channel == "app"] / Product Added [price > 5]' in page
    assert sorted(shop.funnel(STEPS).customers(1)) == ["c0", "c1"]
    assert re.search(r'class="card-value"[^>]*>\s*<a[^>]*>2</a>', page)
    anew = client.get(address[1] + "&do=steps:anew:1").content.decode()
    assert 'name="steps.1.exact"' not in anew
    assert re.search(r'<option value="Product Viewed"[^>]* selected>', anew)


@pytest.mark.django_db(transaction=True)
def test_a_question_is_summed_up_in_words(shop: Workspace) -> None:
    now = shop.now()
    with translation.override("en"):
        asked = asked_of(
            FUNNEL, {"steps": STEPS, "last": "all", "within": "7d", "order": "strict", "where": "price > 1"}
        )
        assert summary(asked, now) == (
            'Of customers who did Product Viewed [channel == "app"] / Product Added [price > 5], how many then did '
            "Order Completed within 7 days · all time · price > 1 · 1 more choice"
        )
        paths = asked_of(QUESTIONS["paths"], {"last": "28d"})
        assert (
            summary(paths, now)
            == "Show 5 steps of visits that start with any event and lead to any event · last 28 days"
        )
    with translation.override("zh-hans"):
        split = asked_of(QUESTIONS["events"], {"events": ["Order Completed"], "by": "channel", "last": "all"})
        assert summary(split, now) == "看完成订单的客户数，每周一个点，按渠道拆分 · 全部时间"


def test_behind_a_formula_stand_the_customers_of_its_events(shop: Workspace) -> None:
    named = ["Order Completed", "Product Added", "Product Viewed"]
    answer = shop.events(named, formula="A / B", since="2026-01-05", until="2026-01-06")
    assert answer.customers() == answer.customers(time="2026-01-05") == ["c1", "c2"]
    assert answer.customers(series="A") == ["c1"]
    whom = QUESTIONS["events"].whom({"events": named, "formula": "A / B"}, {"time": "2026-01-05"})
    assert whom == "Order Completed or Product Added · 2026-01-05"
