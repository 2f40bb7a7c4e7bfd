"""The oracles against examples worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from .events import SeriesEvent, event_series
from .growth_accounting import LifecycleEvent, growth
from .identity import Message, resolve
from .orders import Book, Line, OrderEvent, order_book
from .rfm import RfmOrder, Split, rfm

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A local wall clock as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# Identity


def identify(**ids: str) -> Message:
    return {"type": "identify", **ids}


def track(**ids: str) -> Message:
    return {"type": "track", **ids}


def alias(user_id: str, previous_id: str, namespace: str = "default") -> Message:
    return {"type": "alias", "user_id": user_id, "previous_id": previous_id, "namespace": namespace}


@pytest.mark.parametrize(
    ("_case", "messages", "first"),
    [
        (
            "the worked example of the module",
            [
                track(anonymous_id="a"),
                identify(user_id="u", anonymous_id="a"),
                identify(user_id="v", anonymous_id="a"),
                track(anonymous_id="a"),
                identify(user_id="u", phone="p"),
                identify(user_id="v", phone="p"),
            ],
            [0, 0, 2, 0, 0, 2],
        ),
        (
            "a merge keeps the older",
            [identify(phone="p"), identify(user_id="u"), identify(user_id="u", phone="p")],
            [0, 0, 0],
        ),
        (
            "user_ids of two namespaces join through a phone",
            [identify(user_id="1", phone="p"), identify(user_id="2", phone="p", namespace="门店"), track(user_id="2")],
            [0, 0, 2],
        ),
        (
            "a join that would put two user_ids together is refused though it names neither",
            [identify(user_id="1", phone="p"), identify(user_id="2", email="e"), identify(phone="p", email="e")],
            [0, 1, 0],
        ),
        (
            "a refused edge leaves the others of the message",
            [identify(user_id="1", phone="p"), identify(user_id="2", phone="p", email="e"), identify(email="e")],
            [0, 1, 1],
        ),
        (
            "who comes first takes the pair",
            [identify(phone="p", email="e"), identify(user_id="1", phone="p"), identify(user_id="2", email="e")],
            [0, 0, 2],
        ),
        ("no strong id, no tie", [identify(anonymous_id="a", device_id="d"), track(device_id="d")], [0, 1]),
        ("a track ties nothing", [track(user_id="u", anonymous_id="a"), track(anonymous_id="a")], [0, 1]),
        (
            "the same value as anonymous id and as device id are two",
            [identify(user_id="u", device_id="x"), track(anonymous_id="x"), track(device_id="x")],
            [0, 1, 0],
        ),
        (
            "user_id, then phone, then anonymous id find the owner",
            [
                identify(user_id="u"),
                identify(phone="p", anonymous_id="a"),
                track(user_id="u", phone="p", anonymous_id="a"),
                track(phone="p", device_id="d"),
                track(anonymous_id="b", device_id="d"),
                track(anonymous_id="a"),
            ],
            [0, 0, 0, 0, 4, 0],
        ),
        (
            "a track joins strong ids",
            [track(phone="p"), track(user_id="u"), track(user_id="u", phone="p"), track(phone="p")],
            [0, 0, 0, 0],
        ),
        ("an alias brings earlier events", [track(anonymous_id="a"), alias("u", "a"), track(user_id="u")], [0, 0, 0]),
        (
            "an alias of a known user joins nothing",
            [track(user_id="u"), alias("v", "u"), track(anonymous_id="u")],
            [0, 1, 2],
        ),
        (
            "known in another namespace is not known",
            [track(user_id="u"), alias("v", "u", "门店"), track(anonymous_id="u")],
            [0, 1, 1],
        ),
        (
            "an anonymous id has one owner, the first",
            [identify(user_id="u", anonymous_id="a"), alias("v", "a"), track(anonymous_id="a")],
            [0, 1, 0],
        ),
    ],
)
def test_identity(_case: str, messages: list[Message], first: list[int]) -> None:
    assert resolve(messages) == first


# Orders


def order_event(
    event: str,
    seq: int,
    order_id: str | None = None,
    revenue: int | None = None,
    products: dict[str, tuple[int, int]] | None = None,
    *,
    customer: str = "王芳",
    day: int | None = None,
    refund_id: str | None = None,
) -> OrderEvent:
    """One event on January ``day`` (its ``seq`` if not given); products are {id: (quantity, amount)}."""
    lines: list[Line] = [
        {"product_id": product, "quantity": Decimal(quantity), "amount": amount}
        for product, (quantity, amount) in (products or {}).items()
    ]
    return {
        "customer": customer,
        "event": f"Order {event}",
        "time": january(seq if day is None else day),
        "seq": seq,
        "order_id": order_id,
        "refund_id": refund_id,
        "revenue": revenue,
        "products": lines or None,
    }


def january(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


def in_short(book: Book) -> tuple[list[tuple[str | None, int, list[tuple[int, int]]]], list[tuple[int, int]]]:
    """Orders as (id, revenue, [(day, amount)]), unmatched refunds as (day, amount)."""
    orders = [(o.order_id, o.revenue, [(t.day, amount) for t, amount in o.refunds]) for o in book["orders"]]
    return orders, [(entry["time"].day, entry["amount"]) for entry in book["unmatched"]]


def test_orders_worked_example() -> None:
    book = order_book(
        [
            order_event("Completed", 1, "A", 10000, {"茶": (2, 10000)}),
            order_event("Completed", 2, "B", 6000, {"茶": (1, 6000)}),
            order_event("Completed", 3, "A", 99900, {"茶": (9, 99900)}),
            order_event("Refunded", 4, None, None, {"茶": (2, 10000)}),
            order_event("Refunded", 5, None, None, {"茶": (1, 6000)}),
            order_event("Refunded", 6, None, None, {"茶": (1, 6000)}),
        ]
    )
    assert in_short(book) == ([("A", 10000, [(4, 10000)]), ("B", 6000, [(5, 6000)])], [(6, 6000)])


def test_named_refund_then_rest_then_cancelled() -> None:
    book = order_book(
        [
            order_event("Refunded", 2, "A", 3000),
            order_event("Completed", 5, "A", 10000, {"茶": (2, 10000)}),
            order_event("Refunded", 6, "A"),
            order_event("Cancelled", 7, "A"),
            order_event("Refunded", 8, None, None, {"茶": (1, 5000)}),
        ]
    )
    assert in_short(book) == ([("A", 10000, [(2, 3000), (6, 7000), (7, 0)])], [(8, 5000)])


def test_refund_splits_over_orders_and_leaves_a_rest() -> None:
    book = order_book(
        [
            order_event("Completed", 1, None, 3000, {"茶": (1, 3000)}),
            order_event("Completed", 2, None, 2000, {"杯": (1, 2000)}),
            order_event("Refunded", 3, None, 6000, {"茶": (1, 3000), "杯": (1, 2000), "碗": (1, 1000)}),
        ]
    )
    assert in_short(book) == ([(None, 3000, [(3, 3000)]), (None, 2000, [(3, 2000)])], [(3, 1000)])


def test_refund_of_an_unknown_order_is_matched_to_no_product() -> None:
    book = order_book(
        [
            order_event("Completed", 1, "A", 3000, {"茶": (1, 3000)}),
            order_event("Refunded", 2, "unknown", None, {"茶": (1, 3000)}),
            order_event("Refunded", 3, "unknown", 500),
        ]
    )
    assert in_short(book) == ([("A", 3000, [])], [(2, 3000), (3, 500)])


def test_cancellation_of_an_unknown_order_is_kept_with_amount_0() -> None:
    book = order_book([order_event("Cancelled", 2, "unknown", 700), order_event("Cancelled", 3)])
    assert in_short(book) == ([], [(2, 0), (3, 0)])


@pytest.mark.parametrize(
    ("_case", "order_seq", "order_day", "matched"),
    [("same time, arrived before", 1, 9, True), ("same time, arrived after", 3, 9, False), ("later", 1, 10, False)],
)
def test_refund_matches_earlier_orders_only(_case: str, order_seq: int, order_day: int, matched: bool) -> None:
    book = order_book(
        [
            order_event("Refunded", 2, None, 3000, {"茶": (1, 3000)}, day=9),
            order_event("Completed", order_seq, "A", 3000, {"茶": (1, 3000)}, day=order_day),
        ]
    )
    refunds = [(9, 3000)]
    assert in_short(book) == ([("A", 3000, refunds if matched else [])], [] if matched else refunds)


def test_named_refund_takes_quantity_and_comes_once() -> None:
    book = order_book(
        [
            order_event("Completed", 1, "A", 10000, {"茶": (2, 10000)}),
            order_event("Refunded", 2, "A", 4000, {"茶": (1, 5000)}, refund_id="R"),
            order_event("Refunded", 3, "A", 4000, {"茶": (1, 5000)}, refund_id="R"),
            order_event("Refunded", 4, None, None, {"茶": (2, 10000)}),
            order_event("Refunded", 5, None, None, {"茶": (1, 5000)}),
            order_event("Refunded", 6, "A", 100, customer="李雷"),
        ]
    )
    assert in_short(book) == ([("A", 10000, [(2, 4000), (5, 5000)])], [(4, 10000), (6, 100)])


# RFM

RFM_ORDERS = [
    RfmOrder("王芳", True, "1", at("2024-01-10T23:59:59"), 300, [(at("2024-01-11"), 300)]),
    RfmOrder("王芳", True, "2", at("2024-01-01"), 100, [(at("2024-01-02"), 50)]),
    RfmOrder("李雷", True, "3", at("2024-01-06T12:00"), 200, []),
    RfmOrder("李雷", True, "4", at("2024-01-11"), 999, []),
    RfmOrder("Zoë", True, "5", at("2024-01-08"), 500, [(at("2024-01-09"), 500)]),
    RfmOrder("?", False, "6", at("2024-01-08"), 700, []),
]


def test_rfm_worked_example() -> None:
    rows = rfm(RFM_ORDERS, as_of=date(2024, 1, 11), zone=SHANGHAI)
    assert {customer: tuple(row) for customer, row in rows.items()} == {
        "王芳": (1, 2, 350, 4, 4, 4, "important_value"),
        "李雷": (5, 1, 200, 1, 2, 2, "important_winback"),
        "Zoë": (3, 0, 0, 2, 1, 1, "general_winback"),
    }


@pytest.mark.parametrize(
    ("split", "segments"),
    [
        ("median", ["important_value", "important_keep", "general_develop"]),
        ("score", ["important_value", "general_winback", "general_winback"]),
        ({"r": 5, "f": 1, "m": 201}, ["important_value", "general_value", "general_develop"]),
        ({"r": 4, "f": 2, "m": 200}, ["important_value", "important_winback", "general_develop"]),
    ],
)
def test_rfm_splits(split: Split, segments: list[str]) -> None:
    rows = rfm(RFM_ORDERS, as_of=date(2024, 1, 11), zone=SHANGHAI, split=split)
    assert [rows[customer].segment for customer in ("王芳", "李雷", "Zoë")] == segments


def test_rfm_average_and_window() -> None:
    rows = rfm(RFM_ORDERS, as_of=date(2024, 1, 11), zone=SHANGHAI, monetary="average")
    assert [row.monetary for row in rows.values()] == [175, 200, 0]
    rows = rfm(RFM_ORDERS, as_of=date(2024, 1, 11), zone=SHANGHAI, window_days=5)
    assert [tuple(row[1:3]) for row in rows.values()] == [(1, 300), (1, 200), (0, 0)]
    rows = rfm(RFM_ORDERS, as_of=date(2024, 1, 11), zone=SHANGHAI, window_days=4)
    assert list(rows) == ["王芳", "Zoë"]


@pytest.mark.parametrize(("amounts", "average"), [((1, 2), 2), ((1, 1, 2), 1), ((0, 1), 1), ((1, 2, 2), 2)])
def test_rfm_average_is_rounded_half_up(amounts: tuple[int, ...], average: int) -> None:
    orders = [RfmOrder("a", True, str(i), at("2024-01-01"), amount, []) for i, amount in enumerate(amounts)]
    assert rfm(orders, as_of=date(2024, 1, 2), zone=SHANGHAI, monetary="average")["a"].monetary == average


def test_free_order_is_void_after_any_refund() -> None:
    free = [
        RfmOrder(who, True, who, at("2024-01-01"), 0, refunds)
        for who, refunds in [("a", []), ("b", [(at("2024-01-02"), 0)])]
    ]
    rows = rfm(free, as_of=date(2024, 1, 3), zone=SHANGHAI)
    assert [row.frequency for row in rows.values()] == [1, 0]


# Growth accounting

LIFE: list[LifecycleEvent] = [
    ("a", "Order Completed", at("2026-01-06"), 0),
    ("b", "Product Viewed", at("2026-01-07"), 1),
    ("d", "Order Completed", at("2026-01-08"), 2),
    ("a", "Order Completed", at("2026-01-13"), 3),
    ("c", "Order Completed", at("2026-01-14"), 4),
    ("b", "Order Completed", at("2026-01-20"), 5),
]


def life(since: date | None, until: date | None, now: datetime) -> list[tuple[object, ...]]:
    rows = growth(LIFE, names={"Order Completed"}, since=since, until=until, unit="week", zone=SHANGHAI, now=now)
    return [tuple(row.values()) for row in rows]


def test_growth_worked_example() -> None:
    weeks = [
        ("2026-01-05", True, 2, 0, 0, 0, None),
        ("2026-01-12", True, 1, 1, 0, 1, 1.0),
        ("2026-01-19", True, 0, 0, 1, 2, 0.5),
    ]
    assert life(None, None, at("2026-01-26")) == weeks
    assert life(date(2026, 1, 14), date(2026, 1, 19), at("2026-02-01")) == weeks[1:2]


def test_growth_marks_a_period_that_is_not_over() -> None:
    assert life(date(2026, 1, 19), date(2026, 1, 26), at("2026-01-25T23:59")) == [
        ("2026-01-19", False, 0, 0, 1, 2, None)
    ]
    assert life(date(2026, 1, 12), date(2026, 1, 14), at("2026-02-01")) == [("2026-01-12", False, 0, 1, 0, 1, None)]


# Event analysis

BOUGHT: list[SeriesEvent] = [
    ("a", "Order Completed", at("2026-01-01T00:00"), 0, {"amount": 10, "channel": "微信"}),
    ("a", "Order Completed", at("2026-01-01T09:00"), 1, {"amount": Decimal("20.5"), "channel": "抖音"}),
    ("b", "Order Completed", at("2026-01-01T23:59:59"), 2, {"amount": 40, "channel": "微信"}),
    ("b", "Order Completed", at("2026-01-03T12:00"), 3, {"amount": "未知"}),
    ("b", "加购", at("2026-01-03T12:00"), 4, {"amount": 7}),
    ("c", "Order Completed", at("2026-01-04T00:00"), 5, {"amount": 1}),
]


def values(measure: str, by: str | None = None) -> list[list[Fraction | None]]:
    series = event_series(
        BOUGHT,
        names=["Order Completed"],
        measure=measure,
        unit="day",
        since=at("2026-01-01T12:00"),
        until=date(2026, 1, 4),
        zone=SHANGHAI,
        by=by,
    )
    assert [[point["time"] for point in one["points"]] for one in series] == [
        ["2026-01-01", "2026-01-02", "2026-01-03"] for _ in series
    ]
    return [[point["value"] for point in one["points"]] for one in series]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("customers", [2, 0, 1]),
        ("count", [3, 0, 1]),
        ("per_customer", [Fraction(3, 2), None, 1]),
        ("sum:amount", [Fraction("70.5"), 0, 0]),
        ("avg:amount", [Fraction("23.5"), None, None]),
        # 0.9 × (3 − 1) = 1.8: 20.5 + 0.8 × 19.5
        ("p90:amount", [Fraction("36.1"), None, None]),
    ],
)
def test_event_measures(measure: str, expected: list[Fraction | int | None]) -> None:
    assert values(measure) == [expected]


def test_breakdown_lists_missing_values() -> None:
    assert values("count", by="channel") == [[2, 0, 0], [1, 0, 0], [0, 0, 1]]
