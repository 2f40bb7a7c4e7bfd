"""What the address of the customers page asks for."""

from __future__ import annotations

import pytest

from wotu.console.listing import Listing


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, ""),
        ({"trait": "income:35-49K"}, '`trait.income` == "35-49K"'),
        ({"trait": 'note:say "hi" \\ bye'}, '`trait.note` == "say \\"hi\\" \\\\ bye"'),
        ({"trait": "income"}, ""),
        ({"trait": "favourite shop (2):中"}, '`trait.favourite shop (2)` == "中"'),
    ],
)
def test_a_trait_filter_becomes_a_condition(query: dict[str, str], where: str) -> None:
    assert Listing.read(query).where == where


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("sort", "-orders", "-orders"),
        ("sort", "password", "-revenue"),
        ("size", "100", 100),
        ("size", "1000000", 50),
        ("page", "3", 3),
        ("page", "0", 1),
        ("page", "-1", 1),
        ("page", "9" * 5000, 1),
        ("page", "٣", 1),
        ("segment", "general_keep", "general_keep"),
        ("segment", "everybody", ""),
    ],
)
def test_what_is_not_understood_takes_its_default(name: str, text: str, read: object) -> None:
    assert getattr(Listing.read({name: text}), name) == read


def test_an_address_holds_only_what_differs_from_the_defaults() -> None:
    listing = Listing.read({"q": "milk", "sort": "name", "page": "2", "split": "score"})
    assert listing.query() == "q=milk&sort=name&page=2&split=score"
    assert listing.query(page="", q="") == "sort=name&split=score"
    assert Listing.read({"sort": "-revenue", "size": "50", "page": "1"}).query() == ""
