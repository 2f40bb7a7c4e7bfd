"""Which number of an answer an address means, without telling what its reader may not see.

A group can be a telephone number that somebody typed into a field. Whoever sees it masked may open its customers all
the same: in the address a seal stands for it, from which nobody can reckon the value, and which finds it again in the
answer to the same question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.crypto import salted_hmac

from wotu.accounts.sight import Sight

_SEALED = "sealed:"
_LENGTH = 32


def sealed(pick: Mapping[str, Any], sight: Sight) -> dict[str, Any]:
    """``pick`` with a seal instead of every text that this person sees masked."""
    return {name: _sealed(value, sight) for name, value in pick.items()}


def unsealed(pick: Mapping[str, Any], answer: Any) -> dict[str, Any]:
    """``pick`` as it was, by the texts of ``answer``; a seal of nothing in it stays."""
    if not is_sealed(pick):
        return dict(pick)
    known = {_seal(text): text for text in _texts(answer.to_dict())}
    return {name: _opened(value, known) for name, value in pick.items()}


def is_sealed(pick: Mapping[str, Any]) -> bool:
    """Whether a part of ``pick`` can be read by its answer alone."""
    return any(text.startswith(_SEALED) for text in _texts(pick))


def _sealed(value: Any, sight: Sight) -> Any:
    if isinstance(value, (list, tuple)):
        return [_sealed(each, sight) for each in value]
    return _seal(value) if isinstance(value, str) and sight.text(value) != value else value


def _opened(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_opened(each, known) for each in value]
    return known.get(value, value) if isinstance(value, str) else value


def _seal(text: str) -> str:
    return _SEALED + salted_hmac("wotu.console.who", text, algorithm="sha256").hexdigest()[:_LENGTH]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
