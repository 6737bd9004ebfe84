"""Translate between the model and `switchhook.messaging.v1`.

The model's enums and the contract's have the same names, so they are translated by name; a test
goes through all of them.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.messaging.v1 import (
    consent_pb2,
    consent_service_pb2,
    media_pb2,
    message_pb2,
    message_plan_pb2,
    message_service_pb2,
    message_thread_pb2,
)

from chassis.errors import FieldViolation, Invalid
from services.messaging.consent import Action, Confirmation, Decision, LedgerEntry, Method, Scope
from services.messaging.keywords import Classification
from services.messaging.model import Direction, Failure, Message, Purpose, Status
from services.messaging.plan import NO_PLAN, Plan
from services.messaging.ports import Filters, Position
from services.messaging.use_cases.sending import Draft

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def draft(request: message_service_pb2.SendMessageRequest) -> Draft:
    """Return what a request asks to be sent."""
    return Draft(
        our_number=request.from_number,
        peer_number=request.to_number,
        text=request.text,
        purpose=_purpose_of(request.purpose),
        media_urls=tuple(request.media_urls),
    )


def filters(request: message_service_pb2.ListMessagesRequest) -> Filters:
    """Return what a list is narrowed to."""
    return Filters(
        our_number=request.our_number,
        peer_number=request.peer_number,
        direction=_direction_of(request.direction),
        statuses=[_status_of(number) for number in request.statuses],
        start=_instant(request.start_time) if request.HasField("start_time") else None,
        end=_instant(request.end_time) if request.HasField("end_time") else None,
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
                status=_status(person.status),
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
        status=_status(known.status),
        raw_status=known.raw_status,
        failure=_failure(known.failure),
        parts=known.parts,
        messaging_profile_id=known.messaging_profile_id,
        classification=_classification(known.classification),
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


def answer(queued: Message) -> bytes:
    """Return the answer to a SendMessage as it is kept for repetitions."""
    response = message_service_pb2.SendMessageResponse(message=message(queued))
    return response.SerializeToString(deterministic=True)


def consent(
    request: consent_service_pb2.GetConsentRequest,
    decision: Decision,
    recent: Iterable[LedgerEntry],
) -> consent_pb2.Consent:
    """Return what the ledger says as the contract shows it."""
    return consent_pb2.Consent(
        peer_number=request.peer_number,
        our_number=request.our_number,
        state=consent_pb2.ConsentState.Value(f"CONSENT_STATE_{decision.state.name}"),
        deciding_entry_id=decision.entry_id,
        effective_time=timestamp(decision.effective_time),
        recent_entries=[_entry(entry) for entry in recent],
    )


def scope(value: Scope) -> consent_pb2.ConsentScope.ValueType:
    """Return how far an entry reaches as the contract names it."""
    return consent_pb2.ConsentScope.Value(f"CONSENT_SCOPE_{value.name}")


def method(value: Method) -> consent_pb2.ConsentMethod.ValueType:
    """Return how consent was made known as the contract names it."""
    return consent_pb2.ConsentMethod.Value(f"CONSENT_METHOD_{value.name}")


def timestamp(instant: datetime | None) -> Timestamp | None:
    """Return an instant as protobuf has it; None stays absent."""
    if instant is None:
        return None
    result = Timestamp()
    result.FromDatetime(instant)
    return result


def _entry(entry: LedgerEntry) -> consent_pb2.LedgerEntry:
    return consent_pb2.LedgerEntry(
        entry_id=entry.entry_id,
        sequence=entry.sequence,
        effective_time=timestamp(entry.effective_time),
        record_time=timestamp(entry.record_time),
        action=_action(entry.action),
        scope=scope(entry.scope),
        method=method(entry.method),
        peer_number=entry.peer_number,
        our_number=entry.our_number,
        source_message_id=entry.source_message_id,
        source_event_id=entry.source_event_id,
        text=entry.text,
        classification=_classification(entry.classification),
        messaging_profile_id=entry.messaging_profile_id,
        confirmation=_confirmation(entry.confirmation),
        confirmation_message_id=entry.confirmation_message_id,
    )


def _thread(known: Message) -> message_thread_pb2.MessageThread:
    return message_thread_pb2.MessageThread(
        conversation_id=known.conversation_id, auto=known.auto, unread=known.unread
    )


def _status(value: Status) -> message_pb2.MessageStatus.ValueType:
    return message_pb2.MessageStatus.Value(f"MESSAGE_STATUS_{value.name}")


def _action(value: Action) -> consent_pb2.ConsentAction.ValueType:
    return consent_pb2.ConsentAction.Value(f"CONSENT_ACTION_{value.name}")


def _confirmation(value: Confirmation) -> consent_pb2.Confirmation.ValueType:
    return consent_pb2.Confirmation.Value(f"CONFIRMATION_{value.name}")


def _failure(failure: Failure | None) -> message_pb2.Failure | None:
    if failure is None:
        return None
    return message_pb2.Failure(
        reason=message_pb2.FailureReason.Value(f"FAILURE_REASON_{failure.reason.name}"),
        carrier_code=failure.carrier_code,
        carrier_title=failure.carrier_title,
    )


def _classification(value: Classification | None) -> message_pb2.Classification | None:
    if value is None:
        return None
    return message_pb2.Classification(
        keyword_class=message_pb2.KeywordClass.Value(f"KEYWORD_CLASS_{value.keyword_class.name}"),
        rule_id=value.rule_id,
        list_version=value.list_version,
    )


def _purpose_of(number: message_pb2.MessagePurpose.ValueType) -> Purpose:
    name = message_pb2.MessagePurpose.Name(number)
    return Purpose[name.removeprefix("MESSAGE_PURPOSE_")]


def _status_of(number: message_pb2.MessageStatus.ValueType) -> Status:
    name = message_pb2.MessageStatus.Name(number)
    return Status[name.removeprefix("MESSAGE_STATUS_")]


def _direction_of(number: message_pb2.MessageDirection.ValueType) -> Direction | None:
    name = message_pb2.MessageDirection.Name(number)
    return Direction[name.removeprefix("MESSAGE_DIRECTION_")] if number else None


def _instant(value: Timestamp) -> datetime:
    return value.ToDatetime(tzinfo=UTC)
