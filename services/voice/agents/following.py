"""What legs mean for offers: an agent's phone rings, is answered, hangs up; a caller is gone."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import OPEN, TAKEN, OfferState
from services.voice.agents.offering import Offering
from services.voice.agents.ringing import Ringing, bridge_key, bridged_time
from services.voice.calls.facts import Role
from services.voice.calls.model import Call
from services.voice.queues.books import Books, Case
from services.voice.queues.centre import Centre
from services.voice.queues.model import Entry, Kind, Outcome


class Following:
    """Hears of legs and dials. It decides from what is known of a leg, not from what is new."""

    def __init__(self, books: Books, centre: Centre, offering: Offering, rings: Ringing) -> None:
        self._books = books
        self._centre = centre
        self._offering = offering
        self._rings = rings

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Act on a leg of any role."""
        if after.role is Role.AGENT:
            await self._agent(connection, after.subject, after, now)
        elif after.hung_up or after.last_bridged or after.refused:
            entry = await self._books.entries.of_leg(connection, after.leg_id)
            if entry is not None and entry.kind is Kind.CALL:
                await self._caller(connection, entry, after, now)
            else:
                await self._client(connection, after, now)

    async def dial_failed(
        self, connection: AsyncConnection, role: Role, subject: str, reason: str, now: datetime
    ) -> None:
        """Go on without an agent whom the carrier would not dial."""
        if role is not Role.AGENT:
            return
        case = await self._books.case(connection, subject)
        if case is not None and case.offer.state in OPEN:
            await self._offering.missed(connection, case, OfferState.FAILED, reason, now)

    async def _agent(
        self, connection: AsyncConnection, offer_id: str, leg: Call, now: datetime
    ) -> None:
        """Act on the leg of an agent whom we dialled."""
        case = await self._books.case(connection, offer_id)
        if case is None:
            return
        if case.offer.state not in OPEN | TAKEN:
            await self._rings.let_go(connection, case.offer, leg)
            await self._offering.connected_late(connection, case, leg, now)
            return
        if case.offer.state in OPEN and not leg.hung_up:
            case = await self._answering(connection, case, leg, now)
        await self._conversation(connection, case, leg, now)

    async def _client(self, connection: AsyncConnection, leg: Call, now: datetime) -> None:
        """Act on a leg that may be one a client took an offer on."""
        offer = await self._books.offers.of_leg(connection, leg.leg_id)
        case = await self._books.case(connection, offer.offer_id) if offer else None
        if case is not None:
            await self._conversation(connection, case, leg, now)

    async def _answering(
        self, connection: AsyncConnection, case: Case, leg: Call, now: datetime
    ) -> Case:
        if leg.answered or leg.bridged:
            return await self._offering.answered(connection, case, leg, now)
        return await self._offering.rung(connection, case, leg, now)

    async def _conversation(
        self, connection: AsyncConnection, case: Case, leg: Call, now: datetime
    ) -> None:
        """Act on an agent's leg: connected, not to be connected, or over."""
        refusal = leg.refusal(bridge_key(case.offer.offer_id))
        since = bridged_time(case.offer, leg)
        if leg.hung_up:
            await self._offering.agent_ended(connection, case, leg, now)
        elif refusal is not None:
            await self._offering.not_connected(connection, case, refusal.code, now)
        elif since is not None:
            await self._offering.connected(connection, case, since, now)

    async def _caller(
        self, connection: AsyncConnection, entry: Entry, leg: Call, now: datetime
    ) -> None:
        """Act on the leg of somebody in a queue: they are gone, or connected, or cannot be."""
        if leg.hung_up:
            # Whoever walks them through their plan has said more already, or will not any more.
            await self._centre.leave(connection, entry.entry_id, Outcome.ABANDONED, now)
            return
        case = await self._books.case(connection, entry.offer_id) if entry.offer_id else None
        if case is None or case.offer.state is not OfferState.ACCEPTED:
            return
        refusal = leg.refusal(bridge_key(entry.offer_id))
        since = bridged_time(case.offer, leg)
        if refusal is not None:
            await self._offering.not_connected(connection, case, refusal.code, now)
        elif since is not None:
            case = await self._offering.connected(connection, case, since, now)
            agent = await self._rings.leg(connection, case.offer.leg_id)
            if agent is not None and agent.hung_up:
                await self._offering.agent_ended(connection, case, agent, now)
