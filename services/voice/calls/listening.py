"""Hearing what callers say instead of pressing keys, on commanded legs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.calls.command import StopGather, StopListening
from services.voice.calls.desk import Desk
from services.voice.calls.facts import CommandKind
from services.voice.calls.model import Call


@dataclass(frozen=True)
class Listening:
    """Ends listening when a gather has its answer, and the gather when the answer was said."""

    desk: Desk

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Stop what the answer has made needless, before anybody acts on the answer."""
        for result in sorted(after.results - before.results):
            if result.kind is CommandKind.GATHER:
                await self._stop(connection, after, result.key, said=bool(result.speech))

    async def _stop(self, connection: AsyncConnection, call: Call, key: str, *, said: bool) -> None:
        given = {each.key for each in await self.desk.calls.commands_of(connection, call.leg_id)}
        if f"{key}/listen" not in given:
            return
        await self.desk.give(connection, call, f"{key}/deaf", StopListening())
        if said:
            await self.desk.give(connection, call, f"{key}/enough", StopGather(key))
