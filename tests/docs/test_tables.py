"""The page about tables besides events tells every table and column as the code declares them, and no other."""

from __future__ import annotations

import re
from typing import get_args

from test_documentation import REFERENCE, coded, headings, rows, sections

from wotu.core.fact_tables import STAGES, TABLES, ColumnKind, FactColumn, FactTable
from wotu.facts.stages import NAMES

PAGE = REFERENCE / "tables.md"


def told_meaning(table: FactTable, column: FactColumn) -> str:
    words = ", ".join(f"`{choice}`" for choice in column.choices)
    text = column.meaning + (f": {words}" if words else "")
    text += f"; default `{column.default}`" if column.default else ""
    notes = ["key"] if column.name in table.key else ["required"] if column.required else []
    return text + (f" ({notes[0]})" if notes else "")


def test_every_table_and_column_is_told_and_no_other() -> None:
    assert coded(headings(PAGE)) == list(TABLES)
    told = iter(rows(PAGE))
    for table in TABLES.values():
        for column in table.columns:
            kind = "whole number" if column.kind == "count" else column.kind
            assert next(told) == [column.name, kind, told_meaning(table, column)]
    assert next(told, None) is None


def test_every_kind_of_value_is_told() -> None:
    kinds = re.findall(r"^\| ([a-z ]+) \|", sections(PAGE, 2)["Kinds of values"], re.MULTILINE)
    told = [kind.replace("whole number", "count") for kind in kinds if kind != "Kind"]
    assert told == list(get_args(ColumnKind))


def test_the_glossary_tells_the_stages() -> None:
    told = re.findall(r"^\| (\S+) \| `(\w+)` \|", (REFERENCE / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert [(key, name) for name, key in told if key in STAGES] == list(NAMES.items())
