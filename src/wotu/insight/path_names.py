"""What events are called in paths: clean-up rules give several names one, the rarest become ``(other)``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wotu.core.errors import Reason, invalid_argument
from wotu.timeline.symbols import Symbols

OTHER, END, BEGIN = "(other)", "(end)", "(start)"
TRAILING_SLASH = "trailing slash"
CleanRule = str | Mapping[str, str]
_MOST_RULES = 100


@dataclass(frozen=True)
class PathNames:
    """``names`` in order, and per code of an event's name which of them it has."""

    names: tuple[str, ...]
    of_code: npt.NDArray[np.int32]

    def of_symbols(self, of: Symbols) -> npt.NDArray[np.int32]:
        """Per symbol which name it has, −1 where its events do not pass."""
        return np.where(of.code < 0, np.int32(-1), self.of_code[of.code])


def path_names(events: Sequence[str], clean: Sequence[CleanRule] = ()) -> PathNames:
    """The names of events after the rules of ``clean``, in turn: ``"trailing slash"`` takes slashes off the end;
    ``{"pattern": …, "name": …}`` renames what matches as a whole, ``*`` standing for any text."""
    rules = _rules(clean)
    cleaned = [_cleaned(name, rules) for name in events]
    # An event may be called like a node of ours.
    shown = [f'"{name}"' if name in (OTHER, END, BEGIN) else name for name in cleaned]
    names = tuple(dict.fromkeys(shown)) or ("",)
    number = {name: place for place, name in enumerate(names)}
    return PathNames(names, np.array([number[name] for name in shown] or [0], np.int32))


def most_visited(all_names: PathNames, visits: npt.NDArray[np.int64], top: int, kept: frozenset[str]) -> PathNames:
    """The ``top`` names with the most visits (ties by name) and those of ``kept``; the others are ``(other)``."""
    visited = [place for place in range(len(all_names.names)) if visits[place]]
    visited.sort(key=lambda place: (-visits[place], all_names.names[place]))
    chosen = visited[:top] + [place for place in visited[top:] if all_names.names[place] in kept]
    names = [all_names.names[place] for place in chosen]
    node = np.full(len(all_names.names), len(chosen), np.int32)
    node[chosen] = np.arange(len(chosen))
    return PathNames((*names, OTHER), node[all_names.of_code])


def _rules(clean: Sequence[CleanRule]) -> list[tuple[re.Pattern[str], str]]:
    if isinstance(clean, (str, Mapping)) or len(clean) > _MOST_RULES:
        raise invalid_argument(
            "clean", f"clean must be a list of at most {_MOST_RULES} rules.", Reason.TOO_MANY, most=_MOST_RULES
        )
    return [_rule(rule, f"clean[{place}]") for place, rule in enumerate(clean)]


def _rule(rule: CleanRule, field: str) -> tuple[re.Pattern[str], str]:
    if rule == TRAILING_SLASH:
        return re.compile(r"(.*[^/\s:])/+", re.DOTALL), r"\1"
    if not isinstance(rule, Mapping) or set(rule) != {"pattern", "name"}:
        raise invalid_argument(
            field, f'{field} must be "{TRAILING_SLASH}" or {{"pattern": "/item/*", "name": "Item"}}.'
        )
    pattern, name = rule["pattern"], rule["name"]
    if not isinstance(pattern, str) or not isinstance(name, str) or not pattern or not name.strip():
        raise invalid_argument(field, f"{field}: pattern and name must be texts that are not empty.")
    whole = ".*".join(re.escape(part) for part in re.split(r"\*+", pattern))
    return re.compile(whole, re.DOTALL), name.replace("\\", r"\\")


def _cleaned(name: str, rules: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, replacement in rules:
        match = pattern.fullmatch(name)
        if match is not None:
            name = match.expand(replacement)
    return name
