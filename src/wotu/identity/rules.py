"""The rules of who joins whom, as compiled steps over the arrays of ``Customers``.

The role of a subject: ≥ 0 the namespace of a user_id, below 0 minus the rank of its kind in
``IDENTIFIERS``. Weak kinds have the highest ranks.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from wotu.core.identifiers import IDENTIFIERS, STRONG

# Steps: join by evidence if the rules allow it; a join, merge or split that is decided already.
EVIDENCE, JOIN, MERGE, SPLIT = 0, 1, 2, 3
# What became of a step.
NOTHING, DONE, CLASH, SEPARATED, TOO_MANY, SAME, ONLY = 0, 1, 2, 3, 4, 5, 6

_KINDS = len(IDENTIFIERS)
_FIRST_WEAK = len(STRONG)
_I32, _I64, _MARKS = types.int32[::1], types.int64[::1], types.boolean[::1]
_PAIRS = types.int64[:, ::1]


@njit(_I64(_I32, _I64), cache=True, nogil=True)
def members(following, roots):  # type: ignore[no-untyped-def]
    """All members of the customers ``roots``."""
    count = 0
    for root in roots:
        node = root
        while True:
            count += 1
            node = following[node]
            if node == root:
                break
    found = np.empty(count, np.int64)
    count = 0
    for root in roots:
        node = root
        while True:
            found[count] = node
            count += 1
            node = following[node]
            if node == root:
                break
    return found


@njit(types.boolean(_I32, _MARKS, _I32, types.int64, _I64), cache=True, nogil=True)
def _count_kinds(role, marked, following, root, kinds):  # type: ignore[no-untyped-def]
    """Count a customer's identifiers by kind; whether any of them was ever split or split from."""
    kinds[:] = 0
    concerned = False
    node = root
    while True:
        kinds[max(0, -role[node])] += 1
        concerned |= marked[node]
        node = following[node]
        if node == root:
            return concerned


@njit(types.boolean(_I32, _I32, types.int64, types.int64), cache=True, nogil=True)
def _clash(role, following, a, b):  # type: ignore[no-untyped-def]
    """Whether both have a user_id of one namespace."""
    x = a
    while True:
        if role[x] >= 0:
            y = b
            while True:
                if role[x] == role[y]:
                    return True
                y = following[y]
                if y == b:
                    break
        x = following[x]
        if x == a:
            return False


@njit(types.boolean(_I32, _PAIRS, types.int64, types.int64, types.int64), cache=True, nogil=True)
def _kept_apart(customer, apart, held, a, b):  # type: ignore[no-untyped-def]
    for i in range(held):
        x, y = customer[apart[i, 0]], customer[apart[i, 1]]
        if (x == a and y == b) or (x == b and y == a):
            return True
    return False


@njit(types.void(_I32, _I32, types.int64, types.int64), cache=True, nogil=True)
def _join(customer, following, a, b):  # type: ignore[no-untyped-def]
    """Make two customers one; the older keeps its number."""
    older, younger = min(a, b), max(a, b)
    node = younger
    while True:
        customer[node] = older
        node = following[node]
        if node == younger:
            break
    following[older], following[younger] = following[younger], following[older]


@njit(types.int64(_I32, _I32, types.int64), cache=True, nogil=True)
def _take_off(customer, following, node):  # type: ignore[no-untyped-def]
    """Make ``node`` a customer of its own; the number of the others', who stay together."""
    before = following[node]
    oldest = before
    while following[before] != node:
        before = following[before]
        oldest = min(oldest, before)
    following[before] = following[node]
    other = before
    while True:
        customer[other] = oldest
        other = following[other]
        if other == before:
            break
    following[node] = node
    customer[node] = node
    return oldest


@njit(types.int64(_I32, _MARKS, _PAIRS, types.int64, types.int64), cache=True, nogil=True)
def _remember_split(role, marked, apart, held, node):  # type: ignore[no-untyped-def]
    """Keep a strong identifier apart from the others; what was kept apart from all of them stays so."""
    others = apart[held, 1]
    for i in range(held):
        if apart[i, 1] == node:
            apart[i, 1] = others
            marked[others] = True
    if -role[node] >= _FIRST_WEAK:
        return held
    apart[held, 0] = node
    marked[node] = marked[others] = True
    return held + 1


@njit(types.int64(_I32, _PAIRS, types.int64), cache=True, nogil=True)
def _forget_joined(customer, apart, held):  # type: ignore[no-untyped-def]
    kept = 0
    for i in range(held):
        if customer[apart[i, 0]] != customer[apart[i, 1]]:
            apart[kept] = apart[i]
            kept += 1
    return kept


@njit(
    types.int8(_I32, _I32, _I32, _MARKS, _PAIRS, types.int64, types.int64, types.int64, types.int64, _I64, _I64),
    cache=True,
    nogil=True,
)
def _by_evidence(role, customer, following, marked, apart, held, left, right, most, of_a, of_b):  # type: ignore[no-untyped-def]
    a, b = customer[left], customer[right]
    concerned = _count_kinds(role, marked, following, b, of_b)
    # A weak identifier belongs to whoever claimed it first; until then nobody strong is with it.
    if -role[right] >= _FIRST_WEAK and of_b[:_FIRST_WEAK].any():
        return NOTHING
    concerned &= _count_kinds(role, marked, following, a, of_a)
    if of_a[0] and of_b[0] and _clash(role, following, a, b):
        return CLASH
    if concerned and _kept_apart(customer, apart, held, a, b):
        return SEPARATED
    for kind in range(_KINDS):
        if of_a[kind] and of_b[kind] and of_a[kind] + of_b[kind] > most:
            return TOO_MANY
    _join(customer, following, a, b)
    return DONE


@njit(
    types.int64(
        _I32, _I32, _I32, _MARKS, _PAIRS, types.int64, types.Array(types.int8, 1, "C", readonly=True), _I64, _I64,
        types.int64, types.int8[::1],
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
def run(role, customer, following, marked, apart, held, steps, left, right, most, outcome):  # type: ignore[no-untyped-def]
    """Take the steps in order; how many of ``apart`` hold afterwards.

    ``left`` and ``right`` of a merge become the customers it met, ``right`` of a split the others'.
    """
    of_a, of_b = np.empty(_KINDS, np.int64), np.empty(_KINDS, np.int64)
    for i in range(len(steps)):
        node = left[i]
        if steps[i] == SPLIT:
            if following[node] == node:
                outcome[i] = ONLY
                continue
            right[i] = apart[held, 1] = _take_off(customer, following, node)
            held = _remember_split(role, marked, apart, held, node)
            outcome[i] = DONE
            continue
        a, b = customer[node], customer[right[i]]
        if a == b:
            outcome[i] = SAME
        elif steps[i] == EVIDENCE:
            outcome[i] = _by_evidence(role, customer, following, marked, apart, held, node, right[i], most, of_a, of_b)
        else:
            _join(customer, following, a, b)
            outcome[i] = DONE
            if steps[i] == MERGE:
                left[i], right[i] = min(a, b), max(a, b)
                held = _forget_joined(customer, apart, held)
    return held
