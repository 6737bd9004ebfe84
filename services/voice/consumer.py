"""The carrier's call events, as the bus delivers them."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.event.v1.event_pb2 import Event

from chassis import logs
from chassis.metrics import Metrics
from services.voice.calls import sightings
from services.voice.calls.model import Call
from services.voice.calls.ports import Preparation
from services.voice.calls.state_token import StateTokens, Verdict
from services.voice.calls.switchboard import Switchboard

DURABLE = "voice"
SUBJECTS = ("events.v1.telnyx.call.>", "events.v1.telnyx.texml.>")

_log = logs.get_logger(__name__)


class EventReader(Protocol):
    """Takes from an event what is not a fact of its call."""

    async def read(self, connection: AsyncConnection, event: Event, call: Call) -> None:
        """Keep what the event says, in its transaction; `call` is what is known with it."""
        ...


class CallEvents:
    """Hands what events say of calls to the switchboard."""

    def __init__(
        self,
        switchboard: Switchboard,
        tokens: StateTokens,
        preparation: Preparation,
        metrics: Metrics,
        readers: Sequence[EventReader] = (),
    ) -> None:
        self._switchboard = switchboard
        self._tokens = tokens
        self._preparation = preparation
        self._readers = readers
        verdicts = [verdict.name for verdict in Verdict]
        self._states = metrics.counter(
            "voice_client_states", "Events by what their client_state was.", {"verdict": verdicts}
        )

    async def prepare(self, event: Event) -> object:
        """Ask what must be known, before the transaction."""
        seen = sightings.of_event(event, self._tokens)
        return None if seen is None else await self._preparation.prepare(seen.call)

    async def apply(self, conn: AsyncConnection, event: Event, prepared: object) -> None:
        """Record the event and let everybody act on it."""
        seen = sightings.of_event(event, self._tokens)
        if seen is None:
            return
        self._judge(seen.verdict)
        found = await self._preparation.found(conn, seen.call, prepared)
        call = await self._switchboard.record(conn, seen.call.join(found), seen.heard)
        for reader in self._readers:
            await reader.read(conn, event, call)

    def _judge(self, verdict: Verdict) -> None:
        self._states.at(verdict.name).inc()
        if verdict in (Verdict.FORGED, Verdict.MISPLACED):
            # Without its content: whoever forges one would like to see it in a log.
            _log.warning("client_state.refused", verdict=verdict.name)
