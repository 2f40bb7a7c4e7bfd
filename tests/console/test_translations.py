"""Every text has a Chinese translation that fits it."""

from __future__ import annotations

import re

from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from tests.console.messages import CATALOGUE, message_ids

_PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?em[^>]*>|</?b>")


def _entries() -> dict[tuple[str | None, str | tuple[str, ...]], Message]:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    ids = {}
    for message in catalogue:
        if message.id:
            key = tuple(message.id) if isinstance(message.id, (list, tuple)) else message.id
            ids[message.context, key] = message
    return ids


def test_nothing_is_untranslated_and_nothing_is_left_over() -> None:
    entries = _entries()
    assert message_ids() - set(entries) == set()
    assert set(entries) - message_ids() == set()
    assert [message.id for message in entries.values() if not message.string or message.fuzzy] == []


def test_a_translation_has_the_same_places_to_fill() -> None:
    for message in _entries().values():
        wanted = message.id[-1] if isinstance(message.id, (list, tuple)) else message.id
        given = message.string[0] if isinstance(message.string, (list, tuple)) else message.string
        assert sorted(_PLACES.findall(given)) == sorted(_PLACES.findall(wanted)), message.id


def test_chinese_texts_use_chinese_marks() -> None:
    """A half-width comma or colon after a Chinese character is a slip of the keyboard."""
    slips = [
        message.string
        for message in _entries().values()
        if re.search(r"[\u4e00-\u9fff][,;:?!()]", "".join(message.string))
    ]
    assert slips == []
