"""Rows of tables besides events: every column is read in one writing, and a wrong value names itself."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from wotu.collect.batch import Batch
from wotu.collect.fact_rows import delete_batch, known_table, put_batch
from wotu.collect.fact_values import Terms
from wotu.collect.importing import import_file
from wotu.collect.mapping import parse_mapping
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.fact_tables import TABLES
from wotu.core.settings import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
TERMS = Terms("CNY", SHANGHAI)
RECEIVED = datetime(2026, 1, 5, tzinfo=UTC)
COST = {"date": "2026-01-31", "channel": "抖音", "spend": 1}


def put(table: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    batch = put_batch(known_table(table), rows, TERMS, RECEIVED)
    return [json.loads(text) for text in batch.table["properties"].to_pylist()]


def test_every_table_is_sound() -> None:
    for name, table in TABLES.items():
        columns = [column.name for column in table.columns]
        assert name == table.name
        assert len(set(columns)) == len(columns)
        assert set(table.key) <= set(columns)
        # A row without its key would be nobody's; what may be left out has one empty form.
        assert set(table.required) & set(table.key)
        assert not {"deleted", "more", "customer_id"} & set(columns)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"spend": "1,234.505"}, {"spend": "1234.51"}),
        ({"spend": 3}, {"spend": "3.00"}),
        ({"spend": "99", "currency": "jpy"}, {"spend": "99", "currency": "JPY"}),
        ({"date": "2026/1/5"}, {"date": "2026-01-05"}),
        ({"date": "2026年1月5日"}, {"date": "2026-01-05"}),
        ({"date": "2026-01-05 23:59:59"}, {"date": "2026-01-05"}),
        ({"date": datetime(2026, 1, 4, 16, tzinfo=UTC)}, {"date": "2026-01-05"}),
        ({"date": date(2026, 1, 5)}, {"date": "2026-01-05"}),
        ({"impressions": "12,000", "clicks": 3.0}, {"impressions": 12000, "clicks": 3}),
        ({"campaign": 42, "kind": " "}, {"campaign": "42", "kind": "acquisition"}),
        ({"kind": "cost_to_serve"}, {"kind": "cost_to_serve"}),
        ({"x": {"a": [1]}, "y": None}, {"x": {"a": [1]}}),
    ],
)
def test_values_are_kept_in_one_writing(given: dict[str, Any], kept: dict[str, Any]) -> None:
    standard = {"date": "2026-01-31", "channel": "抖音", "kind": "acquisition", "spend": "1.00", "currency": "CNY"}
    assert put("costs", COST | given) == [standard | kept]


def test_prices_rates_and_numbers_are_decimal_texts() -> None:
    rows = put(
        "products",
        {"product_id": 7, "price": "0.335", "margin_rate": "35%"},
        {"product_id": "7.5", "cost": Decimal("12.500"), "margin_rate": 0.2},
    )
    assert rows == [
        {"product_id": "7", "price": "0.335", "margin_rate": "0.35"},
        {"product_id": "7.5", "cost": "12.5", "margin_rate": "0.2"},
    ]
    periods = (2026, "2026-q1", "2026-01", "2026/1/5")
    targets = put("targets", *({"metric": "revenue", "period": period, "value": "1e6"} for period in periods))
    assert [row["period"] for row in targets] == ["2026", "2026-Q1", "2026-01", "2026-01-05"]
    assert targets[0]["value"] == "1000000"


@pytest.mark.parametrize(
    ("table", "row", "field"),
    [
        ("costs", {"channel": "a", "spend": 1}, "date"),
        ("costs", COST | {"date": "31.13.2026"}, "date"),
        ("costs", COST | {"date": "2026-02-30"}, "date"),
        ("costs", COST | {"spend": "viel"}, "spend"),
        ("costs", COST | {"spend": float("nan")}, "spend"),
        ("costs", COST | {"currency": "yuan"}, "currency"),
        ("costs", COST | {"clicks": -1}, "clicks"),
        ("costs", COST | {"clicks": 1.5}, "clicks"),
        ("costs", COST | {"kind": "fun"}, "kind"),
        ("products", {"product_id": " "}, "product_id"),
        ("products", {"product_id": 1, "margin_rate": 35}, "margin_rate"),
        ("products", {"product_id": 1, "price": -1}, "price"),
        ("contacts", {"company_id": 1, "customer": "13800000001"}, "customer"),
        ("contacts", {"company_id": 1, "customer": "phone:"}, "customer"),
        ("contacts", {"company_id": 1, "customer": "c7", "role": "boss"}, "role"),
        ("targets", {"metric": "revenue", "period": "2026-13", "value": 1}, "period"),
        ("targets", {"metric": "revenue", "period": "spring", "value": 1}, "period"),
        ("stage_rules", {"stage": "deal", "rule": "{"}, "rule"),
        ("stage_rules", {"stage": "deal"}, "rule"),
    ],
)
def test_a_wrong_value_names_row_and_column(table: str, row: dict[str, Any], field: str) -> None:
    with pytest.raises(WotuError) as caught:
        put(table, row)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MESSAGE, f"rows[0].{field}")


def test_an_unknown_table_tells_the_nearest() -> None:
    with pytest.raises(WotuError, match="Nearest: costs") as caught:
        known_table("cost")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, "table")


def test_the_message_id_is_table_key_and_a_hash_of_content_and_time() -> None:
    table = TABLES["costs"]
    first, again, other = (
        put_batch(table, [row], TERMS, RECEIVED).table["message_id"][0].as_py()
        for row in (COST, COST | {"campaign": ""}, COST | {"spend": 2})
    )
    assert first == again != other
    assert first.startswith("costs:2026-01-31|抖音||acquisition:")
    later = put_batch(table, [COST], TERMS, datetime(2026, 1, 6, tzinfo=UTC)).table["message_id"][0].as_py()
    assert later != first
    twice = put_batch(table, [COST, COST], TERMS, RECEIVED).table["message_id"].to_pylist()
    assert twice[0] == first != twice[1]


@pytest.mark.parametrize("key", ["s1", {"staff_id": "s1"}])
def test_a_row_is_taken_out_by_its_key(key: Any) -> None:
    (text,) = delete_batch(TABLES["staff"], key, TERMS, RECEIVED).table["properties"].to_pylist()
    assert json.loads(text) == {"staff_id": "s1", "deleted": True}


@pytest.mark.parametrize(
    ("table", "key", "field"),
    [
        ("costs", "2026-01-31", "key"),
        ("staff", {"name": "x"}, "key.name"),
        ("costs", {"date": "2026-01-31"}, "key.channel"),
        ("staff", {"staff_id": ""}, "key.staff_id"),
    ],
)
def test_a_key_must_be_whole(table: str, key: Any, field: str) -> None:
    with pytest.raises(WotuError) as caught:
        delete_batch(TABLES[table], key, TERMS, RECEIVED)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_MESSAGE, field)


def imported(path: Path, mapping: str) -> Batch:
    settings = Settings(timezone="Asia/Shanghai", currency="CNY")
    return import_file(path, parse_mapping(mapping, "m"), settings=settings, received=RECEIVED)


def test_a_sheet_of_costs_is_imported_with_its_days_and_amounts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (
        ["日期", "渠道", "花费", "展现", "状态"],
        [datetime(2026, 1, 5), "抖音", 100.5, 12000, "ok"],
        [datetime(2026, 1, 6), "抖音", "n/a", 1, "ok"],
        [datetime(2026, 1, 7), None, 1, 1, "ok"],
        [datetime(2026, 1, 8), "抖音", 1, 1, "draft"],
    ):
        page.append(row)
    book.save(tmp_path / "costs.xlsx")
    batch = imported(
        tmp_path / "costs.xlsx",
        "table: costs\nskip: {column: 状态, equals: draft}\n"
        "properties: {date: 日期, channel: 渠道, spend: 花费, impressions: 展现}\n",
    )
    assert [json.loads(text) for text in batch.table["properties"].to_pylist()] == [
        {
            "date": "2026-01-05", "channel": "抖音", "kind": "acquisition", "spend": "100.50", "currency": "CNY",
            "impressions": 12000,
        }
    ]  # fmt: skip
    assert [(problem.line, problem.field) for problem in batch.problems] == [(3, "花费"), (4, "渠道")]
    assert batch.rows == 3


def test_contacts_are_named_by_their_strongest_identifier(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text("company,mobile,mail,part\n1,13800000001,a@b.cn,decider\n1,,c@d.cn,\n1,,,user\n", "utf-8")
    batch = imported(
        path,
        "table: contacts\nidentifiers: {email: mail, phone: mobile}\nproperties: {company_id: company, role: part}\n",
    )
    rows = [json.loads(text) for text in batch.table["properties"].to_pylist()]
    assert [(row["customer"], row["role"]) for row in rows] == [
        ("phone:13800000001", "decider"),
        ("email:c@d.cn", "user"),
    ]
    assert [(problem.line, problem.field) for problem in batch.problems] == [(4, "customer")]
    assert batch.table["phone"].null_count == len(batch.table)
