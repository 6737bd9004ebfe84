"""Between the contract and the model."""

from datetime import UTC, datetime

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.event.v1.event_pb2 import Event
from switchhook.gateway.v1 import dead_letter_pb2, event_record_pb2, event_service_pb2

from chassis.dead_letters import DeadLetter
from chassis.errors import FieldViolation, Invalid
from chassis.messages import StoredMessage
from services.gateway.model import Entry, Filter, LetterFilter, Period


def event(payload: bytes) -> Event | None:
    """Return the event in a message of the stream, or None when it cannot be read."""
    try:
        return Event.FromString(payload)
    except DecodeError:
        return None


def entry(sequence: int, found: Event) -> Entry:
    """Return what the index keeps of an event."""
    return Entry(
        sequence=sequence,
        event_id=found.event_id,
        type=found.type,
        entity_key=found.entity_key,
        source=found.source,
        unreadable=found.WhichOneof("detail") == "unreadable",
        receive_time=_time(found.receive_time),
    )


def record(stored: StoredMessage, *, include_raw: bool) -> event_record_pb2.EventRecord:
    """Return a stored event and its place, with or without the body as received."""
    made = event_record_pb2.EventRecord(sequence=stored.sequence)
    made.event.MergeFromString(stored.payload)
    if not include_raw:
        made.event.ClearField("raw")
    return made


def step(taken: StoredMessage | int, *, include_raw: bool) -> event_service_pb2.WatchEventsResponse:
    """Return one step of a watch: an event, or how far the watch has come."""
    if isinstance(taken, int):
        progress = event_service_pb2.WatchProgress(sequence=taken)
        return event_service_pb2.WatchEventsResponse(progress=progress)
    return event_service_pb2.WatchEventsResponse(record=record(taken, include_raw=include_raw))


def place(position: list[str | int]) -> int | None:
    """Return the place in a page token, None for the first page, Invalid for a foreign token."""
    match position:
        case []:
            return None
        case [int(sequence)] if 0 <= sequence < 2**63:
            return sequence
    raise Invalid([FieldViolation("page_token", "is not a token this service gave")])


def wanted(given: event_record_pb2.EventFilter) -> Filter:
    """Return which events a request is about."""
    return Filter(given.type_prefix, given.entity_key, given.source, given.unreadable_only)


def period(request: event_service_pb2.ListEventsRequest) -> Period:
    """Return when the events of a request were received; Invalid when that is never."""
    start = asked_time(request, "start_time")
    end = asked_time(request, "end_time")
    if start is not None and end is not None and start >= end:
        raise Invalid([FieldViolation("start_time", "must be before end_time")])
    return Period(start, end)


def asked_time(request: Message, name: str) -> datetime | None:
    """Return the instant in a field of a request, None when it is absent, Invalid when it is none.

    The contract bounds the seconds; nanoseconds out of range are left to find here.
    """
    if not request.HasField(name):
        return None
    try:
        return _time(getattr(request, name))
    except (ValueError, OverflowError):
        raise Invalid([FieldViolation(name, "is not a time")]) from None


def dead_letter(found: DeadLetter) -> dead_letter_pb2.DeadLetter:
    """Return a dead letter in the words of the contract, without the raw body of its event."""
    made = dead_letter_pb2.DeadLetter(
        dead_letter_id=str(found.sequence),
        consumer=found.consumer,
        reason=found.reason,
        attempts=found.attempts,
        subject=found.subject,
        event_sequence=found.event_sequence,
    )
    made.create_time.FromDatetime(found.time)
    readable = event(found.payload)
    if readable is not None:
        readable.ClearField("raw")
        made.event.CopyFrom(readable)
    return made


def wanted_letters(given: dead_letter_pb2.DeadLetterFilter) -> LetterFilter:
    """Return which dead letters a request is about."""
    numbers = frozenset(int(each) for each in given.dead_letter_ids)
    return LetterFilter(given.consumer, given.reason, given.type_prefix, numbers)


def _time(given: Timestamp) -> datetime:
    return given.ToDatetime(UTC)
