"""Does claimed work, piece by piece; a piece that fails never stops the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from itertools import groupby

from django.db import transaction

from wotu.core.crash_points import crash_point
from wotu.core.errors import WotuError
from wotu.outbox import claims
from wotu.outbox.claims import Claimed
from wotu.outbox.tasks import Task, TaskContext, task_named

_log = logging.getLogger("wotu.outbox")


def run_due(queue: str, *, most: int = claims.CLAIMED_AT_ONCE, stopping: Callable[[], bool] = lambda: False) -> int:
    """Claim due work of ``queue`` and do it; how many pieces were claimed.

    When it is to stop, the piece at hand is finished and the rest given back.
    """
    claimed = claims.claim(queue, most=most)
    crash_point("outbox:claimed")
    _run(claimed, stopping)
    return len(claimed)


def drain(*queues: str, seconds: float = 60.0) -> int:
    """Do all that is due now, of these queues; how many pieces. For tests and short programs."""
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and (claimed := sum(run_due(queue) for queue in queues)):
        done += claimed
    return done


def _run(claimed: Sequence[Claimed], stopping: Callable[[], bool]) -> None:
    waiting = list(claimed)
    for name, same in groupby(claimed, key=lambda work: work.task):
        works = list(same)
        if stopping():
            claims.release(waiting)
            return
        task = _known(name, works)
        if task is not None and task.together:
            _together(task, works)
            del waiting[: len(works)]
            continue
        for work in works:
            if stopping():
                claims.release(waiting)
                return
            if task is not None:
                _one(task, work)
            del waiting[0]


def _known(name: str, works: Sequence[Claimed]) -> Task | None:
    try:
        return task_named(name)
    except WotuError as error:
        for work in works:
            _failed(work, None, error)
        return None


def _one(task: Task, work: Claimed) -> None:
    try:
        if task.outside:
            _outside(task, work)
        else:
            _inside(task, work)
    except Exception as error:
        _failed(work, task, error)


def _inside(task: Task, work: Claimed) -> None:
    """The effects and the end of the row in one transaction."""
    with transaction.atomic():
        # The row first: whoever else has it waits here, and finds it gone.
        if not claims.finish(work, task):
            return
        outcome = task.func(**work.payload)
        if task.keep is not None and outcome is not None:
            claims.keep_outcome(work, outcome)
        crash_point("outbox:before-commit")
    crash_point("outbox:committed")


def _outside(task: Task, work: Claimed) -> None:
    """The effect under a lease, then the end of the row."""
    if not claims.renew(work):
        return
    outcome = task.func(TaskContext(work.key, work.attempts + 1), **work.payload)
    crash_point("outbox:outside-effect")
    claims.finish(work, task, outcome)


def _together(task: Task, works: Sequence[Claimed]) -> None:
    """Many at once; when that fails, one by one, so that only the bad ones do."""
    mine = [work for work in works if claims.renew(work)]
    try:
        task.func([(TaskContext(work.key, work.attempts + 1), work.payload) for work in mine])
    except Exception as error:
        if len(mine) == 1:
            _failed(mine[0], task, error)
        else:
            for work in mine:
                _together(task, [work])
        return
    crash_point("outbox:outside-effect")
    for work in mine:
        claims.finish(work, task)


def _failed(work: Claimed, task: Task | None, error: Exception) -> None:
    given_up = claims.fail(work, task, error)
    # What it was given may name people; the row keeps it, the log does not.
    _log.warning(
        "%s failed with %s, attempt %d%s", work.task, type(error).__name__, work.attempts + 1,
        ": given up" if given_up else "",
    )  # fmt: skip
