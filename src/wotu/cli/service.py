"""``wotu serve``, ``worker`` and ``doctor``: running an install and looking after it."""

from __future__ import annotations

import socket
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wotu.cli.control import connect
from wotu.cli.options import add_verb, common, open_workspace, wants_json, workspace_folder, workspace_path
from wotu.cli.output import console, write_json
from wotu.cli.supervisor import supervise
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.layout import Layout
from wotu.core.parent_process import end_with_parent
from wotu.core.processes import announced
from wotu.core.settings import read_settings

if TYPE_CHECKING:
    from wotu.workspace.findings import Finding

_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]•[/]", "problem": "[red]✗[/]"}


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    serve = add_verb(verbs, "serve", _serve, "Collect, settle and serve the console, until stopped.")
    serve.add_argument("--host", default="127.0.0.1", metavar="H")
    serve.add_argument("--port", type=int, default=8000, metavar="P")
    serve.add_argument("--only", choices=("collector", "console", "settler", "worker"), help="run one process alone")
    serve.add_argument("--quiet", action="store_true", help="print nothing when starting")
    doctor = add_verb(verbs, "doctor", _doctor, "Check the workspace and say what needs attention.")
    doctor.add_argument("--ledger", action="store_true", help="prove the ledger instead: every sum against its rows")
    add_verb(verbs, "worker", _worker, "Do due work and follow what comes in, until stopped (serve does this too).")


def serve(workspace: str, host: str, port: int) -> None:
    """Collector and console on one port, the settler and the worker, as one supervised tree."""
    check_port(host, port)
    with announced(Path(workspace)):
        # They end in this order: what takes messages in before what settles them.
        supervise(
            {
                "server": ("wotu.site", workspace, host, str(port)),
                "settler": ("wotu", "serve", "--only", "settler", "--workspace", workspace),
                "worker": ("wotu.site.working", workspace),
            }
        )


def check_port(host: str, port: int) -> None:
    """Raise, with what to do, when the address cannot be served."""
    if not 0 < port < 65536:
        raise invalid_argument("port", f"port={port} must be between 1 and 65535.")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port."
            raise WotuError(ErrorCode.INVALID_ARGUMENT, message, field="port") from error


def _serve(options: Namespace) -> None:
    common(options)
    layout = Layout(Path(workspace_path(options)).expanduser().resolve())
    layout.prepare()
    # A wrong setting is told once, here, and not by every process again and again.
    read_settings(layout.settings)
    if options.only == "settler":
        # Before the imports, which take seconds.
        end_with_parent()
        from wotu.settle.daemon import run_settler

        run_settler(layout)
    elif options.only == "collector":
        check_port(options.host, options.port)
        # In this very process: a collector alone is to stay small.
        from wotu.collect.http.serving import run_collector

        run_collector(layout.root, options.host, options.port)
    elif options.only == "console":
        check_port(options.host, options.port)
        supervise({"console": ("wotu.site", str(layout.root), options.host, str(options.port), "console")})
    elif options.only == "worker":
        supervise({"worker": ("wotu.site.working", str(layout.root))})
    else:
        if not options.quiet:
            console().print(f"Wotu serves {layout.root} at http://{options.host}:{options.port} (Ctrl-C stops it)")
            console().print("Nobody in the team yet? wotu user add NAME prints a sign-in link.", style="dim")
        serve(str(layout.root), options.host, options.port)


def _worker(options: Namespace) -> None:
    common(options)
    layout = Layout(Path(workspace_path(options)).expanduser().resolve())
    layout.prepare()
    read_settings(layout.settings)
    supervise({"worker": ("wotu.site.working", str(layout.root))})


def _doctor(options: Namespace) -> None:
    from wotu.workspace.examination import examine

    common(options)
    if options.ledger:
        _prove_ledger(options)
        return
    findings = [*examine(open_workspace(options)), *_outbox_findings(workspace_folder(options))]
    if wants_json(options):
        write_json({"healthy": _healthy(findings), "findings": [finding.to_dict() for finding in findings]})
    else:
        for finding in findings:
            console().print(f"{_MARKS[finding.level]} {finding.what}: {finding.detail}", highlight=False)
    if not _healthy(findings):
        raise SystemExit(1)


def _outbox_findings(workspace: Path) -> list[Finding]:
    """Work that was given up and followers that are stuck; nothing where there is no control database yet."""
    from wotu.workspace.findings import Finding

    layout = Layout(workspace)
    if not layout.control.exists() and not read_settings(layout.settings).database_url:
        return []
    connect(workspace)
    from wotu.outbox import reads

    stuck = [each for each in reads.cursors() if each.failed_at is not None]
    found = [
        Finding("problem", f"follower {each.name}", f"stuck after {each.seq}: {each.last_error}") for each in stuck
    ]
    for name, number in reads.failed_tasks().items():
        found.append(Finding("problem", f"work {name}", f"{number} given up; see Settings, Work in the console."))
    return found or [Finding("ok", "work", f"{reads.condition().waiting} waiting, none given up")]


def _prove_ledger(options: Namespace) -> None:
    connect(workspace_folder(options))
    from django.utils import timezone

    from wotu.ledger.proof_services import prove_in_full

    proved, differences = prove_in_full(now=timezone.now())
    if wants_json(options):
        write_json({"healthy": not differences, "seconds": proved.seconds, "differences": differences})
    else:
        for each in differences:
            console().print(f"{_MARKS['problem']} {each.rule}: {each.row} has {each.kept:,}, its rows {each.counted:,}")
        if not differences:
            console().print(f"{_MARKS['ok']} ledger: every sum equals its rows")
    if differences:
        raise SystemExit(1)


def _healthy(findings: list[Finding]) -> bool:
    return all(finding.level != "problem" for finding in findings)
