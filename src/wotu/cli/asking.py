"""Questions as verbs: options are named like the parameters in Python, and those that are not given are not sent.

So a verb is its options and the table it writes; what an option means, and whether a value will do, the question says.
"""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

import msgspec

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import write_arrow, write_json

Write = Callable[[Any], None]


def add_question(verbs: Any, question: str, summary: str, write: Write | None = None) -> ArgumentParser:
    """A verb for the method ``question`` of a workspace; ``write`` shows its answer to people, else its table."""
    run = partial(_ask, question, write or partial(_write_table, summary))
    parser = add_verb(verbs, question.replace("_", "-"), run, summary)
    parser.argument_default = SUPPRESS
    return parser


def spoken(text: str) -> Any:
    """A name as it stands, or what JSON text in its place says: an object or a list."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ArgumentTypeError(f"{text!r} is not JSON: {error}") from error


def listed(text: str) -> list[str]:
    """Words with commas between them."""
    return [word.strip() for word in text.split(",")]


def _ask(question: str, write: Write, options: Namespace) -> None:
    ask = getattr(open_workspace(options), question)
    accepted = set(signature(ask).parameters)
    shared = common(options, *accepted)
    if "by" in shared:
        shared["by"] = spoken(shared["by"])
    answer = ask(**shared, **{name: value for name, value in vars(options).items() if name in accepted - set(shared)})
    if wants_json(options):
        write_json(answer.to_dict())
    else:
        write(answer)


def _write_table(title: str, answer: Any) -> None:
    write_arrow(title, answer.table)
