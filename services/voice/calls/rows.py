"""Calls as rows: one column for each part, names for enums, nulls for what no event told."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import orjson

from services.voice.calls.model import (
    Call,
    Caller,
    CallerKind,
    CommandKind,
    DequeueReason,
    Direction,
    Hangup,
    Lookup,
    LookupOutcome,
    QueueEntry,
    QueueExit,
    Refusal,
    Result,
    ResultStatus,
    Role,
    SpeechEnd,
    Steering,
)
from services.voice.calls.records import CallRecord, CommandRecord, CommandState

Row = Mapping[Any, Any]

_PLAIN = {
    "leg_id": "leg_id",
    "control_id": "control_id",
    "session_id": "session_id",
    "connection_id": "connection_id",
    "texml_app": "texml_app",
    "texml_queue": "texml_queue",
    "called_number": "called_number",
    "raw_called": "raw_called",
    "attestation": "attestation",
    "attestation_validated": "attestation_validated",
    "initiated": "initiate_time",
    "answered": "answer_time",
    "speech_started": "speech_start_time",
    "bridged": "bridge_time",
    "last_bridged": "last_bridge_time",
    "caller_id_name": "caller_id_name",
    "screening_result": "screening_result",
    "diversion": "diversion",
    "subject": "subject",
    "dial_id": "dial_id",
    "lost": "lost",
}
"""Parts of a call that are stored as they are, with their columns."""


def name(member: Enum | None) -> str:
    """Return the name an enum member is stored under; empty for none."""
    return "" if member is None else member.name


def values(call: Call) -> dict[str, Any]:
    """Return the columns of a call, all but the times of the row itself."""
    return {
        **{column: getattr(call, part) for part, column in _PLAIN.items()},
        "direction": name(call.direction),
        "steering": name(call.steering),
        "state": name(call.state),
        "caller_kind": name(call.caller.kind),
        "caller_number": call.caller.phone_number,
        "caller_raw": call.caller.raw,
        "role": name(call.role),
        "results": _result_values(call.results),
        "refusals": orjson.dumps(sorted([each.key, each.code] for each in call.refused)).decode(),
        "queue_name": call.queue_name,
        **_lookup_values(call.lookup),
        **_moment_values(call),
    }


def call(row: Row) -> Call:
    """Return the call a row holds."""
    return Call(
        **{part: row[column] for part, column in _PLAIN.items()},
        direction=Direction[row["direction"]],
        steering=Steering[row["steering"]],
        caller=Caller(CallerKind[row["caller_kind"]], row["caller_number"], row["caller_raw"]),
        lookup=_lookup(row),
        role=Role[row["role"]],
        results=_results(row["results"]),
        refused=frozenset(Refusal(*each) for each in orjson.loads(row["refusals"])),
        **_moments(row),
    )


def record(row: Row, commands: tuple[CommandRecord, ...]) -> CallRecord:
    """Return the call a row holds, with the times of the row and the commands given."""
    return CallRecord(call(row), row["create_time"], row["update_time"], commands)


def command(row: Row) -> CommandRecord:
    """Return the command a row holds."""
    return CommandRecord(
        row["command_id"],
        row["command_key"],
        CommandKind(row["kind"]),
        CommandState(row["state"]),
        row["reason"],
        row["request_time"],
        row["settle_time"],
    )


def _lookup_values(lookup: Lookup | None) -> dict[str, Any]:
    known = lookup or Lookup(LookupOutcome.UNAVAILABLE)
    return {
        "lookup_outcome": name(lookup.outcome) if lookup else None,
        "lookup_is_vip": known.is_vip,
        "lookup_contact_count": known.contact_count,
        "lookup_display_name": known.display_name,
        "lookup_language": known.language,
        "lookup_tier": known.tier,
        "lookup_owner_agent_id": known.owner_agent_id,
        "lookup_escalated": known.has_escalated_case,
    }


def _lookup(row: Row) -> Lookup | None:
    if row["lookup_outcome"] is None:
        return None
    return Lookup(
        LookupOutcome[row["lookup_outcome"]],
        row["lookup_is_vip"],
        row["lookup_contact_count"],
        row["lookup_display_name"],
        row["lookup_language"],
        row["lookup_tier"],
        row["lookup_owner_agent_id"],
        row["lookup_escalated"],
    )


def _moment_values(call: Call) -> dict[str, Any]:
    entered, left = call.entered_queue, call.left_queue
    return {
        "speech_end_time": call.speech_ended.time if call.speech_ended else None,
        "speech_cut_short": bool(call.speech_ended and call.speech_ended.cut_short),
        "enqueue_time": entered.time if entered else None,
        "enqueue_name": entered.queue if entered else "",
        "dequeue_time": left.time if left else None,
        "dequeue_reason": name(left.reason) if left else "",
        "raw_dequeue_reason": left.raw_reason if left else "",
        "dequeue_name": left.queue if left else "",
        "queue_wait_seconds": left.wait_seconds if left else None,
        "hangup_time": call.hung_up.time if call.hung_up else None,
        "hangup_cause": call.hung_up.cause if call.hung_up else "",
        "hangup_source": call.hung_up.source if call.hung_up else "",
    }


def _moments(row: Row) -> dict[str, Any]:
    spoken: datetime | None = row["speech_end_time"]
    entered: datetime | None = row["enqueue_time"]
    left: datetime | None = row["dequeue_time"]
    ended: datetime | None = row["hangup_time"]
    return {
        "speech_ended": SpeechEnd(spoken, row["speech_cut_short"]) if spoken else None,
        "entered_queue": QueueEntry(entered, row["enqueue_name"]) if entered else None,
        "left_queue": _exit(left, row) if left else None,
        "hung_up": Hangup(ended, row["hangup_cause"], row["hangup_source"]) if ended else None,
    }


def _exit(time: datetime, row: Row) -> QueueExit:
    return QueueExit(
        time,
        DequeueReason[row["dequeue_reason"]],
        row["raw_dequeue_reason"],
        row["dequeue_name"],
        row["queue_wait_seconds"],
    )


def _result_values(results: frozenset[Result]) -> str:
    return orjson.dumps([_result_value(each) for each in sorted(results)]).decode()


def _result_value(result: Result) -> list[str | int | None]:
    length = result.duration
    return [
        result.key,
        result.kind.value,
        result.time.isoformat(),
        result.status.value,
        result.digits,
        result.speech,
        result.recording_id,
        None if length is None else length // timedelta(milliseconds=1),
    ]


def _results(text: str) -> frozenset[Result]:
    return frozenset(_result(*each) for each in orjson.loads(text))


def _result(
    key: str, kind: str, time: str, status: str, digits: str, speech: str, recording: str, ms: Any
) -> Result:
    return Result(
        key,
        CommandKind(kind),
        datetime.fromisoformat(time),
        ResultStatus(status),
        digits,
        speech,
        recording,
        None if ms is None else timedelta(milliseconds=ms),
    )
