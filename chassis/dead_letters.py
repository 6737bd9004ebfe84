"""Events a consumer could not handle: kept whole, to be looked at, tried again or thrown away."""

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import NotFound
from chassis.jetstream import Bus, BusError
from chassis.messages import Delivery, StoredMessage
from chassis.streams import DEAD_LETTERS

_PREFIX = "dead.v1."
_REDRIVEN = "redriven.v1."
_REASON = "Switchhook-Reason"
_ATTEMPTS = "Switchhook-Attempts"
_SUBJECT = "Switchhook-Subject"
_SEQUENCE = "Switchhook-Sequence"
_STREAM_FULL = 10077
"""The server's code for a subject that holds as many messages as it may."""


class LettersFull(Exception):  # noqa: N818 - a state, not a bug
    """A consumer has as many dead letters as it may have."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event and why it lies here."""

    sequence: int
    """Its place among the dead letters, which names it."""
    consumer: str
    reason: str
    attempts: int
    """How often it had been delivered."""
    subject: str
    """The subject it was published under."""
    event_sequence: int
    """Its place in the stream of events, which may have forgotten it by now."""
    payload: bytes
    time: datetime
    """When it became a dead letter."""


def subject_of(consumer: str) -> str:
    """Return the subject under which a consumer's dead letters are kept."""
    return _PREFIX + consumer


def redriven_subjects(consumer: str) -> str:
    """Return the subjects under which events come back to one consumer and to nobody else."""
    return f"{_REDRIVEN}{consumer}.>"


async def bury(bus: Bus, consumer: str, delivery: Delivery, reason: str) -> None:
    """Keep a delivery as a dead letter. Raises LettersFull, or BusError when the bus is away."""
    message = delivery.message
    headers = {
        _REASON: reason,
        _ATTEMPTS: str(delivery.delivered),
        _SUBJECT: _original(consumer, message.subject),
        _SEQUENCE: str(message.sequence),
    }
    try:
        await bus.publish(
            subject_of(consumer),
            message.payload,
            message_id=f"{consumer}.{message.sequence}.{_instant(message.time)}",
            headers=headers,
            timeout=5.0,
        )
    except BusError as error:
        if error.code == _STREAM_FULL:
            raise LettersFull(consumer) from None
        raise


async def list_dead_letters(
    bus: Bus, *, consumer: str = "", start_sequence: int = 1, limit: int = 50
) -> list[DeadLetter]:
    """Return dead letters, oldest first, of one consumer or of all. Raises BusError."""
    subject = subject_of(consumer) if consumer else _PREFIX + ">"
    found = await bus.read(DEAD_LETTERS, start_sequence, limit, subject=subject)
    return [_letter(message) for message in found]


async def get_dead_letter(bus: Bus, sequence: int) -> DeadLetter:
    """Return one dead letter. Raises NotFound (DEAD_LETTER_NOT_FOUND) or BusError."""
    try:
        return _letter(await bus.get(DEAD_LETTERS, sequence))
    except NotFound:
        raise _absent() from None


async def redrive(bus: Bus, sequence: int) -> DeadLetter:
    """Give the event to its consumer again, and to nobody else, and drop the dead letter.

    Doing so twice, or dying in between, gives the event one effect: its message id and the
    consumer's inbox see to that. Raises NotFound (DEAD_LETTER_NOT_FOUND) or BusError.
    """
    letter = await get_dead_letter(bus, sequence)
    await bus.publish(
        f"{_REDRIVEN}{letter.consumer}.{letter.subject}",
        letter.payload,
        message_id=f"redriven.{letter.consumer}.{sequence}.{_instant(letter.time)}",
        timeout=5.0,
    )
    await discard(bus, sequence)
    return letter


async def discard(bus: Bus, sequence: int) -> None:
    """Drop a dead letter for good. Raises NotFound (DEAD_LETTER_NOT_FOUND) or BusError."""
    try:
        await bus.delete(DEAD_LETTERS, sequence)
    except NotFound:
        raise _absent() from None


def _instant(time: datetime) -> int:
    """Return what tells a message from one of the same sequence in a stream made anew."""
    return int(time.timestamp() * 1_000_000)


def _absent() -> NotFound:
    return NotFound("DEAD_LETTER_NOT_FOUND", "there is no such dead letter")


def _letter(message: StoredMessage) -> DeadLetter:
    headers = message.headers
    return DeadLetter(
        sequence=message.sequence,
        consumer=message.subject.removeprefix(_PREFIX),
        reason=headers.get(_REASON, ""),
        attempts=int(headers.get(_ATTEMPTS, "0")),
        subject=headers.get(_SUBJECT, ""),
        event_sequence=int(headers.get(_SEQUENCE, "0")),
        payload=message.payload,
        time=message.time,
    )


def _original(consumer: str, subject: str) -> str:
    return subject.removeprefix(f"{_REDRIVEN}{consumer}.")
