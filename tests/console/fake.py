"""A workspace made of plain data, with the shapes the console reads: small, seeded, the same each time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pyarrow as pa

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.fact_tables import TABLES
from wotu.core.settings import Settings

ZONE = ZoneInfo("America/New_York")
KEYS = (
    "important_value", "important_develop", "important_keep", "important_winback",
    "general_value", "general_develop", "general_keep", "general_winback",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    name: str
    value: Any
    previous: Any
    unit: str
    trend: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Contribution:
    factor: str
    amount: Decimal
    value: Any
    previous: Any


@dataclass(frozen=True)
class Overview:
    days: int
    since: date
    until: date
    previous_since: date
    figures: dict[str, Figure]
    changes: tuple[Contribution, ...]
    customers: int
    events: int


@dataclass(frozen=True)
class Segment:
    key: str
    name: str
    customers: int
    revenue: Decimal
    orders: int
    share: float
    revenue_share: float


@dataclass(frozen=True)
class Plain:
    """Any other answer: named values."""

    values: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError as error:
            raise AttributeError(name) from error


class RfmAnswer(Plain):
    """A value answer: as long as it has customers."""

    def __len__(self) -> int:
        return int(self.values["size"])

    def to_dict(self) -> dict[str, Any]:
        return {"thresholds": {"r": 91.2, "f": 63.0, "m": "1861.20"}}


def plain(**values: Any) -> Plain:
    return Plain(values)


def overview(revenue: Any = "351968.20", previous: Any = "367200.00", days: int = 28) -> Overview:
    """An overview whose contributions add up to the change of revenue."""
    now, before = Decimal(revenue), Decimal(previous)
    wave = tuple(float(8 + (i * 7) % 5) for i in range(12))
    repeat = now - before - Decimal("400.00")
    figures = {
        "revenue": Figure("revenue", now, before, "money", wave),
        "orders": Figure("orders", 11930, 12101, "count", wave),
        "active_customers": Figure("active_customers", 1902, 1965, "count", wave),
        "repeat_rate": Figure("repeat_rate", 0.752, 0.789, "rate", wave),
        "order_value": Figure("order_value", Decimal("29.50"), Decimal("29.51"), "money", (*wave[:5], None, *wave[6:])),
        "new_customers": Figure("new_customers", 14, 9, "count", wave),
        "returning_customers": Figure("returning_customers", 1700, 1720, "count", wave),
        "resurrecting_customers": Figure("resurrecting_customers", 188, 236, "count", wave),
        "dormant_customers": Figure("dormant_customers", 265, 201, "count", wave),
    }
    changes = (
        Contribution("existing_customers", Decimal("120.00"), 2455, 2446),
        Contribution("repeat_rate", repeat, 0.752, 0.789),
        Contribution("repeat_amount", Decimal("-30.00"), Decimal("188.02"), Decimal("188.04")),
        Contribution("new_customers", Decimal("300.00"), 14, 9),
        Contribution("first_order_value", Decimal("10.00"), Decimal("31.00"), Decimal("30.20")),
    )
    until = date(2018, 1, 1)
    since = until - timedelta(days=days)
    return Overview(days, since, until, since - timedelta(days=days), figures, changes, 2469, 155848)


class FakeWorkspace:
    """Answers as the real one does, from 120 made customers."""

    def __init__(self, path: Path, *, customers: int = 120) -> None:
        self.path = path
        self.settings = Settings(timezone="America/New_York", currency="USD", questions_until="data", name="Demo")
        self.people = [_person(number) for number in range(1, customers + 1)]
        self.calls: list[str] = []
        self.unconverted = 0
        self.generation = uuid4().hex

    def now(self) -> datetime:
        return datetime(2018, 1, 1, tzinfo=ZONE)

    def is_empty(self) -> bool:
        return not self.people

    def generation_name(self) -> str:
        return self.generation

    def facts(self, table: str) -> pa.Table:
        """No table has a row."""
        columns = [column.name for column in TABLES[table].columns]
        return pa.table({name: pa.array([], pa.string()) for name in (*columns, "customer_id")})

    def overview(self, days: int = 28) -> Overview:
        self.calls.append("overview")
        return overview(days=days)

    def ordering_customers(self, state: str, *, days: int = 28) -> list[str]:
        size = overview(days=days).figures[f"{state}_customers"].value
        return [person["customer_id"] for person in self.people[:size]]

    def growth_accounting(self, events: Any = None, unit: str = "week", periods: int = 12) -> Any:
        draw = random.Random(7)
        weeks = [date(2017, 12, 25) - timedelta(weeks=index) for index in reversed(range(periods))]
        rows = tuple(
            plain(period=str(week), complete=week < date(2017, 12, 25), new=draw.randint(1, 40),
                  returning=draw.randint(900, 1000), resurrecting=draw.randint(200, 330),
                  dormant=draw.randint(200, 320), quick_ratio=round(draw.uniform(0.7, 1.3), 2))
            for week in weeks
        )  # fmt: skip
        return plain(periods=rows)

    def rfm(self, as_of: Any = None, window: Any = None, monetary: str = "total", split: Any = "mean") -> Any:
        if window == "1d":
            raise invalid_argument("window", "window='1d' holds no order.")
        if isinstance(split, dict) and int(split["r"]) > 100_000:
            raise invalid_argument("split.r", "split.r is larger than the history.")
        table = pa.table(
            {
                "customer_id": [person["customer_id"] for person in self.people],
                "recency_days": [person["number"] % 200 for person in self.people],
                "frequency": [person["orders"] for person in self.people],
                "monetary": [str(person["revenue"]) for person in self.people],
                "r": [1 + person["number"] % 5 for person in self.people],
                "f": [1 + person["number"] % 4 for person in self.people],
                "m": [1 + person["number"] % 3 for person in self.people],
                "score": [111 for _ in self.people],
                "segment": [person["segment"] for person in self.people],
            }
        )
        total = sum((person["revenue"] for person in self.people), Decimal(0))
        return RfmAnswer(
            {
                "as_of": as_of or date(2018, 1, 1),
                "size": len(self.people),
                "table": table,
                "degenerate": ("r",) if split == "median" else (),
                "segments": tuple(self._segment(key, total) for key in KEYS),
                "unconverted": self.unconverted,
                "anonymous": plain(customers=3, orders=5, revenue=Decimal("88.00")),
            }
        )

    def rfm_movement(self, before: date, after: date, **parameters: Any) -> Any:
        draw = random.Random(3)
        flows = {(a, b): draw.randint(0, 60) for a in KEYS for b in KEYS} | {("none", KEYS[5]): 14}
        people = [person["customer_id"] for person in self.people]
        return plain(before=self.rfm(as_of=before), after=self.rfm(as_of=after), flows=flows,
                     customers=lambda origin, target: people[: flows[origin, target]])  # fmt: skip

    def customers(
        self, search: str = "", where: str = "", segment: str = "", sort: str = "-revenue", limit: int = 50,
        offset: int = 0, layers: Any = None, among: Any = None, by_name: bool = False,
    ) -> Any:  # fmt: skip
        self.calls.append(f"customers {search} {where} {segment} {sort} {limit} {offset} {layers or {}}")
        rows = [
            person
            for person in self.people
            if search.casefold() in f"{person['name']} {'' if by_name else person['identifier']}".casefold()
        ]
        if among is not None:
            rows = [person for person in rows if person["customer_id"] in among]
        if segment:
            rows = [person for person in rows if person["segment"] == segment]
        if where:
            rows = [person for person in rows if f'`trait.income` == "{person["income"]}"' == where]
        key = sort.removeprefix("-")
        rows.sort(key=lambda person: (person[key] is None, str(person[key]) if key == "name" else person[key] or 0),
                  reverse=sort.startswith("-"))  # fmt: skip
        return plain(rows=tuple(plain(**person) for person in rows[offset : offset + limit]), total=len(rows))

    def consent(self, identifier: str) -> Any:
        self.customer(identifier)
        return (
            plain(channel="sms", purpose="marketing", given=True, time=_moment(0), event="Consent Given",
                  source="till", by="ann"),
            plain(channel="email", purpose="marketing", given=False, time=_moment(1), event="Message Unsubscribed",
                  source=None, by=None),
        )  # fmt: skip

    def set_consent(
        self, identifier: str, channel: str, purpose: str, given: bool, by: str, *, source: str = ""
    ) -> Any:
        self.calls.append(f"set_consent {identifier} {channel} {purpose} {given} {by} {source}")
        return self.consent(identifier)

    def identity_numbers(self, identifier: str) -> list[str]:
        return [self.customer(identifier).customer_id]

    def export(self, identifier: str, file: Path, *, audit: Any = (), value: Any = None) -> str:
        self.calls.append(f"export {identifier} {len(audit)}")
        self.exported_value = value
        file.write_bytes(b"zip")
        return identifier

    def erase(self, identifier: str, *, by: str = "", wait: bool = True) -> str:
        self.calls.append(f"erase {identifier} {by} {wait}")
        return identifier

    def traits(self) -> dict[str, list[tuple[str, int]]]:
        return {"income": [("35-49K", 40), ("50-74K", 30)], "household_size": [("1", 60), ("2", 41)]}

    def customer(self, identifier: str) -> Any:
        for person in self.people:
            if identifier in (person["customer_id"], person["identifier"], person["identifier"].partition(":")[2]):
                return _profile(person)
        raise WotuError(ErrorCode.UNKNOWN_CUSTOMER, f"{identifier!r} is not known.", field="identifier")

    def orders_of(self, customer_id: str, limit: int = 20, before: str | None = None) -> Any:
        self.customer(customer_id)
        first = int(before or 0)
        line = plain(product_id="p1", name="WHOLE MILK", category="DAIRY", quantity=Decimal(2), price=Decimal("2.49"),
                     amount=Decimal("4.98"))  # fmt: skip
        rows = tuple(
            plain(order_id=f"o-{first + i}", time=_moment(first + i), revenue=Decimal("31.20"), refunded=Decimal(i % 2),
                  cancelled=i == 3, lines=(line,), seq=100 - i)
            for i in range(min(limit, 25 - first))
        )  # fmt: skip
        return plain(rows=rows, next=str(first + limit) if first + limit < 25 else None)

    def timeline_of(self, customer_id: str, limit: int = 50, before: str | None = None, events: Any = ()) -> Any:
        self.customer(customer_id)
        first = int(before or 0)
        rows = [
            plain(time=_moment(first + i), event="Order Completed" if i % 3 else "Coupon Redeemed", seq=1000 - i,
                  properties={"order_id": f"o-{first + i}", "revenue": "31.20", "note": None, "store": "367"})
            for i in range(min(limit, 120 - first))
        ]  # fmt: skip
        rows = [row for row in rows if not events or row.event in events]
        return plain(rows=rows, next=str(first + limit) if first + limit < 120 else None)

    def _segment(self, key: str, total: Decimal) -> Segment:
        inside = [person for person in self.people if person["segment"] == key]
        revenue = sum((person["revenue"] for person in inside), Decimal(0))
        return Segment(key, key, len(inside), revenue, sum(person["orders"] for person in inside),
                       len(inside) / len(self.people), float(revenue / total))  # fmt: skip


def _moment(index: int) -> datetime:
    return datetime(2017, 12, 31, 18, 5, tzinfo=UTC).astimezone(ZONE) - timedelta(hours=7 * index)


def _person(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "customer_id": f"c{number}",
        "identifier": f"user_id:{number}",
        "name": "=HYPERLINK(1)" if number == 7 else f"Household {number}" if number % 3 else None,
        "segment": KEYS[number % 8] if number % 11 else None,
        "income": "35-49K" if number % 2 else "50-74K",
        "orders": number * 2,
        "revenue": Decimal(number) * Decimal("61.37"),
        "last_order": date(2017, 12, 31) - timedelta(days=number),
        "first_seen": datetime(2017, 1, 1, 9, tzinfo=ZONE) + timedelta(days=number),
        "last_seen": datetime(2017, 12, 31, 9, tzinfo=ZONE) - timedelta(days=number),
        "identified": number % 10 != 0,
    }


def _profile(person: dict[str, Any]) -> Any:
    number = person["number"]
    rfm = plain(recency_days=number, frequency=person["orders"], monetary=person["revenue"], r=4, f=5, m=3, score=4.0,
                segment=person["segment"])  # fmt: skip
    return plain(
        customer_id=person["customer_id"], name=person["name"], rfm=rfm if person["segment"] else None,
        identifiers=(plain(type="user_id", value=str(number), namespace="default"),
                     plain(type="phone", value="+15550100", namespace="default")),
        traits={"income": person["income"], "household_size": "2"}, first_seen=person["first_seen"],
        last_seen=person["last_seen"], events=120, orders=25, revenue=person["revenue"],
    )  # fmt: skip
