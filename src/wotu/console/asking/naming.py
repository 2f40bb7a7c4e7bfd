"""How an event in a question is called now, whatever name it was asked by."""

from __future__ import annotations

from wotu.console.answers import workspace
from wotu.console.vocabulary import event_name


def event_words(name: str) -> str:
    """The name an event is shown under today, in the language of the page.

    An address or a saved question may name an event as messages do, or as it was shown before. One that is shown
    together with others keeps its own name beside the common one, as the question means it alone.
    """
    manifest = workspace().generation().manifest
    names = manifest.names
    shown = names.current(name, manifest.events)
    if shown != name or name not in names.shown or name in names.shown.values():
        return event_name(shown)
    common = names.shown_as(name)
    alone = not {each for each in manifest.meant_by(common) if each in manifest.events} - {name}
    return event_name(common) if alone else f"{event_name(common)} ({name})"
