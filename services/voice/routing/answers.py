"""What each of those asked about a call says, as inputs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.voice.calls.model import Call, Lookup, LookupOutcome
from services.voice.routing.inputs import (
    CRM_NAMES,
    Input,
    InputState,
    Name,
    Source,
    Value,
    found,
    missing,
)

_OUTCOMES = {"SHORT_ABANDONED": "ABANDONED", "LOST": "TECHNICAL"}
"""Outcomes of a queue that mean another one to whoever routes the next call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What our own queues remember of a number, within the last 30 days."""

    last_agent_id: str = ""
    handled_time: datetime | None = None
    abandoned_time: datetime | None = None
    abandoned_wait: timedelta = timedelta()
    abandoned_queue_id: str = ""
    previous_outcome: str = ""


def of_call(call: Call) -> Sequence[Input]:
    """Return what the call itself tells. An attestation counts only when it is verified."""
    values: dict[Name, Value] = {
        Name.CALLER_KIND: call.caller.kind.name,
        Name.CALLER_NUMBER: call.caller.phone_number,
        Name.CALLED_NUMBER: call.called_number,
        Name.ATTESTATION: call.attestation.upper() if call.attestation_validated else "",
        Name.SCREENING_RESULT: call.screening_result,
        Name.CALLER_ID_NAME: call.caller_id_name,
    }
    return [found(name, value, Source.CALL) for name, value in values.items()]


def of_lookup(lookup: Lookup, took: timedelta | None = None) -> Sequence[Input]:
    """Return what the CRM told; a caller it does not know has none of it."""
    if lookup.outcome is LookupOutcome.UNAVAILABLE:
        return missing(CRM_NAMES, Source.CRM, InputState.FAILED, took)
    if lookup.outcome is LookupOutcome.NOT_FOUND:
        return missing(CRM_NAMES, Source.CRM, InputState.ABSENT, took)
    values: dict[Name, Value] = {
        Name.KNOWN: True,
        Name.VIP: lookup.is_vip,
        Name.TIER: lookup.tier,
        Name.LANGUAGE: lookup.language,
        Name.OWNER_AGENT: lookup.owner_agent_id,
        Name.ESCALATED_CASE: lookup.has_escalated_case,
        Name.DISPLAY_NAME: lookup.display_name,
    }
    return [found(name, value, Source.CRM, took) for name, value in values.items()]


def of_past(past: Past, now: datetime, took: timedelta | None = None) -> Sequence[Input]:
    """Return what our own queues remember."""
    gave_up = past.abandoned_time
    values: dict[Name, Value] = {
        Name.LAST_AGENT: past.last_agent_id,
        Name.ABANDONED: max(now - gave_up, timedelta()) if gave_up else None,
        Name.CREDIT: past.abandoned_wait if gave_up else None,
        Name.ABANDONED_QUEUE: past.abandoned_queue_id,
        Name.PREVIOUS_OUTCOME: _OUTCOMES.get(past.previous_outcome, past.previous_outcome),
    }
    return [found(name, value, Source.HISTORY, took) for name, value in values.items()]
