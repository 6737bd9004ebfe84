"""Writing facts: what changes of entries, offers and agents mean for the figures."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import Agent, Offer, OfferState
from services.voice.queues.model import Entry, EntryState, Kind, Outcome
from services.voice.reporting.facts import Fact, FactKind
from services.voice.reporting.store import FactStore

_DERIVED_FOR = b"switchhook voice caller key 1"
_KEY_CHARACTERS = 32


class CallerKeys:
    """Turns numbers into keys that tell callers apart and nobody can turn back.

    The keyed hash is HMAC-SHA-256 (RFC 2104); whoever changes the secret begins to count anew.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _DERIVED_FOR, hashlib.sha256)

    def __call__(self, phone_number: str) -> str:
        """Return the key of a number, nothing for none."""
        if not phone_number:
            return ""
        digest = hmac.digest(self._key, phone_number.encode(), hashlib.sha256)
        return digest.hex()[:_KEY_CHARACTERS]


class Ledger:
    """Listens to entries, offers and agents, and adds what happens, in the same transaction."""

    def __init__(self, facts: FactStore, caller_key: CallerKeys) -> None:
        self._facts = facts
        self._caller_key = caller_key

    async def entry_changed(
        self, connection: AsyncConnection, before: Entry | None, after: Entry, now: datetime
    ) -> None:
        """Write when a caller enters, moves on, asks to be called back and leaves."""
        for fact in entry_facts(before, after, now, self._caller_key(after.caller_number)):
            await self._facts.append(connection, fact)

    async def offer_changed(
        self, connection: AsyncConnection, before: Offer | None, after: Offer, now: datetime
    ) -> None:
        """Write when an agent is asked, misses or declines, talks and wraps up."""
        facts = offer_facts(before, after, now)
        if facts:
            enqueued = await self._facts.entered(connection, after.entry_id, after.queue_id)
            for fact in facts:
                await self._facts.append(connection, fact(enqueued))

    async def presence_changed(
        self, connection: AsyncConnection, before: Agent | None, after: Agent, now: datetime
    ) -> None:
        """Write what presence an agent took."""
        if before is not None and before.presence is after.presence:
            return
        time = after.presence_time or now
        fact = Fact(
            fact_id=f"{after.agent_id}/{FactKind.PRESENCE}/{time.isoformat()}",
            kind=FactKind.PRESENCE,
            start_time=time,
            end_time=time,
            agent_id=after.agent_id,
            outcome=after.presence.value,
        )
        await self._facts.append(connection, fact)


def entry_facts(
    before: Entry | None, after: Entry, now: datetime, caller_key: str = ""
) -> Sequence[Fact]:
    """Return what a change of an entry adds.

    A caller who is moved to another queue leaves the one and enters the other: each queue answers
    for the time the caller spent in it.
    """
    facts = []
    moved = before is not None and before.queue_id != after.queue_id
    if before is not None and moved:
        facts.append(_left(before, Outcome.OVERFLOWED, after.enter_time, caller_key))
    if before is None or moved:
        facts.append(_of(after, FactKind.ENTERED, after.enter_time, caller_key))
    if after.kind is Kind.CALLBACK and (before is None or before.kind is Kind.CALL):
        facts.append(_of(after, FactKind.CALLBACK_ASKED, now, caller_key))
    alive = before is None or before.state is not EntryState.LEFT
    if alive and after.state is EntryState.LEFT and after.outcome is not None:
        facts.append(_left(after, after.outcome, after.left_time or now, caller_key))
    return facts


def offer_facts(before: Offer | None, after: Offer, now: datetime) -> Sequence["_Unplaced"]:
    """Return what a change of an offer adds, but for when its caller had entered."""
    facts = []
    if before is None:
        facts.append(_Unplaced(after, FactKind.OFFERED, after.create_time, after.create_time))
    if (before is None or before.connect_time is None) and after.connect_time is not None:
        facts.append(_Unplaced(after, FactKind.CONNECTED, after.connect_time, after.connect_time))
    if before is not None and before.state is after.state:
        return facts
    end = after.end_time or now
    if after.state is OfferState.NO_ANSWER:
        facts.append(_Unplaced(after, FactKind.MISSED, after.create_time, end))
    if after.state is OfferState.DECLINED:
        facts.append(_Unplaced(after, FactKind.DECLINED, after.create_time, end))
    if after.state is OfferState.WRAPPING and after.connect_time is not None:
        facts.append(_Unplaced(after, FactKind.TALKED, after.connect_time, end))
    if after.state is OfferState.COMPLETED and after.connect_time is not None:
        done = after.wrap_up_end_time or now
        facts.append(_Unplaced(after, FactKind.WRAPPED, end, done))
    return facts


class _Unplaced:
    """A fact of an offer that still has to be told when its caller entered the queue."""

    def __init__(self, offer: Offer, kind: FactKind, start: datetime, end: datetime) -> None:
        self.kind = kind
        self._offer = offer
        self._start = start
        self._end = end

    def __call__(self, enqueued: datetime | None) -> Fact:
        offer = self._offer
        return Fact(
            fact_id=f"{offer.offer_id}/{self.kind}",
            kind=self.kind,
            start_time=self._start,
            end_time=max(self._start, self._end),
            queue_id=offer.queue_id,
            entry_id=offer.entry_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
            enqueue_time=enqueued or offer.create_time,
        )


def _left(entry: Entry, outcome: Outcome, time: datetime, caller_key: str) -> Fact:
    return _of(entry, FactKind.LEFT, time, caller_key, outcome.value)


def _of(entry: Entry, kind: FactKind, time: datetime, caller_key: str, outcome: str = "") -> Fact:
    return Fact(
        fact_id=f"{entry.entry_id}/{entry.enter_time.isoformat()}/{kind}",
        kind=kind,
        start_time=time,
        end_time=time,
        queue_id=entry.queue_id,
        entry_id=entry.entry_id,
        agent_id=entry.agent_id if kind is FactKind.LEFT else "",
        caller_key=caller_key,
        outcome=outcome,
        enqueue_time=entry.enter_time,
    )
