"""Settings whose text must mean something are refused by name when it does not."""

from __future__ import annotations

from typing import Any

import pytest

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import Settings, check_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("session_gap", "30"),
        ("session_gap", "0m"),
        ("session_gap", "half an hour"),
        ("trusted_proxies", ("10.0.0.1", "proxy.example.com")),
        ("trusted_proxies", ("10.0.0.0/40",)),
        ("csrf_origins", ("wotu.example.com",)),
        ("csrf_origins", ("https://wotu.example.com/",)),
        ("csrf_origins", ("https://me@wotu.example.com",)),
        ("csrf_origins", ("ftp://wotu.example.com",)),
        ("csrf_origins", ("https://",)),
    ],
)
def test_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(WotuError) as refused:
        check_settings(Settings(**{name: value}))
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID_SETTING, name)
    wrong = value[-1] if isinstance(value, tuple) else value
    assert repr(wrong) in refused.value.message


def test_taken() -> None:
    settings = Settings(
        session_gap="2h",
        trusted_proxies=("10.0.0.0/8", "10.1.2.3/8", "::1", "192.0.2.7"),
        csrf_origins=(
            "https://wotu.example.com",
            "http://127.0.0.1:8080",
            "https://*.example.com",
            "https://[::1]:8443",
        ),
    )
    assert check_settings(settings) is settings
