"""Which customers took a path of a given shape?

Rule "Path pattern": "`view+ (cart|wish) !refund order`: items are adjacent; `.` any event; `..` any run; `!x` exactly
one event that is not x; `!x*` a run without x; inside one session (`across=True`: whole history); a customer matches
if any session does."

Where the rule is silent:
- silent: a pattern may match anywhere in a session, it need not be all of it; a run may be empty.
- silent: a name is a bare word, or any text in double quotes; `|` binds loosest, `+ * ?` follow an item or a group.
- silent: `!(a|b)` is one event that is neither; `!x+` and `!x?` repeat "one event that is not x".
- silent: the session's first event is in range; with `across=True` every event in range is one path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from .events import SeriesEvent
from .sessions import THIRTY_MINUTES, sessions

Pattern = tuple[object, ...]
"""("one", names), ("not", names), ("dot",), ("sequence", a, b, …), ("either", a, b, …), ("repeat", a, least, most)."""


def parse(text: str) -> Pattern:
    """The pattern as a tree."""
    words = re.findall(r'"[^"]*"|\.\.|[().|!+*?]|[^\s().|!+*?"]+', text)
    tree, rest = _either(words)
    if rest:
        raise ValueError(f"{rest[0]!r} is not expected here")
    return tree


def _either(words: list[str]) -> tuple[Pattern, list[str]]:
    branch, words = _sequence(words)
    branches = [branch]
    while words and words[0] == "|":
        branch, words = _sequence(words[1:])
        branches.append(branch)
    return (("either", *branches) if len(branches) > 1 else branch), words


def _sequence(words: list[str]) -> tuple[Pattern, list[str]]:
    items: list[Pattern] = []
    while words and words[0] not in {"|", ")"}:
        item, words = _item(words)
        while words and words[0] in {"+", "*", "?"}:
            least, most = {"+": (1, None), "*": (0, None), "?": (0, 1)}[words[0]]
            item, words = ("repeat", item, least, most), words[1:]
        items.append(item)
    if not items:
        raise ValueError("an item is missing")
    return ("sequence", *items), words


def _item(words: list[str]) -> tuple[Pattern, list[str]]:
    word, words = words[0], words[1:]
    if word == "(":
        tree, words = _either(words)
        if not words or words[0] != ")":
            raise ValueError("a closing parenthesis is missing")
        return tree, words[1:]
    if word == "..":
        return ("repeat", ("dot",), 0, None), words
    if word == ".":
        return ("dot",), words
    if word == "!":
        if not words:
            raise ValueError("a name is missing after !")
        tree, words = _item(words)
        return ("not", frozenset(_names(tree))), words
    if word in {"+", "*", "?"}:
        raise ValueError(f"{word!r} needs an item before it")
    return ("one", frozenset({word.strip('"')})), words


def _names(tree: Pattern) -> Iterator[str]:
    """The names of a tree of alternatives, as `!` may stand before."""
    if tree[0] == "one":
        yield from tree[1]  # type: ignore[misc]
    elif tree[0] == "either" or (tree[0] == "sequence" and len(tree) == 2):
        for branch in tree[1:]:
            yield from _names(branch)  # type: ignore[arg-type]
    else:
        raise ValueError("! needs a name or names")


def ends(tree: Pattern, names: Sequence[str], start: int) -> set[int]:
    """Every place where a match that begins at ``start`` may end."""
    kind = tree[0]
    if kind in {"one", "not", "dot"}:
        there = start < len(names) and (kind == "dot" or (names[start] in tree[1]) == (kind == "one"))  # type: ignore[operator]
        return {start + 1} if there else set()
    if kind == "either":
        return set[int]().union(*(ends(branch, names, start) for branch in tree[1:]))  # type: ignore[arg-type]
    if kind == "sequence":
        places = {start}
        for item in tree[1:]:
            places = set[int]().union(*(ends(item, names, place) for place in places))  # type: ignore[arg-type]
        return places
    _, item, least, most = tree
    reached, found, rounds = {start}, set[int](), 0
    while reached - found or rounds < least:  # type: ignore[operator]
        if rounds >= least:  # type: ignore[operator]
            found |= reached
        if most is not None and rounds >= most:  # type: ignore[operator]
            break
        reached = set[int]().union(*(ends(item, names, place) for place in reached))  # type: ignore[arg-type]
        rounds += 1
        if not reached:
            break
    return found


def matches(text: str, names: Sequence[str]) -> bool:
    """Does any part of the path have the shape?"""
    tree = parse(text)
    return any(ends(tree, names, start) for start in range(len(names) + 1))


def who(
    events: Sequence[SeriesEvent],
    text: str,
    *,
    across: bool = False,
    gap: timedelta = THIRTY_MINUTES,
    since: datetime,
    until: datetime,
) -> set[str]:
    """The customers of whom any session matches."""
    if not across:
        found = sessions(events, since=since, until=until, gap=gap)
        return {one.customer for one in found if matches(text, [events[place][1] for place in one.events])}
    matched = set()
    for customer in {event[0] for event in events}:
        own = [event for event in events if event[0] == customer and since <= event[2].astimezone(UTC) < until]
        own.sort(key=lambda event: (event[2].astimezone(UTC), event[3]))
        if own and matches(text, [event[1] for event in own]):
            matched.add(customer)
    return matched
