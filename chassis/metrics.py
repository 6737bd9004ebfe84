"""Metrics of one service, in a registry of its own because several may share a process.

A label's values are enumerated when the metric is made, so that no number, name or id can become
one, and the number of series has a bound. A value outside the enumeration is counted as `other`.
"""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.process_collector import ProcessCollector

M = TypeVar("M", bound=MetricWrapperBase)

OTHER = "other"
# Seconds; from a hit in memory to the longest deadline anything here has.
DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = Mapping[str, Sequence[str]]
NONE: Labels = {}


class Family(Generic[M]):
    """One metric with its enumerated labels."""

    def __init__(self, metric: M, labels: Labels) -> None:
        self._metric = metric
        self._allowed = {name: frozenset(values) for name, values in labels.items()}
        self._children: dict[tuple[str, ...], M] = {}

    def at(self, *values: str) -> M:
        """Return the series with these label values, in the order the labels were declared."""
        if not self._allowed:
            return self._metric
        pairs = zip(self._allowed.values(), values, strict=True)
        known = tuple(value if value in allowed else OTHER for allowed, value in pairs)
        if known not in self._children:
            self._children[known] = self._metric.labels(*known)
        return self._children[known]


class Metrics:
    """The registry of one service and the makers of its metrics."""

    def __init__(self, namespace: str = "switchhook") -> None:
        self.registry = CollectorRegistry()
        self._namespace = namespace
        ProcessCollector(registry=self.registry)

    def counter(self, name: str, documentation: str, labels: Labels = NONE) -> Family[Counter]:
        """Make a counter; Prometheus adds `_total` to its name."""
        made = Counter(
            name, documentation, list(labels), namespace=self._namespace, registry=self.registry
        )
        return Family(made, labels)

    def gauge(self, name: str, documentation: str, labels: Labels = NONE) -> Family[Gauge]:
        """Make a gauge; `.at(...).set_function(...)` reads it when it is scraped."""
        made = Gauge(
            name, documentation, list(labels), namespace=self._namespace, registry=self.registry
        )
        return Family(made, labels)

    def histogram(
        self,
        name: str,
        documentation: str,
        labels: Labels = NONE,
        buckets: Sequence[float] = DURATIONS,
    ) -> Family[Histogram]:
        """Make a histogram of seconds."""
        made = Histogram(
            name,
            documentation,
            list(labels),
            namespace=self._namespace,
            registry=self.registry,
            buckets=buckets,
        )
        return Family(made, labels)
