import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.collect.batch import Batch
from wotu.collect.dicts import messages_from_dicts, messages_from_ndjson
from wotu.core.errors import ErrorCode, WotuError

RECEIVED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def batch(*messages: Any, currency: str = "CNY") -> Batch:
    return messages_from_dicts(messages, source="python", namespace="default", currency=currency, received=RECEIVED)


def one(message: dict[str, Any], currency: str = "CNY") -> dict[str, Any]:
    result = batch(message, currency=currency)
    assert result.problems == []
    (row,) = result.table.to_pylist()
    return {name: value for name, value in row.items() if value is not None}


def fault(message: Any) -> tuple[str | None, str]:
    result = batch(message)
    assert (result.table.num_rows, result.rows) == (0, 1)
    (problem,) = result.problems
    assert problem.line == 1
    return problem.field, problem.reason


TRACK = {"type": "track", "userId": "u", "event": "A", "messageId": "m", "timestamp": "2026-01-01T00:00:00Z"}


def test_a_track_message_fills_the_envelope() -> None:
    assert one(TRACK | {"properties": {"color": "red", "n": Decimal("1.50")}}) == {
        "type": "track",
        "event": "A",
        "time": datetime(2026, 1, 1, tzinfo=UTC),
        "received": RECEIVED,
        "source": "python",
        "namespace": "default",
        "message_id": "m",
        "user_id": "u",
        "properties": '{"color":"red","n":1.50}',
    }


def test_snake_case_is_the_same_message() -> None:
    snake = {"type": "track", "user_id": "u", "event": "A", "message_id": "m", "timestamp": "2026-01-01T00:00:00Z"}
    assert one(snake) == one(TRACK)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("2026-01-01T08:00:00+08:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01 00:00:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00.123456789Z", datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        ("2026-01-01t00:00z", datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),
        ("1990-01-01T00:00:00Z", datetime(1990, 1, 1, tzinfo=UTC)),
        (RECEIVED + timedelta(hours=24), RECEIVED + timedelta(hours=24)),
        (None, RECEIVED),
    ],
)
def test_times_are_read(given_: Any, expected: datetime) -> None:
    assert one(TRACK | {"timestamp": given_})["time"] == expected


@pytest.mark.parametrize(
    "given_",
    [
        1767225600,
        1767225600.5,
        "1767225600",
        "20260101",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "1989-12-31T23:59:59Z",
        "0001-01-01T00:00:00+08:00",
        RECEIVED + timedelta(hours=24, microseconds=1),
        True,
        "",
    ],
)
def test_times_that_are_refused_name_the_field(given_: Any) -> None:
    assert fault(TRACK | {"timestamp": given_})[0] == "timestamp"


def test_ids_are_text_and_stripped() -> None:
    assert one(TRACK | {"userId": 42})["user_id"] == "42"
    assert one(TRACK | {"userId": 42.0})["user_id"] == "42"
    assert one(TRACK | {"userId": " a "})["user_id"] == "a"
    assert one(TRACK | {"userId": "x" * 512})["user_id"] == "x" * 512


def test_a_message_without_ids_is_a_customer_of_its_own() -> None:
    message = one({"type": "track", "event": "A", "messageId": "m", "userId": "  "})
    assert "user_id" not in message
    assert message["anonymous_id"] == "message:m"


def test_a_missing_message_id_is_random() -> None:
    first, second = one({"type": "track", "event": "A"}), one({"type": "track", "event": "A"})
    assert first["message_id"] != second["message_id"]
    assert UUID(first["message_id"]).version == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"userId": "x" * 513}, "userId"),
        ({"userId": "a\0"}, "userId"),
        ({"userId": ["a"]}, "userId"),
        ({"userId": True}, "userId"),
        ({"userId": float("nan")}, "userId"),
        ({"messageId": "\ud800"}, "messageId"),
        ({"event": ""}, "event"),
        ({"event": "  "}, "event"),
        ({"event": None}, "event"),
        ({"event": 5}, "event"),
        ({"event": "x" * 513}, "event"),
        ({"event": "\udfff"}, "event"),
        ({"type": "trick"}, "type"),
        ({"type": ["track"]}, "type"),
        ({"properties": []}, "properties"),
        ({"properties": {"a": {"b": ["x", "\0"]}}}, "properties.a.b[1]"),
        ({"properties": {"a": float("inf")}}, "properties.a"),
        ({"properties": {"a": object()}}, "properties"),
        ({"properties": {"revenue": "many"}}, "properties.revenue"),
        ({"properties": {"revenue": True}}, "properties.revenue"),
        ({"properties": {"revenue": 1e300}}, "properties.revenue"),
        ({"properties": {"revenue": Decimal("1e999999")}}, "properties.revenue"),
        ({"properties": {"revenue": 1, "currency": "yuan"}}, "properties.currency"),
        ({"properties": {"products": {}}}, "properties.products"),
        ({"properties": {"products": ["a"]}}, "properties.products[0]"),
        ({"properties": {"products": [{}, {"price": "x"}]}}, "properties.products[1].price"),
        ({"properties": {"products": [{"price": 1e18}]}}, "properties.products[0].price"),
        ({"properties": {"products": [{"quantity": -1}]}}, "properties.products[0].quantity"),
        ({"properties": {"products": [{"name": ["a"]}]}}, "properties.products[0].name"),
        ({"context": {"traits": "x"}}, "context.traits"),
    ],
)
def test_a_wrong_value_names_its_field(change: dict[str, Any], field: str) -> None:
    assert fault(TRACK | change)[0] == field


def test_what_is_no_message_at_all() -> None:
    assert fault("hello") == ("message", "is not an object")
    assert fault({"userId": "a"}) == ("type", "is missing")
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert fault(TRACK | {"properties": {"a": deep}}) == ("properties.a", "is nested deeper than 64 levels")


def nested(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"k]": value}
    return value


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (lambda value: {"properties": {"b": 1, "a": value}}, "properties.a"),
        (lambda value: {"properties": {"products": [{"a": value}]}}, "properties.products[0].a"),
        (lambda value: {"type": "identify", "traits": {"a": value}}, "traits.a"),
        (lambda value: {"type": "group", "groupId": "g", "traits": {"a": value}}, "traits.a"),
    ],
)
def test_kept_values_have_64_levels_and_numbers_that_float64_has(place: Any, field: str, tmp_path: Path) -> None:
    good = [nested(63), 10**300, "1e999", Decimal("1.7e308"), '"[[[[' * 100]
    for value in good:
        assert one(TRACK | place(value))
    wrong = [nested(64), nested(900), nested(5_000), 10**400, -(10**400), Decimal("1e400")]
    for value in wrong:
        assert fault(TRACK | place(value))[0] == field
    path = tmp_path / "a.ndjson"
    texts = [json.dumps(TRACK | place(nested(levels))) for levels in (63, 64, 400)]
    texts += [json.dumps(TRACK | place("@")).replace('"@"', n) for n in ("1e400", "1" * 400, "1e999999999999999999999")]
    path.write_text("\n".join(texts))
    result = messages_from_ndjson(path, source="s", namespace="n", currency="CNY", received=RECEIVED)
    assert (result.table.num_rows, [p.line for p in result.problems]) == (1, [2, 3, 4, 5, 6])
    assert {p.field for p in result.problems} == {field}


def test_an_identifier_that_is_an_astronomical_number_is_refused() -> None:
    assert fault(TRACK | {"userId": Decimal("1e999999999")}) == ("userId", "is not a finite number")
    assert fault(TRACK | {"userId": 10**5_000}) == ("userId", "is longer than 512 characters")


def test_money_is_minor_units_of_the_row_s_currency() -> None:
    def revenue(value: Any, **more: Any) -> Any:
        return one(TRACK | {"properties": {"revenue": value, **more}})["p_revenue"]

    assert revenue(12.345) == 1235
    assert revenue("1,234.50") == 123450
    assert revenue(-0.005) == -1
    assert revenue(100, currency="JPY") == 100
    assert revenue("1.2345", currency="kwd") == 1235
    assert one(TRACK | {"properties": {"tax": 5}}, currency="JPY")["p_tax"] == 5


def test_products_have_typed_fields() -> None:
    given_ = [
        {"product_id": 7, "price": "2.5", "quantity": 3, "cost": 1, "color": "red"},
        {"sku": "s", "price": 0.335},
        {"amount": "9.99", "price": 5, "quantity": "0.5"},
        {"name": "n", "category": "c"},
    ]
    message = one(TRACK | {"properties": {"products": given_}})
    fields = ("product_id", "quantity", "price", "amount", "cost", "rest")
    assert [tuple(product[field] for field in fields) for product in message["products"]] == [
        ("7", Decimal("3.000"), Decimal("2.500000"), 750, 100, '{"color":"red"}'),
        (None, Decimal("1.000"), Decimal("0.335000"), 34, None, '{"sku":"s"}'),
        (None, Decimal("0.500"), Decimal("5.000000"), 999, None, None),
        (None, None, None, None, None, None),
    ]
    assert "properties" not in message


def test_identify_takes_identifiers_out_of_traits() -> None:
    message = one(
        {
            "type": "identify",
            "userId": "u",
            "traits": {"email": " a@b.c ", "phone": 13800138000, "age": 30, "unionid": None},
            "context": {"traits": {"email": "old@b.c", "openid": "o", "city": "上海"}, "device": {"id": "d"}},
        }
    )
    assert (message["email"], message["phone"], message["openid"], message["device_id"]) == (
        "a@b.c",
        "13800138000",
        "o",
        "d",
    )
    assert json.loads(message["traits"]) == {"age": 30, "city": "上海"}


def test_track_has_no_identifiers_in_properties() -> None:
    message = one(TRACK | {"properties": {"email": "a@b.c"}, "context": {"device": {"id": "d"}}})
    assert message["properties"] == '{"email":"a@b.c"}'
    assert not {"email", "device_id"} & message.keys()


def test_page_screen_group_and_alias() -> None:
    assert one({"type": "page", "name": "Home"})["event"] == "Page: Home"
    assert one({"type": "screen", "properties": {"name": "Cart"}})["event"] == "Screen: Cart"
    assert fault({"type": "page"})[0] == "name"
    group = one({"type": "group", "userId": "u", "groupId": 5, "traits": {"email": "info@b.c"}})
    assert (group["properties"], group["traits"], "email" in group) == (
        '{"group_id":"5"}',
        '{"email":"info@b.c"}',
        False,
    )
    assert fault({"type": "group", "userId": "u"})[0] == "groupId"
    assert one({"type": "alias", "userId": "u", "previousId": "a"})["previous_id"] == "a"
    assert fault({"type": "alias", "userId": "u"})[0] == "previousId"
    assert fault({"type": "alias", "previousId": "u"})[0] == "userId"


def test_wrong_messages_leave_the_good_ones() -> None:
    result = batch(TRACK, TRACK | {"event": ""}, TRACK)
    assert (result.table.num_rows, result.rows) == (2, 3)
    (problem,) = result.problems
    assert (problem.line, json.loads(problem.content)["event"]) == (2, "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_free_properties_come_back_as_they_were(properties: dict[str, Any]) -> None:
    result = batch(TRACK | {"properties": {f"x{name}": value for name, value in properties.items()}})
    if result.problems:
        assert "\\u0000" in json.dumps(properties)
    else:
        (text,) = result.table["properties"].to_pylist()
        assert json.loads(text or "{}") == {f"x{name}": value for name, value in properties.items()}


@given(st.decimals(-(10**11), 10**11, places=4))
def test_revenue_is_rounded_half_away_from_zero(amount: Decimal) -> None:
    message = one(TRACK | {"properties": {"revenue": str(amount)}})
    ten_thousandths = int(amount.scaleb(4))
    half_up = (abs(ten_thousandths) + 50) // 100
    assert message["p_revenue"] == (half_up if ten_thousandths >= 0 else -half_up)


def ndjson(path: Path) -> Batch:
    return messages_from_ndjson(path, source="s", namespace="n", currency="CNY", received=RECEIVED)


def test_ndjson_keeps_digits_and_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "e.ndjson"
    path.write_bytes(
        b'\xef\xbb\xbf{"type":"track","event":"A","properties":{"n":0.10,"big":12345678901234567890123}}\r\n'
        b"\n{bad\n"
        b'{"type":"track","event":"B","properties":{"n":NaN}}\n'
        b'{"type":"track","event":"C","properties":{"t":"\\ud800"}}\n'
        b'{"type":"track","event":"D","properties":{"t":["\\u0000"]}}\n'
        b"\xff\n[]\n"
        b'{"type":"track","event":"E","properties":{"t":"\\\\u0000"}}'
    )
    result = ndjson(path)
    assert result.table["event"].to_pylist() == ["A", "E"]
    assert result.table["properties"].to_pylist()[0] == '{"n":0.10,"big":12345678901234567890123}'
    assert [(p.file, p.line, p.field) for p in result.problems] == [
        ("e.ndjson", 3, "message"),
        ("e.ndjson", 4, "properties.n"),
        ("e.ndjson", 5, "properties.t"),
        ("e.ndjson", 6, "properties.t[0]"),
        ("e.ndjson", 7, "message"),
        ("e.ndjson", 8, "message"),
    ]
    assert result.problems[0].content == "{bad"


def test_gzip_is_unpacked_and_a_cut_one_refused(tmp_path: Path) -> None:
    lines = "".join(json.dumps(TRACK | {"messageId": str(n)}) + "\n" for n in range(5_000))
    path = tmp_path / "e.ndjson.gz"
    path.write_bytes(gzip.compress(lines.encode()))
    assert ndjson(path).table.num_rows == 5_000
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(WotuError, match=r"e\.ndjson\.gz: the compressed data is cut off .* after line \d+") as caught:
        ndjson(path)
    assert caught.value.code is ErrorCode.INVALID_FILE


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WotuError, match="there is no such file") as caught:
        ndjson(tmp_path / "no.ndjson")
    assert caught.value.code is ErrorCode.INVALID_FILE


def test_no_messages_are_an_empty_batch(tmp_path: Path) -> None:
    (tmp_path / "e.ndjson").write_bytes(b"\n\n")
    result = ndjson(tmp_path / "e.ndjson")
    assert (result.table.num_rows, result.problems, result.rows) == (0, [], 0)
