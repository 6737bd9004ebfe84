"""The inbound policy at work: a listener that answers, greets and queues whoever calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.calls.command import Enqueue
from services.voice.calls.desk import Desk
from services.voice.calls.model import Call, Lookup, Steering
from services.voice.calls.ports import Directory, Transactions
from services.voice.calls.switchboard import Switchboard
from services.voice.policy import (
    Instruction,
    Policy,
    instructions,
    next_commands,
    wants_lookup,
)


@dataclass(frozen=True)
class InboundPolicy:
    """Decides what every caller hears and where the call goes."""

    database: Transactions
    directory: Directory
    desk: Desk
    policy: Policy

    async def prepare(self, sighting: Call) -> Lookup | None:
        """Ask who is calling if that still matters; None when it does not.

        Runs before any transaction: the CRM may take its time, and no lock waits for it. Who calls
        on a TeXML application is asked while the document is decided.
        """
        if sighting.steering is Steering.TEXML:
            return None
        call = await self._known(sighting)
        if not wants_lookup(call, self.policy):
            return None
        return await self.directory.find(call.caller.phone_number)

    async def found(self, connection: AsyncConnection, sighting: Call, prepared: object) -> Call:
        """Return what asking has told, as a fact of the call."""
        return Call(lookup=prepared) if isinstance(prepared, Lookup) else Call()

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Command what the call needs next."""
        for step, command in next_commands(after, self.policy):
            await self.desk.give(connection, after, step.value, command)

    async def instruct(self, switchboard: Switchboard, sighting: Call) -> Sequence[Instruction]:
        """Decide everything about a TeXML call at once and record it.

        A call that asks again gets the same answer: what was found out first stays.
        """
        call = await self._known(sighting)
        if call.lookup is None and wants_lookup(call, self.policy):
            call = replace(call, lookup=await self.directory.find(call.caller.phone_number))
        given = instructions(call, self.policy)
        queues = [each.queue for each in given if isinstance(each, Enqueue)]
        call = replace(call, texml_queue=queues[0] if queues else "")
        async with self.database.transaction() as connection:
            await switchboard.record(connection, call)
        return given

    async def _known(self, sighting: Call) -> Call:
        async with self.database.reading() as connection:
            known = await self.desk.calls.find(connection, sighting)
        return known.join(sighting) if known else sighting
