"""``wotu``: reads the words, runs the verb, writes the answer or the error, returns the exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import msgspec

from wotu import __version__
from wotu.cli import (
    behaviour,
    customers,
    demo,
    facts,
    identity,
    intake,
    keys,
    lifecycle,
    lists,
    people,
    quarantine,
    questions,
    service,
    team,
    visits,
)
from wotu.cli.options import add_common
from wotu.core.errors import WotuError

DONE, FAILED, WRONG_USE = 0, 1, 2
# Errors that a different command line would not have had.
_USE = frozenset(
    {
        "invalid_argument", "invalid_expression", "unknown_event", "unknown_property", "unknown_customer",
        "ambiguous_identifier",
    }
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit code 0 done, 1 failed, 2 wrong use."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except WotuError as error:
        _report(error, as_json=getattr(options, "json", False))
        return WRONG_USE if error.code.value in _USE else FAILED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        sys.stderr.write(f"wotu: {error.strerror or error}: {error.filename or 'the workspace'}\n")
        return FAILED
    return DONE


def parser() -> argparse.ArgumentParser:
    """The whole command line; every verb has ``--help``."""
    root = argparse.ArgumentParser(
        prog="wotu",
        description="Grow the customers you have: facts in, exact answers out. 沃土：经营你的客户。",
        epilog="Documentation: docs/ in the source, and --help after every verb.",
    )
    root.add_argument("--version", action="version", version=f"wotu {__version__}")
    add_common(root)
    verbs = root.add_subparsers(title="verbs", metavar="VERB", required=True)
    for group in (
        service,
        intake,
        questions,
        behaviour,
        visits,
        facts,
        lists,
        customers,
        identity,
        people,
        team,
        keys,
        lifecycle,
        quarantine,
        demo,
    ):
        group.add_verbs(verbs)
    return root


def _report(error: WotuError, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(error.to_dict()).decode() + "\n")
    sys.stderr.write(f"wotu: {error.message}\n")
