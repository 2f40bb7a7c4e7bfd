"""A log line is one JSON object, and holds no identifier, no key and no query string."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wotu.core.logs import JsonLines, configure_logging, logging_settings, obscure
from wotu.core.request_ids import RequestIds, current_request_id

KEY = "wk_" + "aB3-_xY9" * 4


def logged(message: str, *arguments: object, fault: bool = False) -> tuple[dict[str, Any], str]:
    """The line a logger writes, parsed and as it is."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    record = logging.LogRecord(
        "wotu.test", logging.WARNING, "", 1, message, arguments, sys.exc_info() if fault else None
    )
    handler.handle(record)
    text = stream.getvalue()
    assert text.count("\n") == 1
    return json.loads(text), text


def test_a_line_tells_when_how_bad_who_and_what() -> None:
    line, _ = logged("settled %d messages in %.2f s", 12, 0.5)
    assert line.keys() == {"time", "level", "logger", "message"}
    assert (line["level"], line["logger"], line["message"]) == (
        "warning", "wotu.test", "settled 12 messages in 0.50 s",
    )  # fmt: skip
    assert line["time"].endswith("+00:00")


@pytest.mark.parametrize(
    "secret",
    [
        "ann@example.com", "ann.lee+shop@mail.example.co.uk", "张三@例子.com", "ann%40example.com",
        "13800000001", "+8613800000001", "+86 138 0000 0001", "138-0000-0001", "8613800000001", "02155550123",
        "+1 (415) 555-0123", "110101199003070012", "11010119900307001X", KEY, KEY.replace("wk_", "ak_"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "sentence", ["customer {} was refused", "phone={}, again", "('{}',)", "<{}>", '{{"v": "{}"}}', "用户{}不存在", "{}"]
)
def test_identifiers_and_keys_are_taken_out(secret: str, sentence: str) -> None:
    _, text = logged(sentence.format(secret))
    assert secret not in text
    digits = "".join(filter(str.isdigit, secret))
    if len(digits) >= 7:
        assert digits not in "".join(filter(str.isdigit, json.loads(text)["message"]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /customers/?search=Ann&sort=name failed", "GET /customers/?… failed"),
        ("https://wotu.example.com/track?token=abc%20def", "https://wotu.example.com/track?…"),
        ("/sign-in/once/s3cr-et_token/?a", "/sign-in/once/…/?a"),
        ("postgresql://wotu:pass@db.example.com:5432/wotu", "postgresql://…@db.example.com:5432/wotu"),
        ("Authorization: Basic d2tfYWJjOg==", "Authorization: Basic …"),
        ("bearer: eyJhbGciOi.J9-x_y", "bearer: …"),
    ],
)
def test_addresses_lose_what_is_private(text: str, shown: str) -> None:
    assert obscure(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05 08:00:00 +00:00", "settle 1234 took 0.2512345 s", "12,345,678 rows",
        "segment 01795314541317271831-22749",
        "127.0.0.1:8000", "version 00000000000000000012.json",
        "part-00000-53ada61f-8237-48b9-9f56-6e35d0fc3d5c.parquet",
        "what is it? a=b", "/customers/", "seq 999999", "c42", "2.7.1",
    ],
)  # fmt: skip
def test_what_is_not_personal_stays(text: str) -> None:
    assert obscure(text) == text


def test_a_traceback_is_obscured_too() -> None:
    try:
        int(f"ann@example.com 13800000001 {KEY} /x?token=1")
    except ValueError:
        line, text = logged("failed", fault=True)
    assert "ValueError" in line["error"]
    for secret in ("example.com", "13800000001", KEY, "token"):
        assert secret not in line["error"].rpartition("ValueError")[2]
    assert "13800000001" not in text


@given(st.text(max_size=200))
def test_any_text_makes_one_line(text: str) -> None:
    line, _ = logged("%s", text)
    assert isinstance(line["message"], str)


def test_a_lone_surrogate_is_told() -> None:
    assert logged("bad \udc80")[0]["message"] == "bad \\udc80"


def test_configured_processes_write_lines_to_standard_error() -> None:
    code = (
        "import logging; from wotu.core.logs import configure_logging; configure_logging();"
        "logging.getLogger('wotu.settler').info('ready for %s', 'ann@example.com');"
        "logging.getLogger('other').info('chatter')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["message"] == "ready for …@…"
    assert callable(configure_logging)
    assert logging_settings("DEBUG")["loggers"]["wotu"]["level"] == "DEBUG"


# ---- request ids


def answered(headers: list[tuple[bytes, bytes]]) -> tuple[str, dict[bytes, bytes]]:
    """The id the application saw, and the headers of the answer."""
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(current_request_id())
        seen.append(json.loads(JsonLines().format(logging.LogRecord("a", 20, "", 1, "m", (), None)))["request"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b""})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(RequestIds(application)({"type": "http", "headers": headers}, receive, send))
    assert current_request_id() == ""
    assert seen[0] == seen[1]
    return seen[0], dict(sent[0]["headers"])


def test_a_given_id_is_kept_and_returned() -> None:
    seen, headers = answered([(b"x-request-id", b"a1b2-c3d4.e5_f6")])
    assert seen == "a1b2-c3d4.e5_f6"
    assert headers == {b"a": b"b", b"x-request-id": b"a1b2-c3d4.e5_f6"}


@pytest.mark.parametrize(
    "given_headers",
    [
        [],
        [b"short"],
        [b"has blank in it"],
        [b'"}{"injected'],
        [b"x" * 65],
        ["号码号码号码号码".encode()],
        [b"twice-given", b"twice-again"],
    ],
)
def test_anything_else_gets_an_id_of_ours(given_headers: list[bytes]) -> None:
    seen, headers = answered([(b"x-request-id", value) for value in given_headers])
    assert len(seen) == 16
    assert headers[b"x-request-id"] == seen.encode()
    assert seen != answered([])[0]
