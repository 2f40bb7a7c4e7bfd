"""What people do with quarantined rows: look, retry after a fix, mend one, discard.

A retry collects first and takes out of quarantine afterwards: cut off in between, it leaves rows that were
taken already, and their message ids make a repetition harmless.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from wotu.collect.quarantine import LONGEST_CONTENT, Quarantine, QuarantinedRow
from wotu.collect.retrying import Retry, read_again
from wotu.core.crash_points import crash_point
from wotu.core.errors import ErrorCode, Reason, WotuError, invalid_argument
from wotu.core.layout import Layout
from wotu.core.settings import Settings

# What a reason quotes differs from row to row; what is wrong does not.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def general_reason(reason: str) -> str:
    """A reason without what it quotes, so that rows with the same trouble stand together."""
    return _QUOTED.sub("…", reason)


@dataclass(frozen=True)
class Choice:
    """Which rows are meant: those of ``ids``, of a ``source``, a ``reason``, a ``field``; all that is given holds.

    A ``reason`` may be whole or general (see ``general_reason``). An empty ``field`` means rows whose problem
    has none.
    """

    ids: Collection[str] | None = None
    source: str | None = None
    reason: str | None = None
    field: str | None = None

    def among(self, rows: list[QuarantinedRow]) -> list[QuarantinedRow]:
        """The rows that are meant, in their order."""
        return [row for row in rows if self._means(row)]

    def _means(self, row: QuarantinedRow) -> bool:
        asked = ((self.source, row.source), (self.field, row.field or ""))
        return (
            (self.ids is None or row.id in self.ids)
            and all(wanted in (None, given) for wanted, given in asked)
            and self.reason in (None, row.reason, general_reason(row.reason))
        )


_ALL = Choice()


class QuarantineActions:
    """The quarantined rows of one workspace, for people to act on."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self._quarantine = Quarantine(layout.quarantine)
        from wotu.workspace.intake import Intake

        self._intake = Intake(layout, settings)
        self._currency = settings.currency

    def rows(self, choice: Choice = _ALL) -> list[QuarantinedRow]:
        """The rows that are meant, in order of arrival."""
        return choice.among(self._quarantine.rows())

    def row(self, row_id: str) -> QuarantinedRow:
        """The row called ``row_id``; raises ``not_found`` when it is not in quarantine any more."""
        for row in self.rows(Choice(ids=(row_id,))):
            return row
        message = f"No row {row_id!r} is in quarantine; it was retried or discarded meanwhile."
        raise WotuError(ErrorCode.NOT_FOUND, message, field="id")

    def retry(self, choice: Choice = _ALL) -> dict[str, int]:
        """Collect the messages that can be used now; they leave quarantine.

        Returns ``accepted`` and ``duplicates``, and as ``left`` the rows that stay: still wrong, or no message.
        """
        retry = read_again(self.rows(choice), currency=self._currency)
        return {**self._collect(retry), "left": len(retry.failed)}

    def mend(self, row_id: str, content: str) -> dict[str, int]:
        """Collect ``content`` in place of the message in row ``row_id``; as of ``retry``.

        The row stays when that cannot be used either: the error names the field.
        """
        row = self.row(row_id)
        if row.protocol is None:
            raise invalid_argument(
                "id", "This row is not a message: correct its file and import it again.", Reason.OF_A_FILE
            )
        if len(content) >= LONGEST_CONTENT:
            raise invalid_argument(
                "content",
                f"content is longer than {LONGEST_CONTENT:,} characters; send it anew.",
                Reason.TOO_LONG,
                most=LONGEST_CONTENT,
            )
        retry = read_again([replace(row, content=content)], currency=self._currency)
        for failed in retry.failed:
            raise WotuError(ErrorCode.INVALID_MESSAGE, f"{failed.field} {failed.reason}", field=failed.field)
        return {**self._collect(retry), "left": 0}

    def discard(self, choice: Choice = _ALL) -> int:
        """Delete the rows that are meant for good; how many."""
        return self._quarantine.remove([row.id for row in self.rows(choice)])

    def _collect(self, retry: Retry) -> dict[str, int]:
        if not retry.passed:
            return {"accepted": 0, "duplicates": 0}
        outcome = self._intake.take(retry.passed[0].source, retry.batch)
        crash_point("quarantine:collected")
        self._quarantine.remove([row.id for row in retry.passed])
        return {"accepted": outcome.accepted, "duplicates": outcome.duplicates}
