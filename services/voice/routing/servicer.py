"""RoutingService over gRPC: translate in, call, translate out."""

from typing import Any

import grpc
from switchhook.voice.v1 import routing_service_pb2 as pb
from switchhook.voice.v1 import routing_service_pb2_grpc
from switchhook.voice.v1 import routing_simulation_pb2 as simulation_pb

from chassis import pages
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Invalid
from services.voice.once import once
from services.voice.routing.decisions import Decisions
from services.voice.routing.explanation import sentences
from services.voice.routing.plans import Plans
from services.voice.routing.translate_decisions import (
    decision_filter,
    decision_out,
    decision_place,
    decision_position,
    page_after,
)
from services.voice.routing.translate_plan import plan_out, read_plan
from services.voice.routing.translate_simulation import trial_in, tried_out
from services.voice.routing.use_cases import Simulator

Context = grpc.aio.ServicerContext[Any, Any]


class RoutingServicer(routing_service_pb2_grpc.RoutingServiceServicer):
    """Keeps plans, tries them, and explains decisions."""

    def __init__(
        self,
        database: Database,
        plans: Plans,
        decisions: Decisions,
        simulator: Simulator,
        clock: Clock,
    ) -> None:
        self._database = database
        self._plans = plans
        self._decisions = decisions
        self._simulator = simulator
        self._clock = clock

    async def CreatePlan(
        self, request: pb.CreatePlanRequest, _context: Context
    ) -> pb.CreatePlanResponse:
        """Keep a new plan."""
        async with self._database.transaction() as connection:

            async def act() -> pb.CreatePlanResponse:
                kept = await self._plans.create(connection, *read_plan(request.plan))
                return pb.CreatePlanResponse(plan=plan_out(kept))

            return await once(connection, request, pb.CreatePlanResponse, act)

    async def UpdatePlan(
        self, request: pb.UpdatePlanRequest, _context: Context
    ) -> pb.UpdatePlanResponse:
        """Keep the next revision of a plan."""
        async with self._database.transaction() as connection:

            async def act() -> pb.UpdatePlanResponse:
                kept = await self._plans.update(connection, *read_plan(request.plan))
                return pb.UpdatePlanResponse(plan=plan_out(kept))

            return await once(connection, request, pb.UpdatePlanResponse, act)

    async def GetPlan(self, request: pb.GetPlanRequest, _context: Context) -> pb.GetPlanResponse:
        """Return a plan."""
        async with self._database.reading() as connection:
            found = await self._plans.get(connection, request.plan_id, request.revision)
        return pb.GetPlanResponse(plan=plan_out(found))

    async def ListPlans(
        self, request: pb.ListPlansRequest, _context: Context
    ) -> pb.ListPlansResponse:
        """Return a page of plans."""
        filters, size = pages.filters(request), pages.page_size(request.page_size)
        after = page_after(request.page_token, filters, "")
        async with self._database.reading() as connection:
            found = await self._plans.page(connection, after, size + 1, request.called_number)
        shown, more = found[:size], len(found) > size
        token = pages.encode([shown[-1].plan_id], filters) if more else ""
        return pb.ListPlansResponse(plans=map(plan_out, shown), next_page_token=token)

    async def ListPlanRevisions(
        self, request: pb.ListPlanRevisionsRequest, _context: Context
    ) -> pb.ListPlanRevisionsResponse:
        """Return a page of revisions."""
        filters, size = pages.filters(request), pages.page_size(request.page_size)
        below = page_after(request.page_token, filters, 0)
        async with self._database.reading() as connection:
            found = await self._plans.history(connection, request.plan_id, below, size + 1)
        shown, more = found[:size], len(found) > size
        token = pages.encode([shown[-1].revision], filters) if more else ""
        return pb.ListPlanRevisionsResponse(plans=map(plan_out, shown), next_page_token=token)

    async def DeletePlan(
        self, request: pb.DeletePlanRequest, _context: Context
    ) -> pb.DeletePlanResponse:
        """Take a plan out of use."""
        async with self._database.transaction() as connection:

            async def act() -> pb.DeletePlanResponse:
                await self._plans.delete(connection, request.plan_id)
                return pb.DeletePlanResponse()

            return await once(connection, request, pb.DeletePlanResponse, act)

    async def CheckPlan(
        self, request: pb.CheckPlanRequest, _context: Context
    ) -> pb.CheckPlanResponse:
        """Say what is wrong with a plan."""
        plan, unreadable = read_plan(request.plan)
        async with self._database.reading() as connection:
            found = [*unreadable, *await self._plans.faults(connection, plan)]
        faults = (pb.PlanFault(field=each.field, description=each.description) for each in found)
        return pb.CheckPlanResponse(faults=faults)

    async def SimulateRoute(
        self, request: simulation_pb.SimulateRouteRequest, _context: Context
    ) -> simulation_pb.SimulateRouteResponse:
        """Walk a plan as a caller would."""
        plan, unreadable = read_plan(request.plan) if request.HasField("plan") else (None, [])
        if unreadable:
            raise Invalid(unreadable)
        trial = trial_in(request, plan, self._clock.now())
        return tried_out(await self._simulator.attempt(trial))

    async def ExplainDecision(
        self, request: pb.ExplainDecisionRequest, _context: Context
    ) -> pb.ExplainDecisionResponse:
        """Return a decision, and what it means."""
        async with self._database.reading() as connection:
            found = await self._decisions.get(connection, request.decision_id)
        told = sentences(found)
        return pb.ExplainDecisionResponse(decision=decision_out(found), sentences=told)

    async def ListDecisions(
        self, request: pb.ListDecisionsRequest, _context: Context
    ) -> pb.ListDecisionsResponse:
        """Return a page of decisions."""
        filters, size = pages.filters(request), pages.page_size(request.page_size)
        after = decision_place(pages.decode(request.page_token, filters))
        wanted = decision_filter(request)
        async with self._database.reading() as connection:
            found = await self._decisions.page(connection, wanted, after, size + 1)
        shown, more = found[:size], len(found) > size
        token = pages.encode(decision_position(shown[-1]), filters) if more else ""
        return pb.ListDecisionsResponse(decisions=map(decision_out, shown), next_page_token=token)
