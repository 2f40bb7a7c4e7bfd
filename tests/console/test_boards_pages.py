"""Saved questions and dashboards in the console: kept, arranged, shared; who may, and what a stranger sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console import real

from wotu.accounts.models import User
from wotu.boards import reads, services

SignIn = Callable[..., Client]
pytestmark = pytest.mark.django_db
QUERY = "events.1=Order+Completed&unit=month&last=all"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("boards") / "workspace")


@pytest.fixture
def shop(made: Any, open_as: Callable[[Any], Any], settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("wotu.console.pages.ask.SOON", 60)
    monkeypatch.setattr("wotu.console.pages.dashboards.SOON", 60)
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


def save(client: Client, name: str = "每周下单", **more: Any) -> Any:
    return client.post("/insight/saved/", {"do": "save", "question": "events", "query": QUERY, "name": name, **more})


def test_what_the_workbench_shows_is_saved_and_opens_again(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("analyst")
    assert "Save</summary>" in client.get(f"/insight/ask/events/?{QUERY}").content.decode()

    assert save(client).status_code == 302

    (kept,) = reads.saved_questions()
    assert (kept.name, kept.question, kept.parameters["unit"]) == ("每周下单", "events", "month")
    page = client.get("/insight/saved/").content.decode()
    address = re.search(r'href="(/insight/ask/events/\?[^"]+)">每周下单', page)
    assert address is not None
    again = client.get(address[1].replace("&amp;", "&"))
    assert again.status_code == 200
    assert "Order Completed" in again.content.decode()
    assert "每周下单" not in client.get("/insight/saved/?q=nothing").content.decode()


def test_a_card_has_the_answer_of_now(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("analyst")
    board = services.make_dashboard("早会", by=User.objects.get())
    assert save(client, dashboard=board).headers["Location"] == f"/insight/dashboards/{board}/"
    (kept,) = reads.saved_questions()

    page = client.get(f"/insight/dashboards/{board}/")
    assert f'hx-get="/insight/dashboards/{board}/cards/{kept.id}/"' in page.content.decode()
    card = client.get(f"/insight/dashboards/{board}/cards/{kept.id}/").content.decode()
    assert f'data-chart="data-{kept.id}"' in card
    assert client.get(f"/insight/dashboards/{board}/cards/999/").status_code == 404
    assert client.get("/insight/dashboards/999/").status_code == 404


def test_a_question_that_cannot_be_asked_any_more_says_so_on_its_card(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("analyst")
    by = User.objects.get()
    board = services.make_dashboard("早会", by=by)
    broken = services.save_question("没有这个事件", "events", {"events": ["No Such Event"]}, by=by)
    services.add_card(board, broken, by=by)
    card = client.get(f"/insight/dashboards/{board}/cards/{broken}/")
    assert card.status_code == 200
    assert 'role="alert"' in card.content.decode()


def test_cards_are_arranged_from_the_page(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    client.post("/insight/dashboards/", {"do": "make", "name": "看板"})
    (board,) = reads.dashboards()
    first, second = (save(client, name, dashboard=board.id) and reads.saved_questions()[0].id for name in ("a", "b"))
    address = f"/insight/dashboards/{board.id}/"

    def order() -> list[int]:
        return [card.saved.id for card in reads.cards(board.id)]

    client.post(address, {"do": "later", "saved": first})
    assert order() == [second, first]
    client.post(address, {"do": "arrange", "order": f"{first},{second}"})
    assert order() == [first, second]
    client.post(address, {"do": "turn", "saved": second})
    assert [card.wide for card in reads.cards(board.id)] == [False, True]
    client.post(address, {"do": "remove", "saved": first})
    assert order() == [second]
    client.post(address, {"do": "add", "saved": first})
    assert order() == [second, first]
    refused = client.post(address, {"do": "rename", "name": " "})
    assert (refused.status_code, reads.dashboards()[0].name) == (422, "看板")
    assert client.post(address, {"do": "delete"}).headers["Location"] == "/insight/dashboards/"
    assert reads.dashboards() == ()


def test_a_stranger_with_the_link_reads_numbers_and_nobody(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("analyst")
    board = services.make_dashboard("周报", by=User.objects.get())
    save(client, dashboard=board)
    (kept,) = reads.saved_questions()
    page = client.post(f"/insight/dashboards/{board}/", {"do": "share", "days": "7"}).content.decode()
    link = re.search(r"http://testserver(/shared/[\w-]+/)", page)
    assert link is not None

    stranger = Client()
    assert stranger.get(f"/insight/dashboards/{board}/").status_code == 302
    seen = stranger.get(link[1])
    assert (seen.status_code, seen.headers["X-Robots-Tag"]) == (200, "noindex")
    assert "周报" in seen.content.decode()
    card = stranger.get(f"{link[1]}cards/{kept.id}/").content.decode()
    assert f'data-chart="data-{kept.id}"' in card
    assert "who=" not in card
    assert "/insight/" not in card
    assert stranger.post(link[1]).status_code == 405
    client.post(f"/insight/dashboards/{board}/", {"do": "revoke", "link": reads.links(board)[0].id})
    assert stranger.get(link[1]).status_code == 404
    assert stranger.get(f"{link[1]}cards/{kept.id}/").status_code == 404


def test_viewers_read_and_change_nothing(shop: Any, sign_in: SignIn) -> None:
    by = User.objects.create(username="ann", role="analyst")
    board = services.make_dashboard("看板", by=by)
    services.add_card(board, services.save_question("a", "events", {"events": ["Order Completed"]}, by=by), by=by)
    viewer = sign_in("viewer")
    for address in ("/insight/saved/", "/insight/dashboards/", f"/insight/dashboards/{board}/", "/insight/notes/"):
        page = viewer.get(address)
        assert page.status_code == 200
        assert 'name="do"' not in page.content.decode()
        assert viewer.post(address, {"do": "delete"}).status_code == 403
    assert len(reads.dashboards()) == len(reads.saved_questions()) == 1


def test_a_note_stands_under_answers_over_its_day(shop: Any, sign_in: SignIn) -> None:
    client = sign_in("analyst")
    day = shop.now().date().replace(day=1).isoformat()
    assert client.post("/insight/notes/", {"do": "add", "day": day, "text": "大促开始"}).status_code == 302
    assert "大促开始" in client.get("/insight/notes/").content.decode()
    assert "大促开始" in client.get(f"/insight/ask/events/?{QUERY}").content.decode()
    early = "/insight/ask/events/?events.1=Order+Completed&since=2001-01-01&until=2001-02-01"
    assert "大促开始" not in client.get(early).content.decode()
    refused = client.post("/insight/notes/", {"do": "add", "day": "tomorrow", "text": "x"})
    assert (refused.status_code, len(reads.notes())) == (422, 1)
    client.post("/insight/notes/", {"do": "delete", "id": reads.notes()[0].id})
    assert reads.notes() == ()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_empty_pages_teach(shop: Any, sign_in: SignIn, language: str) -> None:
    client = sign_in("owner", language)
    for address in ("/insight/saved/", "/insight/dashboards/", "/insight/notes/"):
        assert 'class="empty' in client.get(address).content.decode()
