"""Verify, normalize, publish, else spool, else say so; every port a fake."""

import time
from datetime import UTC, datetime

import orjson
import pytest
from nacl.signing import SigningKey
from switchhook.event.v1.event_pb2 import Event, EventSource

from carrier.signature import KeyRing, Rejected, public_key_text, sign
from chassis.clock import FixedClock
from chassis.errors import Unavailable
from chassis.messages import Outgoing, Published
from chassis.metrics import Metrics as Registry
from services.gateway.acceptance import Acceptance, Signed, Where
from services.gateway.metrics import Metrics

KEY = SigningKey(b"u" * 32)
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Place:
    """A stream or a spool: keeps what it is given, or is away."""

    def __init__(self) -> None:
        """Begin empty and there."""
        self.kept: list[Outgoing] = []
        self.away = False

    async def publish(self, message: Outgoing) -> Published:
        """Keep a message on the stream."""
        await self.append(message)
        return Published(len(self.kept), duplicate=False)

    async def append(self, message: Outgoing) -> None:
        """Keep a message in the spool."""
        if self.away:
            raise Unavailable("AWAY", "it is away", retry_after=3)
        self.kept.append(message)


class Parts:
    """An acceptance and its surroundings."""

    def __init__(self) -> None:
        """Put an acceptance on fakes."""
        self.stream, self.spool = Place(), Place()
        self.registry = Registry()
        self.acceptance = Acceptance(
            KeyRing.parse(public_key_text(KEY)),
            self.stream,
            self.spool,
            FixedClock(NOW),
            Metrics(self.registry),
        )

    def count(self, name: str, **labels: str) -> float:
        """Return a counter's value."""
        return self.registry.registry.get_sample_value(f"switchhook_gateway_{name}", labels) or 0


def signed(body: bytes, key: SigningKey = KEY, at: datetime = NOW) -> Signed:
    """Sign a body as the carrier does."""
    timestamp = int(at.timestamp())
    return Signed([sign(key, timestamp, body)], [str(timestamp)], body)


BODY = orjson.dumps({"data": {"id": "e-1", "event_type": "call.initiated", "payload": {}}})


async def test_an_event_goes_to_the_stream_under_its_id() -> None:
    """The message is the event, its id the event's id, its subject the type's."""
    parts = Parts()
    kept = await parts.acceptance.webhook(signed(BODY))
    event = kept.event
    assert kept.where is Where.STREAM
    (message,) = parts.stream.kept
    assert message.message_id == event.event_id == "e-1"
    assert message.subject == "events.v1.telnyx.call.call.initiated"
    assert Event.FromString(message.payload) == event
    assert event.receive_time.ToDatetime(UTC) == NOW
    assert parts.spool.kept == []
    assert parts.count(
        "events_kept_total", where="stream", detail="call", source="EVENT_SOURCE_WEBHOOK"
    )


async def test_the_same_message_goes_to_the_spool_when_the_stream_is_away() -> None:
    """Spooled or published, the message is the same, so that draining it later changes nothing."""
    parts, other = Parts(), Parts()
    parts.stream.away = True
    await parts.acceptance.webhook(signed(BODY))
    await other.acceptance.webhook(signed(BODY))
    assert parts.spool.kept == other.stream.kept
    assert parts.count(
        "events_kept_total", where="spool", detail="call", source="EVENT_SOURCE_WEBHOOK"
    )


async def test_nothing_is_accepted_when_nothing_keeps_it() -> None:
    """With both away the caller is told, and when to come back."""
    parts = Parts()
    parts.stream.away = parts.spool.away = True
    with pytest.raises(Unavailable) as fault:
        await parts.acceptance.webhook(signed(BODY))
    assert fault.value.retry_after == 3


async def test_what_does_not_verify_is_counted_and_leaves_no_other_trace() -> None:
    """A rejection reaches neither normalizer nor stream, and its reason is a metric."""
    parts = Parts()
    with pytest.raises(Rejected):
        await parts.acceptance.webhook(signed(BODY, key=SigningKey(b"x" * 32)))
    with pytest.raises(Rejected):
        parts.acceptance.texml("main", Signed([], [], b"CallSid=a"))
    assert parts.stream.kept == parts.spool.kept == []
    assert parts.count("rejected_total", reason="BAD_SIGNATURE") == 1
    assert parts.count("rejected_total", reason="MISSING_HEADER") == 1


async def test_the_clock_is_the_one_that_was_given() -> None:
    """A request is stale by the gateway's clock, not by the machine's."""
    parts = Parts()
    with pytest.raises(Rejected):
        await parts.acceptance.webhook(signed(BODY, at=datetime.fromtimestamp(time.time(), UTC)))


async def test_an_unreadable_body_is_quarantined() -> None:
    """Signed garbage is an event with its bytes, on a subject of its own."""
    parts = Parts()
    event = (await parts.acceptance.webhook(signed(b"not JSON"))).event
    assert event.WhichOneof("detail") == "unreadable"
    assert event.raw == b"not JSON"
    (message,) = parts.stream.kept
    assert message.subject.startswith("events.v1.telnyx.unreadable.")


async def test_a_texml_request_is_an_event_once_it_is_kept() -> None:
    """Reading a request keeps nothing yet: its event is kept while the document is written."""
    parts = Parts()
    event = parts.acceptance.texml("main", signed(b"CallSid=v3:1&CallStatus=ringing"))
    assert event.source == EventSource.EVENT_SOURCE_TEXML
    assert parts.stream.kept == []
    assert await parts.acceptance.keep(event) is Where.STREAM
    assert len(parts.stream.kept) == 1
