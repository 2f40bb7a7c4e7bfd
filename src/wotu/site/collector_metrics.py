"""What Prometheus is told about the collector of this process. ``docs/reference/metrics.md`` has a row for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from wotu.collect.http.counters import Counters


class CollectorMetrics(Collector):
    """The collector's counters, looked up when they are asked for."""

    def __init__(self, counters: Callable[[], Counters]) -> None:
        self._counters = counters

    def describe(self) -> list[Metric]:
        """Nothing: the names are known when they are asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All counters since the process started."""
        counters = self._counters()
        requests = CounterMetricFamily("wotu_collector_requests", "Requests answered, by status.", labels=["status"])
        for status, count in sorted(counters.requests.items()):
            requests.add_metric([str(status)], count)
        yield requests
        rejected = CounterMetricFamily("wotu_collector_rejected", "Requests refused, by error code.", labels=["code"])
        for code, count in sorted(counters.rejected.items()):
            rejected.add_metric([code], count)
        yield rejected
        single = {
            "wotu_collector_messages": ("Messages acknowledged.", counters.accepted),
            "wotu_collector_bytes": ("Bytes of acknowledged bodies, unpacked.", counters.received_bytes),
            "wotu_collector_syncs": ("Writes to disk.", counters.syncs),
            "wotu_collector_sync_seconds": ("Seconds spent writing to disk.", counters.sync_seconds),
        }
        for name, (about, value) in single.items():
            yield CounterMetricFamily(name, about, value)
