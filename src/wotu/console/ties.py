"""What tables besides events say of one customer: who looks after them, which companies they speak for."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wotu.console.answers import ask
from wotu.console.fact_words import CHOICES
from wotu.console.sight import Sight


def ties(customer_id: str, sight: Sight) -> dict[str, Any]:
    """``owner`` (name, since) or nothing, and ``companies`` (name, part in the decision, title)."""
    owners, contacts = (_of(customer_id, ask("facts", name)) for name in ("owners", "contacts"))
    owner = None
    if owners:
        staff = _named("staff", "staff_id", owners[-1]["staff_id"])
        owner = {"name": sight.text(staff or owners[-1]["staff_id"]), "since": owners[-1]["since"]}
    companies = [
        {
            "name": sight.text(_named("companies", "company_id", row["company_id"]) or row["company_id"]),
            "role": str(CHOICES.get(row["role"] or "", row["role"] or "")),
            "title": sight.text(row["title"] or ""),
        }
        for row in contacts
    ]
    return {"owner": owner, "companies": companies}


def _of(customer_id: str, rows: pa.Table) -> list[dict[str, Any]]:
    return list(rows.filter(pc.equal(rows["customer_id"], customer_id)).to_pylist()) if len(rows) else []


def _named(table: str, key: str, value: str) -> str | None:
    """The name of a row; nothing where there is no such row."""
    rows = ask("facts", table)
    found = rows.filter(pc.equal(rows[key], value))["name"].to_pylist() if len(rows) else []
    return found[0] if found else None
