"""Starts the console: prepares its database and files, then serves it from this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from pathlib import Path

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from wotu.core.locks import file_lock
from wotu.site.process import end_with_parent

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

    from wotu.site.assets import collect_static

    cache = workspace / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with file_lock(cache / "prepare.lock"):
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
    database = workspace / "control.db"
    if database.exists():
        database.chmod(0o600)
    connections.close_all()


def run_console(workspace: Path, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the console until SIGTERM or SIGINT, or until the parent process dies."""
    end_with_parent()
    prepare(workspace)
    asyncio.run(_serve(host, port))


async def _serve(host: str, port: int) -> None:
    from wotu.console.answers import warm
    from wotu.site.asgi import application

    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.error,
        websockets=False,
    )
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, server.stop)
    threading.Thread(target=warm, name="warm", daemon=True).start()
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve()
    # Threads that still answer a long question must not keep a stopped server alive.
    loop.call_later(_STOP_SECONDS, os._exit, 0)
