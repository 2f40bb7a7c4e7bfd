"""``wotu serve`` and ``doctor``: running an install and looking after it."""

from __future__ import annotations

import socket
from argparse import Namespace
from typing import Any

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, write_json
from wotu.cli.supervisor import supervise
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.settle.daemon import run_settler
from wotu.workspace.examination import Finding, examine

_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]•[/]", "problem": "[red]✗[/]"}


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    serve = add_verb(verbs, "serve", _serve, "Serve the console and settle what arrives, until stopped.")
    serve.add_argument("--host", default="127.0.0.1", metavar="H")
    serve.add_argument("--port", type=int, default=8000, metavar="P")
    serve.add_argument("--only", choices=("console", "settler"), help="run one process alone")
    add_verb(verbs, "doctor", _doctor, "Check the workspace and say what needs attention.")


def serve(workspace: str, host: str, port: int) -> None:
    """Console and settler as one supervised tree."""
    check_port(host, port)
    supervise(
        {
            "console": ("wotu.site", workspace, host, str(port)),
            "settler": ("wotu", "serve", "--only", "settler", "--workspace", workspace),
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
    workspace = open_workspace(options)
    if options.only == "settler":
        run_settler(workspace.layout)
    elif options.only == "console":
        check_port(options.host, options.port)
        supervise({"console": ("wotu.site", str(workspace.path), options.host, str(options.port))})
    else:
        console().print(f"Wotu serves {workspace.path} at http://{options.host}:{options.port} (Ctrl-C stops it)")
        console().print("Nobody in the team yet? wotu user add NAME prints a sign-in link.", style="dim")
        serve(str(workspace.path), options.host, options.port)


def _doctor(options: Namespace) -> None:
    common(options)
    findings = examine(open_workspace(options))
    if wants_json(options):
        write_json({"healthy": _healthy(findings), "findings": [finding.to_dict() for finding in findings]})
    else:
        for finding in findings:
            console().print(f"{_MARKS[finding.level]} {finding.what}: {finding.detail}", highlight=False)
    if not _healthy(findings):
        raise SystemExit(1)


def _healthy(findings: list[Finding]) -> bool:
    return all(finding.level != "problem" for finding in findings)
