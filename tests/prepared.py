"""Empty control databases, migrated once a run and copied: no test waits for migrations."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from tests import forked

from wotu.core.layout import Layout
from wotu.core.settings import Settings


def prepare(workspace: Path) -> None:
    """What a process of an install does when it is the first, and then ends."""
    from wotu.site.preparing import prepare_database

    prepare_database(workspace)
    from django.db import connections

    connections.close_all()


class SqliteTemplate:
    """A file."""

    def __init__(self, folder: Path) -> None:
        Layout(folder).prepare(Settings())
        forked.told(prepare, folder)
        self._file = folder / "control.db"

    def workspace(self, make: Callable[..., Any], **settings: object) -> Any:
        """A workspace with a copy."""
        made = make(**settings)
        shutil.copy(self._file, Path(made.path, "control.db"))
        return made


class PostgresqlTemplate:
    """A database on the run's server."""

    def __init__(self, folder: Path) -> None:
        self._name = self._create("template0")
        Layout(folder).prepare(Settings(database_url=_url(self._name)))
        forked.told(prepare, folder)

    def workspace(self, make: Callable[..., Any], **settings: object) -> Any:
        """A workspace with a copy."""
        return make(database_url=_url(self._create(self._name)), **settings)

    def _create(self, template: str) -> str:
        import psycopg

        name = f"prepared_{uuid4().hex}"
        with psycopg.connect(host=_host(), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name


def _host() -> str:
    return os.environ["WOTU_TEST_POSTGRESQL"]


def _url(name: str) -> str:
    return f"postgresql://postgres@/{name}?host={quote(_host(), safe='')}"
