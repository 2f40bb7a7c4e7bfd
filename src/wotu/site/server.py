"""Starts the server: the collector at once, the console when its database and files are prepared."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from prometheus_client.registry import Collector as Metrics

from wotu.collect.http.app import Collector
from wotu.collect.http.serving import CONNECTIONS, STOP_SECONDS
from wotu.core.layout import Layout
from wotu.core.locks import file_lock
from wotu.core.logs import server_logging
from wotu.core.parent_process import as_parent, end_with_parent
from wotu.core.without_pandas import leave_pandas_out
from wotu.site.dispatch import LateConsole, Site
from wotu.site.metrics import CollectorMetrics, LedgerMetrics, OutboxMetrics
from wotu.site.observed import observed
from wotu.site.preparing import prepare_database, prepare_lock

if TYPE_CHECKING:
    from wotu.ledger.proof_services import Proved
    from wotu.outbox.reads import OutboxCondition

_COLLECTS = "WOTU_SITE_COLLECTS"
Told = TypeVar("Told")


def prepare(workspace: Path) -> None:
    """Bring the control database and the static files up to this version; may run twice, also at once."""
    prepare_database(workspace)
    from django.db import connections

    from wotu.accounts.snapshot import write_keys
    from wotu.site.assets import collect_static

    with file_lock(prepare_lock(workspace)):
        collect_static()
    write_keys(workspace)
    connections.close_all()


def run_site(workspace: Path, host: str, port: int, *, collects: bool) -> None:
    """Serve the console, and the collector if it ``collects``, until SIGTERM or SIGINT, or until the parent dies."""
    end_with_parent()
    # The worker inherits this process's environment, and ends with it.
    os.environ.update(as_parent())
    os.environ["WOTU_WORKSPACE"] = str(workspace.resolve())
    os.environ[_COLLECTS] = "1" if collects else ""
    Granian(
        "wotu.site.server:worker",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        # One process holds the answers it has computed; its threads use all cores.
        workers=1,
        backpressure=CONNECTIONS,
        log_level=LogLevels.warning,
        log_dictconfig=server_logging(),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()


def worker() -> Site:
    """The application, in the process that answers; it ends with the server that started it."""
    # Killed, since nobody is left who kills it later: a worker that Granian stops may wait for itself forever, holding
    # the port and the log it writes. What was acknowledged is on disk.
    end_with_parent(by=signal.SIGKILL)
    leave_pandas_out()
    workspace = Path(os.environ["WOTU_WORKSPACE"])
    collector = Collector(Layout(workspace)) if os.environ[_COLLECTS] else None
    console = LateConsole(lambda: load_console(workspace))
    metrics: list[Metrics] = [
        LedgerMetrics(lambda: _told(_last_proof) if console.is_loaded else None),
        OutboxMetrics(workspace, lambda: _told(_outbox) if console.is_loaded else None),
    ]
    if collector is not None:
        metrics.append(CollectorMetrics(lambda: collector.intake.counters))

    def probe_database() -> None:
        # Django must not be asked while another thread sets it up.
        if not console.is_loaded:
            raise RuntimeError("the console is not loaded yet")
        _probe()

    faces = observed(
        console, workspace, database=probe_database, warm=lambda: console.is_loaded and _is_warm(), more_metrics=metrics
    )
    return Site(collector, console, faces)


def load_console(workspace: Path) -> Any:
    """The console as an ASGI application, its database and files up to date; takes seconds."""
    prepare(workspace)
    from wotu.console.answers import warm
    from wotu.site.asgi import application
    from wotu.site.bodies import LimitedBodies

    threading.Thread(target=warm, name="warm", daemon=True).start()
    return LimitedBodies(application)


def _is_warm() -> bool:
    from wotu.console.answers import is_warm

    return is_warm()


def _probe() -> None:
    """Ask the control database something; raises when it does not answer, or is not prepared yet."""
    from wotu.site.database import probe

    probe()


def _last_proof() -> Proved | None:
    from wotu.ledger.proof_services import last_proof

    return last_proof()


def _outbox() -> OutboxCondition:
    from wotu.outbox.reads import condition

    return condition()


def _told(read: Callable[[], Told]) -> Told | None:
    """What the control database says; nothing while it does not answer."""
    from django.db import Error, connection

    try:
        return read()
    except Error:
        return None
    finally:
        # The thread that asks is none of Django's own, whose connections are looked after.
        connection.close()
