"""From the stream to the use cases."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.event.v1 import event_pb2

from chassis.logs import get_logger
from services.fax import translate
from services.fax.sending.sightings import Sightings
from services.fax.use_cases import FaxUseCases

DURABLE = "fax"
SUBJECTS = ("events.v1.telnyx.fax.>",)

_log = get_logger(__name__)


class FaxEvents:
    """Takes in every event the carrier sends about faxes."""

    def __init__(self, faxes: FaxUseCases, sightings: Sightings) -> None:
        self._faxes = faxes
        self._sightings = sightings

    async def prepare(self, event: event_pb2.Event) -> None:
        """Need nothing from outside before the transaction."""

    async def apply(
        self, connection: AsyncConnection, event: event_pb2.Event, prepared: object
    ) -> None:
        """Take one event in."""
        if not event.fax.fax_id:
            # Nothing to hang it on; the event itself stays on the stream.
            _log.warning("event.ignored", event_id=event.event_id, reason="no fax_id")
            return
        await self._faxes.record(connection, translate.observation(event))
        await self._sightings.apply(connection, event)
