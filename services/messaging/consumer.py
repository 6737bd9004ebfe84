"""From the stream to the use cases."""

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.event.v1.event_pb2 import Event

from chassis.errors import NotYet
from chassis.logs import get_logger
from services.messaging import events
from services.messaging.keywords import OUR_OWN_SENDER
from services.messaging.use_cases.receiving import Receiving

DURABLE = "messaging"
SUBJECTS = ("events.v1.telnyx.message.>",)

_UNKNOWN_EVENT_SECONDS = 300.0
_REPORTS = ("sent", "finalized", "read")
_NOT_OURS = ("link_clicked", "echoed")

_log = get_logger(__name__)


class MessageEvents:
    """Takes in what the carrier says of messages."""

    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving

    async def prepare(self, event: Event) -> object:
        """Need nothing from outside before the transaction."""
        return None

    async def apply(self, connection: AsyncConnection, event: Event, prepared: object) -> None:
        """Take one event in; raises Invalid for one that can never be, NotYet for a newer one."""
        match event.message.WhichOneof("detail"):
            case "received":
                await self._receive(connection, event)
            case arm if arm in _REPORTS:
                await self._receiving.report(connection, events.reported(event))
            case arm if arm in _NOT_OURS or event.safe_to_ignore:
                _log.info("event.ignored", event_id=event.event_id, type=event.type)
            case _:
                raise NotYet(
                    "EVENT_UNKNOWN",
                    "this version does not know what the event says",
                    retry_after=_UNKNOWN_EVENT_SECONDS,
                )

    async def _receive(self, connection: AsyncConnection, event: Event) -> None:
        message, arrival = events.received(event)
        stored = await self._receiving.receive(connection, message, arrival)
        if stored.classification == OUR_OWN_SENDER:
            _log.warning("loop.suspected", message_id=stored.message_id)
        elif stored.classification is not None and stored.classification.is_keyword:
            _log.info(
                "keyword.received",
                message_id=stored.message_id,
                rule_id=stored.classification.rule_id,
                list_version=stored.classification.list_version,
            )
