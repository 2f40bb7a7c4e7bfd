"""Starts the console: prepares its database and files, then serves it from this process."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from wotu.core.locks import file_lock
from wotu.core.logs import server_logging
from wotu.core.parent_process import as_parent, end_with_parent

_STOP_SECONDS = 10


def setup(workspace: Path) -> None:
    """Configure Django for ``workspace``; once per process."""
    import django

    os.environ["WOTU_WORKSPACE"] = str(workspace.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "wotu.site.settings"
    django.setup()


def prepare(workspace: Path) -> None:
    """Bring the control database and the static files up to this version; may run twice, also at once."""
    setup(workspace)
    from django.core.management import call_command
    from django.db import connections

    from wotu.accounts.snapshot import write_keys
    from wotu.site.assets import collect_static

    cache = workspace / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with file_lock(cache / "prepare.lock"):
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
    write_keys(workspace)
    database = workspace / "control.db"
    if database.exists():
        database.chmod(0o600)
    connections.close_all()


def run_console(workspace: Path, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the console until SIGTERM or SIGINT, or until the parent process dies."""
    end_with_parent()
    prepare(workspace)
    # The worker inherits this process's environment, and ends with it.
    os.environ.update(as_parent())
    Granian(
        "wotu.site.server:worker",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        # One process holds the answers it has computed; its threads use all cores.
        workers=1,
        log_level=LogLevels.warning,
        log_dictconfig=server_logging(),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    ).serve()


def worker() -> Any:
    """The application, in the process that answers; it ends with the server that started it."""
    end_with_parent()
    setup(Path(os.environ["WOTU_WORKSPACE"]))
    from wotu.console.answers import is_warm, warm
    from wotu.site.asgi import application
    from wotu.site.database import probe
    from wotu.site.observed import observed

    threading.Thread(target=warm, name="warm", daemon=True).start()
    return observed(application, Path(os.environ["WOTU_WORKSPACE"]), database=probe, warm=is_warm)
