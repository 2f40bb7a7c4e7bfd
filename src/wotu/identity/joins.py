"""Which identifiers are one customer: a union–find that keeps the older side and the rules of joining.

Two ``user_id`` of one namespace are never joined; a weak identifier joins once, with the first
customer that claims it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, types

Subjects = npt.NDArray[np.int64]
# What became of a pair: newly joined, or refused because both sides have a user_id of one namespace.
JOINED, CLASH = 1, 2

_I64 = types.int64[::1]
_READ = types.Array(types.int64, 1, "C", readonly=True)


@njit(types.int64(_I64, types.int64), cache=True, nogil=True)
def _root(parent, node):  # type: ignore[no-untyped-def]
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(types.void(_I64, _I64, _READ, _I64, _READ, _READ, types.boolean[::1], types.int8[::1]), cache=True, nogil=True)
def _join_all(parent, next_user, namespace, last_user, left, right, claimed, outcome):  # type: ignore[no-untyped-def]
    """Join ``left[i]`` with ``right[i]`` in order; ``outcome[i]`` says what happened.

    ``namespace[n]`` ≥ 0 marks a user_id node, −1 another strong one, −2 a weak one. The user_id nodes
    of a customer form a linked list from its root: ``last_user[root]``, then ``next_user``.
    """
    for i in range(len(left)):
        a, b = _root(parent, left[i]), _root(parent, right[i])
        if namespace[right[i]] == -2:
            if claimed[right[i]]:
                continue
            claimed[right[i]] = True
        if a == b:
            continue
        clash = False
        x = last_user[a]
        while x >= 0 and not clash:
            y = last_user[b]
            while y >= 0 and not clash:
                clash = namespace[x] == namespace[y]
                y = next_user[y]
            x = next_user[x]
        if clash:
            outcome[i] = 2
            continue
        older, younger = min(a, b), max(a, b)
        parent[younger] = older
        tail = last_user[younger]
        if tail >= 0:
            while next_user[tail] >= 0:
                tail = next_user[tail]
            next_user[tail] = last_user[older]
            last_user[older] = last_user[younger]
        outcome[i] = 1


class Joins:
    """Customers as sets of subjects; a customer's id is its lowest subject, the oldest."""

    def __init__(self, namespaces: Subjects) -> None:
        """``namespaces`` per subject: ≥ 0 the namespace of a user_id, −1 other strong, −2 weak."""
        count = len(namespaces)
        self._namespace = namespaces
        self._parent = np.arange(count, dtype=np.int64)
        self._next_user = np.full(count, -1, np.int64)
        self._last_user = np.where(namespaces >= 0, np.arange(count, dtype=np.int64), -1)
        self._claimed = np.zeros(count, np.bool_)

    def join(self, left: Subjects, right: Subjects) -> npt.NDArray[np.int8]:
        """Join pairs in order; weak subjects stand on the right. Returns ``JOINED`` or ``CLASH`` per pair, else 0."""
        outcome = np.zeros(len(left), np.int8)
        _join_all(self._parent, self._next_user, self._namespace, self._last_user, left, right, self._claimed, outcome)
        return outcome

    def customers(self) -> Subjects:
        """The customer of every subject."""
        parent = self._parent
        while True:
            shorter = parent[parent]
            if np.array_equal(shorter, parent):
                return shorter
            parent = shorter
