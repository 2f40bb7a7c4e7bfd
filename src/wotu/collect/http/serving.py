"""The collector alone, as a process of its own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from wotu.collect.http.app import Collector
from wotu.core.layout import Layout
from wotu.core.logs import configure_logging, server_logging
from wotu.core.parent_process import as_parent, end_with_parent

# Slow senders wait beside the others, and not in front of them.
CONNECTIONS = 8192
STOP_SECONDS = 10
_VARIABLE = "WOTU_WORKSPACE"


def run_collector(workspace: Path, host: str, port: int) -> None:
    """Serve the collector until SIGTERM or SIGINT, or until the parent process dies."""
    end_with_parent()
    # The worker inherits this process's environment, and ends with it.
    os.environ.update(as_parent())
    os.environ[_VARIABLE] = str(workspace)
    Granian(
        "wotu.collect.http.serving:worker",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        backpressure=CONNECTIONS,
        log_level=LogLevels.warning,
        log_dictconfig=server_logging(),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


def worker() -> Collector:
    """The application, in the process that answers; it ends with the server that started it."""
    # Killed, since nobody is left who kills it later: a worker that Granian stops may wait for itself forever, holding
    # the port and the log it writes. What was acknowledged is on disk.
    end_with_parent(by=signal.SIGKILL)
    configure_logging()
    return Collector(Layout(Path(os.environ[_VARIABLE])))
