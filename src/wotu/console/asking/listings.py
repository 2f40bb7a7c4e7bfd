"""Parameters that are short lists in one line: brackets of periods, borders of bins, a time for each stage."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from wotu.console.asking.declaring import Field
from wotu.console.asking.drafts import Form, Pairs, Typed
from wotu.console.asking.durations import duration_words, is_duration, is_number

_COMMA = re.compile(r"\s*[,，、;；]\s*")
_BRACKET = re.compile(r"\d{1,5}(\s*[-–]\s*\d{1,5})?")


def read_brackets(of: Field, form: Form) -> Typed:
    """``1, 2-3, 4-7``: a list of texts."""
    text = form.get(of.name)
    parts = [part for part in _COMMA.split(text) if part]
    wrong = next((part for part in parts if not _BRACKET.fullmatch(part)), None)
    if wrong is not None:
        return _wrong(of, text, _("“%(part)s” is neither a number nor a span such as 2-3.") % {"part": wrong})
    return Typed(parts or None, [(of.name, text)] if parts else [], text)


def read_bins(of: Field, form: Form) -> Typed:
    """``20`` bins, or the durations between them: ``10m, 1h, 1d``."""
    text = form.get(of.name)
    parts = [part for part in _COMMA.split(text) if part]
    if len(parts) == 1 and is_number(parts[0]):
        return Typed(int(parts[0]), [(of.name, text)], text)
    wrong = next((part for part in parts if not is_duration(part)), None)
    if wrong is not None:
        return _wrong(of, text, _("“%(part)s” is neither a number of bins nor a time such as 1h.") % {"part": wrong})
    return Typed(parts or None, [(of.name, text)] if parts else [], text)


def read_spans(of: Field, form: Form) -> Typed:
    """``60d``, or a duration for each of several names: ``new=14d, dormant=90d``."""
    text = form.get(of.name)
    parts = [part for part in _COMMA.split(text) if part]
    if len(parts) == 1 and is_duration(parts[0]):
        return Typed(parts[0], [(of.name, parts[0])], text)
    named = [(part.partition("=")[0].strip(), part.partition("=")[2].strip()) for part in parts]
    wrong = next((f"{name}={span}" for name, span in named if not (name and is_duration(span))), None)
    if wrong is not None:
        return _wrong(of, text, _("“%(part)s” is neither a time such as 60d nor a stage with one.") % {"part": wrong})
    return Typed(dict(named) or None, [(of.name, text)] if parts else [], text)


def pairs(of: Field, value: Any) -> Pairs:
    """The part of an address that says the list."""
    return [(of.name, text_of(value))]


def words(_of: Field, value: Any) -> str:
    """The list in words."""
    return text_of(value) if not isinstance(value, str) else duration_words(value)


def text_of(value: Any) -> str:
    """The list as it is typed."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={span}" for name, span in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _wrong(of: Field, text: str, wrong: str) -> Typed:
    return Typed(pairs=[(of.name, text)], shown=text, errors={of.name: wrong})
