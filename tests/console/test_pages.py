"""Every page, in both languages: it answers, has one heading, and holds nothing a strict policy would refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from tests.console.fake import FakeWorkspace, overview

PAGES = [
    "/",
    "/?days=7",
    "/?days=365",
    "/customers/",
    "/customers/?q=household&sort=name&size=25&page=2",
    "/customers/?segment=important_keep&split=median",
    "/customers/?state=dormant&days=28&col=orders&col=revenue",
    "/customers/?from=important_value&to=general_develop&before=2017-10-02&after=2018-01-01&split=score",
    "/customers/c42/",
    "/customers/c42/?orders_before=10&before=50&event=Order+Completed",
    "/value/",
    "/value/?split=own&r=30&f=2&m=500.00&monetary=average&window=365",
    "/value/?split=score",
    "/value/?split=median",
    "/value/movement/",
    "/search/?q=household",
    "/account/",
    "/account/password/",
    "/settings/",
    "/settings/team/",
    "/settings/keys/",
    "/settings/audit/",
]
_INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_answers(space: FakeWorkspace, sign_in: Callable[..., Client], address: str, language: str) -> None:
    response = sign_in(language=language).get(address)

    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("<h1") == 1
    assert f'<html lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in page
    assert _INLINE.search(page) is None
    assert "{{" not in page
    assert "%(" not in page


@pytest.mark.parametrize("address", ["/", "/customers/", "/value/", "/value/movement/"])
def test_an_empty_workspace_teaches_the_first_step(
    open_as: Callable[[FakeWorkspace], FakeWorkspace], sign_in: Callable[..., Client], tmp_path: Path, address: str
) -> None:
    open_as(FakeWorkspace(tmp_path, customers=0))

    page = sign_in().get(address).content.decode()

    assert "wotu import orders.csv --mapping orders.yaml" in page
    assert "wotu collect messages.ndjson" in page


@pytest.mark.parametrize("address", PAGES)
def test_nobody_reads_a_page_without_signing_in(space: FakeWorkspace, db: None, client: Client, address: str) -> None:
    response = client.get(address)

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=")
    assert space.calls == []


def test_the_same_question_is_computed_once(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    client.get("/")
    client.get("/")
    assert space.calls.count("overview") == 1


def test_a_search_as_you_type_gets_the_list_alone(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get("/customers/?q=Household+11", headers={"hx-request": "true", "hx-target": "result"})

    page = response.content.decode()
    assert "<html" not in page
    assert "<b>8</b> customers" in page
    assert "HX-Request" in response["Vary"]


def test_nobody_found_says_so_and_offers_a_way_back(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    page = sign_in().get("/customers/?q=zebra").content.decode()
    assert "Nobody fits" in page
    assert "Clear the filters" in page


def test_a_customer_is_found_by_identifier(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    assert "user_id:42" not in client.get("/customers/c42/").content.decode()
    assert client.get("/customers/user_id:42/").status_code == 200


def test_more_events_come_as_a_fragment(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get("/customers/c42/timeline/?before=50", headers={"hx-request": "true"})

    page = response.content.decode()
    assert "<html" not in page
    assert page.count("<li>") == 50
    assert "before=100" in page


def test_an_unknown_customer_is_a_friendly_404(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get("/customers/nobody/")
    assert response.status_code == 404
    assert "This customer is not known" in response.content.decode()
    assert "nobody&#x27;" not in response.content.decode()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("as_of=yesterday", "Write a date such as 2026-01-31."),
        ("window=ever", "Write whole days, such as 365."),
        ("split=own&r=x&f=2&m=5", "Write whole days, such as 30."),
        ("split=own&r=1&f=2&m=five", "Write an amount, such as 500.00."),
        ("split=own&r=1&f=2&m=1e99", "Write an amount, such as 500.00."),
        ("split=own&r=1&f=2&m=1000000000001", "Write an amount, such as 500.00."),
        ("split=own&r=1&f=2&m=-5", "Write an amount, such as 500.00."),
        ("split=nothing", "Choose one of the options."),
        ("window=1", "window=&#x27;1d&#x27; holds no order."),
        ("split=own&r=999999&f=2&m=5", "split.r is larger than the history."),
    ],
)
def test_a_wrong_parameter_is_said_beside_its_field_and_kept(
    space: FakeWorkspace, sign_in: Callable[..., Client], query: str, message: str
) -> None:
    response = sign_in().get(f"/value/?{query}")

    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    for name, value in (pair.split("=") for pair in query.split("&")):
        assert f'name="{name}" value="{value}"' in page or name == "split"


def test_a_wrong_date_of_a_movement_is_said(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get("/value/movement/?before=2018-01-01&after=2017-01-01")
    assert response.status_code == 422
    assert "The second date must be after the first." in response.content.decode()


def test_a_degenerate_split_is_said(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    page = sign_in().get("/value/?split=median").content.decode()
    assert "one side of the threshold of R" in page


def test_segments_keep_the_parameters_they_were_made_with(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    client = sign_in()
    assert "segment=important_keep&amp;split=score" in client.get("/value/?split=score").content.decode()
    client.get("/customers/?segment=important_keep&split=score")
    assert space.calls[-1].endswith("important_keep -revenue 50 0 {'split': 'score'}")


def test_an_unknown_address_is_a_friendly_404(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get("/nothing/here/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_a_fault_of_ours_says_nothing_was_changed(
    space: FakeWorkspace, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "overview", lambda days: 1 / 0)
    client = sign_in()
    client.raise_request_exception = False

    response = client.get("/")

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()
    assert "ZeroDivisionError" not in response.content.decode()


def test_a_workspace_that_cannot_be_read_still_gets_a_page(
    space: FakeWorkspace, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable() -> bool:
        raise RuntimeError("the timelines cannot be opened")

    monkeypatch.setattr(space, "is_empty", unreadable)
    client = sign_in()
    client.raise_request_exception = False

    response = client.get("/")

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()


def test_what_came_from_none_is_said_once(
    space: FakeWorkspace, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "overview", lambda days: overview(previous="0.00", days=days))
    page = sign_in().get("/").content.decode()
    assert "from none" in page
    assert "from $0.00" not in page
    assert "No orders in the period before, so the change cannot be split." in page
    assert "Shapley" not in page


@pytest.mark.parametrize("query", ["as_of=x&segment=important_keep", "split=nothing", "page=2&m=1e99&split=own"])
def test_a_list_with_wrong_parameters_is_refused(
    space: FakeWorkspace, sign_in: Callable[..., Client], query: str
) -> None:
    assert sign_in().get(f"/customers/?{query}").status_code == 400


@pytest.mark.parametrize("number", ["7", "999999999"])
def test_beyond_the_end_is_the_last_page(space: FakeWorkspace, sign_in: Callable[..., Client], number: str) -> None:
    page = sign_in().get(f"/customers/?page={number}").content.decode()
    assert "101–120 of 120" in page


@pytest.mark.parametrize("text", ["c5", "user_id:5"])
def test_a_search_that_names_one_customer_finds_that_one(
    space: FakeWorkspace, sign_in: Callable[..., Client], text: str
) -> None:
    client = sign_in()
    for address in ("/customers/", "/search/"):
        page = client.get(address, {"q": text}).content.decode()
        assert "/customers/c5/" in page
        assert page.count('href="/customers/c') == 1


def test_a_search_that_only_looks_like_an_id_is_a_search(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    assert "Nobody fits" in sign_in().get("/customers/?q=c99999").content.decode()


@pytest.mark.parametrize("address", ["/", "/value/"])
def test_orders_left_out_of_money_are_said(space: FakeWorkspace, sign_in: Callable[..., Client], address: str) -> None:
    text = "1 order in another currency is not in these amounts."
    client = sign_in()
    assert text not in client.get(address).content.decode()
    space.unconverted, space.generation = 1, "with one more"
    assert text in client.get(address).content.decode()


@pytest.mark.parametrize("address", ["/", "/customers/", "/value/", "/sign-in/once/abc/"])
def test_a_page_has_a_head(space: FakeWorkspace, sign_in: Callable[..., Client], address: str) -> None:
    assert sign_in().head(address).status_code == 200
