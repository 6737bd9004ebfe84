"""What the carrier's events say of attempts, and whose attempts they are."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.event.v1 import event_pb2, party_pb2

from chassis.logs import get_logger
from chassis.metrics import Metrics
from services.fax.sending.failures import classify
from services.fax.sending.following import Following
from services.fax.sending.ids import AttemptKey, Tokens
from services.fax.sending.model import AttemptState, Sighting

_STATES = {
    "queued": AttemptState.ACCEPTED,
    "media_processed": AttemptState.ACCEPTED,
    "sending_started": AttemptState.TRANSMITTING,
    "delivered": AttemptState.DELIVERED,
    "failed": AttemptState.FAILED,
}

_log = get_logger(__name__)


class Sightings:
    """Takes in what events say of the faxes we send."""

    def __init__(self, following: Following, tokens: Tokens, metrics: Metrics) -> None:
        self._following = following
        self._tokens = tokens
        self._counted = metrics.counter(
            "fax_client_states",
            "Events of sent faxes, by whose client_state they carry.",
            {"whose": ["ours", "foreign", "none"]},
        )

    async def apply(self, connection: AsyncConnection, event: event_pb2.Event) -> None:
        """Take one event in; one about a fax that is none of ours changes nothing."""
        told = event.fax
        state = _STATES.get(told.WhichOneof("detail") or "")
        if state is None or told.direction == party_pb2.DIRECTION_INBOUND:
            return
        key = await self._key(connection, event)
        if key is not None:
            await self._following.see(connection, key, _sighting(event, state))

    async def _key(self, connection: AsyncConnection, event: event_pb2.Event) -> AttemptKey | None:
        """Return whose attempt it is: by the token, or by the transmission if that is known."""
        told = event.fax
        if named := self._tokens.read(_decoded(told.client_state)):
            self._counted.at("ours").inc()
            return named
        if told.client_state:
            # Sent by other software of this account, or made up by somebody.
            self._counted.at("foreign").inc()
            _log.info("client_state.foreign", event_id=event.event_id, fax_id=told.fax_id)
        else:
            self._counted.at("none").inc()
        known = await self._following.jobs.of_faxes(connection, [told.fax_id])
        found = known.get(told.fax_id)
        return AttemptKey(*found) if found else None


def _sighting(event: event_pb2.Event, state: AttemptState) -> Sighting:
    told = event.fax
    moment = event.occur_time if event.HasField("occur_time") else event.receive_time
    failed = state is AttemptState.FAILED
    return Sighting(
        state=state,
        time=moment.ToDatetime(tzinfo=UTC),
        fax_id=told.fax_id,
        reason=told.failure_reason if failed else "",
        failure_class=classify(told.failure_reason) if failed else None,
        page_count=told.page_count if told.HasField("page_count") else None,
        call_duration=told.call_duration.ToTimedelta() if told.HasField("call_duration") else None,
    )


def _decoded(client_state: str) -> bytes:
    try:
        return base64.b64decode(client_state, validate=True)
    except (binascii.Error, ValueError):
        return b""
