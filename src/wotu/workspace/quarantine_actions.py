"""What people do with quarantined rows: look, retry after a fix, mend one, discard.

A retry collects first and takes out of quarantine afterwards: cut off in between, it leaves rows that were
taken already, and their message ids make a repetition harmless.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from wotu.collect.quarantine import LONGEST_CONTENT, Quarantine, QuarantinedRow
from wotu.collect.retrying import read_again, read_row
from wotu.collect.values import Fault
from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.workspace.intake import Intake


@dataclass(frozen=True)
class Choice:
    """Which rows are meant: those of ``ids``, of a ``source``, a ``reason``, a ``field``; all that is given holds.

    An empty ``field`` means rows whose problem has no field.
    """

    ids: Collection[str] | None = None
    source: str | None = None
    reason: str | None = None
    field: str | None = None

    def among(self, rows: list[QuarantinedRow]) -> list[QuarantinedRow]:
        """The rows that are meant, in their order."""
        return [row for row in rows if self._means(row)]

    def _means(self, row: QuarantinedRow) -> bool:
        asked = ((self.source, row.source), (self.reason, row.reason), (self.field, row.field or ""))
        return (self.ids is None or row.id in self.ids) and all(wanted in (None, given) for wanted, given in asked)


def retry_rows(quarantine: Quarantine, intake: Intake, choice: Choice, *, currency: str) -> dict[str, int]:
    """Collect the rows that can be read now; ``left`` counts those that stay, still wrong or no message."""
    chosen = choice.among(quarantine.rows())
    retry = read_again(chosen, currency=currency)
    told = {"accepted": 0, "duplicates": 0}
    if retry.passed:
        outcome = intake.take(retry.passed[0].source, retry.batch)
        told = {"accepted": outcome.accepted, "duplicates": outcome.duplicates}
        crash_point("quarantine:collected")
        quarantine.remove([row.id for row in retry.passed])
    return {**told, "left": len(retry.failed)}


def mend_row(quarantine: Quarantine, intake: Intake, row_id: str, content: str, *, currency: str) -> dict[str, int]:
    """Collect one row with ``content`` in place of its own; it stays as it is when that cannot be used either."""
    row = find_row(quarantine, row_id)
    if row.protocol is None:
        raise WotuError(ErrorCode.INVALID_ARGUMENT, "This row is not a message: correct its file and import it again.")
    if len(content) >= LONGEST_CONTENT:
        raise invalid_argument("content", f"content has more than {LONGEST_CONTENT:,} characters; send it again instead.")
    mended = replace(row, content=content)
    try:
        read_row(mended, currency=currency)
    except Fault as fault:
        field = fault.field.lstrip(".")
        raise WotuError(ErrorCode.INVALID_MESSAGE, f"{field} {fault}", field=field) from fault
    outcome = intake.take(row.source, read_again([mended], currency=currency).batch)
    crash_point("quarantine:collected")
    quarantine.remove([row_id])
    return {"accepted": outcome.accepted, "duplicates": outcome.duplicates, "left": 0}


def find_row(quarantine: Quarantine, row_id: str) -> QuarantinedRow:
    """The row called ``row_id``; raises ``not_found`` when it is not in quarantine any more."""
    for row in quarantine.rows():
        if row.id == row_id:
            return row
    raise WotuError(ErrorCode.NOT_FOUND, f"No row {row_id!r} is in quarantine; it was taken out or discarded.")
