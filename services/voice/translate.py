"""Between the contract and the model: requests in, calls out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.crm.v1 import crm_service_pb2
from switchhook.voice.v1 import call_command_pb2, call_pb2, call_service_pb2, caller_pb2

from chassis.errors import FieldViolation, Invalid
from chassis.times import duration
from services.voice.calls.model import (
    Call,
    CallerKind,
    DequeueReason,
    Direction,
    Lookup,
    LookupOutcome,
    QueueExit,
    Result,
    ResultStatus,
    Role,
    State,
    Steering,
)
from services.voice.calls.records import CallFilter, CallRecord, CommandRecord, Place

M = TypeVar("M", bound=Enum)

_NAME_LIMIT = 255
_MANY = 1000

STATES = {
    State.NEW: call_pb2.CALL_STATE_UNSPECIFIED,
    State.INITIATED: call_pb2.CALL_STATE_INITIATED,
    State.ANSWERED: call_pb2.CALL_STATE_ANSWERED,
    State.IVR: call_pb2.CALL_STATE_IVR,
    State.QUEUED: call_pb2.CALL_STATE_QUEUED,
    State.BRIDGED: call_pb2.CALL_STATE_BRIDGED,
    State.HUNG_UP: call_pb2.CALL_STATE_HUNG_UP,
}
_DIRECTIONS = {
    Direction.UNKNOWN: call_pb2.CALL_DIRECTION_UNSPECIFIED,
    Direction.INBOUND: call_pb2.CALL_DIRECTION_INBOUND,
    Direction.OUTBOUND: call_pb2.CALL_DIRECTION_OUTBOUND,
}
_STEERINGS = {
    Steering.UNKNOWN: call_pb2.CALL_STEERING_UNSPECIFIED,
    Steering.COMMANDS: call_pb2.CALL_STEERING_COMMANDS,
    Steering.TEXML: call_pb2.CALL_STEERING_TEXML,
}
_REASONS = {
    DequeueReason.OTHER: call_pb2.DEQUEUE_REASON_UNSPECIFIED,
    DequeueReason.BRIDGED: call_pb2.DEQUEUE_REASON_BRIDGED,
    DequeueReason.HANGUP: call_pb2.DEQUEUE_REASON_HANGUP,
    DequeueReason.LEAVE: call_pb2.DEQUEUE_REASON_LEAVE,
    DequeueReason.TIMEOUT: call_pb2.DEQUEUE_REASON_TIMEOUT,
}
_ROLES = {
    Role.UNKNOWN: call_pb2.CALL_ROLE_UNSPECIFIED,
    Role.CALLER: call_pb2.CALL_ROLE_CALLER,
    Role.AGENT: call_pb2.CALL_ROLE_AGENT,
    Role.CUSTOMER: call_pb2.CALL_ROLE_CUSTOMER,
    Role.DIALLED: call_pb2.CALL_ROLE_DIALLED,
}
_STEPS = {
    "ANSWER": call_command_pb2.CALL_STEP_ANSWER,
    "GREET": call_command_pb2.CALL_STEP_GREET,
    "ENQUEUE": call_command_pb2.CALL_STEP_ENQUEUE,
    "HANG_UP": call_command_pb2.CALL_STEP_HANG_UP,
}
"""The keys of commands of the first inbound policy."""
_STATUSES = {
    ResultStatus.COMPLETED: call_command_pb2.COMMAND_RESULT_STATUS_COMPLETED,
    ResultStatus.INVALID: call_command_pb2.COMMAND_RESULT_STATUS_INVALID,
    ResultStatus.TIMED_OUT: call_command_pb2.COMMAND_RESULT_STATUS_TIMED_OUT,
    ResultStatus.CANCELLED: call_command_pb2.COMMAND_RESULT_STATUS_CANCELLED,
    ResultStatus.HUNG_UP: call_command_pb2.COMMAND_RESULT_STATUS_HUNG_UP,
    ResultStatus.FAILED: call_command_pb2.COMMAND_RESULT_STATUS_FAILED,
    ResultStatus.OTHER: call_command_pb2.COMMAND_RESULT_STATUS_UNSPECIFIED,
}
_KINDS = {
    CallerKind.UNKNOWN: caller_pb2.CALLER_KIND_UNSPECIFIED,
    CallerKind.NUMBER: caller_pb2.CALLER_KIND_NUMBER,
    CallerKind.SIP: caller_pb2.CALLER_KIND_SIP,
    CallerKind.WITHHELD: caller_pb2.CALLER_KIND_WITHHELD,
    CallerKind.MALFORMED: caller_pb2.CALLER_KIND_MALFORMED,
}
_OUTCOMES = {
    LookupOutcome.FOUND: caller_pb2.LOOKUP_OUTCOME_FOUND,
    LookupOutcome.NOT_FOUND: caller_pb2.LOOKUP_OUTCOME_NOT_FOUND,
    LookupOutcome.UNAVAILABLE: caller_pb2.LOOKUP_OUTCOME_UNAVAILABLE,
}


def lookup(found: crm_service_pb2.FindContactsResponse) -> Lookup:
    """Return what an answer of the CRM says about a caller.

    Any VIP and any escalated case gives priority. Everything else is told only where the number
    is one contact's: with several nobody knows which of them is calling.
    """
    contacts = [match.contact for match in found.matches]
    if not contacts:
        return Lookup(LookupOutcome.NOT_FOUND)
    only = contacts[0] if len(contacts) == 1 and not found.truncated else None
    return Lookup(
        LookupOutcome.FOUND,
        any(contact.is_vip for contact in contacts),
        min(len(contacts), _MANY),
        _clean(only.display_name) if only else "",
        _clean(only.language) if only else "",
        _clean(only.tier) if only else "",
        _clean(only.owner_agent_id) if only else "",
        any(contact.open_case.is_escalated for contact in contacts),
    )


def call(record: CallRecord) -> call_pb2.Call:
    """Return a stored call as a proto."""
    known, left, end = record.call, record.call.left_queue, record.call.hung_up
    return call_pb2.Call(
        call_leg_id=known.leg_id,
        call_control_id=known.control_id,
        call_session_id=known.session_id,
        connection_id=known.connection_id,
        direction=_DIRECTIONS[known.direction],
        steering=_STEERINGS[known.steering],
        state=STATES[known.state],
        caller=_caller(known),
        called_number=known.called_number,
        raw_called=known.raw_called,
        lookup=_lookup(known.lookup) if known.lookup else None,
        texml_app=known.texml_app,
        queue_name=known.queue_name,
        dequeue_reason=_REASONS[left.reason if left else DequeueReason.OTHER],
        raw_dequeue_reason=left.raw_reason if left else "",
        queue_wait=_wait(left),
        hangup_cause=end.cause if end else "",
        hangup_source=end.source if end else "",
        initiate_time=_stamp(known.initiated),
        answer_time=_stamp(known.answered),
        enqueue_time=_stamp(known.entered_queue.time if known.entered_queue else None),
        dequeue_time=_stamp(left.time if left else None),
        bridge_time=_stamp(known.bridged),
        hangup_time=_stamp(end.time if end else None),
        create_time=_stamp(record.create_time),
        update_time=_stamp(record.update_time),
        commands=[command(each, known) for each in record.commands],
        role=_ROLES[known.role],
        subject=known.subject,
        last_bridge_time=_stamp(known.last_bridged),
        lost=known.lost,
        dial_id=known.dial_id,
    )


def command(given: CommandRecord, known: Call | None = None) -> call_command_pb2.CallCommand:
    """Return a command as a proto, with what its call knows of its end."""
    result = known.result(given.key) if known else None
    return call_command_pb2.CallCommand(
        command_id=given.command_id,
        step=_STEPS.get(given.key, call_command_pb2.CALL_STEP_UNSPECIFIED),
        state=call_command_pb2.CallCommandState.Value(f"CALL_COMMAND_STATE_{given.state.name}"),
        reason=given.reason,
        request_time=_stamp(given.request_time),
        settle_time=_stamp(given.settle_time),
        kind=call_command_pb2.CallCommandKind.Value(f"CALL_COMMAND_KIND_{given.kind.name}"),
        key=given.key,
        result=_result(result) if result else None,
    )


def call_filter(request: call_service_pb2.ListCallsRequest) -> CallFilter:
    """Return which calls a request wants."""
    return CallFilter(
        state=_asked(STATES, request.state),
        direction=_asked(_DIRECTIONS, request.direction),
        phone_number=request.phone_number,
        session_id=request.call_session_id,
        queue_name=request.queue_name,
        role=_asked(_ROLES, request.role),
        dial_id=request.dial_id,
        created_after=_moment(request, "created_after"),
        created_before=_moment(request, "created_before"),
    )


def position(place: Place) -> list[str | int]:
    """Return a place as a page token holds it."""
    return [place.create_time.isoformat(), place.leg_id]


def place(position: Sequence[str | int]) -> Place | None:
    """Return the place a page token holds; raises Invalid when it cannot be one."""
    if not position:
        return None
    try:
        time, leg_id = position
        if "\x00" in str(leg_id):
            raise ValueError("no database holds this")
        return Place(datetime.fromisoformat(str(time)).astimezone(UTC), str(leg_id))
    except (ValueError, OverflowError):
        violation = FieldViolation("page_token", "is not a token this service gave")
        raise Invalid([violation]) from None


def _caller(known: Call) -> caller_pb2.Caller | None:
    if not known.caller.raw and not known.attestation:
        return None
    return caller_pb2.Caller(
        kind=_KINDS[known.caller.kind],
        phone_number=known.caller.phone_number,
        raw=known.caller.raw,
        attestation=known.attestation,
        attestation_validated=known.attestation_validated,
        caller_id_name=known.caller_id_name,
        screening_result=known.screening_result,
        diversion=known.diversion,
    )


def _lookup(found: Lookup) -> caller_pb2.CallerLookup:
    return caller_pb2.CallerLookup(
        outcome=_OUTCOMES[found.outcome],
        is_vip=found.is_vip,
        contact_count=found.contact_count,
        display_name=found.display_name,
        language=found.language,
    )


def _result(ended: Result) -> call_command_pb2.CommandResult:
    return call_command_pb2.CommandResult(
        status=_STATUSES[ended.status],
        time=_stamp(ended.time),
        digits=ended.digits,
        transcript=ended.speech,
        recording_id=ended.recording_id,
        duration=duration(ended.duration),
    )


def _wait(left: QueueExit | None) -> Duration | None:
    if left is None or left.wait_seconds is None:
        return None
    return Duration(seconds=left.wait_seconds)


def _asked(table: Mapping[M, int], value: int) -> M | None:
    """Return the member a filter names; unspecified names none."""
    return next((member for member, number in table.items() if number == value and value), None)


def _stamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def _moment(request: call_service_pb2.ListCallsRequest, field: str) -> datetime | None:
    if not request.HasField(field):  # type: ignore[arg-type]
        return None
    try:
        return getattr(request, field).ToDatetime(UTC)  # type: ignore[no-any-return]
    except (ValueError, OverflowError):
        raise Invalid([FieldViolation(field, "is not a time")]) from None


def _clean(text: str) -> str:
    return text.replace("\x00", "")[:_NAME_LIMIT]
