"""Whether one may write to somebody, and the ledger that says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Effect
from services.messaging.consent import (
    Action,
    Decision,
    LedgerEntry,
    Method,
    Scope,
    Standings,
    blocks,
    decide,
    differ,
    weighed,
)
from services.messaging.ids import derived_id
from services.messaging.model import Failure, Message, Purpose, is_e164
from services.messaging.ports import Effects, Ledger

RECENT_ENTRIES = 20
"""How many of the ledger's entries an answer about consent shows."""


@dataclass(frozen=True)
class Consents:
    """Reads and writes the ledger."""

    ledger: Ledger
    effects: Effects
    tell: Callable[[LedgerEntry], Effect]
    """Makes the effect that tells the stream of a change."""
    clock: Clock

    async def read(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> tuple[Decision, Sequence[LedgerEntry]]:
        """Return what the ledger says about writing to somebody, and its newest entries."""
        standings = await self.ledger.standings(connection, peer_number)
        recent = await self.ledger.recent(connection, peer_number, RECENT_ENTRIES)
        return decide(standings, our_number), recent

    async def objection(
        self, connection: AsyncConnection, our_number: str, peer_number: str, purpose: Purpose
    ) -> Decision | None:
        """Return the decision that forbids a message of this purpose, or None."""
        standings = await self.ledger.standings(connection, peer_number)
        decision = decide(standings, our_number)
        return decision if blocks(decision, purpose) else None

    async def hold(self, connection: AsyncConnection, peer_number: str) -> Standings:
        """Return what a person's scopes stand at, for a change in this transaction."""
        await self.ledger.hold(connection, peer_number)
        return await self.ledger.standings(connection, peer_number)

    async def record(
        self, connection: AsyncConnection, before: Standings, entry: LedgerEntry
    ) -> None:
        """Add an entry about a person who is held; tell the stream if a decision changes by it."""
        if not await self.ledger.append(connection, entry):
            return
        after = weighed(before, entry)
        if after is not before:
            scope = entry.scope_number
            await self.ledger.stand(connection, entry.peer_number, scope, after[scope])
        if differ(before, after):
            await self.effects.add(connection, self.tell(entry))

    async def block(self, connection: AsyncConnection, refused: Message, failure: Failure) -> None:
        """Record that the carrier refuses to write to somebody: it knows of an opt-out.

        Telnyx error 40300. Telnyx blocks the messaging profile; like a STOP it counts for the brand
        here.
        """
        if not is_e164(refused.peer_number):
            return
        before = await self.hold(connection, refused.peer_number)
        now = self.clock.now()
        entry = LedgerEntry(
            entry_id=derived_id("provider block", refused.message_id),
            effective_time=refused.complete_time or now,
            record_time=now,
            action=Action.REVOKED,
            scope=Scope.BRAND,
            method=Method.PROVIDER_BLOCK,
            peer_number=refused.peer_number,
            our_number=refused.our_number,
            source_message_id=refused.message_id,
            text=f"{failure.carrier_code} {failure.carrier_title}".strip(),
            messaging_profile_id=refused.messaging_profile_id,
        )
        await self.record(connection, before, entry)
