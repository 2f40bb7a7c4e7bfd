"""A question that was kept before an event was renamed reads in today's name; lists are read one after another."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import translation

from settle.messages import track
from wotu.accounts.sight import Sight
from wotu.console.asking.shared import group_name
from wotu.console.vocabulary import plain_value
from wotu.workspace import Workspace


@pytest.fixture
def shop(tmp_path: Path, open_as: Callable[[Any], Any], settings: LazySettings) -> Workspace:
    space = Workspace.open(tmp_path / "w")
    space.collect([track("order_done", "a"), track("order_paid", "a"), track("look", "b")])
    settings.WOTU_SETTINGS = space.settings
    open_as(space)
    return space


def _chosen(client: Client, name: str) -> tuple[str, str]:
    """The option chosen in the sentence, and the event in the definition."""
    page = html.unescape(client.get("/insight/ask/events/", {"events.1": name, "last": "all"}).content.decode())
    select = re.search(r'<select name="events\.1" .*?</select>', page, re.DOTALL)
    assert select is not None
    option = re.search(r'<option value="([^"]*)"[^>]* selected>([^<(]*)', select[0])
    assert option is not None
    return option[1], option[2].strip()


@pytest.mark.django_db(transaction=True)
def test_an_event_reads_as_it_is_called_now(
    shop: Workspace, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    client = sign_in()
    shop.rename_event("order_done", "Bought")
    assert _chosen(client, "order_done") == ("order_done", "Bought")
    shop.rename_event("order_done", "Purchased")
    assert _chosen(client, "Bought") == ("Bought", "Purchased")
    assert _chosen(client, "Purchased") == ("Purchased", "Purchased")
    # Under a common name the question still means this one alone, and says so.
    shop.merge_events(["order_done", "order_paid"], "Purchased")
    page = client.get("/insight/ask/events/", {"events.1": "order_paid", "last": "all"}).content.decode()
    assert ">Purchased (order_paid)</option>" in page
    assert _chosen(client, "look") == ("look", "look")


def test_a_list_reads_as_its_values() -> None:
    with translation.override("zh-hans"):
        assert plain_value('["会员","茶"]') == plain_value(["会员", "茶"]) == "会员、茶"
        assert group_name('["会员","茶"]', Sight(whole=True)) == "会员、茶"
    with translation.override("en"):
        assert plain_value('["a", 2]') == "a, 2"
        assert [plain_value(text) for text in ("[a]", '[{"a":1}]', "a]")] == ["[a]", '[{"a":1}]', "a]"]
