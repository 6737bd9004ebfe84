"""The figures of a consumer and a dispatcher, read when they are scraped."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chassis.consumer import Consumer
from chassis.dispatcher import Dispatcher
from chassis.effects import Done, Doubtful, Failed, RetryLater
from chassis.metrics import Metrics

_EVENT_OUTCOMES = ("handled", "duplicates", "redelivered", "postponed", "dead")
_EFFECT_OUTCOMES = {"done": Done, "failed": Failed, "retry": RetryLater, "doubtful": Doubtful}


def expose(metrics: Metrics, consumer: Consumer[Any], dispatcher: Dispatcher) -> None:
    """Add the figures of a service's consumer and dispatcher to its metrics."""
    metrics.registry.register(_Flow(consumer, dispatcher))


class _Flow(Collector):
    def __init__(self, consumer: Consumer[Any], dispatcher: Dispatcher) -> None:
        self._consumer = consumer
        self._dispatcher = dispatcher

    def collect(self) -> Iterator[Metric]:
        stats = self._consumer.stats
        events = CounterMetricFamily(
            "switchhook_consumer_events", "Deliveries by what became of them.", labels=["outcome"]
        )
        for outcome in _EVENT_OUTCOMES:
            events.add_metric([outcome], getattr(stats, outcome))
        yield events
        yield GaugeMetricFamily(
            "switchhook_consumer_lag", "Messages not yet sent to this consumer.", value=stats.lag
        )
        yield GaugeMetricFamily(
            "switchhook_consumer_stopped",
            "1 when the consumer stands still and needs somebody.",
            value=int(bool(self._consumer.stopped)),
        )
        yield from self._effects()

    def _effects(self) -> Iterator[Metric]:
        attempts = CounterMetricFamily(
            "switchhook_outbox_attempts", "Attempts by how they ended.", labels=["outcome"]
        )
        for name, kind in _EFFECT_OUTCOMES.items():
            attempts.add_metric([name], self._dispatcher.outcomes[kind.__name__])
        yield attempts
        effects = GaugeMetricFamily(
            "switchhook_outbox_effects", "Effects that are not over, by state.", labels=["state"]
        )
        for state, count in self._dispatcher.backlog.items():
            effects.add_metric([state.value], count)
        yield effects
