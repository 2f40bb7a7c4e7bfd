"""Runs folds on the machines of a Ray cluster: actors keep their shards mapped, and only partials travel.

An actor is stateless but for what it has open: with each piece of work it is told the generation, opens it when it
is a new one, and folds the shards it is asked for. So an actor that dies is started again, on whatever node is left,
and asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from wotu.core.errors import ErrorCode, WotuError, invalid_argument
from wotu.core.layout import Layout
from wotu.timeline.executors import P, added, current_watch
from wotu.timeline.generation import Generation, open_generation
from wotu.timeline.manifest import CURRENT, Manifest
from wotu.timeline.published import read_published
from wotu.timeline.shard import Shard

try:
    import ray
    from ray import cloudpickle
    from ray.exceptions import RayTaskError
except ModuleNotFoundError as error:
    raise WotuError(
        ErrorCode.MISSING_DEPENDENCY, "RayExecutor needs Ray: install wotu[scale] on every machine."
    ) from error

# A question can be cancelled between pieces; fewer shards in a piece mean more messages.
_PIECES = 8
_LOOK_SECONDS = 0.05


class _Gone(Exception):
    """The files of the generation, or its columns of customers, are not there any more: newer ones took their place."""


class _Keeper:
    """One process of the cluster."""

    def __init__(self, timelines: str) -> None:
        self._timelines = Path(timelines)
        self._generation: Generation | None = None
        self._fold: tuple[str, Callable[[Shard], Any]] | None = None

    def fold(self, manifest: list[Any], fold: list[Any], first: int, last: int) -> Any:
        """The sum over shards ``first`` to ``last``; both lists hold one reference, fetched when it is a new one."""
        shards = self._opened(ray.get(manifest[0])).shards
        key = fold[0].hex()
        if self._fold is None or self._fold[0] != key:
            self._fold = key, cloudpickle.loads(ray.get(fold[0]))
        return added([self._fold[1](shard) for shard in shards[first:last]])

    def _opened(self, manifest: Manifest) -> Generation:
        if self._generation is None or self._generation.name != manifest.name:
            try:
                self._generation = open_generation(self._timelines, manifest, self._generation)
            except (OSError, EOFError, ValueError, pa.ArrowException) as error:
                if (self._timelines / CURRENT).exists():
                    raise _Gone(manifest.name) from error
                node = ray.util.get_node_ip_address()
                message = f"workspace: {node} sees no timelines in {self._timelines}; every node must see the folder."
                raise invalid_argument("workspace", message) from error
        published = read_published(Layout(self._timelines.parent), self._generation.published)
        if published is not self._generation.published:
            self._generation = self._generation.with_published(published)
        if published.kinds != manifest.published:
            raise _Gone(manifest.name)
        return self._generation


class RayExecutor:
    """An actor on every core of the cluster, each with its share of the shards.

    ``workspace`` is the folder as every node sees it; ``address`` is the cluster's (none: ``RAY_ADDRESS``, else Ray
    starts on this machine alone; a connection that exists is used). ``actors`` defaults to the cluster's cores as of
    now. A question that has no answer after ``deadline`` seconds fails with ``too_slow``.
    """

    def __init__(
        self, workspace: str | Path, *, address: str | None = None, actors: int | None = None, deadline: float = 600.0
    ) -> None:
        if actors is not None and actors < 1:
            raise invalid_argument("actors", f"actors={actors} must be at least 1.")
        if not deadline > 0:
            raise invalid_argument("deadline", f"deadline={deadline} must be more than 0 seconds.")
        self._started = not ray.is_initialized()
        if self._started:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        self._deadline = deadline
        keeper = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=-1, scheduling_strategy="SPREAD")(_Keeper)
        count = actors or max(1, int(ray.cluster_resources().get("CPU", 1)))
        timelines = str(Layout(Path(workspace)).timelines)
        self._keepers = [keeper.remote(timelines) for _ in range(count)]
        self._manifest: tuple[Manifest, Any] | None = None

    def run(self, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P:
        """The sum of what ``fold`` makes of every shard; it is pickled, and must not hold what it reads."""
        watch, end = current_watch(), time.monotonic() + self._deadline
        if watch is not None:
            watch.expect(len(shards))
        manifest, sent = self._published(shards[0].manifest), ray.put(cloudpickle.dumps(fold))
        waiting = {
            keeper.fold.remote([manifest], [sent], piece.start, piece.stop): piece
            for keeper, share in zip(self._keepers, _shares(shards, len(self._keepers)), strict=True)
            for piece in _pieces(share)
        }
        partials: dict[int, P] = {}
        try:
            while waiting:
                done, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=_LOOK_SECONDS)
                for reference in done:
                    piece = waiting.pop(reference)
                    partials[piece.start] = _partial(reference, fold, shards[piece])
                    if watch is not None:
                        watch.count(piece.stop - piece.start)
                if watch is not None:
                    watch.check()
                if waiting and time.monotonic() > end:
                    raise self._late(len(shards))
        finally:
            for reference in waiting:
                with suppress(Exception):
                    ray.cancel(reference)
        return added([partials[start] for start in sorted(partials)])

    def close(self) -> None:
        """Give the cores back."""
        for keeper in self._keepers:
            ray.kill(keeper)
        if self._started:
            ray.shutdown()

    def _published(self, manifest: Manifest) -> Any:
        """The manifest where every node can fetch it."""
        if self._manifest is None or self._manifest[0] != manifest:
            self._manifest = manifest, ray.put(manifest)
        return self._manifest[1]

    def _late(self, shards: int) -> WotuError:
        message = (
            f"no answer from {len(self._keepers)} actors over {shards} shards after {self._deadline:g} s; "
            "look whether the cluster has a free core for each actor, or give a longer deadline."
        )
        return WotuError(ErrorCode.TOO_SLOW, message, field="deadline")


def _partial(reference: Any, fold: Callable[[Shard], P], shards: Sequence[Shard]) -> P:
    """What an actor answered; of a generation whose files are gone for it, what is still mapped here says."""
    try:
        partial: P = ray.get(reference)
    except _Gone:
        return added([fold(shard) for shard in shards])
    except RayTaskError as error:
        raise error.cause from None
    return partial


def _shares(shards: Sequence[Shard], actors: int) -> list[range]:
    """Neighbouring shards for each actor, about as many events each."""
    sizes = np.cumsum([len(shard.time) + len(shard.ids) + 1 for shard in shards])
    ends = np.searchsorted(sizes, sizes[-1] * np.arange(1, actors) / actors, side="right")
    return [range(start, end) for start, end in pairwise([0, *ends.tolist(), len(shards)])]


def _pieces(share: range) -> list[slice]:
    step = max(1, -(-len(share) // _PIECES))
    return [slice(start, min(start + step, share.stop)) for start in share[::step]]
