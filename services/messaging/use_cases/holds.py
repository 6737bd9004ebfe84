"""Texts that may have been a STOP: kept for a person to judge, and a STOP when nobody does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound, NotYet
from services.messaging.consent.business_days import request_deadline
from services.messaging.consent.decision import Standings
from services.messaging.consent.holds import Hold, HoldPosition, HoldState, Judgement
from services.messaging.consent.ledger import Action, LedgerEntry, Scope
from services.messaging.consent.meaning import revocation
from services.messaging.ids import derived_id
from services.messaging.use_cases.consents import Consents

_STATES = {Judgement.STOP: HoldState.STOPPED, Judgement.NOT_A_STOP: HoldState.RELEASED}


@dataclass(frozen=True)
class Holds:
    """Opens, lists and ends holds."""

    consents: Consents

    async def open(
        self, connection: AsyncConnection, before: Standings, entry: LedgerEntry, message_id: str
    ) -> None:
        """Hold marketing to a person who is held in this transaction, by a HELD entry."""
        hold = Hold(
            hold_id=derived_id("hold", message_id),
            entry_id=entry.entry_id,
            peer_number=entry.peer_number,
            our_number=entry.our_number,
            program_id=entry.program_id,
            message_id=message_id,
            effective_time=entry.effective_time,
            due_time=request_deadline(entry.effective_time),
        )
        if await self.consents.waiting.add(connection, hold):
            await self.consents.record(connection, before, replace(entry, hold_id=hold.hold_id))

    async def explained(
        self, connection: AsyncConnection, found: Sequence[Hold]
    ) -> list[tuple[Hold, LedgerEntry | None]]:
        """Return holds with the entries that made them."""
        ids = [hold.entry_id for hold in found]
        entries = await self.consents.ledger.entries(connection, ids)
        by_id = {entry.entry_id: entry for entry in entries}
        return [(hold, by_id.get(hold.entry_id)) for hold in found]

    async def resolve(
        self,
        connection: AsyncConnection,
        hold_id: str,
        judgement: Judgement,
        *,
        reviewer: str,
        note: str = "",
    ) -> Hold:
        """Write down what a person decided; the same judgement again changes nothing.

        Raises NotFound, and NotYet (HOLD_RESOLVED) when it was judged otherwise before.
        """
        hold = await self._held(connection, hold_id)
        state = _STATES[judgement]
        if hold.state is state:
            return hold
        if hold.state is not HoldState.OPEN:
            raise NotYet(
                "HOLD_RESOLVED",
                "the hold has ended otherwise",
                metadata={"state": hold.state.name},
            )
        return await self._end(connection, hold, state, reviewer, note)

    async def expire(self, connection: AsyncConnection, hold_id: str) -> bool:
        """Take a text nobody judged in time for a STOP; return False when somebody did after all.

        Within ten business days a request must have been honored, and this may have been one: 47
        CFR 64.1200(a)(10).
        """
        hold = await self._held(connection, hold_id)
        if hold.state is not HoldState.OPEN or hold.due_time > self.consents.clock.now():
            return False
        await self._end(connection, hold, HoldState.EXPIRED, "", "nobody judged it in time")
        return True

    async def _held(self, connection: AsyncConnection, hold_id: str) -> Hold:
        """Return a hold of a person who is held from now on, as every change needs it."""
        found = await self.consents.waiting.get(connection, hold_id)
        if found is None:
            raise NotFound("HOLD_NOT_FOUND", "no such hold")
        await self.consents.ledger.hold(connection, found.peer_number)
        held = await self.consents.waiting.get(connection, hold_id, for_update=True)
        return held or found

    async def _end(
        self,
        connection: AsyncConnection,
        hold: Hold,
        state: HoldState,
        reviewer: str,
        note: str,
    ) -> Hold:
        (made,) = await self.consents.ledger.entries(connection, [hold.entry_id])
        entry = self._ending(hold, made, state, reviewer, note)
        ended = replace(
            hold,
            state=state,
            reviewer=reviewer,
            note=note,
            resolve_time=entry.record_time,
            resolve_entry_id=entry.entry_id,
        )
        await self.consents.waiting.save(connection, ended)
        before = await self.consents.ledger.standings(connection, hold.peer_number)
        await self.consents.record(connection, before, entry)
        return ended

    def _ending(
        self, hold: Hold, made: LedgerEntry, state: HoldState, reviewer: str, note: str
    ) -> LedgerEntry:
        """Return the entry that ends a hold; a STOP counts from when the text was written."""
        now = self.consents.clock.now()
        change = revocation(hold.our_number, self.consents.programs)
        released = state is HoldState.RELEASED
        return replace(
            made,
            entry_id=derived_id(f"hold {state.value}", hold.hold_id),
            effective_time=now if released else made.effective_time,
            record_time=now,
            action=Action.RELEASED if released else change.action,
            scope=Scope.BRAND if released else change.scope,
            program_id=hold.program_id if released else change.program_id,
            request_deadline=None if released else made.request_deadline,
            reviewer=reviewer,
            note=note,
            sequence=0,
            prev_hash="",
            hash="",
        )

    async def list(
        self,
        connection: AsyncConnection,
        state: HoldState,
        *,
        limit: int,
        after: HoldPosition | None,
        peer_number: str = "",
    ) -> Sequence[tuple[Hold, LedgerEntry | None]]:
        """Return holds in a state, the oldest due first, with the entries that made them."""
        found = await self.consents.waiting.list(
            connection, state, limit=limit, after=after, peer_number=peer_number
        )
        return await self.explained(connection, found)
