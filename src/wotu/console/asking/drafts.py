"""A question while it is filled in: what was typed, word for word, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from wotu.console.asking.declaring import Asked, Question

Pairs = list[tuple[str, str]]


@dataclass
class Form:
    """Names and values as an address or a page sends them; a name that is sent twice has its last value."""

    values: dict[str, str]

    def get(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def numbers(self, prefix: str) -> Iterator[int]:
        """The numbers N of names ``prefix.N`` and ``prefix.N.…``, in order."""
        found = set()
        for name in self.values:
            rest = name.removeprefix(f"{prefix}.")
            first = rest.partition(".")[0]
            if rest != name and first.isascii() and first.isdigit() and len(first) < 4:
                found.add(int(first))
        return iter(sorted(found))


@dataclass(frozen=True)
class Typed:
    """One field as it stands: its ``value`` for the workspace (``None``: the default), how it looks in an address,
    and what its page shows. ``errors`` are by the name of the input at fault; ``slots`` are the inputs that have a
    place for one, where it is not the one of the field's name."""

    value: Any = None
    pairs: Pairs = field(default_factory=list)
    shown: Any = None
    errors: dict[str, str] = field(default_factory=dict)
    slots: tuple[str, ...] = ()


@dataclass
class Draft:
    """All fields of a question as they stand."""

    question: Question
    typed: dict[str, Typed]
    errors: dict[str, str] = field(default_factory=dict)
    do: str = ""

    @property
    def asked(self) -> Asked:
        """The question as far as it is understood."""
        known: dict[str, Any] = {}
        for each in self.question.fields:
            value = self.typed[each.name].value
            if each.kind == "range":
                known |= value or {}
            elif value is not None:
                known[each.name] = value
        return Asked(self.question, known)

    @property
    def slots(self) -> list[str]:
        """Every input beside which an error can stand."""
        # Where there are no lists there is nothing to choose one with.
        shown = [each for each in self.question.fields if each.kind != "audience" or self.typed[each.name].shown]
        return [slot for each in shown for slot in self.typed[each.name].slots or (each.name,)]

    @property
    def pairs(self) -> Pairs:
        """The part of an address that asks the same again."""
        return [pair for each in self.typed.values() for pair in each.pairs]

    @property
    def query(self) -> str:
        return urlencode(self.pairs)
