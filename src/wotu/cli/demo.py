"""``wotu demo``: the whole Complete Journey data set, its main findings, and the console on it."""

from __future__ import annotations

import os
import shutil
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from wotu.cli.control import connect
from wotu.cli.options import add_verb, common, workspace_path
from wotu.cli.output import console, messages
from wotu.cli.service import check_port
from wotu.cli.team import sign_in_link
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.layout import Layout
from wotu.core.settings import Settings

if TYPE_CHECKING:
    from wotu.workspace import Workspace

SETTINGS = Settings(
    timezone="America/New_York",
    currency="USD",
    questions_until="data",
    name="The Complete Journey",
    week_start="monday",
)
_USER = "demo"
# Files read, customers resolved, messages written, timelines built.
_STEPS = 8
# How long whoever starts the demo waits for orders to earn; the worker does the rest.
_PATIENCE_SECONDS = 12.0


def add_verbs(verbs: Any) -> None:
    """Add the verb of this file."""
    demo = add_verb(verbs, "demo", _demo, "Load a real data set, print its main findings and serve the console.")
    demo.add_argument("--no-serve", action="store_true", help="load and print, then end")
    demo.add_argument("--reset", action="store_true", help="load everything again")
    demo.add_argument("--customers", type=int, metavar="N", help="only the first N households")
    demo.add_argument("--host", default="127.0.0.1", metavar="H")
    demo.add_argument("--port", type=int, default=8000, metavar="P")


def _demo(options: Namespace) -> None:
    from wotu.cli.findings import show_findings
    from wotu.workspace import Workspace

    common(options)
    if not options.no_serve:
        check_port(options.host, options.port)
    layout = Layout(Path(workspace_path(options)).expanduser().resolve())
    marker = layout.root / "demo"
    if options.customers is not None and options.customers < 1:
        raise invalid_argument("customers", f"customers={options.customers} must be at least 1.")
    wanted = str(options.customers or "all")
    if options.reset and marker.exists():
        shutil.rmtree(layout.root)
    if layout.lake.exists() and not marker.exists():
        raise WotuError(
            ErrorCode.INVALID_ARGUMENT,
            f"{layout.root} holds data that is not the demo's; name another folder with --workspace.",
            field="workspace",
        )
    # An empty marker is that of a demo which was interrupted while loading.
    if marker.exists() and marker.read_text() not in ("", wanted):
        message = f"{layout.root} holds the demo with {marker.read_text()} customers; add --reset to load it again."
        raise WotuError(ErrorCode.INVALID_ARGUMENT, message, field="customers")
    # Settings that init wrote are those of no data yet; an earlier demo's may have been changed since.
    layout.prepare(None if marker.exists() and layout.settings.exists() else SETTINGS)
    workspace = Workspace.open(layout.root)
    fresh = not marker.exists() or not marker.read_text()
    if fresh:
        _load(workspace, options.customers)
    show_findings(workspace)
    if fresh:
        _let_earn(workspace, options.customers, None if options.no_serve else _PATIENCE_SECONDS)
        marker.write_text(wanted)
    if not options.no_serve:
        _open_console(workspace, options.host, options.port)


def _load(workspace: Workspace, customers: int | None) -> None:
    from wotu.cli.complete_journey import prepare_files

    started = time.monotonic()
    marker = workspace.path / "demo"
    marker.write_text("")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=messages(), transient=True) as progress:
        task = progress.add_task("preparing", total=_STEPS)

        def step(what: str) -> None:
            progress.update(task, advance=1, description=what)

        with prepare_files(customers) as files:
            outcome = workspace.import_files(files, progress=step)
    seconds = time.monotonic() - started
    messages().print(f"Loaded {outcome['accepted']:,} messages in {seconds:.1f} s.", style="dim")


def _let_earn(workspace: Workspace, customers: int | None, seconds: float | None) -> None:
    """Set up the club and the campaigns, and let orders earn; what takes longer than ``seconds`` the worker does."""
    from datetime import UTC, datetime

    from wotu.cli.complete_journey import data_folder, first_households

    started, data = time.monotonic(), data_folder()
    connect(workspace.path)
    from wotu.cli.demo_loyalty import replay, set_up

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=messages(), transient=True) as progress:
        task = progress.add_task("campaigns and coupons", total=None)
        used = set_up(workspace, data, first_households(data, customers), datetime.now(UTC))

        def step(what: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=what)

        ended = replay(workspace, step, seconds=seconds)
    told = f"Set up a points programme, 27 campaigns and {used:,} used coupons in {time.monotonic() - started:.1f} s."
    if not ended:
        told += " Orders go on earning in the background for a minute or two: the pages of members fill meanwhile."
    messages().print(told, style="dim")


def _open_console(workspace: Workspace, host: str, port: int) -> None:
    connect(workspace.path)
    from wotu.accounts.reads import team
    from wotu.accounts.services import add_user, reset_user
    from wotu.cli.demo_shop import open_shop

    token = reset_user(_USER) if any(member.username == _USER for member in team()) else add_user(_USER)
    out = console()
    address = f"http://{host}:{port}"
    out.print(f"\n[bold]Console:[/] {address}  (Ctrl-C stops it)")
    out.print(f"[bold]Sign in once, within 24 hours:[/] {sign_in_link(address, token)}", soft_wrap=True)
    out.print(f"[bold]Shop:[/] {open_shop(address, host, port + 1)}  (uses the public API alone; buy and give back)")
    sys.stdout.flush()
    # The loaded data is not needed any more: the server starts as a small process of its own.
    arguments = ["serve", "--workspace", str(workspace.path), "--host", host, "--port", str(port), "--quiet"]
    os.execv(sys.executable, [sys.executable, "-m", "wotu", *arguments])  # noqa: S606
