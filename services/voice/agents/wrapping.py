"""What an agent does after a conversation, before the next one."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import Offer, OfferState
from services.voice.queues.books import Books, Case
from services.voice.queues.ports import Alarms

WRAP_UP = "offer.wrap_up"


class Wrapping:
    """Lets agents wrap up, for as long as their queue gives them."""

    def __init__(self, books: Books, alarms: Alarms) -> None:
        self._books = books
        self._alarms = alarms

    async def begin(
        self, connection: AsyncConnection, case: Case, end: datetime, reason: str, now: datetime
    ) -> None:
        """Let a conversation be over; the agent wraps up, or is free where there is no time."""
        queue = await self._books.queue(connection, case.offer.queue_id)
        until = now + queue.wrap_up
        offer = case.offer.to(OfferState.WRAPPING)
        offer = replace(offer, end_time=end, wrap_up_until=until, reason=reason)
        await self._books.change_offer(connection, case.offer, offer, now)
        case = replace(case, offer=offer)
        agent = case.agent.wrapping(until)
        await self._books.change_agent(connection, case.agent, agent, now)
        if queue.wrap_up:
            await self._alarms.set(connection, WRAP_UP, offer.offer_id, until)
        else:
            await self.complete(connection, replace(case, agent=agent), now)

    async def rang(self, connection: AsyncConnection, offer_id: str, now: datetime) -> None:
        """End a wrap-up whose time is over; the handler of its timer."""
        case = await self._books.case(connection, offer_id)
        if case is None or case.offer.state is not OfferState.WRAPPING:
            return
        until = case.offer.wrap_up_until
        if until is not None and until > now:
            await self._alarms.set(connection, WRAP_UP, offer_id, until)
        else:
            await self.complete(connection, case, now)

    async def extend(
        self, connection: AsyncConnection, case: Case, until: datetime, now: datetime
    ) -> Offer:
        """Let an agent wrap up until later."""
        offer = replace(case.offer, wrap_up_until=until, wrap_up_extended=True)
        await self._alarms.set(connection, WRAP_UP, offer.offer_id, until)
        await self._books.change_agent(connection, case.agent, case.agent.wrapping(until), now)
        return await self._books.change_offer(connection, case.offer, offer, now)

    async def complete(self, connection: AsyncConnection, case: Case, now: datetime) -> Offer:
        """End a wrap-up: the agent is free again, unless they wrap up another call."""
        offer = replace(case.offer.to(OfferState.COMPLETED), wrap_up_end_time=now)
        await self._alarms.cancel(connection, WRAP_UP, offer.offer_id)
        await self._books.change_offer(connection, case.offer, offer, now)
        still = [
            each.wrap_up_until
            for each in await self._books.offers.of_agent(connection, offer.agent_id)
            if each.state is OfferState.WRAPPING and each.wrap_up_until is not None
        ]
        agent = replace(case.agent, wrap_up_until=max(still, default=None))
        agent = agent.released(now, turn_over=True)
        await self._books.change_agent(connection, case.agent, agent, now)
        return offer
