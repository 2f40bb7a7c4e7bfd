"""Tables besides events: products, companies, costs and the like."""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from ninja import Body, Query, Router

from wotu.accounts.audit import record
from wotu.accounts.choices import AuditAction
from wotu.accounts.masking import mask
from wotu.accounts.rules import Action
from wotu.accounts.sight import Sight
from wotu.answers.kept import workspace
from wotu.api.callers import Caller, caller_of
from wotu.api.cursors import unusable
from wotu.api.errors import not_found
from wotu.api.idempotency import write
from wotu.api.schemas.errors import CONFLICT, IDEMPOTENT, NOT_FOUND, TOO_LARGE, answers
from wotu.api.schemas.facts import Counts, FactTable, Row
from wotu.api.schemas.pages import Page, Paging, page
from wotu.api.values import plain
from wotu.core import fact_tables
from wotu.core.money import decimal_text

router = Router(tags=["Facts"])
_SEPARATOR = "|"
_MORE = "more"


@router.get("/facts", response=answers(list[FactTable]), summary="Which tables there are", operation_id="list_tables")
def list_tables(request: HttpRequest) -> Any:
    """Every table besides events, with its declared columns. Other columns are welcome, too."""
    caller_of(request).require(Action.READ)
    return list(fact_tables.TABLES.values())


@router.get(
    "/facts/{table}", response=answers(Page[Row], NOT_FOUND), summary="Rows of a table", operation_id="list_facts"
)
def list_facts(request: HttpRequest, table: str, asked: Query[Paging]) -> Page[Any]:
    """The rows that hold now, by key; money is decimal text."""
    declared, sight = _declared(table), _reader(request)
    found = workspace().facts(declared.name)
    start = _start(found, declared, asked.place)
    part = found.slice(start, asked.limit)
    end = start + part.num_rows
    place = _mark(_keys(found.slice(end - 1, 1), declared)[0], end) if end < found.num_rows else None
    return page([_row(row, declared, sight) for row in part.to_pylist()], place)


@router.get("/facts/{table}/{path:key}", response=answers(Row, NOT_FOUND), summary="One row", operation_id="get_fact")
def get_fact(request: HttpRequest, table: str, key: str) -> Any:
    """The row with this key: its key columns joined by `|`, such as `2026-01-05|douyin||acquisition`."""
    declared, sight = _declared(table), _reader(request)
    found = workspace().facts(declared.name)
    at = _find(found, declared, key)
    if at is None:
        raise not_found(f"{declared.name} has no row {key!r}.", "key")
    return _row(found.slice(at, 1).to_pylist()[0], declared, sight)


@router.put(
    "/facts/{table}",
    response=answers(Counts, NOT_FOUND, CONFLICT, TOO_LARGE),
    summary="Keep rows",
    operation_id="put_facts",
    openapi_extra=IDEMPOTENT,
)
@write(Action.EDIT_FACTS)
def put_facts(request: HttpRequest, table: str, rows: Body[list[Row]]) -> Counts:
    """All of them or, when one is wrong, none. A row replaces the one with its key."""
    declared = _declared(table)
    counts = workspace().put_facts(declared.name, rows)
    return _recorded(caller_of(request), declared, counts, rows=len(rows))


@router.put(
    "/facts/{table}/{path:key}",
    response=answers(Counts, NOT_FOUND, CONFLICT),
    summary="Keep one row",
    operation_id="put_fact",
    openapi_extra=IDEMPOTENT,
)
@write(Action.EDIT_FACTS)
def put_fact(request: HttpRequest, table: str, key: str, row: Body[Row]) -> Counts:
    """The columns of the key are those of the address."""
    declared = _declared(table)
    counts = workspace().put_facts(declared.name, [{**row, **_key(declared, key)}])
    return _recorded(caller_of(request), declared, counts, rows=1)


@router.delete(
    "/facts/{table}/{path:key}",
    response=answers(Counts, NOT_FOUND, CONFLICT),
    summary="Take a row out",
    operation_id="delete_fact",
    openapi_extra=IDEMPOTENT,
)
@write(Action.EDIT_FACTS)
def delete_fact(request: HttpRequest, table: str, key: str) -> Counts:
    """A row that is not there is no error: the answer then counts a duplicate."""
    declared = _declared(table)
    counts = workspace().delete_fact(declared.name, _key(declared, key))
    return _recorded(caller_of(request), declared, counts, deleted=1)


def _reader(request: HttpRequest) -> Sight:
    caller = caller_of(request)
    caller.require(Action.READ)
    return caller.sight


def _declared(name: str) -> fact_tables.FactTable:
    if name not in fact_tables.TABLES:
        message = f"There is no table {name!r}. Nearest: {fact_tables.nearest_tables(name)}."
        raise not_found(message, "table")
    return fact_tables.TABLES[name]


def _recorded(caller: Caller, table: fact_tables.FactTable, counts: dict[str, int], **detail: int) -> Counts:
    """The answer to a change, which the audit tells without keys: they may be identifiers."""
    record(actor=caller.actor, action=AuditAction.EDIT_FACTS, target=table.name, detail=detail, address=caller.address)
    return Counts(**counts)


def _key(table: fact_tables.FactTable, text: str) -> dict[str, str]:
    parts = [text] if len(table.key) == 1 else text.split(_SEPARATOR)
    if len(parts) != len(table.key):
        raise not_found(f"A key of {table.name} is {_SEPARATOR.join(table.key)}; {text!r} is not.", "key")
    return dict(zip(table.key, parts, strict=True))


def _keys(rows: Any, table: fact_tables.FactTable) -> list[str]:
    """The key of every row as one text."""
    columns = [rows[name].to_pylist() for name in table.key]
    return [
        _SEPARATOR.join("" if part is None else str(part) for part in parts) for parts in zip(*columns, strict=True)
    ]


def _find(rows: Any, table: fact_tables.FactTable, key: str) -> int | None:
    keys = _keys(rows, table)
    return keys.index(key) if key in keys else None


def _mark(key: str, end: int) -> str:
    """Where a page ended: a keyed hash of its last key, for that may be an identifier, and its number."""
    return f"{_hash(key)}~{end}"


def _hash(key: str) -> str:
    return salted_hmac("wotu.api.facts", key, algorithm="sha256").hexdigest()[:32]


def _start(rows: Any, table: fact_tables.FactTable, place: str | None) -> int:
    """Behind the row the page before ended with; where that row is gone, as far along as it was."""
    if place is None:
        return 0
    wanted, _, end = place.partition("~")
    if not (wanted and end.isascii() and end.isdigit() and len(end) < 10):
        raise unusable()
    keys = _keys(rows, table)
    near = int(end) - 1
    if near < len(keys) and _hash(keys[near]) == wanted:
        return near + 1
    found = next((at for at, key in enumerate(keys) if _hash(key) == wanted), None)
    return min(near, len(keys)) if found is None else found + 1


def _row(row: dict[str, Any], table: fact_tables.FactTable, sight: Sight) -> Row:
    """A row as it was put: money as text, rules and columns that are not declared as JSON."""
    kinds = {column.name: column.kind for column in table.columns}
    currency = row.get("currency") or settings.WOTU_SETTINGS.currency
    shown: Row = {}
    for name, value in row.items():
        if name == _MORE and name not in kinds:
            continue
        shown[name] = _value(value, kinds.get(name, ""), currency)
        if name == table.customer and not sight.whole and value is not None:
            kind, colon, identifier = str(value).partition(":")
            shown[name] = f"{kind}:{mask(kind, identifier)}" if colon else value
        elif name != table.customer and name != "customer_id":
            shown[name] = sight.value(name, shown[name])
    more = msgspec.json.decode(row[_MORE]) if row.get(_MORE) else {}
    return shown | {name: sight.value(name, value) for name, value in more.items() if name not in shown}


def _value(value: Any, kind: str, currency: str) -> Any:
    if value is None:
        return None
    if kind == "money":
        return decimal_text(value, currency)
    if kind == "price":
        return format(value.normalize(), "f")
    return msgspec.json.decode(value) if kind == "rule" else plain(value)
