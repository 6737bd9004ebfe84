"""What the gateway counts. Labels are enumerated: nothing a sender writes becomes one."""

from collections.abc import Callable

from switchhook.event.v1.event_pb2 import Event, EventSource

from carrier.signature import RejectReason
from chassis import metrics

_ROUTES = ("webhooks", "texml", "none")
_OUTCOMES = (
    *("accepted", "rejected", "api_v1", "unkept", "busy", "late", "broken", "no_connection"),
    *("not_found", "not_allowed", "too_large", "wrong_type"),
)
_DOMAINS = [field.name for field in Event.DESCRIPTOR.oneofs_by_name["detail"].fields]


class Metrics:
    """The gateway's metrics, made in one registry."""

    def __init__(self, made: metrics.Metrics) -> None:
        """Register every metric."""
        self._made = made
        self._requests = made.histogram(
            "gateway_request_seconds",
            "Time from the last byte of a request to its answer.",
            {"route": _ROUTES, "outcome": _OUTCOMES},
        )
        self._rejected = made.counter(
            "gateway_rejected",
            "Requests that did not verify, by the first check that failed.",
            {"reason": list(RejectReason)},
        )
        self._kept = made.counter(
            "gateway_events_kept",
            "Events kept durably, by where they were kept, kind and source.",
            {
                "where": ("stream", "spool"),
                "detail": _DOMAINS,
                "source": [value.name for value in EventSource.DESCRIPTOR.values],
            },
        )
        self._drained = made.counter(
            "gateway_spool_drained", "Events moved from the spool to the stream.", {}
        )
        self._reconciled = made.counter(
            "gateway_reconciled",
            "Failed deliveries found in the carrier's log, by what became of them.",
            {"outcome": ("recovered", "known", "unusable")},
        )
        self._documents = made.counter(
            "gateway_texml_documents",
            "TeXML documents answered, by who wrote them.",
            {"author": ("voice", "gateway")},
        )

    def answered(self, route: str, outcome: str, seconds: float) -> None:
        """Count one answered request and its time."""
        self._requests.at(route, outcome).observe(seconds)

    def rejected(self, reason: RejectReason) -> None:
        """Count one request that did not verify."""
        self._rejected.at(reason).inc()

    def kept(self, event: Event, where: str) -> None:
        """Count one event that is on disk now."""
        detail = event.WhichOneof("detail") or "none"
        self._kept.at(where, detail, EventSource.Name(event.source)).inc()

    def drained(self, count: int) -> None:
        """Count events that went from the spool to the stream."""
        self._drained.at().inc(count)

    def reconciled(self, outcome: str) -> None:
        """Count one failed delivery found in the carrier's log."""
        self._reconciled.at(outcome).inc()

    def documented(self, author: str) -> None:
        """Count one TeXML document and who wrote it."""
        self._documents.at(author).inc()

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Show `value()` as the gauge `gateway_<name>` whenever the metrics are read."""
        self._made.gauge(f"gateway_{name}", text, {}).at().set_function(value)
