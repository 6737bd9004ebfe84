"""The centre: who enters a queue, keeps a place in it, is moved on, and leaves."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound, NotYet
from services.voice.agents.model import Offer
from services.voice.agents.offering import Offering
from services.voice.calls.model import Call
from services.voice.queues.books import Books
from services.voice.queues.forecast import HandleTime
from services.voice.queues.history import SqlHistory
from services.voice.queues.model import (
    SETTLES,
    CallbackOffer,
    Entrant,
    Entry,
    EntryState,
    Kind,
    NotEntered,
    Outcome,
    Queue,
    Talk,
    abandon,
)
from services.voice.queues.ports import Legs

_ENTRIES = uuid.UUID("7a1c9e52-41b7-5e0c-8f7a-2f0f0d6b9c38")
"""Never change it: entries are named by it."""

_STANDS_AFTER_A_TALK = frozenset(
    {Outcome.TRANSFERRED, Outcome.REMOVED, Outcome.LOST, Outcome.TECHNICAL}
)
"""Outcomes that say more than that there was a conversation."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an entry stands, and its queue. ``position`` 0 is nowhere: it is served or has left."""

    position: int
    waiting: int
    agents_staffed: int
    agents_available: int
    average_handle: HandleTime | None
    longest_wait: timedelta | None = None


class Centre:
    """Keeps places in queues; every method works in the caller's transaction."""

    def __init__(self, books: Books, offering: Offering, legs: Legs) -> None:
        self._books = books
        self._offering = offering
        self._legs = legs
        self._history = SqlHistory()

    async def enter(
        self, connection: AsyncConnection, entrant: Entrant, now: datetime
    ) -> Entry | NotEntered:
        """Let a caller into a queue, or say why not; a leg that waits keeps the place it has.

        Who gave up in this queue a moment ago is given that wait, if the entrant brings no credit.
        """
        queue = await self._books.queues.locked(connection, entrant.queue_id)
        known = await self._books.entries.of_leg(connection, entrant.leg_id)
        if known is not None:
            return known
        refused = await self._refused(connection, queue, entrant.kind, now)
        if queue is None or refused is not None:
            return refused or NotEntered.QUEUE_UNKNOWN
        number = await self._books.entries.count_of_leg(connection, entrant.leg_id)
        entry = _entry(entrant, str(uuid.uuid5(_ENTRIES, f"{entrant.leg_id}/{number}")), now)
        if not entry.credit:
            entry = replace(entry, credit=await self._credit(connection, entry, queue, now))
        return await self._books.add_entry(connection, entry, queue, now)

    async def entry(self, connection: AsyncConnection, entry_id: str) -> Entry:
        """Return an entry, or raise NotFound."""
        found = await self._books.entries.get(connection, entry_id)
        if found is None:
            raise NotFound("ENTRY_NOT_FOUND", "no entry has this id")
        return found

    async def offer(self, connection: AsyncConnection, offer_id: str) -> Offer | None:
        """Return an offer, or None."""
        return await self._books.offers.get(connection, offer_id)

    async def leave(
        self, connection: AsyncConnection, entry_id: str, outcome: Outcome, now: datetime
    ) -> Entry:
        """Let an entry leave for good; one that has left stays as it left.

        An agent who is being rung is let go; a conversation is over, and the outcome HANDLED unless
        it says more. ABANDONED becomes SHORT_ABANDONED within the queue's limit.
        """
        entry = await self._locked(connection, entry_id)
        if not entry.is_alive:
            return entry
        talk = await self._let_agent_go(connection, entry, now)
        caller = await self._legs.find(connection, Call(leg_id=entry.leg_id))
        moment = _moment(entry, caller, now)
        queue = await self._books.queue(connection, entry.queue_id)
        final = _outcome(entry, talk, outcome, queue, moment)
        left = replace(entry.left(final, moment), talk=talk or entry.talk)
        return await self._books.change_entry(connection, entry, left, now)

    async def standing(self, connection: AsyncConnection, entry_id: str, now: datetime) -> Standing:
        """Return where an entry stands; raise NotFound for one that never was."""
        entry = await self.entry(connection, entry_id)
        queue = await self.queue_standing(connection, entry.queue_id, now)
        position = await self._books.entries.position(connection, entry_id) if entry.waits else 0
        return replace(queue, position=position)

    async def queue_standing(
        self, connection: AsyncConnection, queue_id: str, now: datetime
    ) -> Standing:
        """Return how a queue stands, at no position."""
        waiting, oldest = await self._books.entries.standing(connection, queue_id)
        staffed, available = await self._books.agents.standing(connection, queue_id)
        times = await self._books.offers.handle_times(connection, queue_id, now)
        average = HandleTime(sum(times, timedelta()) / len(times), len(times)) if times else None
        longest = max(now - oldest, timedelta()) if oldest else None
        return Standing(0, waiting, staffed, available, average, longest)

    async def move(
        self,
        connection: AsyncConnection,
        entry_id: str,
        queue_id: str,
        required_skills: Mapping[str, int] | None,
        now: datetime,
    ) -> Entry | NotEntered:
        """Move a waiting entry to another queue, or let it ask for other skills in its own.

        It keeps its enqueue time, and its offers begin anew; None leaves the skills. An entry that
        does not wait, because an agent is being rung, has it, or it has left, stays as it is.
        """
        queue = await self._books.queues.locked(connection, queue_id)
        entry = await self._locked(connection, entry_id)
        if entry.state is not EntryState.WAITING:
            return entry
        if entry.queue_id != queue_id:
            refused = await self._refused(connection, queue, entry.kind, now)
            if refused is not None:
                return refused
        if queue is None:
            return NotEntered.QUEUE_UNKNOWN
        skills = entry.required_skills if required_skills is None else required_skills
        moved = entry.moved(queue_id, skills, now)
        return await self._books.change_entry(connection, entry, moved, now, queue)

    async def to_callback(
        self, connection: AsyncConnection, entry_id: str, number: str, now: datetime
    ) -> Entry:
        """Let a waiting caller be called back: the entry keeps its place.

        An entry that does not wait stays as it is.
        """
        entry = await self._locked(connection, entry_id)
        if entry.state is not EntryState.WAITING or entry.kind is Kind.CALLBACK:
            return entry
        return await self._books.change_entry(connection, entry, entry.called_back(number), now)

    async def callback_failed(
        self, connection: AsyncConnection, entry_id: str, now: datetime
    ) -> Entry:
        """Let go of an agent whose customer was not reached; the next attempt comes later.

        After the last attempt the entry leaves as UNREACHED. An entry that no agent has stays as
        it is, so telling it twice counts once.
        """
        entry = await self._locked(connection, entry_id)
        if entry.state is not EntryState.CONNECTED or entry.kind is not Kind.CALLBACK:
            return entry
        case = await self._books.case(connection, entry.offer_id)
        if case is not None:
            await self._offering.rescind(connection, case, now)
        queue = await self._books.queue(connection, entry.queue_id)
        offer = queue.callback_offer or CallbackOffer()
        due = queue.next_open(now + offer.spacing)
        if due is None or entry.attempts >= offer.attempts:
            after = entry.left(Outcome.UNREACHED, now)
        else:
            after = entry.missed(due)
        return await self._books.change_entry(connection, entry, after, now)

    async def reprioritize(
        self,
        connection: AsyncConnection,
        entry_id: str,
        priority: timedelta,
        front: bool | None,
        now: datetime,
    ) -> Entry:
        """Let an entry go ahead of its wait; raise NotYet when it is served already."""
        entry = await self._waiting(connection, entry_id)
        queue = await self._books.queue(connection, entry.queue_id)
        head = entry.front if front is None else front
        after = replace(entry, priority=priority, front=head)
        return await self._books.change_entry(connection, entry, after, now, queue)

    async def remove(self, connection: AsyncConnection, entry_id: str, now: datetime) -> Entry:
        """Take an entry out of its queue; raise NotYet when an agent has it."""
        entry = await self._locked(connection, entry_id)
        if entry.is_alive:
            await self._waiting(connection, entry_id)
        return await self.leave(connection, entry_id, Outcome.REMOVED, now)

    async def reorder(self, connection: AsyncConnection, queue: Queue, now: datetime) -> None:
        """Put those who wait in a queue in the order of its new settings; it is locked."""
        for entry in await self._books.entries.alive(connection, queue.queue_id):
            await self._books.reorder(connection, entry, queue, now)

    async def _locked(self, connection: AsyncConnection, entry_id: str) -> Entry:
        entry = await self._books.entries.locked(connection, entry_id)
        if entry is None:
            raise NotFound("ENTRY_NOT_FOUND", "no entry has this id")
        return entry

    async def _waiting(self, connection: AsyncConnection, entry_id: str) -> Entry:
        entry = await self._locked(connection, entry_id)
        if not entry.waits:
            raise NotYet("ENTRY_SERVED", "an agent has taken the entry, or it has left")
        return entry

    async def _refused(
        self, connection: AsyncConnection, queue: Queue | None, kind: Kind, now: datetime
    ) -> NotEntered | None:
        """Return why nobody is let into a queue, which is locked."""
        if queue is None:
            return NotEntered.QUEUE_UNKNOWN
        if kind is Kind.CALLBACK:
            return None
        if not queue.is_open(now):
            return NotEntered.QUEUE_CLOSED
        callers = await self._books.entries.callers(connection, queue.queue_id)
        return NotEntered.QUEUE_FULL if callers >= queue.max_size else None

    async def _credit(
        self, connection: AsyncConnection, entry: Entry, queue: Queue, now: datetime
    ) -> timedelta:
        scoring = queue.scoring
        credit = await self._history.credit(
            connection, entry.caller_number, queue.queue_id, scoring.credit_window, now
        )
        return min(credit, scoring.credit_cap)

    async def _let_agent_go(
        self, connection: AsyncConnection, entry: Entry, now: datetime
    ) -> Talk | None:
        if entry.state not in (EntryState.OFFERED, EntryState.CONNECTED):
            return None
        case = await self._books.case(connection, entry.offer_id)
        return await self._offering.caller_left(connection, case, now) if case else None


def _entry(entrant: Entrant, entry_id: str, now: datetime) -> Entry:
    return Entry(
        entry_id=entry_id,
        leg_id=entrant.leg_id,
        journey_id=entrant.journey_id,
        queue_id=entrant.queue_id,
        kind=entrant.kind,
        caller_number=entrant.caller_number,
        is_vip=entrant.is_vip,
        escalated=entrant.escalated,
        credit=entrant.credit,
        boosts=entrant.boosts,
        required_skills=entrant.required_skills,
        language=entrant.language,
        preferred_agent_id=entrant.preferred_agent_id,
        decision_id=entrant.decision_id,
        max_offers=entrant.max_offers,
        enqueue_time=min(entrant.enqueue_time, now),
        enter_time=now,
    )


def _moment(entry: Entry, caller: Call | None, now: datetime) -> datetime:
    """Return when a caller left: when they hung up, however late we hear of it."""
    ended = caller.ended_time if caller and entry.kind is Kind.CALL else None
    return max(min(ended, now), entry.enqueue_time) if ended else now


def _outcome(
    entry: Entry, talk: Talk | None, outcome: Outcome, queue: Queue, moment: datetime
) -> Outcome:
    if talk is not None:
        return outcome if outcome in _STANDS_AFTER_A_TALK else Outcome.HANDLED
    if outcome is not Outcome.ABANDONED:
        return outcome
    # A conversation that the caller ended looks cut off until we hear of their hanging up.
    if entry.talk is not None and moment <= entry.talk.end_time + SETTLES:
        return Outcome.HANDLED
    return abandon(entry, queue, moment)
