"""The control database: SQLite inside the workspace, or PostgreSQL when ``database_url`` names one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from wotu.core.errors import ErrorCode, WotuError

_WAIT_SECONDS = 60
_LARGEST_POOL = 40


def control_database(workspace: Path, url: str) -> dict[str, Any]:
    """Django's description of the control database of ``workspace``."""
    return _postgresql(url) if url else _sqlite(workspace / "control.db")


def probe() -> None:
    """Ask the control database something small; raises whatever its driver does when it does not answer."""
    from django.db import connection

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        # The thread that asks is none of Django's own, whose connections are looked after.
        connection.close()


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "wotu.site.sqlite",
        "NAME": str(path),
        # Tests with several connections need a file: one in memory has no write-ahead log.
        "TEST": {"NAME": str(path.with_name("control-test.db"))},
        "OPTIONS": {
            "timeout": _WAIT_SECONDS,
            # A transaction takes its write lock when it begins: two that read first would otherwise fail at once.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("postgres", "postgresql") and parts.path.strip("/")
        port = parts.port
    except ValueError:
        known, parts, port = "", urlsplit(""), None
    if not known:
        raise WotuError(
            ErrorCode.INVALID_SETTING,
            "database_url is not an address of PostgreSQL; write postgresql://user:password@host:5432/database.",
            field="database_url",
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        # Only statements with server-side binding are prepared, each the third time a connection runs it.
        "OPTIONS": {
            "prepare_threshold": 2,
            **dict(parse_qsl(parts.query)),
            "pool": {"min_size": 1, "max_size": _LARGEST_POOL, "timeout": 10},
        },
    }
