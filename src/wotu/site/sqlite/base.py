"""Django's SQLite backend, whose write transactions wait for their turn in a queue.

Django looks for a backend in a file of this name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base as django_sqlite

from wotu.site.sqlite.turns import Place, Turns, turns_of

_DEFAULT_WAIT_SECONDS = 5.0
# What needs no turn; all else might write.
_READS = ("SELECT", "PRAGMA", "EXPLAIN", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class DatabaseWrapper(django_sqlite.DatabaseWrapper):
    """A connection that has the turn from ``BEGIN`` until its transaction is over, or for one statement alone.

    The stubs of Django leave out its private methods, hence what the type checker is told to ignore.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._place = Place()
        self._turns = Turns()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection; from here it is known which file it writes to."""
        self._turns = turns_of(str(conn_params["database"]))
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002 - the parent names it
        """A cursor that waits for the turn when it writes outside a transaction."""
        cursor = self.connection.cursor(factory=TurnCursor)
        cursor.place, cursor.turns, cursor.timeout = self._place, self._turns, self._timeout
        return cursor

    @property
    def _timeout(self) -> float:
        return float(self.settings_dict["OPTIONS"].get("timeout", _DEFAULT_WAIT_SECONDS))

    def _start_transaction_under_autocommit(self) -> None:
        wait_for_turn(self._turns, self._place, self._timeout)
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        finally:
            self._give_back_when_over()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self._give_back_when_over()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_back_when_over()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._turns.give_back(self._place)

    def _give_back_when_over(self) -> None:
        # A transaction that could not be committed is still open, and is rolled back later.
        if self.connection is None or not self.connection.in_transaction:
            self._turns.give_back(self._place)


class TurnCursor(django_sqlite.SQLiteCursorWrapper):
    """A cursor whose statements outside a transaction are write transactions of their own."""

    place: Place
    turns: Turns
    timeout: float

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement, at its turn."""
        return self._at_turn(query, lambda: super(TurnCursor, self).execute(query, params))

    def executemany(self, query: str, param_list: Any) -> Any:
        """Run one statement for many rows, at its turn."""
        return self._at_turn(query, lambda: super(TurnCursor, self).executemany(query, param_list))

    def _at_turn(self, query: str, run: Callable[[], Any]) -> Any:
        if self.place.has_turn or query[:10].upper().startswith(_READS):
            return run()
        wait_for_turn(self.turns, self.place, self.timeout)
        try:
            return run()
        finally:
            self.turns.give_back(self.place)


def wait_for_turn(turns: Turns, place: Place, timeout: float) -> None:
    """Wait as long as SQLite would wait for its lock, and fail as it fails."""
    if not turns.take(place, timeout):
        raise OperationalError(f"database is locked: no turn to write within {timeout:g} seconds")
