"""Options that all verbs share; they may stand before or after the verb."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wotu.core.errors import ErrorCode, WotuError
from wotu.core.layout import Layout
from wotu.core.without_pandas import leave_pandas_out

if TYPE_CHECKING:
    from wotu.workspace import Workspace

Run = Callable[[argparse.Namespace], None]


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the common options. Suppressed defaults keep what stood before the verb."""
    group = parser.add_argument_group("common options")
    suppressed = argparse.SUPPRESS
    group.add_argument(
        "--workspace",
        default=suppressed,
        metavar="DIR",
        help="the workspace folder ($WOTU_WORKSPACE, else ./workspace)",
    )
    group.add_argument(
        "--json", action="store_true", default=suppressed, help="machine-readable output, alone on standard output"
    )
    group.add_argument("--since", default=suppressed, metavar="WHEN", help="first date or time that counts")
    group.add_argument("--until", default=suppressed, metavar="WHEN", help="date or time that no longer counts")
    group.add_argument("--where", default=suppressed, metavar="EXPR", help="filter, such as 'channel == \"wechat\"'")
    group.add_argument("--by", default=suppressed, metavar="NAME", help="break down by a property or trait.x")
    group.add_argument("--audience", default=suppressed, metavar="NAME", help="only customers of a saved audience")
    group.add_argument("--timezone", default=suppressed, metavar="ZONE", help="time zone of dates and periods")


def add_verb(verbs: Any, name: str, run: Run, summary: str) -> argparse.ArgumentParser:
    """A verb with its summary, the common options and what runs it."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    add_common(parser)
    parser.set_defaults(run=run)
    return parser


def workspace_path(options: argparse.Namespace) -> str:
    """The folder that was named, else ``$WOTU_WORKSPACE``, else ``./workspace``."""
    return str(getattr(options, "workspace", None) or os.environ.get("WOTU_WORKSPACE") or "workspace")


def workspace_folder(options: argparse.Namespace) -> Path:
    """The folder of the workspace a verb works on, made on first use: for verbs that ask nothing of the data."""
    layout = Layout(Path(workspace_path(options)).expanduser().resolve())
    layout.prepare()
    return layout.root


def open_workspace(options: argparse.Namespace) -> Workspace:
    """The workspace a verb works on."""
    # Help, supervisors and wrong use need none of the data plane, and start at once without it.
    from wotu.workspace import Workspace

    leave_pandas_out()
    return Workspace.open(workspace_path(options))


def common(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """The common options a question takes, as keyword arguments; others that were given are refused."""
    given = {
        name: getattr(options, name)
        for name in ("since", "until", "where", "by", "audience", "timezone")
        if hasattr(options, name)
    }
    for name in given:
        if name not in names:
            raise WotuError(ErrorCode.INVALID_ARGUMENT, f"--{name} has no meaning for this verb.", field=name)
    return given


def wants_json(options: argparse.Namespace) -> bool:
    """Whether machine-readable output was asked for."""
    return bool(getattr(options, "json", False))
