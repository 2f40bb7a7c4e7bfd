"""Asks the workspace: at once where the answer is there soon, else on a thread while the page shows how far it is.

Whoever asks the same at the same time waits for one computation; ``Waiting.waiter`` names a page among them, which
asks again and leaves under that name.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from wotu.accounts.sight import Sight
from wotu.answers import running
from wotu.console.answers import ask, ask_dated, workspace
from wotu.console.asking.declaring import Asked
from wotu.console.asking.forms import arguments, check, query_of
from wotu.console.asking.presenting import Presented, present
from wotu.console.asking.times import DayNote

SOON = 0.08
_WAITER = re.compile(r"[\w-]{8,40}")


@dataclass(frozen=True)
class Answered:
    """An answer with that of the time before, where it was wanted, and when it was computed."""

    answer: Any
    before: Any
    computed_at: datetime


@dataclass(frozen=True)
class Waiting:
    """There is no answer yet: ``done`` of ``total`` parts have been read."""

    done: int
    total: int
    waiter: str


def answer_of(asked: Asked, sight: Sight) -> Answered:
    """The answer; raises what the workspace refuses, and what this person may not ask."""
    check(asked, sight)
    return _work(asked)


def answer_or_progress(asked: Asked, sight: Sight, *, seconds: float, waiter: str = "") -> Answered | Waiting:
    """The answer if it is there within ``seconds``; it goes on being computed otherwise, to be asked for again."""
    check(asked, sight)
    key = _key(asked)
    waiter = waiter if _WAITER.fullmatch(waiter) else secrets.token_urlsafe(12)
    begun = running.begin(key, lambda: _work(asked), waiter)
    if not begun.wait(seconds):
        return Waiting(*begun.progress, waiter)
    return running.take(key, begun)


def leave(asked: Asked, waiter: str) -> None:
    """A page waits no longer; the question ends where no other does."""
    running.leave(_key(asked), waiter)


def presented(
    asked: Asked, sight: Sight, answered: Answered | None = None, day_notes: Iterable[DayNote] = ()
) -> Presented:  # fmt: skip
    """The answer made readable, with notes of the team on its days."""
    whole = answered or answer_of(asked, sight)
    return present(
        asked, whole.answer, whole.before, sight=sight, now=workspace().now(), computed_at=whole.computed_at,
        day_notes=day_notes,
    )  # fmt: skip


def _work(asked: Asked) -> Answered:
    now = workspace().now()
    kept = ask_dated(asked.question.name, **arguments(asked, now))
    compared = asked.question.compares and bool(asked["compare"])
    before = ask(asked.question.name, **arguments(asked, now, before=True)) if compared else None
    return Answered(kept.answer, before, kept.computed_at.astimezone(settings.WOTU_SETTINGS.zone))


def _key(asked: Asked) -> Hashable:
    return (str(workspace().path), workspace().generation_name(), asked.question.name, query_of(asked))
