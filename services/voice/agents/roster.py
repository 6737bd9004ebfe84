"""The roster: which agents there are, and what they say and do about offers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import AlreadyDone, FieldViolation, Invalid, NotFound, NotYet
from services.voice.agents.claiming import LEASE
from services.voice.agents.model import (
    OPEN,
    Agent,
    Offer,
    OfferState,
    Presence,
)
from services.voice.agents.offering import Offering
from services.voice.agents.ringing import Ringing, lease
from services.voice.agents.wrapping import Wrapping
from services.voice.calls.facts import Role
from services.voice.calls.model import Call
from services.voice.queues.books import Books, Case
from services.voice.queues.ports import Alarms, Legs


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChange:
    """What to change of an agent; None leaves it."""

    display_name: str | None = None
    address: str | None = None
    skills: Mapping[str, int] | None = None
    queue_ids: Collection[str] | None = None
    capacity: int | None = None


class Roster:
    """Keeps agents, and carries out what they decide; every method in the caller's transaction."""

    def __init__(
        self,
        books: Books,
        offering: Offering,
        wrapping: Wrapping,
        rings: Ringing,
        legs: Legs,
        alarms: Alarms,
    ) -> None:
        self._books = books
        self._offering = offering
        self._wrapping = wrapping
        self._rings = rings
        self._legs = legs
        self._alarms = alarms

    async def create(self, connection: AsyncConnection, agent: Agent, now: datetime) -> Agent:
        """Keep a new agent; raise AlreadyDone when there is one of their id."""
        await self._check_queues(connection, agent.queue_ids)
        if not await self._books.agents.add(connection, agent, now):
            raise AlreadyDone("AGENT_EXISTS", "there is an agent of this id already")
        return await self.get(connection, agent.agent_id)

    async def update(
        self, connection: AsyncConnection, agent_id: str, change: AgentChange, now: datetime
    ) -> Agent:
        """Change an agent; what they do goes on."""
        agent = await self._locked(connection, agent_id)
        facts = {
            name: value
            for name in ("display_name", "address", "skills", "capacity")
            if (value := getattr(change, name)) is not None
        }
        await self._books.change_agent(connection, agent, replace(agent, **facts), now)
        if change.queue_ids is not None:
            await self._check_queues(connection, change.queue_ids)
            await self._books.agents.serve(connection, agent_id, change.queue_ids)
        return await self.get(connection, agent_id)

    async def get(self, connection: AsyncConnection, agent_id: str) -> Agent:
        """Return an agent, or raise NotFound."""
        agent = await self._books.agents.get(connection, agent_id)
        if agent is None:
            raise NotFound("AGENT_NOT_FOUND", "no agent has this id")
        return agent

    async def be(
        self, connection: AsyncConnection, agent_id: str, presence: Presence, now: datetime
    ) -> Agent:
        """Let an agent say whether they are there. From then on they get offers, or none."""
        agent = await self._locked(connection, agent_id)
        present = agent.present(presence, now)
        await self._books.change_agent(connection, agent, present, now)
        return await self.get(connection, agent_id)

    async def excuse(self, connection: AsyncConnection, agent_id: str, now: datetime) -> None:
        """Let an agent who is not available decline what they are being offered.

        Apart from `be`, in a transaction of its own: an entry is locked before its agent. Whatever
        is not declined here rings out by itself.
        """
        for offer in await self._books.offers.open_of(connection, agent_id):
            case = await self._books.case(connection, offer.offer_id)
            if case is None or case.agent.is_staffed or case.offer.state not in OPEN:
                continue
            await self._offering.missed(
                connection, case, OfferState.DECLINED, case.agent.presence.value.lower(), now
            )

    async def accept_at(
        self,
        connection: AsyncConnection,
        agent_id: str,
        offer_id: str,
        address: str,
        now: datetime,
    ) -> Offer:
        """Let a client's agent take an offer on a phone: they are rung there."""
        case = await self._asked(connection, agent_id, offer_id)
        queue = await self._books.queue(connection, case.offer.queue_id)
        until = now + lease(queue, dialled=True)
        offer = replace(case.offer, address=address, lease_until=until)
        await self._books.change_offer(connection, case.offer, offer, now)
        await self._alarms.set(connection, LEASE, offer_id, until)
        await self._rings.ring(connection, offer, case.entry, queue)
        return offer

    async def accept_on(
        self, connection: AsyncConnection, agent_id: str, offer_id: str, leg_id: str, now: datetime
    ) -> Offer:
        """Let a client's agent take an offer on a leg they are on already."""
        case = await self._asked(connection, agent_id, offer_id)
        leg = await self._legs.find(connection, Call(leg_id=leg_id))
        waits = await self._books.entries.of_leg(connection, leg_id)
        taken = await self._books.offers.of_leg(connection, leg_id)
        calls_us = leg is not None and leg.role is Role.CALLER
        if leg is None or not leg.answered or leg.hung_up or waits or taken or calls_us:
            raise NotYet("LEG_UNUSABLE", "the leg is not answered, is over, or belongs to another")
        return (await self._offering.answered(connection, case, leg, now)).offer

    async def decline(
        self, connection: AsyncConnection, agent_id: str, offer_id: str, now: datetime
    ) -> Offer:
        """Let an agent say no."""
        case = await self._case(connection, agent_id, offer_id)
        if case.offer.state not in OPEN:
            raise NotYet("OFFER_ENDED", "the offer was answered, or it is over")
        end = OfferState.DECLINED
        return (await self._offering.missed(connection, case, end, "declined", now)).offer

    async def extend(
        self,
        connection: AsyncConnection,
        agent_id: str,
        extension: timedelta | None,
        now: datetime,
    ) -> Offer:
        """Give an agent longer to wrap up; without a length the queue's wrap-up once more."""
        case = await self._in_wrap_up(connection, agent_id)
        if case.offer.wrap_up_extended:
            raise NotYet("WRAP_UP_EXTENDED", "the wrap-up was extended before")
        if extension is None:
            extension = (await self._books.queue(connection, case.offer.queue_id)).wrap_up
        until = (case.offer.wrap_up_until or now) + extension
        return await self._wrapping.extend(connection, case, until, now)

    async def complete(self, connection: AsyncConnection, agent_id: str, now: datetime) -> Offer:
        """Let an agent say that they are done."""
        case = await self._in_wrap_up(connection, agent_id)
        return await self._wrapping.complete(connection, case, now)

    async def _locked(self, connection: AsyncConnection, agent_id: str) -> Agent:
        agent = await self._books.agents.locked(connection, agent_id)
        if agent is None:
            raise NotFound("AGENT_NOT_FOUND", "no agent has this id")
        return agent

    async def _case(self, connection: AsyncConnection, agent_id: str, offer_id: str) -> Case:
        case = await self._books.case(connection, offer_id)
        if case is None or case.offer.agent_id != agent_id:
            raise NotFound("OFFER_NOT_FOUND", "this agent has no such offer")
        return case

    async def _asked(self, connection: AsyncConnection, agent_id: str, offer_id: str) -> Case:
        """Return an offer that a client may take."""
        case = await self._case(connection, agent_id, offer_id)
        offer = case.offer
        if offer.state is not OfferState.PENDING or offer.address:
            raise NotYet("OFFER_ENDED", "the offer was taken, or it is over")
        return case

    async def _in_wrap_up(self, connection: AsyncConnection, agent_id: str) -> Case:
        """Return what an agent wraps up, the oldest first."""
        await self.get(connection, agent_id)
        for offer in await self._books.offers.of_agent(connection, agent_id):
            case = await self._books.case(connection, offer.offer_id)
            if case is not None and case.offer.state is OfferState.WRAPPING:
                return case
        raise NotYet("NOT_WRAPPING_UP", "the agent is not wrapping up")

    async def _check_queues(self, connection: AsyncConnection, queue_ids: Collection[str]) -> None:
        known = set(await self._books.queues.ids(connection))
        missing = [
            FieldViolation(f"queues.queue_ids[{place}]", "is no queue")
            for place, queue_id in enumerate(queue_ids)
            if queue_id not in known
        ]
        if missing:
            raise Invalid(missing)
