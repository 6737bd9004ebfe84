"""MetricsService over gRPC: translate in, ask, translate out."""

from datetime import timedelta
from typing import Any

import grpc
from switchhook.voice.v1 import metrics_service_pb2 as metrics
from switchhook.voice.v1 import metrics_service_pb2_grpc

from chassis import pages
from chassis.errors import FieldViolation, Invalid
from chassis.times import instant, length
from services.voice.queues.forecast import MOST_ERLANGS, agents_needed, erlang_c
from services.voice.reporting import translate
from services.voice.reporting.reading import DEFAULT_TARGET, Reports

_DEFAULT_LEVEL = 0.8
Context = grpc.aio.ServicerContext[Any, Any]


class MetricsServicer(metrics_service_pb2_grpc.MetricsServiceServicer):
    """Shows the figures of queues and agents."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    async def GetQueueMetrics(
        self, request: metrics.GetQueueMetricsRequest, _context: Context
    ) -> metrics.GetQueueMetricsResponse:
        """Return a queue's figures for each interval."""
        intervals = await self._reports.queue(
            request.queue_id,
            instant(request.start_time, "start_time"),
            instant(request.end_time, "end_time") if request.HasField("end_time") else None,
            length(request.interval, "interval") if request.HasField("interval") else None,
            length(request.target, "target") if request.HasField("target") else None,
            translate.early_abandons(request.early_abandons),
        )
        found = [translate.queue_metrics(request.queue_id, each) for each in intervals]
        return metrics.GetQueueMetricsResponse(metrics=found)

    async def GetAgentMetrics(
        self, request: metrics.GetAgentMetricsRequest, _context: Context
    ) -> metrics.GetAgentMetricsResponse:
        """Return an agent's figures."""
        start = instant(request.start_time, "start_time")
        wanted = instant(request.end_time, "end_time") if request.HasField("end_time") else None
        end, figures = await self._reports.agent(request.agent_id, start, wanted)
        found = translate.agent_metrics(request.agent_id, start, end, figures)
        return metrics.GetAgentMetricsResponse(metrics=found)

    async def ListQueueFacts(
        self, request: metrics.ListQueueFactsRequest, _context: Context
    ) -> metrics.ListQueueFactsResponse:
        """Return a page of facts, oldest first."""
        filters = pages.filters(request)
        after = translate.position(pages.decode(request.page_token, filters))
        size = pages.page_size(request.page_size)
        found, end = await self._reports.page(translate.fact_filter(request), after, size)
        token = pages.encode([end], filters) if end is not None else ""
        facts = [translate.queue_fact(each) for each in found]
        return metrics.ListQueueFactsResponse(facts=facts, next_page_token=token)

    async def EstimateStaffing(
        self, request: metrics.EstimateStaffingRequest, _context: Context
    ) -> metrics.EstimateStaffingResponse:
        """Return what so many agents give, or how many a service level needs."""
        target = length(request.target, "target") if request.HasField("target") else DEFAULT_TARGET
        handle = length(request.handle_time, "handle_time")
        if request.calls_per_hour * handle / timedelta(hours=1) > MOST_ERLANGS:
            limit = f"with handle_time is a load of more than {MOST_ERLANGS} erlangs"
            raise Invalid([FieldViolation("calls_per_hour", limit)])
        level = request.service_level or _DEFAULT_LEVEL
        agents = request.agents or agents_needed(request.calls_per_hour, handle, target, level)
        return translate.staffing(agents, erlang_c(request.calls_per_hour, handle, agents, target))
