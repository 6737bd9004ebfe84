"""Whether one may write to somebody, and the ledger that says so."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Effect
from services.messaging.consent.business_days import request_deadline
from services.messaging.consent.decision import (
    Decision,
    Objection,
    OpenHold,
    Standings,
    Target,
    decide,
    differ,
    object_to,
    weighed,
)
from services.messaging.consent.ledger import Action, Channel, LedgerEntry, Method
from services.messaging.consent.meaning import revocation
from services.messaging.consent.programs import Programs
from services.messaging.ids import derived_id
from services.messaging.model import Failure, Message, Purpose, is_e164
from services.messaging.ports import Effects, Ledger, Waiting

RECENT_ENTRIES = 20
"""How many of the ledger's entries an answer about consent shows."""

OnChange = Callable[[AsyncConnection, str], Awaitable[object]]
"""Told, in the transaction that takes consent back or holds it, whose it is."""

_TOLD_ALWAYS = (Action.HELD, Action.RELEASED)
_STOPPING = (Action.REVOKED, Action.VOIDED, Action.HELD)


@dataclass(frozen=True)
class Consents:
    """Reads and writes the ledger."""

    ledger: Ledger
    waiting: Waiting
    effects: Effects
    tell: Callable[[LedgerEntry], Effect]
    """Makes the effect that tells the stream of a change."""
    clock: Clock
    programs: Programs = field(default_factory=Programs)
    brand: str = ""
    on_change: list[OnChange] = field(default_factory=list)

    async def read(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> tuple[Decision, Sequence[LedgerEntry]]:
        """Return what the ledger says about writing to somebody, and its newest entries."""
        standings = await self.ledger.standings(connection, peer_number)
        recent = await self.ledger.recent(connection, peer_number, RECENT_ENTRIES)
        return decide(standings, self.target(our_number)), recent

    def target(
        self, our_number: str, purpose: Purpose = Purpose.CONVERSATION, program: str = ""
    ) -> Target:
        """Return what the ledger is asked about."""
        chosen = self.programs.chosen(our_number, program)
        return Target(our_number, chosen, purpose, self.programs.of(our_number))

    async def objection(
        self,
        connection: AsyncConnection,
        our_number: str,
        peer_number: str,
        purpose: Purpose,
        *,
        program: str = "",
        auto: bool = False,
    ) -> Objection | None:
        """Return why a message of this purpose must not be sent, or None.

        `auto` says that no person wrote it: such a message answers nobody's question.
        """
        target = self.target(our_number, purpose, program)
        objection, _, _ = await self.judged(connection, peer_number, target, auto=auto)
        return objection

    async def judged(
        self, connection: AsyncConnection, peer_number: str, target: Target, *, auto: bool = False
    ) -> tuple[Objection | None, Decision, OpenHold | None]:
        """Return what is decided about a message, and what the decision rests on."""
        standings = await self.ledger.standings(connection, peer_number)
        decision, asked_time = decide(standings, target), None
        if decision.is_revoked and target.purpose is Purpose.CONVERSATION and not auto:
            asked_time = await self.ledger.asked_time(connection, target.our_number, peer_number)
        hold = await self.ledger.open_hold(connection, peer_number)
        return object_to(target, decision, hold=hold, asked_time=asked_time), decision, hold

    async def hold(self, connection: AsyncConnection, peer_number: str) -> Standings:
        """Return what a person's scopes stand at, for a change in this transaction."""
        await self.ledger.hold(connection, peer_number)
        return await self.ledger.standings(connection, peer_number)

    async def record(
        self, connection: AsyncConnection, before: Standings, entry: LedgerEntry
    ) -> LedgerEntry | None:
        """Add an entry about a person who is held; tell the stream if a decision changes by it.

        What was queued and may no longer be sent is withdrawn in the same transaction. The entry
        comes last: from then on nobody else can write to the ledger until the end. Returns it as it
        was recorded, None when it was there already.
        """
        if await self.ledger.has(connection, entry.entry_id):
            return None
        after = weighed(before, entry)
        for key in [key for key in after if after[key] is not before.get(key)]:
            await self.ledger.stand(connection, entry.peer_number, key, after[key])
        if entry.action in _STOPPING:
            for told in self.on_change:
                await told(connection, entry.peer_number)
        link = await self.ledger.append(connection, self._complete(entry))
        if link is not None and (_is_told(link) or differ(before, after, self.programs)):
            await self.effects.add(connection, self.tell(link))
        return link

    async def block(self, connection: AsyncConnection, refused: Message, failure: Failure) -> None:
        """Record that the carrier refuses to write to somebody: it knows of an opt-out.

        Telnyx error 40300. Telnyx blocks the messaging profile; it counts here like a STOP to the
        number that sent.
        """
        if not is_e164(refused.peer_number):
            return
        change = revocation(refused.our_number, self.programs)
        entry = LedgerEntry(
            entry_id=derived_id("provider block", refused.message_id),
            effective_time=refused.complete_time or self.clock.now(),
            record_time=self.clock.now(),
            action=change.action,
            scope=change.scope,
            program_id=change.program_id,
            method=Method.PROVIDER_BLOCK,
            peer_number=refused.peer_number,
            our_number=refused.our_number,
            source_message_id=refused.message_id,
            text=f"{failure.carrier_code} {failure.carrier_title}".strip(),
            messaging_profile_id=refused.messaging_profile_id,
            evidence={"source": "send_refused"},
        )
        await self.add(connection, entry)

    async def add(self, connection: AsyncConnection, entry: LedgerEntry) -> LedgerEntry | None:
        """Record an entry about a person who is not held yet; None when it is there already."""
        before = await self.hold(connection, entry.peer_number)
        return await self.record(connection, before, entry)

    def _complete(self, entry: LedgerEntry) -> LedgerEntry:
        asked = entry.action in _STOPPING and entry.request_deadline is None
        deadline = request_deadline(entry.effective_time) if asked else entry.request_deadline
        return replace(entry, brand=entry.brand or self.brand, request_deadline=deadline)


def _is_told(entry: LedgerEntry) -> bool:
    """Say whether others must hear of it although no message stands differently by it."""
    return entry.action in _TOLD_ALWAYS or entry.channel in (Channel.VOICE, Channel.FAX)
