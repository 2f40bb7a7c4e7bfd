"""Exports: the whole filtered list, only for those who may, with no cell that runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook
from tests.console.fake import FakeWorkspace

from wotu.console.exporting import guarded
from wotu.core.errors import invalid_argument

ADDRESSES = [
    "/customers/export.csv",
    "/customers/export.xlsx",
    "/value/export.csv",
    "/value/export.xlsx",
    "/value/movement/export.csv",
    "/value/movement/export.xlsx",
    "/growth.csv",
    "/growth.xlsx",
]


def _rows(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff201", "'\uff201"),
        ("a=1", "a=1"),
        ("", ""),
        (-1, -1),
        (Decimal("-2.50"), Decimal("-2.50")),
        (None, None),
    ],
)
def test_text_that_looks_like_a_formula_is_only_shown(cell: object, shown: object) -> None:
    assert guarded(cell) == shown


def test_a_name_that_is_a_formula_does_not_run(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    client = sign_in()

    rows = _rows(client.get("/customers/export.csv"))
    book = load_workbook(io.BytesIO(b"".join(client.get("/customers/export.xlsx").streaming_content)))

    assert [row[2] for row in rows if row[0] == "c7"] == ["'=HYPERLINK(1)"]
    cells = [row[2] for row in book.active.iter_rows() if row[0].value == "c7"]  # type: ignore[union-attr]
    assert [(cell.value, cell.data_type) for cell in cells] == [("'=HYPERLINK(1)", "s")]


def test_the_whole_filtered_list_is_exported(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    response = sign_in().get("/customers/export.csv?segment=important_keep&size=25&page=2&sort=name")

    rows = _rows(response)
    assert response["Content-Disposition"] == 'attachment; filename="customers.csv"'
    assert response["Cache-Control"] == "private, no-store"
    assert rows[0][:4] == ["Customer ID", "Identifier", "Name", "Segment"]
    assert len(rows) - 1 == sum(person["segment"] == "important_keep" for person in space.people)
    assert {row[3] for row in rows[1:]} == {"Important keep"}


def test_values_are_exact_and_times_iso(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    row = next(row for row in _rows(sign_in().get("/customers/export.csv")) if row[0] == "c42")
    assert row[4:7] == ["84", "2577.54", "2017-11-19"]
    assert datetime.fromisoformat(row[7]).astimezone(UTC) == datetime(2017, 2, 12, 14, tzinfo=UTC)


def test_a_control_character_is_left_out_of_a_workbook(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    space.people[4]["name"] = "Ann\x0b\x00 Lee"
    book = load_workbook(io.BytesIO(b"".join(sign_in().get("/customers/export.xlsx").streaming_content)))
    assert [row[2].value for row in book.active.iter_rows() if row[0].value == "c5"] == ["Ann Lee"]  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "address",
    [
        "/value/export.KIND?as_of=2026-13-45",
        "/value/export.KIND?split=own&r=1&f=2&m=1e99",
        "/value/movement/export.KIND?before=zz",
        "/value/movement/export.KIND?split=nothing",
        "/value/movement/export.KIND?before=2018-01-01&after=2017-01-01",
        "/customers/export.KIND?as_of=x&segment=important_keep",
        "/customers/export.KIND?from=important_value&before=x&after=2018-01-01",
        "/customers/export.KIND?trait=a`b:c",
    ],
)
def test_a_wrong_parameter_is_an_error_page_and_no_file(
    space: FakeWorkspace, sign_in: Callable[..., Client], address: str, kind: str
) -> None:
    response = sign_in().get(address.replace("KIND", kind))
    assert response.status_code == 400
    assert "This cannot be answered as asked" in response.content.decode()


def test_a_question_refused_at_its_first_row_is_an_error_page(
    space: FakeWorkspace, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_parameters: Any) -> Any:
        raise invalid_argument("segment", "lost")

    monkeypatch.setattr(space, "customers", refuse)
    for kind in ("csv", "xlsx"):
        assert (
            sign_in(language="en" if kind == "csv" else "zh-hans").get(f"/customers/export.{kind}").status_code == 400
        )


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_viewer_may_not_export(space: FakeWorkspace, sign_in: Callable[..., Client], address: str) -> None:
    response = sign_in("viewer").get(address)
    assert response.status_code == 403
    assert not response.streaming
    assert space.calls == []


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("role", ["owner", "marketer", "analyst"])
def test_others_may(space: FakeWorkspace, sign_in: Callable[..., Client], address: str, role: str) -> None:
    response = sign_in(role).get(address)
    assert response.status_code == 200
    assert len(b"".join(response.streaming_content)) > 100  # type: ignore[arg-type]


def test_a_viewer_sees_no_export_links(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    assert "export.csv" in sign_in("analyst").get("/customers/").content.decode()
    assert "export.csv" not in sign_in("viewer").get("/customers/").content.decode()


def test_another_kind_of_file_is_not_offered(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    assert sign_in().get("/customers/export.pdf").status_code == 404


async def _collected(response: Any) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


def test_an_asynchronous_server_gets_an_asynchronous_body(space: FakeWorkspace, sign_in: Callable[..., Client]) -> None:
    from asgiref.sync import async_to_sync
    from django.test import AsyncClient

    client = AsyncClient()
    client.cookies = sign_in().cookies

    async def read() -> bytes:
        return await _collected(await client.get("/customers/export.csv"))

    assert async_to_sync(read)().startswith(b"\xef\xbb\xbfCustomer ID")
