"""AgentService over gRPC: translate in, call, translate out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from typing import Any

import grpc
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.voice.v1 import agent_service_pb2 as pb
from switchhook.voice.v1 import agent_service_pb2_grpc, offer_pb2
from switchhook.voice.v1 import agent_view_pb2 as view_pb
from switchhook.voice.v1 import offer_action_pb2 as action_pb

from chassis import pages
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import NotFound
from chassis.times import length
from services.voice.agents import translate
from services.voice.agents.model import Offer, Presence
from services.voice.agents.roster import Roster
from services.voice.once import A, once
from services.voice.queues.books import Books
from services.voice.queues.feed import Feed, Written
from services.voice.queues.translate import name_in

Context = grpc.aio.ServicerContext[Any, Any]


class AgentServicer(agent_service_pb2_grpc.AgentServiceServicer):
    """Keeps agents, knows whether they are there, and brings them calls."""

    def __init__(
        self,
        database: Database,
        books: Books,
        roster: Roster,
        feed: Feed[Offer],
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """Answer from the database; `wake` tells that callers or commands may have to move."""
        self._database = database
        self._books = books
        self._roster = roster
        self._feed = feed
        self._clock = clock
        self._wake = wake

    async def CreateAgent(
        self, request: pb.CreateAgentRequest, _context: Context
    ) -> pb.CreateAgentResponse:
        """Keep a new agent."""
        agent, now = translate.agent_in(request), self._clock.now()

        async def act(connection: AsyncConnection) -> pb.CreateAgentResponse:
            kept = await self._roster.create(connection, agent, now)
            return pb.CreateAgentResponse(agent=translate.agent_out(kept))

        return await self._change(request, pb.CreateAgentResponse, act)

    async def UpdateAgent(
        self, request: pb.UpdateAgentRequest, _context: Context
    ) -> pb.UpdateAgentResponse:
        """Change an agent."""
        change, now = translate.change_in(request), self._clock.now()

        async def act(connection: AsyncConnection) -> pb.UpdateAgentResponse:
            kept = await self._roster.update(connection, request.agent_id, change, now)
            return pb.UpdateAgentResponse(agent=translate.agent_out(kept))

        return await self._change(request, pb.UpdateAgentResponse, act)

    async def GetAgent(
        self, request: view_pb.GetAgentRequest, _context: Context
    ) -> view_pb.GetAgentResponse:
        """Return one agent."""
        async with self._database.reading() as connection:
            found = await self._roster.get(connection, request.agent_id)
        return view_pb.GetAgentResponse(agent=translate.agent_out(found))

    async def ListAgents(
        self, request: view_pb.ListAgentsRequest, _context: Context
    ) -> view_pb.ListAgentsResponse:
        """Return a page of agents."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after, wanted = name_in(request.page_token, bound), translate.filter_in(request)
        async with self._database.reading() as connection:
            found = await self._books.agents.page(connection, wanted, after, size + 1)
        shown = found[:size]
        token = pages.encode([shown[-1].agent_id], bound) if len(found) > size else ""
        return view_pb.ListAgentsResponse(
            agents=[translate.agent_out(agent) for agent in shown], next_page_token=token
        )

    async def SetPresence(
        self, request: view_pb.SetPresenceRequest, _context: Context
    ) -> view_pb.SetPresenceResponse:
        """Let an agent say whether they are there; who leaves declines what rings for them."""
        presence = translate.presence_in(request.presence) or Presence.OFFLINE

        async def act(connection: AsyncConnection) -> view_pb.SetPresenceResponse:
            now = self._clock.now()
            agent = await self._roster.be(connection, request.agent_id, presence, now)
            return view_pb.SetPresenceResponse(agent=translate.agent_out(agent))

        answer = await self._change(request, view_pb.SetPresenceResponse, act)
        if presence is not Presence.AVAILABLE:
            async with self._database.transaction() as connection:
                await self._roster.excuse(connection, request.agent_id, self._clock.now())
            self._wake()
        return answer

    async def ExtendWrapUp(
        self, request: action_pb.ExtendWrapUpRequest, _context: Context
    ) -> action_pb.ExtendWrapUpResponse:
        """Give an agent longer to wrap up."""
        asked = request.HasField("extension")
        extension = length(request.extension, "extension") if asked else None

        async def act(connection: AsyncConnection) -> action_pb.ExtendWrapUpResponse:
            now = self._clock.now()
            offer = await self._roster.extend(connection, request.agent_id, extension, now)
            return action_pb.ExtendWrapUpResponse(offer=await self._told(connection, offer))

        return await self._change(request, action_pb.ExtendWrapUpResponse, act)

    async def CompleteWrapUp(
        self, request: action_pb.CompleteWrapUpRequest, _context: Context
    ) -> action_pb.CompleteWrapUpResponse:
        """Let an agent say that they are done."""

        async def act(connection: AsyncConnection) -> action_pb.CompleteWrapUpResponse:
            offer = await self._roster.complete(connection, request.agent_id, self._clock.now())
            return action_pb.CompleteWrapUpResponse(offer=await self._told(connection, offer))

        return await self._change(request, action_pb.CompleteWrapUpResponse, act)

    async def AcceptOffer(
        self, request: action_pb.AcceptOfferRequest, _context: Context
    ) -> action_pb.AcceptOfferResponse:
        """Let an agent take an offer."""
        whose = request.agent_id, request.offer_id

        async def act(connection: AsyncConnection) -> action_pb.AcceptOfferResponse:
            now = self._clock.now()
            if request.WhichOneof("place") == "address":
                offer = await self._roster.accept_at(connection, *whose, request.address, now)
            else:
                offer = await self._roster.accept_on(connection, *whose, request.call_leg_id, now)
            return action_pb.AcceptOfferResponse(offer=await self._told(connection, offer))

        return await self._change(request, action_pb.AcceptOfferResponse, act)

    async def DeclineOffer(
        self, request: action_pb.DeclineOfferRequest, _context: Context
    ) -> action_pb.DeclineOfferResponse:
        """Let an agent say no."""

        async def act(connection: AsyncConnection) -> action_pb.DeclineOfferResponse:
            offer = await self._roster.decline(
                connection, request.agent_id, request.offer_id, self._clock.now()
            )
            return action_pb.DeclineOfferResponse(offer=await self._told(connection, offer))

        return await self._change(request, action_pb.DeclineOfferResponse, act)

    async def WatchOffers(
        self, request: action_pb.WatchOffersRequest, _context: Context
    ) -> AsyncIterator[action_pb.WatchOffersResponse]:
        """Send an agent's offers, and then what changes of them."""
        async with self._database.reading() as connection:
            if await self._books.agents.get(connection, request.agent_id) is None:
                raise NotFound("AGENT_NOT_FOUND", "no agent has this id")

        async def own(
            connection: AsyncConnection, offer_ids: Collection[str]
        ) -> Sequence[Written[Offer]]:
            return await self._books.offers.watched(connection, request.agent_id, offer_ids)

        def wants(row: Written[Offer]) -> bool:
            return row.thing.agent_id == request.agent_id

        async with aclosing(self._feed.watch(own, wants)) as steps:
            begun = False
            async for changed in steps:
                async with self._database.reading() as connection:
                    told = [await self._told(connection, offer) for offer in changed]
                for offer in told:
                    yield action_pb.WatchOffersResponse(offer=offer)
                if not told and not begun:
                    yield action_pb.WatchOffersResponse()
                begun = True

    async def _change(
        self, request: Any, answer: type[A], act: Callable[[AsyncConnection], Awaitable[A]]
    ) -> A:
        """Carry a request out once, and let what follows from it move."""
        async with self._database.transaction() as connection:
            given = await once(connection, request, answer, lambda: act(connection))
        self._wake()
        return given

    async def _told(self, connection: AsyncConnection, offer: Offer) -> offer_pb2.Offer:
        entry = await self._books.entries.get(connection, offer.entry_id)
        return translate.offer_out(offer, entry)
