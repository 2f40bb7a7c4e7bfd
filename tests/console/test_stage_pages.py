"""Stages: counts by rules kept and rules tried, errors that point at the word, exactly who was counted."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.settle.messages import track

from wotu.accounts.audit import entries
from wotu.console.stage_rules import RuleFields, rule_error
from wotu.core.errors import WotuError
from wotu.facts.stages import PRESETS, parse_rule
from wotu.workspace import Workspace

SignIn = Callable[..., Client]


@pytest.fixture
def shop(tmp_path: Path, open_as: Callable[[Any], Any], settings: LazySettings) -> Workspace:
    made = Workspace.open(tmp_path / "shop")
    made.collect(
        [
            *(track("Product Viewed", f"u{n}", channel="app" if n % 2 else "web") for n in range(5)),
            *(track("Product Added", f"u{n}") for n in range(3)),
            *(track("Order Completed", f"u{n}", order_id=f"o{n}", revenue="9.00") for n in range(2)),
        ]
    )
    settings.WOTU_SETTINGS, settings.WOTU_WORKSPACE = made.settings, made.path
    return open_as(made)  # type: ignore[no-any-return]


def _strip(page: str) -> dict[str, int]:
    found = re.search(r'<dl class="strip">(.*?)</dl>', page, re.DOTALL)
    parts = re.findall(r"<dt>(.*?)</dt>.*?<b[^>]*>([\d,]+)</b>", found[1] if found else "", re.DOTALL)
    return {name: int(count) for name, count in parts}


@pytest.mark.django_db(transaction=True)
def test_counts_by_the_preset_until_rules_are_kept(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    page = client.get("/data/stages/?days=all").content.decode()
    assert _strip(page) == {"Exposure": 5, "Lead": 3, "Opportunity": 0, "Deal": 2, "Delivery": 0, "Repurchase": 0,
                            "Referral": 0}  # fmt: skip
    assert "60.0% of the stage before" in page

    rules = {"exposure.kind": "event", "exposure.event": "Product Viewed", "exposure.where": 'channel == "app"',
             "deal.kind": "order", "deal.nth": "1"}  # fmt: skip
    tried = client.post("/data/stages/?days=all", {**rules, "do": "try"})
    assert tried.status_code == 302
    page = client.get(f"/data/stages/{tried['Location']}").content.decode()
    assert _strip(page) == {"Exposure": 2, "Deal": 2}
    assert "tried, not kept yet" in page
    assert len(shop.facts("stage_rules")) == 0

    assert client.post("/data/stages/", {**rules, "do": "keep"}).status_code == 302
    assert shop.stage_rules() == {
        "exposure": {"event": "Product Viewed", "where": 'channel == "app"', "nth": 1}, "deal": {"order": 1},
    }  # fmt: skip
    assert _strip(client.get("/data/stages/?days=all").content.decode()) == {"Exposure": 2, "Deal": 2}
    (entry,) = [each for each in entries().rows if each.action == "edit_facts"]
    assert (entry.target, entry.detail) == ("stage_rules", {"stages": "exposure, deal"})


@pytest.mark.django_db(transaction=True)
def test_who_are_exactly_those_who_were_counted(shop: Workspace, sign_in: SignIn) -> None:
    client = sign_in()
    page = client.get("/data/stages/?days=all").content.decode()
    links = re.findall(r'class="who" href="(/customers/\?[^"]+)" aria-label="\w+ (\d+)', page)
    assert len(links) == 3
    for link in links:
        listed = client.get(html.unescape(link[0])).content.decode()
        assert f"<b>{link[1]}</b> customer" in listed
        assert dict(parse_qsl(link[0]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "event", "event": "Product Viewed"}, "<b>5</b>"),
        ({"kind": "event", "event": "Product Viewed | Product Added"}, "<b>5</b>"),
        ({"kind": "event", "event": "Product Viewed", "where": 'channel == "app"'}, "<b>2</b>"),
        ({"kind": "event", "event": "Product Viewed", "nth": "2"}, "<b>0</b>"),
        ({"kind": "json", "json": '{"order": 1}'}, "<b>2</b>"),
        ({"kind": ""}, "not counted"),
        ({"kind": "event", "event": "Product Viewed", "where": "chanel == 1"}, "<mark>chanel</mark> == 1"),
        ({"kind": "event", "event": "Product Viewed", "where": "channel = 1"}, "channel <mark>=</mark> 1"),
        ({"kind": "event", "event": "Product Veiwed"}, "<mark>Product Veiwed</mark>"),
        ({"kind": "event", "event": "A | B", "nth": "2"}, "Only one event"),
        ({"kind": "order", "nth": "0"}, "Write a number from 1 to 1,000,000."),
        ({"kind": "json", "json": "{"}, "This is not JSON"),
        ({"kind": "event"}, "Choose an event."),
    ],
)
def test_a_rule_is_counted_while_it_is_typed(
    shop: Workspace, sign_in: SignIn, fields: dict[str, str], said: str
) -> None:
    typed = {f"deal.{name}": value for name, value in fields.items()}
    answer = sign_in("viewer").get("/data/stages/try/", {"stage": "deal", "days": "all", **typed})
    assert answer.status_code == 200
    assert said in html.unescape(answer.content.decode())


@pytest.mark.django_db(transaction=True)
def test_a_wrong_rule_keeps_what_was_typed_and_changes_nothing(shop: Workspace, sign_in: SignIn) -> None:
    typed = {"deal.kind": "event", "deal.event": "Product Veiwed", "lead.kind": "event", "lead.event": "Product Added"}
    answer = sign_in("marketer").post("/data/stages/", {**typed, "do": "keep"})
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert 'value="Product Veiwed"' in page
    assert "<mark>Product Veiwed</mark>" in page
    assert shop.stage_rules() == PRESETS["b2c"]
    assert len(shop.facts("stage_rules")) == 0


@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_rules_of_presets_are_shown_as_they_are(preset: str) -> None:
    for stage, rule in PRESETS[preset].items():
        again = RuleFields.of(rule).rule(stage)
        assert parse_rule(again, "f") == parse_rule(rule, "f")


_NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1)
_WHERE = st.sampled_from(["", "a == 1"])
_RULES = st.one_of(
    _NAMES,
    st.lists(_NAMES, min_size=2, max_size=3),
    st.builds(lambda e, w, n: {"event": e, "where": w, "nth": n}, _NAMES, _WHERE, st.integers(1, 9)),
    st.builds(lambda n, w: {"order": n, "where": w}, st.integers(1, 9), _WHERE),
    st.just({"trait": 'trait.level == "gold"'}),
    st.builds(lambda e: [{"event": e, "where": "a == 1"}, "B"], _NAMES),
)


@given(_RULES)
def test_fields_say_the_rule_they_were_made_of(rule: Any) -> None:
    assert parse_rule(RuleFields.of(rule).rule("deal"), "f") == parse_rule(rule, "f")


def test_an_error_points_at_the_word() -> None:
    fields = RuleFields("event", event="A", where="x == ")
    error = rule_error(WotuError(None, "f: the text ends too early, at character 6 of 'x == '."), fields)  # type: ignore[arg-type]
    assert (error.before, error.word, error.after) == ("x == ", "␣", "")
