"""Translate between the model and `switchhook.messaging.v1`.

The model's enums and the contract's have the same names, so they are translated by name; a test
goes through all of them.
"""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.messaging.v1 import (
    media_pb2,
    message_pb2,
    message_plan_pb2,
    message_service_pb2,
    message_thread_pb2,
)

from chassis.errors import FieldViolation, Invalid
from services.messaging.keywords import Classification
from services.messaging.model import Direction, Failure, Message, Purpose, Status
from services.messaging.ports import Filters, Position
from services.messaging.sending.plan import NO_PLAN, Plan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def filters(request: message_service_pb2.ListMessagesRequest) -> Filters:
    """Return what a list is narrowed to."""
    return Filters(
        our_number=request.our_number,
        peer_number=request.peer_number,
        direction=direction_of(request.direction),
        statuses=[status_of(number) for number in request.statuses],
        start=instant(request.start_time) if request.HasField("start_time") else None,
        end=instant(request.end_time) if request.HasField("end_time") else None,
    )


def position_of(message: Message) -> list[str | int]:
    """Return where a page that ends with this message ends."""
    return place(message.create_time, message.message_id)


def place(instant: datetime, entry_id: str) -> list[str | int]:
    """Return where a page ends that is ordered by a time and an id."""
    return [(instant - _EPOCH) // _MICROSECOND, entry_id]


def position(decoded: list[str | int]) -> Position | None:
    """Return where the page before ended, or None for the first page; raises Invalid."""
    match decoded:
        case []:
            return None
        case [int(microseconds), str(message_id)] if _is_place(microseconds, message_id):
            return Position(_EPOCH + microseconds * _MICROSECOND, message_id)
        case _:
            raise Invalid([FieldViolation("page_token", "is not a token this service gave")])


def _is_place(microseconds: int, message_id: str) -> bool:
    return abs(microseconds) < 1 << 56 and "\0" not in message_id


def message(known: Message) -> message_pb2.Message:
    """Return a message as the contract shows it."""
    shown = message_pb2.Message(
        message_id=known.message_id,
        carrier_message_id=known.carrier_message_id,
        direction=message_pb2.MessageDirection.Value(f"MESSAGE_DIRECTION_{known.direction.name}"),
        our_number=known.our_number,
        peer_number=known.peer_number,
        recipients=[
            message_pb2.Recipient(
                phone_number=person.phone_number,
                status=status(person.status),
                raw_status=person.raw_status,
            )
            for person in known.recipients
        ],
        type=message_pb2.MessageType.Value(f"MESSAGE_TYPE_{known.type.name}"),
        raw_type=known.raw_type,
        text=known.text,
        subject=known.subject,
        media=[
            message_pb2.Media(
                url=media.url,
                content_type=media.content_type,
                size_bytes=media.size_bytes,
                sha256=media.sha256,
                state=media_pb2.MediaState.Value(f"MEDIA_STATE_{media.state.name}"),
                stored_sha256=media.stored_sha256,
            )
            for media in known.media
        ],
        purpose=message_pb2.MessagePurpose.Value(f"MESSAGE_PURPOSE_{known.purpose.name}"),
        status=status(known.status),
        raw_status=known.raw_status,
        failure=_failure(known.failure),
        parts=known.parts,
        messaging_profile_id=known.messaging_profile_id,
        classification=classification(known.classification),
        answered_by_carrier=known.answered_by_carrier,
        create_time=timestamp(known.create_time),
        accept_time=timestamp(known.accept_time),
        send_time=timestamp(known.send_time),
        complete_time=timestamp(known.complete_time),
        read_time=timestamp(known.read_time),
        expire_time=timestamp(known.expire_time),
        thread=_thread(known),
        plan=plan(known.plan),
    )
    if known.cost_amount:
        shown.cost.amount, shown.cost.currency = known.cost_amount, known.cost_currency
    return shown


def plan(known: Plan) -> message_plan_pb2.MessagePlan | None:
    """Return a plan as the contract shows it; one that says nothing stays absent."""
    if known == NO_PLAN:
        return None
    return message_plan_pb2.MessagePlan(
        schedule_time=timestamp(known.schedule_time),
        release_time=timestamp(known.release_time),
        deferral=message_plan_pb2.Deferral.Value(f"DEFERRAL_{known.deferral.name}"),
        template_id=known.template_id,
        template_locale=known.template_locale,
        program=known.program,
    )


def timestamp(instant: datetime | None) -> Timestamp | None:
    """Return an instant as protobuf has it; None stays absent."""
    if instant is None:
        return None
    result = Timestamp()
    result.FromDatetime(instant)
    return result


def _thread(known: Message) -> message_thread_pb2.MessageThread | None:
    if not (known.conversation_id or known.auto or known.unread):
        return None
    return message_thread_pb2.MessageThread(
        conversation_id=known.conversation_id, auto=known.auto, unread=known.unread
    )


def status(value: Status) -> message_pb2.MessageStatus.ValueType:
    """Return how far a message has come as the contract names it."""
    return message_pb2.MessageStatus.Value(f"MESSAGE_STATUS_{value.name}")


def _failure(failure: Failure | None) -> message_pb2.Failure | None:
    if failure is None:
        return None
    return message_pb2.Failure(
        reason=message_pb2.FailureReason.Value(f"FAILURE_REASON_{failure.reason.name}"),
        carrier_code=failure.carrier_code,
        carrier_title=failure.carrier_title,
    )


def classification(value: Classification | None) -> message_pb2.Classification | None:
    """Return what a text was read as, the way the contract shows it."""
    if value is None:
        return None
    return message_pb2.Classification(
        keyword_class=message_pb2.KeywordClass.Value(f"KEYWORD_CLASS_{value.keyword_class.name}"),
        rule_id=value.rule_id,
        list_version=value.list_version,
    )


def purpose_of(number: message_pb2.MessagePurpose.ValueType) -> Purpose:
    """Return the purpose the contract names."""
    name = message_pb2.MessagePurpose.Name(number)
    return Purpose[name.removeprefix("MESSAGE_PURPOSE_")]


def status_of(number: message_pb2.MessageStatus.ValueType) -> Status:
    """Return the status the contract names so."""
    name = message_pb2.MessageStatus.Name(number)
    return Status[name.removeprefix("MESSAGE_STATUS_")]


def direction_of(number: message_pb2.MessageDirection.ValueType) -> Direction | None:
    """Return the direction the contract names so, None for either."""
    name = message_pb2.MessageDirection.Name(number)
    return Direction[name.removeprefix("MESSAGE_DIRECTION_")] if number else None


def instant(value: Timestamp) -> datetime:
    """Return an instant as Python has it."""
    return value.ToDatetime(tzinfo=UTC)
