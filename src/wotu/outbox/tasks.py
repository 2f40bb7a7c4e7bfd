"""Tasks: named functions that the worker runs later, after the shape of ``django.tasks``.

    @task(name="points.remind", keep=timedelta(days=400))
    def remind(*, customer: str, points: int) -> None: ...

    with transaction.atomic():
        ...
        remind.using(key=f"remind:{lot}", run_after=day).enqueue(customer="c7", points=120)

A task runs in a transaction of its own in which its row goes too, so what it does in the control database happens
exactly once. One that acts elsewhere says ``outside=True``: it happens at least once, and is handed its key, which
whoever it acts upon can use to know a repetition.
"""

from __future__ import annotations

import inspect
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from wotu.core.errors import invalid_argument
from wotu.outbox import services
from wotu.outbox.models import LONGEST_NAME, Work

DEFAULT_QUEUE = "default"
DEFAULT_ATTEMPTS = 12
TASK_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_QUEUE = re.compile(r"[a-z][a-z0-9_]{0,31}")


class TaskResultStatus(StrEnum):
    """Where a piece of work stands; the words of ``django.tasks``."""

    READY = "READY"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    SUCCESSFUL = "SUCCESSFUL"


@dataclass(frozen=True)
class TaskResult:
    """A piece of work as it stood when this was read; ``return_value`` is there of work that is kept."""

    task: Task
    id: str
    status: TaskResultStatus
    enqueued_at: datetime
    attempts: int = 0
    errors: tuple[str, ...] = ()
    return_value: Any = None

    @property
    def is_finished(self) -> bool:
        """Whether the worker will not touch it again."""
        return self.status in (TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL)


@dataclass(frozen=True)
class TaskContext:
    """What an outside task is told of its own run: its key, and which attempt this is (from 1)."""

    key: str
    attempt: int


@dataclass(frozen=True, eq=False)
class Task:
    """A registered function. ``key`` and ``run_after`` are set by ``using``.

    ``together``: handed a list of (context, arguments) at once; only outside tasks can be. ``give_up``: how often it
    may fail, or for how long it may be tried. ``every``: it comes again by itself in each period of this length.
    """

    func: Callable[..., Any]
    name: str
    queue_name: str
    outside: bool
    together: bool
    keep: timedelta | None
    give_up: int | timedelta
    every: timedelta | None = None
    key: str | None = None
    run_after: datetime | None = None

    def using(
        self, *, key: str | None = None, run_after: datetime | None = None, queue_name: str | None = None
    ) -> Task:
        """The task with these choices for what is queued next.

        Work of one key is queued once, however often it is asked for, while it waits or is kept. ``run_after`` has a
        zone.
        """
        return replace(
            self,
            key=self.key if key is None else key,
            run_after=self.run_after if run_after is None else run_after,
            queue_name=self.queue_name if queue_name is None else _queue(queue_name),
        )

    def enqueue(self, **arguments: Any) -> TaskResult:
        """Queue the work, in the caller's transaction if there is one; the arguments must be JSON."""
        key = uuid.uuid4().hex if self.key is None else self.key
        self.enqueue_many([(key, arguments)])
        return self.get_result(key)

    def enqueue_many(self, keyed: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Queue many pieces of work, each with its key."""
        services.enqueue_many(
            [services.NewWork(self.name, key, dict(arguments), self.queue_name, self.run_after)
             for key, arguments in keyed]
        )  # fmt: skip

    def get_result(self, result_id: str) -> TaskResult:
        """How the work with this key stands; raises ``LookupError`` when it was never queued, or is done and gone."""
        work = Work.objects.filter(task=self.name, key=result_id).first()
        if work is None:
            raise LookupError(f"no work of {self.name} has the key {result_id}")
        errors = (work.last_error,) if work.last_error else ()
        return TaskResult(self, work.key, _status(work), work.created_at, work.attempts, errors, work.outcome)

    def call(self, **arguments: Any) -> Any:
        """Run the function here and now."""
        return self.func(**arguments)


_REGISTERED: dict[str, Task] = {}


def task(
    *, name: str, queue_name: str = DEFAULT_QUEUE, outside: bool = False, together: bool = False,
    keep: timedelta | None = None, give_up: int | timedelta = DEFAULT_ATTEMPTS, every: timedelta | None = None,
) -> Callable[[Callable[..., Any]], Task]:  # fmt: skip
    """Register a function as the task ``name``, written ``room.verb``.

    ``keep``: for how long work that is done stays as proof, with what the function returned. ``outside`` functions
    get a ``TaskContext`` first. ``every``: done once in each period of this length (at most a day) without arguments;
    it is kept for two of them.
    """

    def registered(func: Callable[..., Any]) -> Task:
        if not TASK_NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise invalid_argument("name", f"name={name!r} must be written room.verb, in a-z, 0-9 and _.")
        if name in _REGISTERED:
            raise invalid_argument("name", f"a task {name!r} is registered already; give this one another name.")
        if inspect.iscoroutinefunction(func) or not callable(func):
            raise invalid_argument("func", f"{name} must be a plain function.")
        if together and not outside:
            raise invalid_argument("together", f"{name} acts in the control database: its work runs one by one.")
        if every is not None and not timedelta(0) < every <= timedelta(days=1):
            raise invalid_argument("every", f"every={every} must be longer than nothing and at most a day.")
        kept = keep if every is None else max(keep or every * 2, every * 2)
        made = Task(func, name, _queue(queue_name), outside, together, kept, give_up, every)
        _REGISTERED[name] = made
        return made

    return registered


def task_named(name: str) -> Task:
    """The task registered as ``name``; raises ``WotuError``."""
    if name not in _REGISTERED:
        raise invalid_argument("task", f"no task {name!r} is registered; it may belong to another version.")
    return _REGISTERED[name]


def registered_tasks() -> tuple[Task, ...]:
    """Every task, by name."""
    return tuple(_REGISTERED[name] for name in sorted(_REGISTERED))


def _queue(name: str) -> str:
    if not _QUEUE.fullmatch(name):
        raise invalid_argument("queue_name", f"queue_name={name!r} must be a word of a-z, 0-9 and _.")
    return name


def _status(work: Work) -> TaskResultStatus:
    if work.done_at is not None:
        return TaskResultStatus.SUCCESSFUL
    if work.failed_at is not None:
        return TaskResultStatus.FAILED
    return TaskResultStatus.READY if work.claim is None else TaskResultStatus.RUNNING
