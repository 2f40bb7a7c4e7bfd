"""Small random logs as plain data, crowded so that collisions, ties and borders are common.

Times cluster around month ends, leap days and days on which clocks change; customers, identifiers and products
are few; some properties are missing, and some events come twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from .events import SeriesEvent, Value
from .growth_accounting import LifecycleEvent
from .identity import Message, strong_ids, weak_ids
from .orders import Line, OrderEvent
from .periods import WEEKDAYS, Unit
from .rfm import RfmOrder

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London")
CUSTOMERS = ("王芳", "李雷", "Zoë", "c4")
EVENTS = ("Product Viewed", "Order Completed", "Page: 首页", "加购")

# Year end, leap day, and days on which the clocks of one of the zones change (two of them month ends).
ANCHORS = (
    date(1991, 9, 15),
    date(2021, 10, 31),
    date(2023, 12, 31),
    date(2024, 2, 29),
    date(2024, 3, 10),
    date(2024, 3, 31),
    date(2024, 11, 3),
)
_DAYS = {"hour": (0, 1), "day": (-8, -1, 0, 1, 2, 7), "week": (-21, -7, -1, 0, 1, 8), "month": (-62, -31, 0, 1, 31)}
_CLOCKS = (time(0), time(0, 59, 59, 999000), time(1, 30), time(2, 30), time(12), time(23, 59, 59, 999000))


class GrowthCase(TypedDict):
    """Everything ``growth`` is asked with."""

    events: list[LifecycleEvent]
    names: frozenset[str] | None
    since: date
    until: date
    unit: Unit
    zone: ZoneInfo
    week_start: str
    now: datetime


class EventCase(TypedDict):
    """Everything ``event_series`` is asked with."""

    events: list[SeriesEvent]
    names: list[str]
    measure: str
    unit: Unit
    since: date
    until: date
    zone: ZoneInfo
    week_start: str
    by: str | None


class RfmCase(TypedDict):
    """Everything ``rfm`` is asked with."""

    orders: list[RfmOrder]
    as_of: date
    zone: ZoneInfo
    window_days: int | None
    monetary: Any
    split: Any


zones = st.sampled_from(ZONES).map(ZoneInfo)
units: st.SearchStrategy[Unit] = st.sampled_from(("hour", "day", "week", "month"))
week_starts = st.sampled_from(WEEKDAYS)


def moments(zone: ZoneInfo, anchor: date, unit: Unit = "day") -> st.SearchStrategy[datetime]:
    """UTC instants at telling times of day around ``anchor``; few enough to be drawn twice."""

    def moment(days: int, clock: time, fold: int) -> datetime:
        local = datetime.combine(anchor + timedelta(days=days), clock, tzinfo=zone)
        return local.replace(fold=fold).astimezone(UTC)

    return st.builds(moment, st.sampled_from(_DAYS[unit]), st.sampled_from(_CLOCKS), st.sampled_from((0, 1)))


@st.composite
def bounds(draw: st.DrawFn, zone: ZoneInfo, anchor: date, unit: Unit) -> tuple[date, date]:
    """``since`` before ``until``, each a date (00:00 of the zone) or an instant."""
    if unit != "hour" and draw(st.booleans()):
        first, last = sorted(draw(st.lists(st.sampled_from(_DAYS[unit]), min_size=2, max_size=2, unique=True)))
        return anchor + timedelta(days=first), anchor + timedelta(days=last)
    since, until = sorted(draw(st.lists(moments(zone, anchor, unit), min_size=2, max_size=2, unique=True)))
    return since, until


def logs(zone: ZoneInfo, anchor: date, unit: Unit) -> st.SearchStrategy[list[SeriesEvent]]:
    """Events in order of arrival, not of time; some came twice (same fact, a later ``seq``)."""
    channels = st.sampled_from(("微信", "抖音", "store"))
    amounts = st.decimals(min_value=-5, max_value=100, places=2) | st.integers(0, 9) | st.just("未知")
    properties: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
        {}, optional={"channel": channels | st.none(), "amount": amounts | st.none()}
    )
    rows = st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(EVENTS), moments(zone, anchor, unit), properties)

    def number(pair: tuple[list[tuple[str, str, datetime, dict[str, Value]]], int]) -> list[SeriesEvent]:
        drawn, repeated = pair
        arrived = drawn + drawn[:repeated]
        return [(who, event, at, seq, held) for seq, (who, event, at, held) in enumerate(arrived)]

    drawn = st.one_of(st.lists(rows, min_size=8, max_size=16), st.lists(rows, max_size=8))
    return st.tuples(drawn, st.integers(0, 2)).map(number)


@st.composite
def event_cases(draw: st.DrawFn) -> EventCase:
    """A log and a question of event analysis about it."""
    zone, unit, anchor = draw(zones), draw(units), draw(st.sampled_from(ANCHORS))
    since, until = draw(bounds(zone, anchor, unit))
    measures = ("customers", "count", "per_customer", "sum:amount", "avg:amount", "p90:amount")
    return {
        "events": draw(logs(zone, anchor, unit)),
        "names": draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3, unique=True)),
        "measure": draw(st.sampled_from(measures)),
        "unit": unit,
        "since": since,
        "until": until,
        "zone": zone,
        "week_start": draw(week_starts),
        "by": draw(st.sampled_from((None, "channel"))),
    }


@st.composite
def growth_cases(draw: st.DrawFn) -> GrowthCase:
    """A log and a question of growth accounting about it; ``now`` may lie anywhere."""
    zone, unit, anchor = draw(zones), draw(units), draw(st.sampled_from(ANCHORS))
    since, until = draw(bounds(zone, anchor, unit))
    return {
        "events": [event[:4] for event in draw(logs(zone, anchor, unit))],
        "names": draw(st.none() | st.frozensets(st.sampled_from(EVENTS), min_size=1, max_size=3)),
        "since": since,
        "until": until,
        "unit": unit,
        "zone": zone,
        "week_start": draw(week_starts),
        "now": draw(moments(zone, anchor, unit)),
    }


@st.composite
def identity_messages(draw: st.DrawFn) -> Message:
    """One message; values of user_id, anonymous_id and previous_id overlap on purpose."""
    kind = draw(st.sampled_from(("track", "page", "identify", "identify", "identify", "alias")))
    users, weak = st.sampled_from(("u1", "u2", "u3")), st.sampled_from(("a1", "a2", "u1"))
    user, anonymous = draw(st.none() | users), draw(st.none() | weak)
    message: dict[str, str | None] = {
        "type": kind,
        "user_id": user,
        "anonymous_id": anonymous,
        "phone": draw(st.sampled_from((None, None, "+8613800000001", "+8613800000002"))),
        "email": draw(st.sampled_from((None, None, "wang@example.cn", "李@例子.cn"))),
        "unionid": draw(st.sampled_from((None, None, None, "o6_1"))),
        "openid": draw(st.sampled_from((None, None, None, "o6_1"))),
        "external_userid": draw(st.sampled_from((None, None, None, "wm1"))),
        "member_no": draw(st.sampled_from((None, None, None, "8001"))),
        "device_id": draw(st.sampled_from((None, None, "d1", "a1"))),
        "previous_id": None,
        "namespace": draw(st.sampled_from(("default", "default", "门店"))),
    }
    if kind == "alias":
        # As a source sends it: two ids that differ and nothing else.
        message |= dict.fromkeys([name for name in message if name not in {"type", "namespace"}])
        message["user_id"] = draw(users)
        message["previous_id"] = draw(
            st.sampled_from(("a1", "a2", "u1", "u2")).filter(lambda v: v != message["user_id"])
        )
    elif all(value is None for name, value in message.items() if name not in {"type", "namespace"}):
        message["anonymous_id"] = draw(weak)
    return message


def identity_logs(max_size: int = 12) -> st.SearchStrategy[list[Message]]:
    """Messages in order of arrival."""
    return st.lists(identity_messages(), max_size=max_size)


@st.composite
def identity_stories(draw: st.DrawFn, max_size: int = 14) -> list[Message]:
    """Messages in order of arrival, with merges of earlier ones' customers and splits of identifiers between them."""
    messages: list[Message] = []
    for _ in range(draw(st.integers(0, max_size))):
        kind = draw(st.sampled_from(("message", "message", "message", "merge", "split")))
        spoken = [place for place, message in enumerate(messages) if message["type"] not in {"merge", "split"}]
        if kind == "message" or not spoken:
            messages.append(draw(identity_messages()))
        elif kind == "merge":
            messages.append({"type": "merge", "of": (draw(st.sampled_from(spoken)), draw(st.sampled_from(spoken)))})
        else:
            seen = messages[draw(st.sampled_from(spoken))]
            of, namespace, value = draw(st.sampled_from(strong_ids(seen) + weak_ids(seen)))
            messages.append({"type": "split", "kind": of, "namespace": namespace, "value": value})
    return messages


def _lines(prices: tuple[int, ...]) -> st.SearchStrategy[list[Line]]:
    def line(product: str, quantity: Decimal, price: int) -> Line:
        return {"product_id": product, "quantity": quantity, "amount": int(price * quantity)}

    quantities = st.sampled_from((Decimal(1), Decimal(2), Decimal("0.5")))
    return st.lists(
        st.builds(line, st.sampled_from(("茶", "杯")), quantities, st.sampled_from(prices)),
        min_size=1,
        max_size=3,
    )


@st.composite
def order_logs(draw: st.DrawFn, max_size: int = 12) -> list[OrderEvent]:
    """Orders, refunds and cancellations in order of arrival, not of time.

    An order always says its revenue. A refund says revenue, products, both or neither; a refund with both says
    the sum of its lines, so that nobody has to choose between them.
    """
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    names = st.sampled_from(
        ("Order Completed", "Order Completed", "Order Refunded", "Order Refunded", "Order Cancelled")
    )
    messages: list[OrderEvent] = []
    for seq in range(draw(st.sampled_from((max_size, max_size // 2)) | st.integers(0, max_size))):
        event = draw(names)
        products = draw(st.none() | _lines((0, 1000, 6050)) | _lines((6050,)))
        revenue: int | None = draw(st.sampled_from((0, 100, 6050, 20000)))
        if event == "Order Refunded":
            total = sum(line["amount"] for line in products) if products else revenue
            revenue = draw(st.sampled_from((None, total)))
        elif event == "Order Cancelled":
            revenue, products = None, None
        messages.append(
            {
                "customer": draw(st.sampled_from(CUSTOMERS[:2])),
                "event": event,
                "time": draw(moments(zone, anchor)),
                "seq": seq,
                "order_id": draw(st.sampled_from((None, None, "A1", "A2", "订单3"))),
                "refund_id": draw(st.sampled_from((None, None, "R1"))) if event == "Order Refunded" else None,
                "revenue": revenue,
                "products": products,
            }
        )
    return messages


@st.composite
def rfm_cases(draw: st.DrawFn) -> RfmCase:
    """Orders of identified and anonymous customers and a question of RFM about them."""
    zone, anchor = draw(zones), draw(st.sampled_from(ANCHORS))
    when = moments(zone, anchor, draw(st.sampled_from(("day", "week", "month"))))
    known = {customer: customer != "c4" for customer in CUSTOMERS}
    amounts = st.sampled_from((0, 1, 99, 100, 3333, 10000))
    refunds = st.lists(st.tuples(when, amounts), max_size=2)
    orders: list[RfmOrder] = []
    for number in range(draw(st.integers(0, 12))):
        customer = draw(st.sampled_from(CUSTOMERS))
        orders.append(RfmOrder(customer, known[customer], f"订单{number}", draw(when), draw(amounts), draw(refunds)))
    thresholds = st.fixed_dictionaries(
        {"r": st.integers(0, 40), "f": st.integers(0, 3), "m": st.sampled_from((0, 100, 5000))}
    )
    return {
        "orders": orders,
        "as_of": anchor + timedelta(days=draw(st.sampled_from((-1, 0, 1, 2, 32)))),
        "zone": zone,
        "window_days": draw(st.sampled_from((None, 1, 7, 31))),
        "monetary": draw(st.sampled_from(("total", "average"))),
        "split": draw(st.sampled_from(("mean", "median", "score")) | thresholds),
    }
