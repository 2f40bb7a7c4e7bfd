"""A copy of the control database at one moment, while others write to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.settings import Settings
from wotu.workspace.archive import Control

DUMP = "control.pgdump"


def copy_control(layout: Layout, settings: Settings, folder: Path) -> Control:
    """Put a copy into ``folder``: ``control.db``, or for PostgreSQL the output of ``pg_dump``."""
    if settings.database_url:
        _dump(settings.database_url, folder / DUMP)
        return "postgresql"
    if layout.control.exists():
        with (
            closing(sqlite3.connect(layout.control, timeout=60)) as source,
            closing(sqlite3.connect(folder / layout.control.name)) as target,
        ):
            source.backup(target)
    return "sqlite"


def _dump(url: str, target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise WotuError(
            ErrorCode.MISSING_DEPENDENCY,
            "the control database is in PostgreSQL and pg_dump is not installed: install PostgreSQL's client "
            "programs, or use --without-database and back the database up with your own tool.",
        )
    address, password = without_password(url)
    command = [program, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", f"--dbname={address}"]
    # Other users of the machine can read a command line, not an environment.
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise WotuError(ErrorCode.INVALID_SETTING, f"pg_dump failed: {lines[-1]}", field="database_url")


def without_password(url: str) -> tuple[str, str]:
    """The address without its password, and the password."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=f"{name}@{host}" if name else host)), unquote(password)
