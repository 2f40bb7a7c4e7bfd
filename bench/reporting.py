"""The command line of a benchmark program, and its two ways to print: JSON and a Markdown table."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from measuring import Apart, Json, machine

SMALL = 50


def arguments(
    description: str | None,
    *,
    flags: Sequence[str] = (),
    settings: Mapping[str, tuple[int | str, str]] | None = None,
    **sizes: int,
) -> Namespace:
    """The options: ``--<size> N``, ``--<flag>``, ``--<setting> VALUE`` (a default and what it is for), ``--small`` (a
    fiftieth of every size) and ``--table``."""
    parser = ArgumentParser(description=description)
    for name, size in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=size, metavar="N", help=f"default {size:,}")
    for name in flags:
        parser.add_argument(f"--{name}", action="store_true")
    for name, (value, purpose) in (settings or {}).items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help=f"{purpose} (default {value})")
    parser.add_argument("--small", action="store_true", help=f"1/{SMALL} of the sizes: does it still run?")
    parser.add_argument("--table", action="store_true", help="a Markdown table instead of JSON")
    options = parser.parse_args()
    if options.small:
        Apart.processes = False
        for name in sizes:
            setattr(options, name, max(1, getattr(options, name) // SMALL))
    return options


def finish(name: str, result: Json, table: Callable[[Json], list[list[str]]], options: Namespace) -> int:
    """Print; the exit code is 1 when an answer differs from a peer's or a step failed."""
    document = {"program": name, "machine": machine(), "result": result}
    failed = errors(result)
    if options.table and not failed:
        sys.stdout.write(markdown(table(result)))
    else:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 1 if failed else 0


def errors(result: Json) -> list[str]:
    """Steps that failed and answers that differ."""
    wrong = [name for name, same in result.get("equal", {}).items() if not same]
    return wrong + [name for name, part in result.items() if isinstance(part, dict) and "error" in part]


def markdown(rows: list[list[str]]) -> str:
    """The first row is the heading."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def ratio(peer: float, own: float) -> str:
    """How many times longer the peer takes."""
    return f"{peer / own:.1f}×" if own else "–"


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder for one run."""
    with tempfile.TemporaryDirectory(prefix="wotu-bench-") as folder:
        yield Path(folder)
