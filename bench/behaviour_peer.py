"""A peer of ``behaviour`` at work: it tells of every run as it begins and ends, for it may have to be ended itself."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from behaviour_asked import REPETITIONS, Rows

_OUT_OF_MEMORY = re.compile("out.?of.?memory|memory.?(limit|error)", re.IGNORECASE)


@dataclass(frozen=True)
class Effort:
    """What is spent on a peer.

    ``limit``: seconds of one run, after which it is given up; ``budget``: seconds of a question's repetitions, at most
    ``most`` of them and at least one; ``memory_gb``: of the process, mapped files left out; ``tries``: runs of each
    form before its repetitions, of which the fastest counts.
    """

    memory_gb: float
    limit: float = 120
    budget: float = 20
    most: int = REPETITIONS
    tries: int = 1


class Opened(NamedTuple):
    """How to ask a form of a question with the parameters of a repetition, its answer's rows, and what sorting took."""

    ask: Callable[[Any, int], Any]
    rows: Callable[[Any], Rows]
    sorted_seconds: float


@dataclass(frozen=True)
class Peer:
    """``opened`` makes its table of the lake's files, with a folder for what it keeps; ``forms`` of every question."""

    opened: Callable[[Path, Path], Opened]
    forms: Mapping[str, Mapping[str, Any]]


@dataclass
class Run:
    """One question asked once; ``failure`` says why there is no answer, ``wrong`` whether it should have been one."""

    question: str
    form: str
    repetition: int
    measured: bool = False
    seconds: float = 0.0
    cpu: float = 0.0
    rows: Rows | None = None
    failure: str = ""
    wrong: bool = False


Plan = Mapping[str, list[str]]  # the forms to try of every question
Told = tuple[str, Any]
Tell = Callable[[Told], None]


def once(marker: Path, make: Callable[[], None]) -> float:
    """Seconds of ``make``, which is left out where an earlier run has made it."""
    if not marker.exists():
        start = time.perf_counter()
        make()
        marker.write_text(json.dumps(round(time.perf_counter() - start, 3)))
    return float(json.loads(marker.read_text()))


def work(tell: Tell, peer: Peer, lake: Path, scratch: Path, plan: Plan, effort: Effort) -> None:
    """Make the table and ask the planned questions one after the other."""
    try:
        opened = peer.opened(lake, scratch)
    except Exception as error:
        tell(("unsorted", _failure(error)))
        return
    tell(("sorted", opened.sorted_seconds))
    for question, forms in plan.items():
        _question(tell, opened, peer.forms[question], question, forms, effort)
        tell(("done", question))


def _question(
    tell: Tell, opened: Opened, texts: Mapping[str, Any], question: str, forms: list[str], effort: Effort
) -> None:
    """Try the forms, and repeat the fastest one as often as the budget allows."""
    tried: dict[str, float] = {}
    for form in forms:
        for number in range(effort.tries):
            run = _run(tell, opened, texts[form], Run(question, form, number))
            if run.failure:
                break
            tried[form] = min(run.seconds, tried.get(form, run.seconds))
    if not tried:
        return
    form = min(tried, key=lambda each: tried[each])
    left = effort.budget
    for repetition in range(1, effort.most + 1):
        run = _run(tell, opened, texts[form], Run(question, form, repetition, measured=True))
        left -= run.seconds
        if run.failure or left < run.seconds:
            break


def _run(tell: Tell, opened: Opened, text: Any, run: Run) -> Run:
    tell(("begin", run))
    start, worked = time.perf_counter(), time.process_time()
    try:
        answer = opened.ask(text, run.repetition)
        run.seconds, run.cpu = time.perf_counter() - start, time.process_time() - worked
        run.rows = opened.rows(answer)
    except Exception as error:
        run.failure, run.wrong = _failure(error)
    tell(("end", run))
    return run


def _failure(error: Exception) -> tuple[str, bool]:
    """Why there is no answer, and whether that is a mistake of ours: a want of memory is none."""
    text = f"{type(error).__name__}: {error}"
    if _OUT_OF_MEMORY.search(text):
        return "out of memory", False
    return text[:300], True
