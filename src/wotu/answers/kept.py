"""The workspace behind pages and addresses of the API, and its answers kept until the data change."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings

import wotu
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.identifiers import IDENTIFIERS
from wotu.timeline.executors import current_watch
from wotu.workspace.questions import load_questions

_KEPT = 24


@dataclass(frozen=True)
class Kept:
    """An answer, and when it was computed."""

    answer: Any
    computed_at: datetime


_EXACT = re.compile(r"c[0-9]{1,18}|[a-z][a-z0-9_]*:\S.*")
_answers: OrderedDict[tuple[object, ...], Future[Kept]] = OrderedDict()
_lock = threading.Lock()
_warmed = threading.Event()


@cache
def workspace() -> Any:
    """The open workspace of this process."""
    return wotu.open(str(settings.WOTU_WORKSPACE))


def ask(question: str, *arguments: Any, **parameters: Any) -> Any:
    """The answer of ``workspace().<question>(…)``, computed once per state of the data and day."""
    return ask_dated(question, *arguments, **parameters).answer


def ask_dated(question: str, *arguments: Any, **parameters: Any) -> Kept:
    """The same with when it was computed.

    Two requests that ask the same at once wait for one computation; where whoever began it leaves, the other goes on.
    """
    space = workspace()
    named = repr(sorted(parameters.items()))
    # A changed zone, currency or first day of the week changes answers while the data stay.
    state = (space.path, space.generation_name(), space.now().date(), space.settings)
    key = (*state, question, repr(arguments), named)
    while True:
        known, mine = _place(key)
        if known is None:
            return _computed(key, mine, lambda: getattr(space, question)(*arguments, **parameters))
        try:
            return known.result()
        except WotuError as error:
            if error.code is not ErrorCode.CANCELLED:
                raise
            if (watch := current_watch()) is not None:
                watch.check()


def _place(key: tuple[object, ...]) -> tuple[Future[Kept] | None, Future[Kept]]:
    """The answer that is there or on its way, if any, and else the place of one to come."""
    with _lock:
        known = _answers.get(key)
        mine: Future[Kept] = Future() if known is None else known
        _answers[key] = mine
        _answers.move_to_end(key)
        while len(_answers) > _KEPT:
            _answers.popitem(last=False)
    return known, mine


def _computed(key: tuple[object, ...], mine: Future[Kept], work: Callable[[], Any]) -> Kept:
    try:
        answer = work()
        mine.set_result(Kept(answer, datetime.now(UTC)))
    except BaseException as error:
        with _lock:
            if _answers.get(key) is mine:
                del _answers[key]
        mine.set_exception(error)
    return mine.result()


def named_exactly(text: str) -> str | None:
    """The id of the customer whom ``text`` names as an id (``c42``) or as ``type:value``; else nothing."""
    if not _EXACT.fullmatch(text):
        return None
    try:
        return str(workspace().customer(text).customer_id)
    except WotuError:
        return None


def known_as(text: str) -> list[str]:
    """The ids of the customers of whom ``text`` is a whole identifier, with or without its type in front."""
    exactly = named_exactly(text)
    if exactly is not None:
        return [exactly]
    found = {named_exactly(f"{kind}:{text}") for kind in IDENTIFIERS}
    return sorted(each for each in found if each is not None)


def found_exactly(search: str, *, by_name: bool) -> list[str]:
    """Whom a search names exactly, if anybody; ``by_name`` takes an identifier without its type for one as well."""
    if by_name:
        return known_as(search) if search else []
    exactly = named_exactly(search)
    return [] if exactly is None else [exactly]


def warm() -> None:
    """Load all questions and ask what Home asks, so that the first visitor does not wait."""
    try:
        load_questions()
        if not workspace().is_empty():
            ask("overview", days=28)
            ask("growth_accounting", "Order Completed", unit="week", periods=13)
            ask("rfm")
    except WotuError as error:
        logging.getLogger(__name__).warning("not warmed: %s", error.message)
    finally:
        _warmed.set()


def is_warm() -> bool:
    """Whether ``warm`` has ended, well or not: no visitor waits for it any more."""
    return _warmed.is_set()
