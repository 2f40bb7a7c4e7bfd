"""The mapping file: how the columns of a table become messages.

A mapping is YAML. It says *what a row is* (exactly one of ``event``, ``order``, ``traits``, ``table``),
*who* it is about (``identifiers``), *when* it happened (``time``) and what else to keep
(``properties``). One line of a sales file per product, cancellations marked by a leading C::

    source: online_retail            # default: the name of the mapping file
    timezone: Europe/London          # of times without an offset; default: the workspace's
    currency: GBP                    # of amounts; default: the workspace's
    identifiers: {user_id: CustomerID}
    time: {column: InvoiceDate, format: ["%d/%m/%Y %H:%M", "%Y-%m-%d"]}   # default: ISO 8601
    order:
      id: InvoiceNo                  # lines with the same value are one order
      lines: {product_id: StockCode, name: Description, quantity: Quantity, price: UnitPrice}
      discount: [Rebate, Voucher]    # added up over the order
      cancellation: {column: InvoiceNo, starts_with: C}   # these become Order Refunded
    properties: {country: Country}   # event property: column

``lines`` also takes ``amount`` (paid for the line; default price × quantity), ``category`` and
``cost`` (of one unit). ``order.revenue`` names a column with the total; by default it is the sum of the
line amounts.

What a row is, otherwise:

``event: Coupon Redeemed`` or ``event: {column: Action}``
    one event per row.
``traits: [age, income]`` or ``traits: {income_band: income}``
    facts about the customer.
``table: products``
    one row of a table besides events, its columns under ``properties``; see ``core.fact_tables``. Where
    rows are about a customer (contacts, owners), ``identifiers`` say who.

A property is a column name, or ``{column: C, type: number|text|boolean|time}``, or several columns
joined: ``{columns: [department, category], join: " / "}``. A list of names means columns of the same
name. ``revenue``, ``discount``, ``shipping`` and ``tax`` are amounts of money.

``skip: {column: Status, equals: [unpaid, closed]}`` leaves rows out.

``key: [columns]`` tells rows of a file apart when it is read again (an order has its id already);
without it the whole row does. ``encoding``, ``delimiter`` and ``sheet`` are found out unless given;
``namespace`` (default ``default``) is the one of the user ids.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.fact_tables import TABLES, nearest_tables
from wotu.core.identifiers import IDENTIFIERS

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the mapping; a key it does not know is an error."""


class Property(Struct, frozen=True):
    """``column``, or ``columns`` joined by ``join`` (empty ones left out); ``type`` default: the column's own."""

    column: Name | None = None
    columns: tuple[Name, ...] = ()
    join: str = " / "
    type: Literal["number", "text", "boolean", "time"] | None = None


class EventColumn(Struct, frozen=True):
    """The event's name stands in ``column``."""

    column: Name


class Time(Struct, frozen=True):
    """``format``: one or several ``strptime`` formats tried in order; default ISO 8601."""

    column: Name
    format: Name | Names | None = None

    @property
    def formats(self) -> tuple[str, ...]:
        return (self.format,) if isinstance(self.format, str) else self.format or ()


class Lines(Struct, frozen=True):
    """Columns of one order line; ``amount`` is what was paid for it, ``cost`` the cost of one unit."""

    product_id: Name | None = None
    name: Name | None = None
    category: Name | None = None
    quantity: Name | None = None
    price: Name | None = None
    amount: Name | None = None
    cost: Name | None = None


class Cancellation(Struct, frozen=True):
    """Rows whose ``column`` starts with ``starts_with`` or is ``equals`` give money back."""

    column: Name
    starts_with: Name | None = None
    equals: Name | None = None


class Skip(Struct, frozen=True):
    """Rows whose ``column`` is one of ``equals`` are left out, such as orders that were never paid."""

    column: Name
    equals: Name | Names

    @property
    def values(self) -> tuple[str, ...]:
        return (self.equals,) if isinstance(self.equals, str) else self.equals


class Order(Struct, frozen=True):
    """One order from all the lines with the same ``id``."""

    id: Name
    lines: Lines
    revenue: Name | None = None
    discount: tuple[Name, ...] = ()
    cancellation: Cancellation | None = None


class Mapping(Struct, frozen=True):
    """A checked mapping; see the module's text for the meaning of each key."""

    source: Name
    namespace: Name = "default"
    timezone: Name | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None = None
    encoding: Name | None = None
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] | None = None
    sheet: Name | None = None
    event: Name | EventColumn | None = None
    traits: dict[Name, Name | Property] | Names | None = None
    table: Name | None = None
    order: Order | None = None
    skip: Skip | None = None
    identifiers: dict[Name, Name] = {}
    time: Name | Time | None = None
    properties: dict[Name, Name | Property] | Names = {}
    key: Names | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        return None if self.timezone is None else ZoneInfo(self.timezone)


def load_mapping(path: Path) -> Mapping:
    """The mapping in ``path``, or the one of that name that comes along (``youzan-orders``).

    Raises ``WotuError(INVALID_MAPPING)`` naming the key at fault.
    """
    along = included_mappings()
    if str(path) in along and not path.exists():
        path = along[str(path)]
    try:
        return parse_mapping(path.read_text("utf-8"), path.stem)
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path.name} cannot be read: {error}. Mappings that come along: {', '.join(along)}."
        raise WotuError(ErrorCode.INVALID_MAPPING, message) from error


def included_mappings() -> dict[str, Path]:
    """The mappings that come along, by the name they are used by."""
    folder = Path(str(files("wotu.collect"))) / "mappings"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def parse_mapping(text: str, name: str) -> Mapping:
    """The mapping written in ``text``; ``name`` is its source unless it names one."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WotuError(ErrorCode.INVALID_MAPPING, f"The mapping {name} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise invalid_mapping("", f"The mapping {name} must be keys and values, such as event: Order Completed.")
    try:
        mapping = msgspec.convert({"source": name} | content, Mapping)
    except msgspec.ValidationError as error:
        key = _key(str(error))
        raise invalid_mapping(key, f"The mapping {name}: {error}.") from error
    _check(mapping)
    return mapping


def invalid_mapping(key: str, message: str) -> WotuError:
    """The error for a wrong key of a mapping."""
    return WotuError(ErrorCode.INVALID_MAPPING, message, field=key or None)


def as_properties(given: dict[str, str | Property] | tuple[str, ...]) -> dict[str, Property]:
    """Properties in their long form."""
    if not isinstance(given, dict):
        return {column: Property(column=column) for column in given}
    return {name: Property(column=spec) if isinstance(spec, str) else spec for name, spec in given.items()}


def _key(message: str) -> str:
    """The key at fault: an unknown one is quoted, another stands behind ``$.``."""
    path = message.rpartition("$")[2].rstrip("`").removeprefix(".") if "$" in message else ""
    if "unknown field" in message:
        unknown = message.split("`")[1]
        return f"{path}.{unknown}" if path else unknown
    return path


def _check(mapping: Mapping) -> None:
    kinds = [kind for kind in ("event", "order", "traits", "table") if getattr(mapping, kind) is not None]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        raise invalid_mapping(
            kinds[-1] if kinds else "event", f"Say once what a row is: event, order, traits or table; found {found}."
        )
    for name in mapping.identifiers:
        if name not in IDENTIFIERS:
            raise invalid_mapping(
                f"identifiers.{name}", f"identifiers.{name} is not known; use one of {', '.join(IDENTIFIERS)}."
            )
    for part in ("properties", "traits"):
        for name, spec in as_properties(getattr(mapping, part) or {}).items():
            if (spec.column is None) == (not spec.columns):
                raise invalid_mapping(f"{part}.{name}", f"{part}.{name} needs either column or columns.")
    for name in as_properties(mapping.traits or {}):
        if name in IDENTIFIERS:
            raise invalid_mapping(f"traits.{name}", f"traits.{name} is an identifier; move it to identifiers.")
    _check_zone(mapping)
    _check_kind(mapping)


def _check_zone(mapping: Mapping) -> None:
    try:
        _ = mapping.zone
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid_mapping(
            "timezone", f"timezone={mapping.timezone!r} is not a time zone; use a name such as Asia/Shanghai."
        ) from error


def _check_kind(mapping: Mapping) -> None:
    properties = as_properties(mapping.properties)
    if mapping.table is not None:
        _check_table(mapping, mapping.table)
    if mapping.traits is not None and not mapping.identifiers:
        raise invalid_mapping("identifiers", "traits need identifiers, such as identifiers: {user_id: CustomerID}.")
    if mapping.order is None:
        return
    if mapping.order.lines.amount is None and mapping.order.lines.price is None and mapping.order.revenue is None:
        raise invalid_mapping("order.lines", "order.lines needs amount or price, unless order.revenue names a column.")
    for name in ("revenue", "discount", "order_id", "refund_id", "currency", "products"):
        if name in properties:
            raise invalid_mapping(f"properties.{name}", f"An order makes {name} itself; see the key order.")
    cancellation = mapping.order.cancellation
    if cancellation and (cancellation.starts_with is None) == (cancellation.equals is None):
        raise invalid_mapping("order.cancellation", "order.cancellation needs either starts_with or equals.")


def _check_table(mapping: Mapping, name: str) -> None:
    table = TABLES.get(name)
    if table is None:
        raise invalid_mapping("table", f"table={name!r} is not known. Nearest: {nearest_tables(name)}.")
    if mapping.key is not None and mapping.key != table.key:
        key = ", ".join(table.key)
        raise invalid_mapping("key", f"The rows of {name} are told apart by {key}; leave key out.")
    if mapping.identifiers and table.customer is None:
        raise invalid_mapping("identifiers", f"Rows of {name} are about no customer; take identifiers out.")
    given = {*as_properties(mapping.properties), *({table.customer} if mapping.identifiers else ())}
    missing = [column for column in table.required if column not in given]
    if missing == [table.customer]:
        raise invalid_mapping(
            "identifiers", f"{name} need identifiers, such as identifiers: {{phone: Mobile}}, or the property customer."
        )
    if missing:
        raise invalid_mapping(f"properties.{missing[0]}", f"{name} need {', '.join(missing)} under properties.")
