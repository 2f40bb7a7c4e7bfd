"""Questions of behaviour over the API: answered as in Python, masked for those who may not see identifiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from tests.api.conftest import Api, _use, refused
from tests.workspace import visits

from wotu.accounts.sight import Sight
from wotu.answers import kept
from wotu.api.asking import shown

ASKED: list[tuple[str, dict[str, Any]]] = [
    ("paths", {}),
    ("paths", {"start": "Product Viewed", "end": ["Order Completed"], "steps": 3, "clean": ["trailing slash"]}),
    ("funnel", {"steps": ["Product Viewed", "Order Completed"]}),
    (
        "funnel",
        {
            "steps": [
                {"event": "Product Viewed", "where": {"product_id": "p1"}},
                {"event": "Product Added", "optional": True},
                ["Order Completed", {"event": "Product Reviewed"}],
            ],
            "within": "1d",
            "exclude": [{"event": "Order Refunded", "after": 1, "before": 3}],
            "by": {"property": "channel", "at": "last"},
            "top": 1,
        },
    ),
    ("funnel", {"steps": ["Product Viewed", "Order Completed"], "view": "times", "bins": 3}),
    ("funnel", {"steps": ["Product Viewed", "Order Completed"], "view": "times", "bins": ["1h", "1d"]}),
    ("funnel", {"steps": ["Product Viewed", "Order Completed"], "view": "trend", "count": "sessions"}),
    ("separation", {"steps": ["Product Viewed", "Order Completed"], "least": 1, "order": "strict"}),
    ("retention", {"unit": "week", "periods": 3}),
    ("retention", {"brackets": ["1-7", "8-21"], "born": "Product Viewed", "by": "channel"}),
    ("retention", {"unit": "week", "measure": "revenue", "periods": 2}),
    ("habit-loop", dict.fromkeys(("trigger", "action", "reward", "investment"), "Product Viewed")),
    ("smart-path", {"goal": "Order Completed"}),
    ("smart-path", {"goal": ["Order Completed"], "start": "Product Viewed", "across": True, "top": 1}),
    ("aha", {"period": 1, "min_customers": 2}),
    ("aha", {}),
    ("step-doctor", {"steps": ["Product Viewed", "Order Completed"], "min_customers": 2}),
    ("step-doctor", {"steps": ["Product Viewed", "Order Completed"], "errors": "Complaint Opened", "shortly": "2h"}),
    ("stickiness", {"unit": "week", "events": ["Product Viewed", "Order Completed"]}),
    ("sessions", {"unit": "month", "gap": "5m"}),
    ("sessions", {"events": "Product Viewed", "by": "entry_event", "top": 1}),
    ("activity", {}),
    ("output", {"unit": "month"}),
    ("active-customers", {"unit": "week", "min_count": 2, "churned_after": 2}),
    ("active-customers", {"unit": "week", "duration": "5m"}),
    ("growth-path", {}),
    ("growth-path", {"unit": "week", "stuck_after": "1w", "scheme": [{"stage": "all", "name": "都"}]}),
]
WHO: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("paths", {}, {"node": "0:Page: /"}),
    ("paths", {}, {"link": ["0:Page: /", "1:Product Viewed"]}),
    ("funnel", {"steps": ["Product Viewed", "Order Completed"]}, {"step": 1, "dropped": True}),
    ("separation", {"steps": ["Product Viewed", "Order Completed"]}, {"converted": False}),
    ("retention", {"unit": "week", "periods": 3}, {"cohort": None, "period": 1}),
    ("habit_loop", dict.fromkeys(("trigger", "action", "reward", "investment"), "Product Viewed"), {"step": "action"}),
    ("smart_path", {"goal": "Order Completed"}, {"route": 1}),
    ("step_doctor", {"steps": ["Product Viewed", "Order Completed"]}, {"went_on": True}),
    ("stickiness", {}, {"days": 4}),
    ("sessions", {}, {"sessions": 2}),
    ("activity", {}, {"visits": 2, "at_least": True}),
    ("output", {}, {"converted": False}),
    ("active_customers", {}, {"period": "2026-01-01"}),
    ("smart_path", {"goal": "Order Completed"}, {"lost": True}),
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
    ("of", "field"),
    [
        ({"step": "x"}, "of.step"),
        ({"step": 9}, "step"),
        ({"dropped": "perhaps"}, "of.dropped"),
        ({"group": "x"}, "group"),
    ],
)
def test_a_number_nobody_counted_is_named(
    shop: Any, as_role: Callable[..., Api], of: dict[str, Any], field: str
) -> None:
    asked = {"question": "funnel", "parameters": {"steps": ["Product Viewed", "Order Completed"]}, "of": of}
    refused(as_role()("POST", "questions/customers", asked), 422, "invalid_argument", field)


@pytest.mark.parametrize(
    ("address", "asked", "code", "field"),
    [
        ("paths", {"start": "Product View"}, "unknown_event", "start"),
        ("paths", {"steps": 11}, "invalid_argument", "steps"),
        ("paths", {"gap": "soon"}, "invalid_argument", "gap"),
        ("funnel", {"steps": ["Product Viewed"]}, "invalid_argument", "steps"),
        ("funnel", {"steps": ["Product Viewed", "Order Complete"]}, "unknown_event", "steps[1]"),
        ("retention", {"mode": "in"}, "invalid_argument", "mode"),
        ("habit-loop", {"trigger": "Product Viewed"}, "invalid_argument", "action"),
        ("growth-path", {"scheme": "mine"}, "invalid_argument", "scheme"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(
    shop: Any, as_role: Callable[..., Api], address: str, asked: Any, code: str, field: str
) -> None:
    refused(as_role()("POST", f"questions/{address}", asked), 422, code, field)


@pytest.mark.parametrize(
    ("address", "asked", "field"),
    [
        ("paths", {"start": {"event": "Product Viewed", "where": 'phone contains "138"'}}, "start.where"),
        ("funnel", {"steps": ["Exposed", {"event": "Exposed", "where": 'phone > "138"'}]}, "steps[1].where"),
        ("funnel", {"steps": ["Exposed", "Ad Clicked"], "by": {"property": "user_id"}}, "by"),
        ("retention", {"by": "trait.phone"}, "by"),
    ],
)
def test_identifiers_cannot_be_found_out(
    shop: Any, as_role: Callable[..., Api], address: str, asked: dict[str, Any], field: str
) -> None:
    refused(as_role("analyst")("POST", f"questions/{address}", asked), 403, "forbidden", field)


def test_texts_of_the_data_are_masked(shop: Any, as_role: Callable[..., Api]) -> None:
    asked = {"steps": ["Product Viewed", "Order Completed"], "by": "channel"}
    whole, masked = (as_role(role).post("questions/funnel", asked) for role in ("owner", "analyst"))
    values = [{group["value"] for group in answer["groups"]} for answer in (whole, masked)]
    assert values[0] - values[1] == {"call 13900000002"}
    assert values[1] - values[0] == {"call 139****0002"}
    assert [group["steps"] for group in whole["groups"]] == [group["steps"] for group in masked["groups"]]


def test_a_value_is_masked_by_the_property_it_is_of() -> None:
    told = {
        "candidates": [{"kind": "property", "name": "member_no", "value": "88123456"}, {"name": "x", "value": "9.50"}]
    }
    assert shown(Sight(whole=True), told) == told
    masked = shown(Sight(whole=False), told)["candidates"]
    assert [each["value"] for each in masked] == ["88****56", "9.50"]
