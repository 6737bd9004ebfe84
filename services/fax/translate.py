"""Between the contracts and the model: events in, faxes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.event.v1 import event_pb2, party_pb2
from switchhook.fax.v1 import fax_event_pb2 as announcement_pb2
from switchhook.fax.v1 import fax_pb2, fax_service_pb2

from chassis.effects import Effect
from chassis.publisher import event_effect
from services.fax.keeping import translate as keeping
from services.fax.model import Direction, Document, DocumentState, Fax, Observation, State
from services.fax.store import Filters, Position

STORED = "events.v1.fax.fax.stored"
"""Subject of the event that announces a stored document."""
QUARANTINED = "events.v1.fax.fax.quarantined"
"""Subject of the event that announces, as an alert, that a document cannot be read."""

_STATES = {
    "queued": State.QUEUED,
    "media_processed": State.MEDIA_PROCESSED,
    "sending_started": State.SENDING,
    "delivered": State.DELIVERED,
    "failed": State.FAILED,
    "receiving_started": State.RECEIVING,
    "media_processing_started": State.PROCESSING,
    "received": State.RECEIVED,
}
_EVENT_DIRECTIONS = {
    party_pb2.DIRECTION_INBOUND: Direction.INBOUND,
    party_pb2.DIRECTION_OUTBOUND: Direction.OUTBOUND,
}
_DIRECTIONS = {
    Direction.UNKNOWN: fax_pb2.FAX_DIRECTION_UNSPECIFIED,
    Direction.INBOUND: fax_pb2.FAX_DIRECTION_INBOUND,
    Direction.OUTBOUND: fax_pb2.FAX_DIRECTION_OUTBOUND,
}
_FAX_STATES = {
    State.UNKNOWN: fax_pb2.FAX_STATE_UNSPECIFIED,
    State.QUEUED: fax_pb2.FAX_STATE_QUEUED,
    State.MEDIA_PROCESSED: fax_pb2.FAX_STATE_MEDIA_PROCESSED,
    State.SENDING: fax_pb2.FAX_STATE_SENDING,
    State.RECEIVING: fax_pb2.FAX_STATE_RECEIVING,
    State.PROCESSING: fax_pb2.FAX_STATE_PROCESSING,
    State.RECEIVED: fax_pb2.FAX_STATE_RECEIVED,
    State.DELIVERED: fax_pb2.FAX_STATE_DELIVERED,
    State.FAILED: fax_pb2.FAX_STATE_FAILED,
}
_DOCUMENT_STATES = {
    DocumentState.NONE: fax_pb2.DOCUMENT_STATE_UNSPECIFIED,
    DocumentState.PENDING: fax_pb2.DOCUMENT_STATE_PENDING,
    DocumentState.STORED: fax_pb2.DOCUMENT_STATE_STORED,
    DocumentState.LOST: fax_pb2.DOCUMENT_STATE_LOST,
    DocumentState.DELETED: fax_pb2.DOCUMENT_STATE_DELETED,
    DocumentState.QUARANTINED: fax_pb2.DOCUMENT_STATE_QUARANTINED,
}


def observation(event: event_pb2.Event) -> Observation:
    """Return what a fax event says; the caller has checked that it is one."""
    told = event.fax
    return Observation(
        fax_id=told.fax_id,
        occur_time=_datetime(
            event.occur_time if event.HasField("occur_time") else event.receive_time
        ),
        state=_STATES.get(told.WhichOneof("detail") or "", State.UNKNOWN),
        raw_status=told.raw_status,
        direction=_EVENT_DIRECTIONS.get(told.direction, Direction.UNKNOWN),
        from_number=told.from_party.phone_number,
        to_number=told.to_party.phone_number,
        page_count=told.page_count if told.HasField("page_count") else None,
        call_duration=told.call_duration.ToTimedelta() if told.HasField("call_duration") else None,
        partial_content=told.partial_content,
        failure_reason=told.failure_reason,
        connection_id=told.connection_id,
        media_url=told.media_url,
    )


def fax(known: Fax) -> fax_pb2.Fax:
    """Return a fax as the contract tells it."""
    message = fax_pb2.Fax(
        fax_id=known.fax_id,
        direction=_DIRECTIONS[known.direction],
        from_number=known.from_number,
        to_number=known.to_number,
        state=_FAX_STATES[known.state],
        raw_status=known.raw_status,
        page_count=known.page_count,
        partial_content=known.partial_content,
        failure_reason=known.failure_reason,
        connection_id=known.connection_id,
        create_time=_timestamp(known.create_time),
        update_time=_timestamp(known.update_time),
        counted_page_count=known.document.pages,
        partial=known.partial,
    )
    if known.call_duration is not None:
        message.call_duration.FromTimedelta(known.call_duration)
    if known.direction is not Direction.OUTBOUND:
        message.document.CopyFrom(document(known.document))
    return message


def document(kept: Document) -> fax_pb2.Document:
    """Return a document as the contract tells it."""
    return fax_pb2.Document(
        state=_DOCUMENT_STATES[kept.state],
        sha256=kept.sha256,
        size_bytes=kept.size,
        content_type=kept.content_type,
        store_time=None if kept.store_time is None else _timestamp(kept.store_time),
        reason=kept.reason,
    )


def filters(request: fax_service_pb2.ListFaxesRequest) -> Filters:
    """Return what a list is narrowed to."""
    directions = {number: direction for direction, number in _DIRECTIONS.items()}
    states = {number: state for state, number in _FAX_STATES.items()}
    return Filters(
        direction=directions[request.direction] if request.direction else None,
        states=[states[number] for number in request.states],
        number=request.number,
        start=_datetime(request.start_time) if request.HasField("start_time") else None,
        end=_datetime(request.end_time) if request.HasField("end_time") else None,
        search=keeping.search(request),
    )


def key(known: Fax) -> list[str | int]:
    """Return where a page that ends with this fax ends."""
    return [_timestamp(known.create_time).ToMicroseconds(), known.fax_id]


def position(decoded: Sequence[str | int]) -> Position | None:
    """Return the position of a decoded page token, None for the first page."""
    if not decoded:
        return None
    moment = Timestamp()
    moment.FromMicroseconds(int(decoded[0]))
    return Position(_datetime(moment), str(decoded[1]))


def announcement(known: Fax, now: datetime) -> Effect:
    """Return the effect that tells the stream that the document can be read, or never will be."""
    if known.document.state is DocumentState.STORED:
        stored = announcement_pb2.FaxStored(
            fax_id=known.fax_id,
            document=document(known.document),
            page_count=known.page_count,
            partial_content=known.partial_content,
            counted_page_count=known.document.pages or 0,
            partial=known.partial,
        )
        return _event(known, f"fax-stored-{known.fax_id}", "fax.stored", STORED, stored, now)
    quarantined = announcement_pb2.FaxQuarantined(
        fax_id=known.fax_id, document=document(known.document)
    )
    event_id = f"fax-quarantined-{known.fax_id}-{known.document.reason}"
    return _event(known, event_id, "fax.quarantined", QUARANTINED, quarantined, now)


def _event(
    known: Fax, event_id: str, kind: str, subject: str, told: Message, now: datetime
) -> Effect:
    event = event_pb2.Event(
        event_id=event_id,
        type=kind,
        source=event_pb2.EVENT_SOURCE_SERVICE,
        occur_time=_timestamp(now),
        receive_time=_timestamp(now),
        entity_key=known.fax_id,
        safe_to_ignore=True,
    )
    event.service.Pack(told)
    return event_effect(event_id, subject, event.SerializeToString(deterministic=True))


def _occurred(event: event_pb2.Event) -> Timestamp:
    return event.occur_time if event.HasField("occur_time") else event.receive_time


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def _datetime(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
