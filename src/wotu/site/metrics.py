"""What Prometheus is told, in its text format. ``docs/reference/metrics.md`` has a row for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wotu import __version__
from wotu.collect.http.counters import Counters
from wotu.core.status import read_worker_status
from wotu.workspace.condition import Condition

if TYPE_CHECKING:
    from wotu.ledger.proof_services import Proved
    from wotu.outbox.reads import OutboxCondition

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MEGABYTE = 1 << 20


class InstallMetrics(Collector):
    """The numbers of one install, looked up when they are asked for.

    ``requests`` counts the answers of this process by HTTP status; ``quarantined`` counts rows in quarantine.
    """

    def __init__(
        self, observe: Callable[[], Condition], quarantined: Callable[[], int], requests: Mapping[int, int]
    ) -> None:
        self._observe = observe
        self._quarantined = quarantined
        self._requests = requests

    def collect(self) -> Iterator[Metric]:
        """All metrics; those of the settler are missing until one has run."""
        condition = self._observe()
        yield _gauge("wotu_build_info", "The version of Wotu that runs.", 1, version=__version__)
        yield _gauge("wotu_settler_up", "Whether a settler is at work (1) or not (0).", condition.settler_is_up)
        yield _gauge("wotu_backlog_seconds", "How long the oldest message has waited.", condition.backlog_seconds)
        yield _gauge("wotu_backlog_segments", "Segments that wait in the inbox.", condition.waiting)
        if (age := condition.generation_age_seconds) is not None:
            yield _gauge("wotu_generation_age_seconds", "Age of the timelines that questions read.", age)
        yield _gauge("wotu_quarantine_rows", "Rows in quarantine.", self._quarantined())
        yield _gauge("wotu_disk_free_bytes", "Free bytes of the workspace's disk.", condition.free)
        reserve = condition.reserve_mb * _MEGABYTE
        yield _gauge("wotu_disk_reserve_bytes", "Free bytes below which nothing more is taken.", reserve)
        yield from _settler(condition)
        answers = CounterMetricFamily("wotu_http_requests", "HTTP requests answered, by status.", labels=["status"])
        for status, count in sorted(self._requests.items()):
            answers.add_metric([str(status)], count)
        yield answers


class CollectorMetrics(Collector):
    """What the collector of this process did since it started."""

    def __init__(self, counters: Callable[[], Counters]) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """All metrics of the collector."""
        counters = self._counters()
        yield _total("wotu_collector_messages", "Messages acknowledged.", counters.accepted)
        yield _total("wotu_collector_bytes", "Bytes of acknowledged bodies, unpacked.", counters.received_bytes)
        yield _total("wotu_collector_syncs", "Writes to disk that messages waited for.", counters.syncs)
        yield _total("wotu_collector_sync_seconds", "How long these writes took together.", counters.sync_seconds)
        requests = CounterMetricFamily("wotu_collector_requests", "Requests answered, by status.", labels=["status"])
        for status, count in sorted(counters.requests.items()):
            requests.add_metric([str(status)], count)
        yield requests
        refused = CounterMetricFamily("wotu_collector_refused", "Requests refused, by error code.", labels=["code"])
        for code, count in sorted(counters.rejected.items()):
            refused.add_metric([str(code)], count)
        yield refused


class LedgerMetrics(Collector):
    """How the last proof of the ledger ended; missing before the first, and while the database does not answer."""

    def __init__(self, last_proof: Callable[[], Proved | None]) -> None:
        self._last_proof = last_proof

    def collect(self) -> Iterator[Metric]:
        """The number of differences, and when they were counted."""
        proved = self._last_proof()
        if proved is None:
            return
        yield _gauge("wotu_ledger_differences", "What the last proof of the ledger found wrong.", proved.differences)
        yield _gauge("wotu_ledger_proof_timestamp_seconds", "When that proof was.", proved.at.timestamp())


class OutboxMetrics(Collector):
    """Due work and the worker; ``observe`` asks the control database, and gives nothing while it does not answer."""

    def __init__(self, workspace: Path, observe: Callable[[], OutboxCondition | None]) -> None:
        self._workspace = workspace
        self._observe = observe

    def collect(self) -> Iterator[Metric]:
        """All metrics of the outbox."""
        status, now = read_worker_status(self._workspace), time.time()
        up = status is not None and status.is_fresh(now)
        yield _gauge("wotu_worker_up", "Whether a worker is at work (1) or not (0).", up)
        if status is not None:
            yield _gauge("wotu_worker_memory_bytes", "What the worker holds in memory.", status.memory)
            yield _total("wotu_outbox_done", "Pieces of work claimed by the worker.", status.done)
        if (outbox := self._observe()) is not None:
            yield _gauge("wotu_outbox_waiting", "Pieces of work that wait.", outbox.waiting)
            yield _gauge("wotu_outbox_oldest_due_seconds", "How long the longest due work is due.", outbox.oldest_due)
            yield _gauge("wotu_outbox_failed", "Pieces of work that were given up.", outbox.failed)
            yield _gauge("wotu_followers_stuck", "Followers that fail at a message.", len(outbox.stuck))


def _settler(condition: Condition) -> Iterator[Metric]:
    status = condition.status
    if status is None:
        return
    counted = {
        "wotu_messages_accepted": ("Messages settled for the first time.", status.accepted),
        "wotu_messages_duplicates": ("Messages seen before and dropped.", status.duplicates),
        "wotu_messages_quarantined": ("Messages that could not be understood.", status.quarantined),
        "wotu_messages_erased": ("Late messages of erased people, refused.", status.erased),
    }
    for name, (about, value) in counted.items():
        yield CounterMetricFamily(name, f"{about} Since the settler's start.", value)
    yield _gauge("wotu_settle_seconds", "How long the last settle took.", status.settle_seconds)
    yield _gauge("wotu_commit_seconds", "How long the last commit to the lake took.", status.commit_seconds)
    yield _gauge("wotu_uncommitted_rows", "Rows that questions see and the lake does not have yet.", status.uncommitted)
    age = max(0.0, condition.now - status.updated)
    yield _gauge("wotu_settler_status_age_seconds", "How long ago the settler last said how it is.", age)


def exposition(*collectors: Collector) -> bytes:
    """The text of all metrics of some collectors."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)


def _total(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(name, f"{about} Since the start.", value)


def _gauge(name: str, about: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, about, labels=list(labels))
    family.add_metric(list(labels.values()), float(value))
    return family
