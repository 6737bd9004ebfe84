"""Figures between the proto and the model."""

from collections.abc import Sequence
from datetime import datetime

from switchhook.voice.v1 import metrics_pb2, metrics_service_pb2

from chassis.errors import FieldViolation, Invalid
from chassis.times import duration, timestamp
from services.voice.queues.forecast import Staffing
from services.voice.reporting.agent_figures import AgentFigures
from services.voice.reporting.facts import Fact
from services.voice.reporting.formulas import EarlyAbandons
from services.voice.reporting.reading import Interval
from services.voice.reporting.store import FactFilter

_EARLY = {
    metrics_pb2.EARLY_ABANDONS_UNSPECIFIED: EarlyAbandons.IGNORED,
    metrics_pb2.EARLY_ABANDONS_IGNORED: EarlyAbandons.IGNORED,
    metrics_pb2.EARLY_ABANDONS_AGAINST: EarlyAbandons.AGAINST,
    metrics_pb2.EARLY_ABANDONS_FOR: EarlyAbandons.FOR,
}


def early_abandons(value: metrics_pb2.EarlyAbandons.ValueType) -> EarlyAbandons:
    """Return how early abandons count."""
    return _EARLY[value]


def fact_filter(request: metrics_service_pb2.ListQueueFactsRequest) -> FactFilter:
    """Return which facts a request wants."""
    return FactFilter(request.queue_id, request.entry_id, request.agent_id)


def position(token: Sequence[str | int]) -> int:
    """Return the position a page token holds, 0 for the first page; raises Invalid."""
    match token:
        case []:
            return 0
        case [int(found)]:
            return found
        case _:
            violation = FieldViolation("page_token", "is not a token this service gave")
            raise Invalid([violation])


def queue_metrics(queue_id: str, interval: Interval) -> metrics_pb2.QueueMetrics:
    """Return a queue's figures as a proto; what is not known stays absent."""
    figures = interval.figures
    return metrics_pb2.QueueMetrics(
        queue_id=queue_id,
        start_time=timestamp(interval.start),
        end_time=timestamp(interval.end),
        offered=figures.offered,
        short_abandons=figures.short_abandons,
        answered=figures.answered,
        abandoned=figures.abandoned,
        callbacks_asked=figures.callbacks_asked,
        callbacks_completed=figures.callbacks_completed,
        waiting=figures.waiting,
        outcomes=[
            metrics_pb2.OutcomeCount(outcome=outcome, calls=calls)
            for outcome, calls in sorted(figures.outcomes.items())
        ],
        offers=figures.offers,
        missed_offers=figures.missed_offers,
        declined_offers=figures.declined_offers,
        abandonment_rate=figures.abandonment_rate,
        average_speed_of_answer=duration(figures.average_speed_of_answer),
        service_level=figures.service_level,
        average_handle_time=duration(figures.average_handle_time),
        missed_offer_rate=figures.missed_offer_rate,
        transfer_rate=figures.transfer_rate,
        repeat_call_rate=figures.repeat_call_rate,
    )


def agent_metrics(
    agent_id: str, start: datetime, end: datetime, figures: AgentFigures
) -> metrics_pb2.AgentMetrics:
    """Return an agent's figures as a proto; what is not known stays absent."""
    return metrics_pb2.AgentMetrics(
        agent_id=agent_id,
        start_time=timestamp(start),
        end_time=timestamp(end),
        offers=figures.offers,
        missed_offers=figures.missed_offers,
        declined_offers=figures.declined_offers,
        handled=figures.handled,
        talk_time=duration(figures.talk_time),
        wrap_up_time=duration(figures.wrap_up_time),
        available_time=duration(figures.available_time),
        logged_in_time=duration(figures.logged_in_time),
        occupancy=figures.occupancy,
        utilization=figures.utilization,
    )


def queue_fact(fact: Fact) -> metrics_service_pb2.QueueFact:
    """Return a fact as a proto, without the caller's key."""
    return metrics_service_pb2.QueueFact(
        fact_id=fact.fact_id,
        kind=fact.kind.value,
        start_time=timestamp(fact.start_time),
        end_time=timestamp(fact.end_time),
        queue_id=fact.queue_id,
        entry_id=fact.entry_id,
        offer_id=fact.offer_id,
        agent_id=fact.agent_id,
        outcome=fact.outcome,
        enqueue_time=timestamp(fact.enqueue_time),
    )


def staffing(agents: int, found: Staffing | None) -> metrics_service_pb2.EstimateStaffingResponse:
    """Return an estimate as a proto."""
    answer = metrics_service_pb2.EstimateStaffingResponse
    if found is None:
        return answer(agents=agents, overloaded=True)
    return answer(
        agents=agents,
        wait_probability=found.wait_probability,
        service_level=found.service_level,
        average_wait=duration(found.average_wait),
    )
