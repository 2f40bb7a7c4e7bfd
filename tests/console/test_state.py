"""The state of the install in words, above every page and on a page of its own."""

from __future__ import annotations

import shutil
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils.translation import override
from tests.console.fake import FakeWorkspace

from wotu.console.install import span
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.status import SettlerStatus, write_status

Settle = Callable[..., None]


@pytest.fixture
def settle(tmp_path: Path, settings: LazySettings) -> Iterator[Settle]:
    """Leaves what a settler at work would leave, changed as asked."""
    settings.WOTU_WORKSPACE = tmp_path
    layout = Layout(tmp_path)
    layout.prepare()
    with ExitStack() as held:
        held.enter_context(file_lock(layout.settler_lock))

        def go(**changed: Any) -> None:
            known = {"pid": 1, "state": "idle", "updated": time.time(), "accepted": 1234, "settle_seconds": 0.25}
            write_status(tmp_path, "settler", SettlerStatus(**{**known, **changed}))

        yield go


def text_of(client: Client, address: str = "/settings/state/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_up_to_date(space: FakeWorkspace, sign_in: Callable[..., Client], settle: Settle) -> None:
    settle()
    page = text_of(sign_in(role="viewer"))
    assert "<h1>Data is up to date</h1>" in page
    assert "<dt>Settler</dt><dd>at work</dd>" in page
    assert "1,234 messages taken, 0 seen before" in page
    assert "<dt>Last settle</dt><dd>0.25 s</dd>" in page
    assert "notice" not in page


def test_behind(space: FakeWorkspace, sign_in: Callable[..., Client], settle: Settle) -> None:
    settle(backlog_segments=3, oldest_waiting=time.time() - 47)
    page = text_of(sign_in())
    assert "<h1>Data is 47 seconds behind</h1>" in page or "<h1>Data is 48 seconds behind</h1>" in page
    assert "<dd>3 batches</dd>" in page
    chinese = sign_in(language="zh-hans")
    assert "<h1>数据滞后4" in text_of(chinese)


TROUBLES = [
    ({"state": "stopped"}, "Settling has stopped."),
    ({"state": "failing", "reason": "no room"}, "New data cannot be settled at the moment."),
    ({"state": "clock_behind", "reason": "the clock"}, "The server&#x27;s clock is behind."),
    ({"backlog_segments": 9, "oldest_waiting": 1.0}, "New data come in faster than they are settled."),
]


@pytest.mark.parametrize(("changed", "words"), TROUBLES, ids=[words for _, words in TROUBLES])
def test_every_page_says_what_needs_somebody(
    space: FakeWorkspace, sign_in: Callable[..., Client], settle: Settle, changed: dict[str, Any], words: str
) -> None:
    settle(**changed)
    client = sign_in()
    for address in ("/", "/customers/"):
        page = text_of(client, address)
        assert f'<p class="notice warn" role="status">{words}' in page
        assert 'href="/settings/state/"' in page
    state = text_of(client)
    assert state.count(words) == 1
    assert changed.get("reason", "") in state


def test_a_disk_that_is_nearly_full_is_said(
    space: FakeWorkspace, sign_in: Callable[..., Client], settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle()
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - the shape of the standard library's
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 5 * 10**8))
    client = sign_in()
    assert "The disk is nearly full." in text_of(client, "/")
    assert "<dd>0.5 GB free <span" in text_of(client)


def test_strangers_are_told_nothing(db: None, settle: Settle) -> None:
    settle(state="stopped")
    assert Client().get("/settings/state/").status_code == 302
    assert "Settling has stopped" not in Client().get("/sign-in/").content.decode()


def test_a_folder_without_a_settler_has_no_banner(
    space: FakeWorkspace, sign_in: Callable[..., Client], tmp_path: Path, settings: LazySettings
) -> None:
    Layout(tmp_path).prepare()
    settings.WOTU_WORKSPACE = tmp_path
    client = sign_in()
    assert "notice warn" not in text_of(client, "/")
    assert "no settler has run yet" in text_of(client)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (7_199, "119 minutes"),
     (7_200, "2 hours"), (172_799, "47 hours"), (172_800, "2 days")],
)  # fmt: skip
def test_lengths_of_time_in_words(seconds: float, words: str) -> None:
    with override("en"):
        assert span(seconds) == words
