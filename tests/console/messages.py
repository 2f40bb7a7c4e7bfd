"""Every text of the console that wants a translation, read from its templates and Python files."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation.template import templatize

import wotu

ROOT = Path(wotu.__file__).parent
CATALOGUE = ROOT / "console" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
_KEYWORDS = {
    "gettext": None, "_": None, "gettext_lazy": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
_ROOMS = ("console", "accounts", "outbox", "ledger", "loyalty", "h5", "boards", "site")


def message_ids() -> set[tuple[str | None, str | tuple[str, ...]]]:
    """(context, msgid) of each text; a plural text has both forms."""
    found: set[tuple[str | None, str | tuple[str, ...]]] = set()
    for room in _ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix == ".html":
                found |= _of(templatize(path.read_text("utf-8"), origin=str(path)))
            elif path.suffix == ".py" and "migrations" not in path.parts:
                found |= _of(path.read_text("utf-8"))
    return found


def _of(source: str) -> set[tuple[str | None, str | tuple[str, ...]]]:
    rows = extract("python", io.BytesIO(source.encode()), keywords=_KEYWORDS)
    return {(context, message) for _line, message, _comments, context in rows if message}
