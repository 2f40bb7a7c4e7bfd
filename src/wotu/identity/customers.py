"""Which identifiers are one customer, held in memory and changed decision by decision.

A customer is a set of subjects and has the number of its lowest, the oldest. Sets are circular lists,
so that the members of one customer are found without looking at any other; 13 bytes a subject.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wotu.identity import rules

Subjects = npt.NDArray[np.int64]
Roles = npt.NDArray[np.int32]
_FIRST_ROOM = 1024


class Customers:
    """The customers of subjects 0 … n−1. ``roles``: see ``rules``."""

    def __init__(self) -> None:
        self._count = 0
        self._role = np.empty(0, np.int32)
        self._customer = np.empty(0, np.int32)
        self._next = np.empty(0, np.int32)
        self._marked = np.empty(0, np.bool_)
        # Splits that hold: an identifier, and a member of the customer it must not come back to by itself.
        self._apart = np.empty((0, 2), np.int64)

    def __len__(self) -> int:
        return self._count

    def grow(self, roles: Roles) -> None:
        """Add subjects, each a customer of its own."""
        first, self._count = self._count, self._count + len(roles)
        if self._count > len(self._role):
            room = max(self._count, len(self._role) * 3 // 2, _FIRST_ROOM)
            for name in ("_role", "_customer", "_next", "_marked"):
                setattr(self, name, _larger(getattr(self, name), room))
        added = slice(first, self._count)
        self._role[added] = roles
        self._customer[added] = self._next[added] = np.arange(first, self._count)
        self._marked[added] = False

    def roles(self, first: int = 0) -> Roles:
        """The roles of the subjects from ``first`` on."""
        return self._role[first : self._count]

    def customers(self) -> Subjects:
        """The customer of every subject."""
        return self._customer[: self._count].astype(np.int64)

    def customer_of(self, subjects: Subjects) -> Subjects:
        """The customer of each of ``subjects``."""
        return self._customer[subjects].astype(np.int64)

    def members(self, nodes: Subjects) -> Subjects:
        """All subjects of the customers that ``nodes`` belong to, sorted."""
        roots = distinct(self._customer[nodes].astype(np.int64))
        return np.sort(rules.members(self._next, roots))

    def around(self, nodes: Subjects) -> tuple[Customers, Subjects]:
        """A copy of the customers that ``nodes`` belong to, and the subject each of its places stands for."""
        members = self.members(nodes)
        copy = Customers()
        copy.grow(self._role[members])
        copy._customer[: len(members)] = np.searchsorted(members, self._customer[members])
        copy._next[: len(members)] = np.searchsorted(members, self._next[members])
        copy._marked[: len(members)] = self._marked[members]
        concerned = np.isin(self._apart, members).all(axis=1)
        copy._apart = np.searchsorted(members, self._apart[concerned])
        return copy, members

    def run(
        self, steps: npt.NDArray[np.int8], left: Subjects, right: Subjects, *, most: int = 0
    ) -> npt.NDArray[np.int8]:
        """Take ``steps`` (see ``rules``) in order and say what became of each.

        ``right`` is filled in where a step names one subject only: for a split the customer of the others.
        """
        outcome = np.zeros(len(steps), np.int8)
        held = len(self._apart)
        apart = np.empty((held + int((steps == rules.SPLIT).sum()), 2), np.int64)
        apart[:held] = self._apart
        held = rules.run(
            self._role, self._customer, self._next, self._marked, apart, held, steps, left, right, most, outcome
        )
        self._apart = apart[:held]
        return outcome


def distinct(values: Subjects) -> Subjects:
    """The values without repetition, sorted: several times as fast as numpy's hashing for arrays like ours."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-1) != 0]


def _larger(values: npt.NDArray[np.generic], room: int) -> npt.NDArray[np.generic]:
    larger = np.empty(room, values.dtype)
    larger[: len(values)] = values
    return larger
