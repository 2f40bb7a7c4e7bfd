"""No page of the console shows a reader of Chinese an English refusal, whichever form it comes from."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console import real

import wotu.console
from wotu.facts.stages import PRESETS

ENGLISH = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TOLD = re.compile(r'<(p|span)[^>]*class="(?:error|notice bad|detail|content)"[^>]*>(.*?)</\1>', re.DOTALL)
# What a reader typed may be of any language.
QUOTED = re.compile(r"<mark>.*?</mark>|“[^”]*”|Order \w+")
BAD_RULE = {"deal.kind": "event", "deal.event": "Order Completed"}
SETTINGS = {"confirm": "yes"}
PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/value/", {"as_of": "soon"}),
    ("/value/", {"window": "9999999"}),
    ("/value/", {"window": "10h"}),
    ("/value/", {"monetary": "most"}),
    ("/value/", {"split": "own", "r": "x", "f": "-1", "m": "1e9"}),
    ("/value/export.csv", {"as_of": "soon"}),
    ("/value/movement/", {"before": "soon"}),
    ("/value/movement/", {"before": "2024-06-01", "after": "2024-01-01"}),
    ("/value/movement/", {"before": "2024-01-01", "after": "2024-06-01", "window": "9999999"}),
    ("/customers/", {"trait": "height:3"}),
    ("/customers/", {"who": "{}"}),
    ("/customers/", {"stage": "deal", "since": "soon"}),
    ("/customers/", {"stage": "deal", "rule": "{"}),
    ("/customers/c999999/", {}),
    ("/customers/c1/timeline/", {"before": "x"}),
    ("/data/stages/", {"since": "soon", "until": "later"}),
    ("/data/stages/", BAD_RULE | {"deal.where": "revenue >>"}),
    ("/data/stages/", BAD_RULE | {"deal.where": "revenu >= 1"}),
    ("/data/stages/", BAD_RULE | {"deal.where": 'revenue contains "1"'}),
    ("/data/stages/", BAD_RULE | {"deal.where": "products.name == 1"}),
    ("/data/stages/", BAD_RULE | {"deal.nth": "0"}),
    ("/data/stages/", BAD_RULE | {"deal.nth": "9999999"}),
    ("/data/stages/", BAD_RULE | {"deal.event": "A | B", "deal.nth": "2"}),
    ("/data/stages/", BAD_RULE | {"deal.event": "Order Complete"}),
    ("/data/stages/", {"deal.kind": "event"}),
    ("/data/stages/", {"deal.kind": "json", "deal.json": "{"}),
    ("/data/stages/", {"deal.kind": "json", "deal.json": '{"size": 1}'}),
    ("/data/stages/", {"deal.kind": "json", "deal.json": '{"order": 0}'}),
    ("/data/stages/", {"deal.kind": "json", "deal.json": '{"event": "Order Completed", "when": 1}'}),
    ("/data/stages/", {"deal.kind": "json", "deal.json": '{"event": "Order Completed", "where": 1}'}),
    ("/data/stages/", {"deal.kind": "json", "deal.json": "[]"}),
    ("/data/stages/", {"deal.kind": "trait"}),
    ("/data/stages/", {"deal.kind": "trait", "deal.where": "revenue > 1"}),
    ("/data/live/999999/", {}),
    ("/data/quarantine/no-such-row/", {}),
    ("/settings/audit/", {"from": "soon"}),
    ("/settings/audit/", {"before": "x"}),
)
POSTS: tuple[tuple[str, dict[str, str]], ...] = (
    *(
        ("/settings/", SETTINGS | {name: value})
        for name, value in {
            "name": " ", "timezone": "Mars", "currency": "yuan", "session_gap": "soon", "week_start": "someday",
            "questions_until": "noon", "reserve_mb": "-1", "most_identifiers": "0", "messages_per_second": "x",
            "keep_messages_days": "1.5", "csrf_origins": "example", "trusted_proxies": "nowhere", "version": "old",
        }.items()
    ),
    ("/settings/team/", {"do": "add", "username": "", "role": "viewer"}),
    ("/settings/team/", {"do": "add", "username": "x" * 70, "role": "viewer"}),
    ("/settings/team/", {"do": "add", "username": "owner-zh-hans", "role": "viewer"}),
    ("/settings/team/", {"do": "add", "username": "li", "role": "king"}),
    ("/settings/team/", {"do": "reset", "username": "nobody"}),
    ("/settings/team/", {"do": "remove", "username": "owner-zh-hans"}),
    ("/settings/team/", {"do": "dance"}),
    ("/settings/keys/", {"do": "create", "kind": "write", "name": "<b>"}),
    ("/settings/keys/", {"do": "create", "kind": "write", "name": "x", "messages_per_second": "0"}),
    ("/settings/keys/", {"do": "create", "kind": "api", "name": "x", "role": "king"}),
    ("/settings/keys/", {"do": "create", "kind": "root", "name": "x"}),
    ("/settings/keys/", {"do": "rotate", "id": "k9", "overlap": "24"}),
    ("/settings/keys/", {"do": "rotate", "id": "k9", "overlap": "x"}),
    ("/settings/keys/", {"do": "revoke", "id": "x"}),
    ("/account/password/", {"current": "wrong", "new": "short"}),
    ("/language/", {"language": "la"}),
    ("/theme/", {"theme": "pink"}),
    ("/data/stages/", BAD_RULE | {"do": "keep", "deal.where": "revenu >= 1"}),
    ("/data/tables/costs/row/", {"date": "2026-02-30", "channel": "x", "spend": "1"}),
    ("/data/tables/costs/row/", {"date": "2026-01-06", "channel": "x", "spend": "much"}),
    ("/data/tables/costs/row/", {"date": "2026-01-06", "channel": "x", "spend": "1", "currency": "yuan"}),
    ("/data/tables/costs/row/", {"channel": "x", "spend": "1"}),
    ("/data/tables/staff/row/", {"staff_id": "s2"}),
    ("/data/tables/owners/row/", {"customer": "王芳", "staff_id": "s1"}),
    ("/data/quarantine/", {"do": "dance"}),
    ("/customers/c1/consent/", {"channel": "x"}),
    ("/customers/c1/erase/", {"typed": "x"}),
    ("/customers/list/", {"name": ""}),
    ("/insight/saved/", {"do": "save", "question": "magic"}),
    ("/insight/saved/", {"do": "delete", "saved": "x"}),
    ("/insight/dashboards/", {"do": "make", "name": ""}),
    ("/insight/notes/", {"do": "add", "day": "soon", "text": "x"}),
    ("/insight/notes/", {"do": "add", "day": "2024-01-01", "text": ""}),
    ("/insight/notes/", {"do": "delete", "id": "99"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("refused") / "workspace")


@pytest.fixture
def client(
    made: Any, open_as: Callable[[Any], Any], settings: LazySettings, sign_in: Callable[..., Client], tmp_path: Path
) -> Client:
    settings.WOTU_SETTINGS = made.settings
    settings.WOTU_WORKSPACE = tmp_path
    open_as(made)
    return sign_in("owner", "zh-hans")


@pytest.mark.django_db
def test_no_page_refuses_in_english(client: Client) -> None:
    assert _wrong([(f"{address} {asked}", client.get(address, asked)) for address, asked in PAGES]) == ""


@pytest.mark.django_db
def test_no_form_refuses_in_english_and_nothing_is_changed(client: Client, made: Any) -> None:
    assert _wrong([(f"{address} {posted}", client.post(address, posted)) for address, posted in POSTS]) == ""
    assert made.stage_rules() == PRESETS["b2c"]
    assert [len(made.facts(name)) for name in ("costs", "staff", "owners")] == [0, 0, 0]


def test_only_one_module_shows_the_message_of_an_error() -> None:
    folder = Path(wotu.console.__path__[0])
    # A rule of a stage looks in the message for the word to point at.
    allowed = {"refusing.py", "stage_rules.py"}
    using = {path.name for path in folder.rglob("*.py") if "error.message" in path.read_text("utf-8")}
    assert using == allowed


def _wrong(responses: list[tuple[str, Any]]) -> str:
    """The refusals that say nothing, nothing in Chinese, or something in English."""
    wrong = []
    for address, response in responses:
        told = [html.unescape(re.sub(r"<.*?>", "", QUOTED.sub("", each[1]))) for each in TOLD.findall(_text(response))]
        said = " · ".join(told)
        if (
            not (400 <= response.status_code < 500 or told)
            or not CHINESE.search(_text(response))
            or ENGLISH.search(said)
        ):
            wrong.append(f"{response.status_code} {address}: {said}")
    return "\n".join(wrong)


def _text(response: Any) -> str:
    return str(response.content.decode())
