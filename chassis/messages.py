"""What goes over the bus: messages to store, stored ones, and deliveries to acknowledge."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chassis.errors import Unavailable

_BATCH_HEADER = "Nats-Batch-"
_OLD_ACK_TOKENS = 9
_NEW_ACK_TOKENS = 11
_FRACTION = re.compile(r"(\.\d{1,6})\d*")


class BusError(Unavailable):
    """The bus did not do what it was asked.

    ``in_doubt`` says that it may have done so nevertheless: try again with the same message id.
    ``code`` is the server's own error code, 0 when the server said nothing.
    """

    def __init__(self, reason: str, message: str, *, in_doubt: bool, code: int = 0) -> None:
        super().__init__(reason, message)
        self.in_doubt = in_doubt
        self.code = code


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to store; the stream keeps one message per `message_id`."""

    subject: str
    payload: bytes
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """Where a message is stored; `duplicate` when the stream had its id already."""

    sequence: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the stream holds it."""

    subject: str
    sequence: int
    payload: bytes
    headers: Mapping[str, str]
    time: datetime
    """When the stream stored it."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """How much a stream holds; an empty stream's first sequence is one past its last."""

    first_sequence: int
    last_sequence: int
    messages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored message handed to a consumer, and where to acknowledge it."""

    message: StoredMessage
    reply: str
    stream: str
    consumer: str
    delivered: int
    """How often it has been delivered, this time included."""
    consumer_sequence: int
    pending: int
    """How many messages the consumer had not seen when this one was sent."""


def delivery(subject: str, reply: str, payload: bytes, headers: Mapping[str, str]) -> Delivery:
    """Read a delivery; the server writes its facts into the subject to acknowledge at.

    Two forms: $JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.
    <pending>, and with <domain>.<account> before the stream and perhaps a random token at the end.
    """
    tokens = reply.split(".")
    if len(tokens) >= _NEW_ACK_TOKENS:
        tokens = tokens[:2] + tokens[4:11]
    if len(tokens) != _OLD_ACK_TOKENS or tokens[:2] != ["$JS", "ACK"]:
        raise ValueError(f"not a delivery: {reply!r}")
    stream, consumer = tokens[2:4]
    delivered, sequence, consumer_sequence, nanoseconds, pending = map(int, tokens[4:])
    time = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    message = StoredMessage(subject, sequence, payload, own_headers(headers), time)
    return Delivery(message, reply, stream, consumer, delivered, consumer_sequence, pending)


def own_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers a publisher gave, without those of an atomic batch."""
    return {
        str(name): value for name, value in headers.items() if not name.startswith(_BATCH_HEADER)
    }


def parse_time(text: str) -> datetime:
    """Read the server's RFC 3339 time, which has nanoseconds, to the microsecond."""
    return datetime.fromisoformat(_FRACTION.sub(r"\1", text)).astimezone(UTC)


def parse_headers(block: bytes) -> dict[str, str]:
    """Read a header block as stored: a version line, then one header per line."""
    headers = {}
    for line in block.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.strip().decode("ascii", "replace")] = value.strip().decode(
                "utf-8", "replace"
            )
    return headers
