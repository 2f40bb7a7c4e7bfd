"""Questions of behaviour over the API: answered as in Python, masked for those who may not see identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from tests.api.conftest import Api, _use, refused
from tests.workspace import visits

from wotu.answers import kept

ASKED: list[tuple[str, dict[str, Any]]] = [
    ("paths", {}),
    ("paths", {"start": "Product Viewed", "end": ["Order Completed"], "steps": 3, "clean": ["trailing slash"]}),
    ("growth-path", {}),
    ("growth-path", {"unit": "week", "stuck_after": "1w", "scheme": [{"stage": "all", "name": "都"}]}),
]
WHO: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("paths", {}, {"node": "0:Page: /"}),
    ("paths", {}, {"link": ["0:Page: /", "1:Product Viewed"]}),
    ("growth_path", {"unit": "week"}, {"from_": "none", "to": "new"}),
]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return visits.make(tmp_path_factory.mktemp("visits") / "workspace")


@pytest.fixture
def shop(filled: Any, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, db: None) -> Iterator[Any]:
    yield _use(filled, monkeypatch, settings)
    kept.workspace.cache_clear()


@pytest.mark.parametrize(("address", "asked"), ASKED)
def test_a_question_is_answered_as_in_python(
    shop: Any, as_role: Callable[..., Api], address: str, asked: dict[str, Any]
) -> None:
    expected = getattr(shop, address.replace("-", "_"))(**asked).to_dict()
    assert as_role().post(f"questions/{address}", asked) == expected
    assert expected["scope"]["events"] > 0


@pytest.mark.parametrize(("question", "asked", "of"), WHO)
def test_whoever_is_counted_can_be_listed(
    shop: Any, as_role: Callable[..., Api], question: str, asked: dict[str, Any], of: dict[str, Any]
) -> None:
    expected = getattr(shop, question)(**asked).customers(**of)
    page = as_role("analyst").post("questions/customers", {"question": question, "parameters": asked, "of": of})
    assert [row["customer_id"] for row in page["items"]] == expected
    assert (page["total"], page["next"]) == (len(expected), None)
    assert expected


@pytest.mark.parametrize(
    ("address", "asked", "code", "field"),
    [
        ("paths", {"start": "Product View"}, "unknown_event", "start"),
        ("paths", {"steps": 11}, "invalid_argument", "steps"),
        ("paths", {"gap": "soon"}, "invalid_argument", "gap"),
        ("growth-path", {"scheme": "mine"}, "invalid_argument", "scheme"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(
    shop: Any, as_role: Callable[..., Api], address: str, asked: Any, code: str, field: str
) -> None:
    refused(as_role()("POST", f"questions/{address}", asked), 422, code, field)


@pytest.mark.parametrize(
    ("address", "asked", "field"),
    [("paths", {"start": {"event": "Product Viewed", "where": 'phone contains "138"'}}, "start.where")],
)
def test_identifiers_cannot_be_found_out(
    shop: Any, as_role: Callable[..., Api], address: str, asked: dict[str, Any], field: str
) -> None:
    refused(as_role("analyst")("POST", f"questions/{address}", asked), 403, "forbidden", field)
