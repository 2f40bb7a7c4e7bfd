"""``wotu facts`` and ``wotu stages``: tables besides events, and the stages that rules on facts make."""

from __future__ import annotations

from argparse import Namespace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import percent, write_json, write_table
from wotu.core.errors import invalid_argument
from wotu.core.fact_tables import TABLES
from wotu.core.money import decimal_text

_SHOWN = 50


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    facts = add_verb(verbs, "facts", _facts, "A table besides events as it holds now: products, companies, costs …")
    facts.add_argument("table", metavar="TABLE", help=", ".join(TABLES))
    stages = add_verb(verbs, "stages", _stages, "How many customers reached each stage, from exposure to repurchase?")
    stages.add_argument("--preset", choices=("b2c", "b2b"), help="ask with these rules instead of the company's")
    stages.add_argument("--rules", metavar="FILE.json", help="rules that stand in for those of their stages")
    stages.add_argument("--save", action="store_true", help="keep the preset and rules given as the company's")


def _facts(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    rows = _plain(workspace.facts(options.table).to_pylist(), options.table, workspace.settings.currency)
    if wants_json(options):
        write_json({"table": options.table, "rows": rows})
        return
    # Columns that no row fills only take room.
    names = [name for name in (rows[0] if rows else ()) if any(row[name] is not None for row in rows)]
    shown = [[row[name] for name in names] for row in rows[:_SHOWN]]
    write_table(f"{options.table} ({len(rows):,})", names, shown, left=len(names))
    if len(rows) > _SHOWN:
        write_table(f"… and {len(rows) - _SHOWN:,} more; --json lists them all.", [], [])


def _plain(rows: list[dict[str, Any]], name: str, currency: str) -> list[dict[str, Any]]:
    """Money as the decimal text of JSON, other decimals in their shortest writing."""
    kinds = {column.name: column.kind for column in TABLES[name].columns}

    def value(row: dict[str, Any], column: str) -> Any:
        given = row[column]
        if given is not None and kinds.get(column) == "money":
            return decimal_text(given, row.get("currency") or currency)
        return format(given.normalize(), "f") if isinstance(given, Decimal) else given

    return [{column: value(row, column) for column in row} for row in rows]


def _stages(options: Namespace) -> None:
    asked = common(options, "since", "until", "where", "audience", "timezone")
    workspace = open_workspace(options)
    rules = _rules(options.rules) if options.rules else None
    if options.save:
        if rules is None and options.preset is None:
            raise invalid_argument("save", "--save needs --preset or --rules: what is to be kept?")
        workspace.set_stage_rules(rules, preset=options.preset)
        answer = workspace.stages(**asked)
    else:
        answer = workspace.stages(preset=options.preset, rules=rules, **asked)
    if wants_json(options):
        write_json(answer.to_dict())
        return
    rows = [(f"{s.name} {s.stage}", s.rule, s.customers, percent(s.from_previous), s.anonymous) for s in answer.stages]
    write_table("Stages", ["stage", "rule", "customers", "of the stage before", "anonymous"], rows, left=2)


def _rules(path: str) -> dict[str, Any]:
    try:
        rules: dict[str, Any] = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise invalid_argument("rules", f"--rules {path} cannot be read as a JSON object by stage: {error}.") from error
    return rules
