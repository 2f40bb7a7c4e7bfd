"""``wotu init``, ``collect`` and ``import``: messages in."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wotu.cli.options import add_verb, common, open_workspace, wants_json
from wotu.cli.output import console, messages, write_json, write_table
from wotu.core.errors import ErrorCode, WotuError

if TYPE_CHECKING:
    from wotu.collect.importing import Preview

_MOST_PROBLEMS = 50


def add_verbs(verbs: Any) -> None:
    """Add the verbs of this file."""
    add_verb(verbs, "init", _init, "Make the workspace; asks nothing and may be run twice.")
    collect = add_verb(verbs, "collect", _collect, "Take in Segment-spec messages from NDJSON files (gzip allowed).")
    collect.add_argument("files", nargs="+", metavar="FILE", help=".ndjson, .ndjson.gz or .parquet")
    imports = add_verb(verbs, "import", _import, "Import tables (CSV, Excel, Parquet, NDJSON) through a mapping file.")
    imports.add_argument("files", nargs="+", metavar="FILE")
    imports.add_argument(
        "--mapping",
        required=True,
        metavar="MAP.yaml",
        help="says what the columns mean; or a name such as youzan-orders",
    )
    imports.add_argument("--dry-run", action="store_true", help="show the first rows and every problem; load nothing")


def _init(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    if wants_json(options):
        write_json({"workspace": str(workspace.path)})
    else:
        console().print(f"Workspace ready: {workspace.path}")
        console().print("Next: wotu import FILE --mapping MAP.yaml, then wotu serve")


def _collect(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    for path in options.files:
        if not Path(path).is_file():
            raise WotuError(
                ErrorCode.INVALID_FILE, f"{path}: there is no such file; nothing was collected.", field="files"
            )
    outcomes = [workspace.collect(path) for path in options.files]
    _tell({key: sum(outcome[key] for outcome in outcomes) for key in outcomes[0]}, options)


def _import(options: Namespace) -> None:
    common(options)
    workspace = open_workspace(options)
    mapping = Path(options.mapping)
    if options.dry_run:
        from wotu.collect.importing import preview
        from wotu.collect.mapping import load_mapping

        received = datetime.now(UTC)
        files = [Path(path) for path in options.files]
        rules, settings = load_mapping(mapping), workspace.settings
        found = {path: preview(path, rules, settings=settings, received=received) for path in files}
        if wants_json(options):
            shown = [_as_json(path, result) for path, result in found.items()]
            write_json(shown[0] if len(shown) == 1 else shown)
        else:
            for path, result in found.items():
                _show(path, result)
        return
    with messages().status("importing") as status:
        outcome = workspace.import_files([(path, mapping) for path in options.files], progress=status.update)
    _tell(outcome, options)


def _tell(outcome: dict[str, int], options: Namespace) -> None:
    if wants_json(options):
        write_json(outcome)
        return
    console().print(
        f"{outcome['accepted']:,} messages accepted, {outcome['duplicates']:,} seen before, "
        f"{outcome['quarantined']:,} rows in quarantine."
    )
    if outcome["quarantined"]:
        console().print("See the reasons with: wotu doctor, or in quarantine/ of the workspace.")


def _as_json(path: Path, found: Preview) -> dict[str, Any]:
    problems = [{"line": p.line, "field": p.field, "reason": p.reason} for p in found.problems]
    return {
        "file": path.name,
        "rows": found.rows,
        "skipped": found.skipped,
        "messages": found.counts,
        "first": found.messages,
        "problems": problems,
        "encoding": found.encoding,
        "delimiter": found.delimiter,
    }


def _show(path: Path, found: Preview) -> None:
    out = console()
    read_as = f" ({found.encoding}, delimiter {found.delimiter!r})" if found.encoding else ""
    skipped = f", {found.skipped:,} of them skipped" if found.skipped else ""
    out.print(f"[bold]{path.name}[/]: {found.rows:,} rows{read_as}{skipped}; nothing was loaded.")
    write_table("Would become", ["message", "count"], found.counts.items())
    out.print("\n[bold]First messages[/]")
    for message in found.messages:
        out.print(f"  {message}", markup=False)
    if not found.problems:
        out.print("\nNo problems.")
        return
    shown = found.problems[:_MOST_PROBLEMS]
    rows = [(p.line if p.line is not None else "", p.field or "", p.reason) for p in shown]
    write_table(f"\nProblems ({len(found.problems):,})", ["line", "field", "reason"], rows, left=3)
    if len(found.problems) > len(shown):
        out.print(f"… and {len(found.problems) - len(shown):,} more; --json lists them all.")
