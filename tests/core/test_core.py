"""Money, durations, settings, errors, durable files, locks and the format of a workspace."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.core.customer_ids import customer_number, customer_text
from wotu.core.durable import replacing, write_durably
from wotu.core.durations import parse_days, parse_duration
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import FORMAT, Layout
from wotu.core.locks import file_lock
from wotu.core.money import LARGEST_MINOR, decimal_text, parse_decimal, to_minor
from wotu.core.properties import is_property_column, property_column, property_name
from wotu.core.settings import Settings, check_settings, read_settings, write_settings


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("0.005", "CNY", 1), ("0.004999", "CNY", 0), ("-0.005", "CNY", -1), ("1.115", "CNY", 112),
        ("2.675", "CNY", 268), ("19.99", "CNY", 1999), ("0.5", "JPY", 1), ("1.0005", "KWD", 1001),
        ("1e2", "CNY", 10000), ("100000000000", "CNY", LARGEST_MINOR),
    ],
)  # fmt: skip
def test_money_is_rounded_half_up_from_its_text(text: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(text), currency) == minor


@pytest.mark.parametrize("text", ["100000000000.01", "-1e12", "NaN", "Infinity", "1e30", "1e400", "-1e999999"])
def test_money_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        to_minor(Decimal(text), "CNY")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(123456, "CNY", "1234.56"), (-5, "CNY", "-0.05"), (0, "CNY", "0.00"), (7, "JPY", "7"), (7, "KWD", "0.007"),
     (10**13, "CNY", "100000000000.00"), (10**20, "CNY", "1000000000000000000.00")],
)  # fmt: skip
def test_money_as_decimal_text(minor: int, currency: str, text: str) -> None:
    assert decimal_text(minor, currency) == text


@given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_money_text_reads_back(minor: int, currency: str) -> None:
    assert to_minor(Decimal(decimal_text(minor, currency)), currency) == minor


@given(st.decimals(min_value=-10_000, max_value=10_000, places=6))
def test_rounding_is_to_the_nearest_and_away_from_zero_at_half(amount: Decimal) -> None:
    assert to_minor(amount, "CNY") == int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.50", "1234.50"), ("¥ 12", "12"), ("￥12", "12"), ("12元", "12"), ("(3.20)", "-3.20"),
        (" 1 234 ", "1234"), ("１２３４", "1234"), ("１，２３４", "1234"), ("１２．５", "12.5"), ("（3.20）", "-3.20"),
        ("-0.5", "-0.5"), ("+7", "7"), (".5", "0.5"), ("$(12)", "-12"), ("1e3", "1000"),
    ],
)  # fmt: skip
def test_numbers_as_spreadsheets_write_them(text: str, number: str) -> None:
    assert parse_decimal(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", " ", "abc", "1.2.3", "(-3)", "((3))", "NaN", "inf", "--1", "1_000", "12万"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("6h", 21600), ("7d", 604800), ("2w", 1209600), (" 7 d ", 604800)]
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text, field="within") == seconds * 1_000_000


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "1.5d", "7D", "1d2h", "1y", "9999999999d"])
def test_wrong_durations_name_their_field(text: str) -> None:
    with pytest.raises(WotuError) as caught:
        parse_duration(text, field="within")
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_ARGUMENT, "within")


def test_whole_days_only() -> None:
    assert [parse_days(text, field="window") for text in ("365d", "52w", "48h")] == [365, 364, 2]
    with pytest.raises(WotuError) as caught:
        parse_days("36h", field="window")
    assert caught.value.field == "window"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(
    st.builds(
        Settings,
        timezone=st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]),
        currency=st.sampled_from(["CNY", "USD", "JPY"]),
        week_start=st.sampled_from(["monday", "sunday", "saturday"]),
        questions_until=st.sampled_from(["now", "data"]),
        name=texts,
        database_url=texts,
        allowed_hosts=st.lists(texts, max_size=3).map(tuple),
    )
)
def test_every_setting_is_read_back(settings: Settings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wotu.toml"
        write_settings(path, settings)
        assert read_settings(path) == settings
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_name_with_a_control_character_does_not_spoil_the_file(tmp_path: Path) -> None:
    settings = Settings(name='a\x7fb\n"c\\')
    write_settings(tmp_path / "wotu.toml", settings)
    assert read_settings(tmp_path / "wotu.toml") == settings


def test_every_setting_stands_in_the_file(tmp_path: Path) -> None:
    write_settings(tmp_path / "wotu.toml", Settings())
    content = (tmp_path / "wotu.toml").read_text()
    assert [name for name in Settings.__struct_fields__ if f"\n{name} = " not in content] == []


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "wotu.toml") == Settings()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('zone = "UTC"', "zone"),
        ('currency = "yuan"', "currency"),
        ('week_start = "someday"', "week_start"),
        ('questions_until = "later"', "questions_until"),
        ("allowed_hosts = [1]", "allowed_hosts"),
        ("name = ", "wotu.toml"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "wotu.toml").write_text(content)
    with pytest.raises(WotuError) as caught:
        read_settings(tmp_path / "wotu.toml")
    assert caught.value.code is ErrorCode.INVALID_SETTING
    assert named in caught.value.message


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "Asia"])
def test_a_zone_that_does_not_exist_is_named(zone: str) -> None:
    with pytest.raises(WotuError) as caught:
        check_settings(Settings(timezone=zone))
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_SETTING, "timezone")


def test_errors_survive_pickling() -> None:
    error = WotuError(ErrorCode.UNKNOWN_EVENT, "what to do", field="events[0]")
    again: Any = pickle.loads(pickle.dumps(error))
    assert again.to_dict() == error.to_dict() == {
        "error": {"code": "unknown_event", "message": "what to do", "field": "events[0]"}
    }  # fmt: skip


def test_durable_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old", mode=0o640)
    with pytest.raises(RuntimeError), replacing(path) as temporary:  # noqa: PT012 - the block must fail inside
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o640


def test_threads_may_write_one_file_at_once(tmp_path: Path) -> None:
    """All end well, and one of them has won."""
    together = Barrier(4)

    def write(content: bytes) -> None:
        with replacing(tmp_path / "file") as temporary:
            temporary.write_bytes(content)
            together.wait()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, [b"1", b"2", b"3", b"4"]))
    assert (tmp_path / "file").read_bytes() in {b"1", b"2", b"3", b"4"}
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_lock_is_free_again_when_its_holder_dies(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = f"import os,sys\nfrom pathlib import Path\nfrom wotu.core.locks import file_lock\n\
with file_lock(Path({str(path)!r})) as held:\n print(held, flush=True)\n sys.stdin.read()\n"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"True\n"
    with file_lock(path, wait=False) as held:
        assert not held
    holder.kill()
    holder.wait()
    holder.communicate()
    with file_lock(path, wait=False) as held:
        assert held


def test_workspace_of_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.prepare(Settings(name="沃土"))
    layout.format.write_text(f"{FORMAT + 1}\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(WotuError) as caught:
        layout.prepare(Settings(name="other"))
    assert caught.value.code is ErrorCode.NEWER_WORKSPACE
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_prepared_twice_keeps_the_settings_and_is_private(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "w")
    layout.prepare(Settings(name="沃土"))
    layout.prepare()
    assert read_settings(layout.settings).name == "沃土"
    assert layout.root.stat().st_mode & 0o077 == 0
    assert os.access(layout.inbox, os.W_OK)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_property_has_its_own_column_in_any_case(name: str) -> None:
    column = property_column(name)
    assert is_property_column(column)
    assert property_name(column) == name
    assert column == column.lower()
    assert not set(column) & set(' ,;{}()\n\t="\\/')


def test_properties_that_differ_in_case_only_have_two_columns() -> None:
    columns = [property_column(name) for name in ("Color", "color", "COLOR", "Größe", "größe")]
    assert len({column.lower() for column in columns}) == 5


@pytest.mark.parametrize(("text", "number"), [("c0", 0), (" c42 ", 42), ("c", None), ("42", None), ("C1", None)])
def test_customer_ids(text: str, number: int | None) -> None:
    assert customer_number(text) == number
    assert number is None or customer_text(number) == text.strip()
