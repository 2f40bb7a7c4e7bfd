"""A peer in a process of its own, which is ended when a run takes too long or too much memory; the rest goes on."""

from __future__ import annotations

import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from behaviour_asked import medians, same
from behaviour_peer import Effort, Peer, Plan, Run, Told, work
from measuring import Apart, Json, anonymous_kb

_LOOK_SECONDS = 0.1
_SORT_LIMITS = 10  # making the table may take as long as so many runs


class Heard:
    """What a peer has told so far, over all the processes it needed."""

    def __init__(self, plan: Plan) -> None:
        self.left = {question: list(forms) for question, forms in plan.items()}
        self.runs: dict[str, list[Run]] = {question: [] for question in plan}
        self.peaks: dict[str, int] = {}
        self.running: Run | None = None
        self.sorted_seconds: float | None = None
        self.unsorted = ("", False)

    def hear(self, told: Told) -> None:
        """Take in one message of ``work``."""
        kind, what = told
        if kind == "sorted":
            self.sorted_seconds = what
        elif kind == "unsorted":
            self.unsorted = what
        elif kind == "begin":
            self.running = what
        elif kind == "end":
            self.running = None
            self.runs[what.question].append(what)
        else:
            del self.left[what]

    def end(self, why: str) -> None:
        """The process had to be ended, or ended: its run has failed, and its form is not tried again."""
        run, self.running = self.running, None
        if run is None:
            self.unsorted = (why, False)
            return
        run.failure = why
        _say(("end", run))
        self.runs[run.question].append(run)
        self.left[run.question].remove(run.form)
        if run.measured or not self.left[run.question]:
            del self.left[run.question]

    def grew(self, kilobytes: int) -> None:
        """Memory of the process, as the run that is on has it."""
        if self.running is not None:
            question = self.running.question
            self.peaks[question] = max(kilobytes, self.peaks.get(question, 0))

    def summary(self) -> Json:
        """The table and every question, with what was wrong."""
        found: Json = {question: self._summary(question) for question in self.runs}
        wrong = [run.failure for runs in self.runs.values() for run in runs if run.wrong]
        if self.unsorted[0]:
            found["failed"] = self.unsorted[0]
            wrong += [self.unsorted[0]] if self.unsorted[1] else []
        if wrong:
            found["error"] = wrong[0]
        return found | {"sort": self.sorted_seconds, "peak_own_mb": round(max(self.peaks.values(), default=0) / 1024)}

    def _summary(self, question: str) -> Json:
        runs = self.runs[question]
        found: Json = {"tries": _tries(runs), "own_mb": round(self.peaks.get(question, 0) / 1024)}
        measured = [run for run in runs if run.measured and not run.failure]
        if not measured:
            failures = [run.failure for run in runs if run.failure]
            return found | {"failed": failures[-1] if failures else self.unsorted[0]}
        first = {run.form: run.rows for run in runs if run.repetition == 0 and not run.failure}
        form = measured[0].form
        alike = all(same(first[form], rows) for rows in first.values())
        rows = [first[form], *(run.rows for run in measured)]
        figures = medians([run.seconds for run in measured], [run.cpu for run in measured])
        return found | figures | {"form": form, "alike": alike, "rows": rows}


def _tries(runs: list[Run]) -> Json:
    """By form the seconds of its fastest try, or why it has none."""
    found: Json = {}
    for run in runs:
        if run.failure:
            found[run.form] = run.failure
        elif not run.measured:
            found[run.form] = min(round(run.seconds, 4), found.get(run.form, run.seconds))
    return found


def watched(peer: Peer, lake: Path, scratch: Path, plan: Plan, effort: Effort) -> Json:
    """What the peer answers to the planned questions; a small run stays in this process, and has no limits."""
    heard = Heard(plan)
    scratch.mkdir(parents=True, exist_ok=True)
    if not Apart.processes:
        work(heard.hear, peer, lake, scratch, plan, effort)
    while Apart.processes and heard.left and not heard.unsorted[0]:
        _process(heard, (peer, lake, scratch, dict(heard.left), effort))
    return heard.summary()


def _process(heard: Heard, arguments: tuple[Any, ...]) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(there, *arguments))
    process.start()
    there.close()
    try:
        _listen(heard, process, here, arguments[-1])
    finally:
        process.kill()
        process.join()


def _child(pipe: Connection, *arguments: Any) -> None:
    work(pipe.send, *arguments)
    pipe.send(("over", None))


def _listen(heard: Heard, process: BaseProcess, pipe: Connection, effort: Effort) -> None:
    """Until the process is over, or has to be ended."""
    waited, looked = 0.0, time.monotonic()
    while True:
        if pipe.poll(_LOOK_SECONDS):
            try:
                told = pipe.recv()
            except EOFError:
                process.join()
                heard.end(f"its process ended ({process.exitcode})")
                return
            if told[0] == "over":
                return
            _say(told)
            heard.hear(told)
            waited, looked = 0.0, time.monotonic()
            continue
        # While this process was stopped itself, so was the peer.
        now = time.monotonic()
        waited, looked = waited + min(now - looked, 1.0), now
        kilobytes = anonymous_kb(process.pid or 0)
        heard.grew(kilobytes)
        limit = effort.limit if heard.running else effort.limit * _SORT_LIMITS
        if kilobytes > effort.memory_gb * 2**20:
            heard.end(f"out of memory: over {effort.memory_gb:g} GB")
            return
        if waited > limit:
            heard.end(f"not finished within {limit:g} s")
            return


def _say(told: Told) -> None:
    if isinstance(told[1], Run) and told[0] == "end":
        run = told[1]
        went = run.failure or f"{run.seconds:.3f} s"
        sys.stderr.write(f"  {run.question} ({run.form}) {run.repetition}: {went}\n")
