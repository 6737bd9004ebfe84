"""The carrier's call events, as the bus delivers them."""

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.event.v1.event_pb2 import Event

from services.voice.calls import sightings
from services.voice.calls.model import Lookup
from services.voice.calls.switchboard import Switchboard

DURABLE = "voice"
SUBJECTS = ("events.v1.telnyx.call.>", "events.v1.telnyx.texml.>")


class CallEvents:
    """Hands what events say of calls to the switchboard."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    async def prepare(self, event: Event) -> Lookup | None:
        """Ask who is calling, before the transaction."""
        sighting = sightings.of_event(event)
        return None if sighting is None else await self._switchboard.identify(sighting)

    async def apply(self, conn: AsyncConnection, event: Event, prepared: object) -> None:
        """Record the event and queue what follows from it."""
        sighting = sightings.of_event(event)
        if sighting is not None:
            lookup = prepared if isinstance(prepared, Lookup) else None
            await self._switchboard.record(conn, sighting, lookup)
