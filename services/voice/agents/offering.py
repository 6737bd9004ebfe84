"""The life of an offer: made, rung, answered or not, connected, wrapped up.

Whatever happens is decided from the rows under their locks, so that being told twice, late or by
two replicas at once has the effect of being told once.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents import ringing
from services.voice.agents.claiming import LEASE, offer_id_of
from services.voice.agents.model import OPEN, TAKEN, Offer, OfferState, Presence
from services.voice.agents.ringing import Ringing, bridged_time
from services.voice.agents.wrapping import Wrapping
from services.voice.calls.model import Call
from services.voice.queues.books import Books, Case
from services.voice.queues.model import Entry, EntryState, Kind, Outcome, Queue, Talk
from services.voice.queues.ports import Alarms

CHECK = "offer.check"

_CHECK_EVERY = timedelta(seconds=10)
_TELLS = timedelta(seconds=2)
"""How long word of a connection may come after word of its end: events come in any order."""
_UNREACHABLE = frozenset({"not_found", "unspecified"})
"""Causes that say the line failed, not the agent. Source: Telnyx, `hangup_cause`."""
_NORMAL = "normal_clearing"


class Offering:
    """Makes offers and carries them to their end."""

    def __init__(self, books: Books, rings: Ringing, wrapping: Wrapping, alarms: Alarms) -> None:
        self._books = books
        self._rings = rings
        self._wrapping = wrapping
        self._alarms = alarms

    async def rung(self, connection: AsyncConnection, case: Case, leg: Call, now: datetime) -> Case:
        """Note the leg on which the agent is dialled, and that it rings."""
        offer = replace(case.offer, leg_id=leg.leg_id)
        if leg.initiated and offer.state is OfferState.PENDING:
            offer = offer.to(OfferState.RINGING)
        return await self._offer(connection, case, offer, now)

    async def answered(
        self, connection: AsyncConnection, case: Case, leg: Call, now: datetime
    ) -> Case:
        """Let an agent who is on the line have the entry, and connect a caller with them."""
        offer = ringing.answered(case.offer.to(OfferState.ACCEPTED), leg, now)
        await self._alarms.cancel(connection, LEASE, offer.offer_id)
        await self._alarms.set(connection, CHECK, offer.offer_id, now + _CHECK_EVERY)
        taken = await self._offer(connection, case, offer, now)
        entry = await self._books.change_entry(connection, case.entry, case.entry.connected(), now)
        if entry.kind is Kind.CALL:
            await self._rings.connect(connection, offer, entry, leg)
        return replace(taken, entry=entry)

    async def connected(
        self, connection: AsyncConnection, case: Case, since: datetime, now: datetime
    ) -> Case:
        """Note that agent and caller are connected; once is enough."""
        if not case.offer.can(OfferState.CONNECTED):
            return case
        offer = replace(case.offer.to(OfferState.CONNECTED), connect_time=since)
        await self._alarms.cancel(connection, CHECK, offer.offer_id)
        return await self._offer(connection, case, offer, now)

    async def missed(
        self,
        connection: AsyncConnection,
        case: Case,
        end: OfferState,
        reason: str,
        now: datetime,
    ) -> Case:
        """End an offer that was not answered: the caller goes to the head of the queue.

        An agent who did not answer or could not be reached comes back alone; one who said no
        stays, and is not asked for this entry again.
        """
        declined = end is OfferState.DECLINED
        offer = replace(case.offer.to(end), reason=reason, end_time=now)
        await self._alarms.cancel(connection, LEASE, offer.offer_id)
        await self._rings.let_go(connection, offer)
        ended = await self._offer(connection, case, offer, now)
        agent = case.agent.released(now, turn_over=True)
        if agent.is_staffed and not declined:
            agent = agent.present(Presence.NOT_ANSWERING, now)
        await self._books.change_agent(connection, case.agent, agent, now)
        back = case.entry.returned(now, declined_by=agent.agent_id if declined else "")
        entry = await self._books.change_entry(connection, case.entry, back, now)
        return Case(entry, agent, ended.offer)

    async def agent_ended(
        self,
        connection: AsyncConnection,
        case: Case,
        leg: Call,
        now: datetime,
        *,
        final: bool = False,
    ) -> None:
        """Go on after the agent's leg has ended.

        Word of a connection may come after word of its end; it is waited for unless `final`.
        """
        cause = leg.hung_up.cause if leg.hung_up else ""
        if case.offer.state in OPEN:
            failed = leg.lost or cause in _UNREACHABLE
            end = OfferState.FAILED if failed else OfferState.NO_ANSWER
            await self.missed(connection, case, end, cause, now)
        elif not final and await self._awaits_word(connection, case, leg):
            await self._alarms.set(connection, CHECK, case.offer.offer_id, now + _TELLS)
        elif case.offer.state in TAKEN:
            await self._conversation_ended(connection, case, leg, cause, now)

    async def connected_late(
        self, connection: AsyncConnection, case: Case, leg: Call, now: datetime
    ) -> None:
        """Note a connection that is told of after its end, and undo what was made of the lack.

        A caller who was put back into the queue for it has been handled, unless somebody else has
        been asked meanwhile.
        """
        since, end = bridged_time(case.offer, leg), case.offer.end_time
        if since is None or end is None or case.offer.connect_time is not None:
            return
        offer = replace(case.offer, connect_time=min(since, end))
        await self._offer(connection, case, offer, now)
        entry, talk = case.entry, Talk(offer.agent_id, min(since, end), end)
        if entry.state is not EntryState.WAITING or offer.offer_id != offer_id_of(
            entry, entry.offers
        ):
            return
        queue = await self._books.queue(connection, offer.queue_id)
        whole = _is_whole(talk, offer.reason or _NORMAL, queue, caller_ended=False)
        after = replace(entry.left(Outcome.HANDLED, now) if whole else entry, talk=talk)
        await self._books.change_entry(connection, entry, after, now)

    async def not_connected(
        self, connection: AsyncConnection, case: Case, reason: str, now: datetime
    ) -> None:
        """End an offer whose agent answered and whom the carrier would not connect."""
        if not case.offer.can(OfferState.FAILED) or case.offer.state in OPEN:
            return
        await self._take_back(connection, case, OfferState.FAILED, reason, now)
        back = case.entry.cut_off(now, None)
        await self._books.change_entry(connection, case.entry, back, now)

    async def caller_left(
        self, connection: AsyncConnection, case: Case, now: datetime
    ) -> Talk | None:
        """Let an agent go whose caller has left, and return the conversation they had, if any."""
        offer = case.offer
        caller = await self._rings.leg(connection, case.entry.leg_id)
        agent = await self._rings.leg(connection, offer.leg_id)
        since = offer.connect_time or bridged_time(offer, agent, caller)
        if since is None or offer.state not in TAKEN:
            if offer.can(OfferState.RESCINDED):
                await self._take_back(connection, case, OfferState.RESCINDED, "caller_left", now)
            return None
        case = await self.connected(connection, case, since, now)
        # After a callback the caller's own leg has long been over.
        talks = caller if case.entry.kind is Kind.CALL else agent
        ended = (talks.ended_time if talks else None) or now
        end = max(min(ended, now), since)
        await self._rings.let_go(connection, offer, agent)
        await self._over(connection, case, end, "", now)
        return Talk(offer.agent_id, since, end)

    async def rescind(self, connection: AsyncConnection, case: Case, now: datetime) -> None:
        """Take an offer back, whatever came of it; the agent keeps their turn."""
        if case.offer.can(OfferState.RESCINDED):
            await self._take_back(connection, case, OfferState.RESCINDED, "rescinded", now)
        elif case.offer.can(OfferState.WRAPPING):
            await self._rings.let_go(connection, case.offer)
            await self._over(connection, case, now, "rescinded", now)

    async def lease_rang(self, connection: AsyncConnection, offer_id: str, now: datetime) -> None:
        """End an offer whose lease is over; the handler of its timer."""
        case = await self._books.case(connection, offer_id)
        if case is None or case.offer.state not in OPEN:
            return
        if case.offer.lease_until > now:
            await self._alarms.set(connection, LEASE, offer_id, case.offer.lease_until)
        else:
            await self.missed(connection, case, OfferState.NO_ANSWER, "lease_expired", now)

    async def check_rang(self, connection: AsyncConnection, offer_id: str, now: datetime) -> None:
        """Look whether an agent who answered is still there; the handler of a timer.

        A leg that a client brought along may have ended in the moment of accepting, before anybody
        could know that its end matters.
        """
        case = await self._books.case(connection, offer_id)
        if case is None or case.offer.state is not OfferState.ACCEPTED:
            return
        agent = await self._rings.leg(connection, case.offer.leg_id)
        if agent is not None and agent.hung_up:
            await self.agent_ended(connection, case, agent, now, final=True)
        else:
            await self._alarms.set(connection, CHECK, offer_id, now + _CHECK_EVERY)

    async def _awaits_word(self, connection: AsyncConnection, case: Case, leg: Call) -> bool:
        """Say whether it is not told yet that an agent who is gone was connected."""
        caller = await self._rings.leg(connection, case.entry.leg_id)
        unknown = bridged_time(case.offer, leg, caller) is None
        return unknown and case.offer.state is OfferState.ACCEPTED

    async def _conversation_ended(
        self, connection: AsyncConnection, case: Case, leg: Call, cause: str, now: datetime
    ) -> None:
        """Go on after an agent who had the entry is gone: it is done, or broke off."""
        caller = await self._rings.leg(connection, case.entry.leg_id)
        since = case.offer.connect_time or bridged_time(case.offer, leg, caller)
        end = leg.ended_time or now
        talk = Talk(case.offer.agent_id, since, end) if since else None
        if since is not None:
            case = await self.connected(connection, case, since, now)
        queue = await self._books.queue(connection, case.offer.queue_id)
        await self._over(connection, case, end, "" if cause == _NORMAL else cause, now)
        if case.entry.state is not EntryState.CONNECTED:
            return
        if talk is not None and _is_whole(talk, cause, queue, _ended(case.entry, caller)):
            after = replace(case.entry.left(Outcome.HANDLED, now), talk=talk)
        else:
            after = case.entry.cut_off(now, talk)
        await self._books.change_entry(connection, case.entry, after, now)

    async def _over(
        self, connection: AsyncConnection, case: Case, end: datetime, reason: str, now: datetime
    ) -> None:
        await self._alarms.cancel(connection, CHECK, case.offer.offer_id)
        await self._wrapping.begin(connection, case, end, reason, now)

    async def _take_back(
        self, connection: AsyncConnection, case: Case, end: OfferState, reason: str, now: datetime
    ) -> None:
        offer = replace(case.offer.to(end), reason=reason, end_time=now)
        for alarm in (LEASE, CHECK):
            await self._alarms.cancel(connection, alarm, offer.offer_id)
        await self._rings.let_go(connection, offer)
        await self._offer(connection, case, offer, now)
        agent = case.agent.released(now, turn_over=False)
        await self._books.change_agent(connection, case.agent, agent, now)

    async def _offer(
        self, connection: AsyncConnection, case: Case, offer: Offer, now: datetime
    ) -> Case:
        await self._books.change_offer(connection, case.offer, offer, now)
        return replace(case, offer=offer)


def _ended(entry: Entry, caller: Call | None) -> bool:
    """Say whether a caller is known to have hung up; a callback's own leg ended long ago."""
    return entry.kind is Kind.CALL and caller is not None and caller.hung_up is not None


def _is_whole(talk: Talk, cause: str, queue: Queue, caller_ended: bool) -> bool:
    """Say whether a conversation came to its end, and did not break off."""
    return caller_ended or (cause == _NORMAL and talk.length >= queue.short_talk)
