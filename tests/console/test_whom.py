"""The numbers that lead to their customers: the list has exactly as many as were counted, however it is narrowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from tests.console import real
from tests.console.fake import FakeWorkspace
from tests.console.test_export import _rows

from wotu.console.listing import Listing
from wotu.console.whom import Whom

_WHO = re.compile(r'<a class="who" href="([^"]+)"[^>]*>([\d,.]+)')
_TOTAL = re.compile(r"<b>([\d,]+)</b> customers?<|<b>([\d,]+)</b> customers? ")
MOVED = "/customers/?from=important_value&to=general_develop&before=2017-10-02&after=2018-01-01"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return real.make(tmp_path_factory.mktemp("whom") / "workspace")


@pytest.fixture
def shop(made: Any, open_as: Callable[[Any], Any], settings: LazySettings) -> Any:
    settings.WOTU_SETTINGS = made.settings
    return open_as(made)


def _links(page: str) -> list[tuple[str, int]]:
    return [(unescape(href), int(shown.replace(",", ""))) for href, shown in _WHO.findall(page)]


def _total(client: Client, address: str) -> int:
    found = _TOTAL.search(client.get(address).content.decode())
    assert found is not None, address
    return int((found[1] or found[2]).replace(",", ""))


@pytest.mark.parametrize("days", [7, 28, 91, 365])
def test_home_leads_to_as_many_customers_as_it_counts(shop: Any, sign_in: Callable[..., Client], days: int) -> None:
    client = sign_in()
    figures = shop.overview(days=days).figures
    counted = {state: figures[f"{state}_customers"].value for state in
               ("active", "new", "returning", "resurrecting", "dormant")}  # fmt: skip

    links = dict(_links(client.get(f"/?days={days}").content.decode()))

    assert links == {f"/customers/?state={state}&days={days}": size for state, size in counted.items() if size}
    for address, size in links.items():
        assert _total(client, address) == size


@pytest.mark.parametrize("parameters", ["", "&split=score", "&split=own&r=60&f=3&m=200.00"])
def test_a_movement_leads_to_as_many_customers_as_it_counts(
    shop: Any, sign_in: Callable[..., Client], parameters: str
) -> None:
    client = sign_in()

    page = client.get(f"/value/movement/?before=2024-03-01&after=2024-12-01{parameters}").content.decode()

    links = _links(page)
    matrix = [(address, size) for address, size in links if "from=" in address and "to=" in address]
    everybody = sum(size for _address, size in set(matrix))
    assert everybody == sum(size for address, size in set(links) if "to=" not in address)
    assert everybody == sum(size for address, size in set(links) if "from=" not in address)
    for address, size in set(links):
        assert _total(client, address) == size


def test_a_list_of_some_is_searched_sorted_paged_and_exported(
    space: FakeWorkspace, sign_in: Callable[..., Client]
) -> None:
    client = sign_in()
    dormant = "/customers/?state=dormant&days=28"
    # The made answer has 120 customers, of whom 14 are new.
    new = "/customers/?state=new&days=28"

    assert _total(client, new) == 14
    assert _total(client, f"{new}&q=Household") == sum(bool(person["name"]) for person in space.people[:14]) - 1
    assert _total(client, f"{new}&segment=general_keep") == 2
    assert _total(client, dormant) == 120
    assert "51–100 of 120" in client.get(f"{dormant}&page=2").content.decode()
    page = client.get(f"{new}&sort=name").content.decode()
    assert "export.csv?sort=name&amp;state=new&amp;days=28" in page
    rows = _rows(client.get("/customers/export.csv?state=new&days=28&sort=-orders"))[1:]
    assert [row[0] for row in rows] == [f"c{number}" for number in range(14, 0, -1)]


@pytest.mark.parametrize(
    ("address", "language", "words"),
    [
        ("/customers/?state=dormant&days=28", "en", "Dormant, last 28 days"),
        ("/customers/?state=dormant&days=28", "zh-hans", "沉睡，最近 28 天"),
        (MOVED, "en", "Important value → General develop, Oct 2, 2017 to Jan 1, 2018"),
        (MOVED, "zh-hans", "重要价值客户 → 一般发展客户，2017年10月2日至2018年1月1日"),
        ("/customers/?from=none&before=2017-10-02&after=2018-01-01", "en", "No order yet on Oct 2, 2017"),
    ],
)
def test_the_list_says_whom_it_shows_and_lets_go_of_them(
    space: FakeWorkspace, sign_in: Callable[..., Client], address: str, language: str, words: str
) -> None:
    page = sign_in(language=language).get(f"{address}&q=hold&size=25").content.decode()

    assert words in page
    assert 'href="/customers/?q=hold&amp;size=25" aria-label=' in page


def test_segments_after_a_movement_are_those_it_ended_with(
    space: FakeWorkspace, sign_in: Callable[..., Client]
) -> None:
    sign_in().get(f"{MOVED}&split=score")
    assert space.calls[-1].endswith("{'split': 'score', 'as_of': datetime.date(2018, 1, 1)}")


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ({"state": "dormant", "days": "7"}, [("state", "dormant"), ("days", "7")]),
        ({"state": "dormant", "days": "0"}, [("state", "dormant"), ("days", "28")]),
        ({"state": "dormant", "days": "٣"}, [("state", "dormant"), ("days", "28")]),
        ({"state": "asleep", "days": "7"}, []),
        ({"from": "important_value", "to": "none"}, []),
        ({"from": "everybody", "before": "2017-01-01", "after": "2018-01-01"}, []),
    ],
)
def test_whom_an_address_names(query: dict[str, str], pairs: list[tuple[str, str]]) -> None:
    assert Whom.read(query).pairs == pairs
    assert bool(Whom.read(query)) == bool(pairs)


def test_a_date_that_is_none_is_refused_in_words(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get("/customers/?from=none&before=soon&after=2018-01-01")
    assert response.status_code == 400
    assert "This cannot be answered as asked" in response.content.decode()


def test_columns_are_chosen_in_the_address_and_stay(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    page = sign_in().get("/customers/?col=revenue&col=orders&col=password&q=household").content.decode()

    headings = re.findall(r'<th scope="col"[^>]*><a [^>]*>([^<]+)', page)
    assert [heading.strip() for heading in headings] == ["Customer", "Orders", "Net revenue"]
    assert page.count("checked") == 2
    assert "sort=name&amp;col=orders&amp;col=revenue" in page
    assert '<input type="hidden" name="col" value="orders" form="filters">' in page


def test_no_column_chosen_is_every_column() -> None:
    assert Listing.read({}).query() == Listing.read({"col": "password"}).query() == ""
