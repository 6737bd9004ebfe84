"""Accept what the carrier signed: verify, normalize, publish, else spool, else say "try again".

Pure orchestration; the ports do the work. An event that is returned as kept is on disk, on the
stream or in the spool. What does not verify leaves no trace but a count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from switchhook.event.v1.event_pb2 import Event

from carrier import normalize, signature
from chassis.clock import Clock
from chassis.errors import Unavailable
from chassis.logs import get_logger
from chassis.messages import Outgoing, Published
from services.gateway.metrics import Metrics

log = get_logger(__name__)


class Stream(Protocol):
    """Where events belong."""

    async def publish(self, message: Outgoing) -> Published:
        """Return when the message is durably on the stream; raise Unavailable otherwise."""
        ...


class Spool(Protocol):
    """Where events wait while the stream is away."""

    async def append(self, message: Outgoing) -> None:
        """Return when the message is durably in the spool; raise Unavailable otherwise."""
        ...


class Where(StrEnum):
    """Where an event was kept."""

    STREAM = "stream"
    SPOOL = "spool"


@dataclass(frozen=True, slots=True)
class Kept:
    """An event and where it is."""

    event: Event
    where: Where


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it came, with every value its signature headers occurred with."""

    signatures: Sequence[str]
    timestamps: Sequence[str]
    body: bytes


class Acceptance:
    """Turn signed requests into events that are kept."""

    def __init__(
        self,
        ring: signature.KeyRing,
        stream: Stream,
        spool: Spool,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """Believe the keys of `ring`; keep events on `stream`, or in `spool` when it is away."""
        self._ring = ring
        self._stream = stream
        self._spool = spool
        self._clock = clock
        self._metrics = metrics

    async def webhook(self, request: Signed) -> Kept:
        """Keep the event of a JSON webhook.

        A verified body that cannot be understood is kept as an unreadable event: the carrier would
        not send it again in a better form. Raises signature.Rejected for what does not verify, and
        Unavailable when the event could not be kept anywhere.
        """
        self._verify(request)
        event = normalize.normalize(request.body, receive_time=self._clock.now())
        return Kept(event, await self.keep(event))

    def texml(self, app: str, request: Signed) -> Event:
        """Return the event of a TeXML request to the application `app`, not yet kept.

        Raises signature.Rejected for what does not verify.
        """
        self._verify(request)
        return normalize.normalize_texml(request.body, app=app, receive_time=self._clock.now())

    async def keep(self, event: Event) -> Where:
        """Return when `event` is durably kept; raise Unavailable when it cannot be."""
        message = Outgoing(
            normalize.subject(event), event.SerializeToString(), message_id=event.event_id
        )
        try:
            await self._stream.publish(message)
            where = Where.STREAM
        except Unavailable as fault:
            log.debug("event.spooled", event_id=event.event_id, reason=fault.message)
            await self._spool.append(message)
            where = Where.SPOOL
        self._metrics.kept(event, where)
        return where

    def _verify(self, request: Signed) -> None:
        try:
            signature.verify(
                self._ring,
                signature=request.signatures,
                timestamp=request.timestamps,
                body=request.body,
                now=self._clock.now().timestamp(),
            )
        except signature.Rejected as rejected:
            self._metrics.rejected(rejected.reason)
            raise
