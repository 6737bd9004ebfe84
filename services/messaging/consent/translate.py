"""Translate consent, holds and evidence between the model and `switchhook.messaging.v1`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from switchhook.messaging.v1 import (
    consent_check_pb2,
    consent_pb2,
    consent_record_pb2,
    consent_service_pb2,
    evidence_pb2,
    hold_pb2,
    program_pb2,
)

from chassis.errors import FieldViolation, Invalid
from services.messaging.consent.decision import Decision
from services.messaging.consent.holds import Hold, HoldPosition, HoldState, Judgement
from services.messaging.consent.ledger import Action, Basis, Channel, LedgerEntry, Method, Scope
from services.messaging.consent.programs import Program
from services.messaging.ids import derived_id
from services.messaging.translate import classification, instant, timestamp
from services.messaging.use_cases.checking import Check

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def consent(
    request: consent_service_pb2.GetConsentRequest,
    decision: Decision,
    recent: Iterable[LedgerEntry],
    sent_times: Mapping[str, datetime],
) -> consent_pb2.Consent:
    """Return what the ledger says as the contract shows it."""
    return consent_pb2.Consent(
        peer_number=request.peer_number,
        our_number=request.our_number,
        state=_state(decision),
        deciding_entry_id=decision.entry_id,
        effective_time=timestamp(decision.effective_time),
        recent_entries=[entry(each, sent_times) for each in recent],
    )


def check(
    found: Check, sent_times: Mapping[str, datetime]
) -> consent_check_pb2.CheckConsentResponse:
    """Return why a message may or may not be sent as the contract shows it."""
    objection = found.objection
    name = objection.reason.name if objection else "UNSPECIFIED"
    return consent_check_pb2.CheckConsentResponse(
        allowed=objection is None,
        objection=consent_check_pb2.ConsentObjection.Value(f"CONSENT_OBJECTION_{name}"),
        state=_state(found.decision),
        program=program(found.target.program),
        deciding_entries=[entry(each, sent_times) for each in found.entries],
        hold_id=found.hold.hold_id if found.hold else "",
        effective_time=timestamp(found.decision.effective_time),
        explanation=found.explanation,
    )


def program(value: Program) -> program_pb2.Program:
    """Return a program as the contract shows it."""
    kind = program_pb2.ProgramKind.Value(f"PROGRAM_KIND_{value.kind.name}")
    return program_pb2.Program(program_id=value.program_id, kind=kind)


def entry(
    known: LedgerEntry, sent_times: Mapping[str, datetime] | None = None
) -> consent_pb2.LedgerEntry:
    """Return an entry as the contract shows it, with when its confirmation left."""
    sent_time = (sent_times or {}).get(known.confirmation_message_id)
    return consent_pb2.LedgerEntry(
        entry_id=known.entry_id,
        sequence=known.sequence,
        effective_time=timestamp(known.effective_time),
        record_time=timestamp(known.record_time),
        action=consent_pb2.ConsentAction.Value(f"CONSENT_ACTION_{known.action.name}"),
        scope=scope(known.scope),
        method=method(known.method),
        peer_number=known.peer_number,
        our_number=known.our_number,
        source_message_id=known.source_message_id,
        source_event_id=known.source_event_id,
        text=known.text,
        classification=classification(known.classification),
        messaging_profile_id=known.messaging_profile_id,
        confirmation=consent_pb2.Confirmation.Value(f"CONFIRMATION_{known.confirmation.name}"),
        confirmation_message_id=known.confirmation_message_id,
        brand=known.brand,
        program_id=known.program_id,
        channel=channel(known.channel),
        basis=consent_pb2.ConsentBasis.Value(f"CONSENT_BASIS_{known.basis.name}"),
        evidence=evidence_pb2.Evidence(**known.evidence),
        language=known.language,
        reviewer=known.reviewer,
        note=known.note,
        hold_id=known.hold_id,
        prompt_time=timestamp(known.prompt_time),
        request_deadline=timestamp(known.request_deadline),
        prev_hash=known.prev_hash,
        hash=known.hash,
        confirmation_sent_time=timestamp(sent_time),
    )


def hold(known: Hold, made: LedgerEntry | None) -> hold_pb2.Hold:
    """Return a hold as the contract shows it, with the text that made it."""
    return hold_pb2.Hold(
        hold_id=known.hold_id,
        peer_number=known.peer_number,
        our_number=known.our_number,
        program_id=known.program_id,
        message_id=known.message_id,
        text=made.text if made else "",
        classification=classification(made.classification) if made else None,
        entry_id=known.entry_id,
        create_time=timestamp(known.effective_time),
        due_time=timestamp(known.due_time),
        state=hold_pb2.HoldState.Value(f"HOLD_STATE_{known.state.name}"),
        reviewer=known.reviewer,
        note=known.note,
        resolve_time=timestamp(known.resolve_time),
        resolve_entry_id=known.resolve_entry_id,
    )


def scope(value: Scope) -> consent_pb2.ConsentScope.ValueType:
    """Return how far an entry reaches as the contract names it."""
    return consent_pb2.ConsentScope.Value(f"CONSENT_SCOPE_{value.name}")


def method(value: Method) -> consent_pb2.ConsentMethod.ValueType:
    """Return how consent was made known as the contract names it."""
    return consent_pb2.ConsentMethod.Value(f"CONSENT_METHOD_{value.name}")


def channel(value: Channel) -> consent_pb2.ConsentChannel.ValueType:
    """Return by what means somebody is reached as the contract names it."""
    return consent_pb2.ConsentChannel.Value(f"CONSENT_CHANNEL_{value.name}")


def recorded(request: consent_record_pb2.RecordConsentRequest, now: datetime) -> LedgerEntry:
    """Return the entry a request asks for; what lies in the future counts from now."""
    said = instant(request.effective_time) if request.HasField("effective_time") else now
    means = consent_pb2.ConsentChannel.Name(request.channel).removeprefix("CONSENT_CHANNEL_")
    return LedgerEntry(
        entry_id=derived_id("recorded", request.request_id),
        effective_time=min(said, now),
        record_time=now,
        action=Action[_name(consent_pb2.ConsentAction.Name(request.action), "CONSENT_ACTION_")],
        scope=Scope[_name(consent_pb2.ConsentScope.Name(request.scope), "CONSENT_SCOPE_")],
        method=Method[_name(consent_pb2.ConsentMethod.Name(request.method), "CONSENT_METHOD_")],
        basis=Basis[_name(consent_pb2.ConsentBasis.Name(request.basis), "CONSENT_BASIS_")],
        channel=Channel[means] if request.channel else Channel.SMS,
        peer_number=request.peer_number,
        our_number=request.our_number,
        program_id=request.program_id,
        source_message_id="",
        text=request.text,
        language=request.language,
        evidence=evidence(request.evidence),
    )


def evidence(said: evidence_pb2.Evidence) -> dict[str, str]:
    """Return what a request gives as evidence, by the names of the contract."""
    return {field.name: value for field, value in said.ListFields()}


def judgement(request: hold_pb2.ResolveHoldRequest) -> Judgement:
    """Return what a person decided."""
    return Judgement[_name(hold_pb2.HoldDecision.Name(request.decision), "HOLD_DECISION_")]


def hold_state(request: hold_pb2.ListHoldsRequest) -> HoldState:
    """Return the state a list is narrowed to."""
    if not request.state:
        return HoldState.OPEN
    return HoldState[_name(hold_pb2.HoldState.Name(request.state), "HOLD_STATE_")]


def hold_position_of(last: Hold) -> list[str | int]:
    """Return where a page that ends with this hold ends."""
    return [(last.due_time - _EPOCH) // _MICROSECOND, last.hold_id]


def hold_position(decoded: Sequence[str | int]) -> HoldPosition | None:
    """Return where the page before ended, or None for the first page; raises Invalid."""
    match decoded:
        case []:
            return None
        case [int(micros), str(hold_id)] if abs(micros) < 1 << 56 and "\0" not in hold_id:
            return HoldPosition(_EPOCH + micros * _MICROSECOND, hold_id)
        case _:
            raise Invalid([FieldViolation("page_token", "is not a token this service gave")])


def sequence(decoded: Sequence[str | int]) -> int | None:
    """Return the sequence the page before ended with, or None; raises Invalid."""
    match decoded:
        case []:
            return None
        case [int(number)] if 0 < number < 1 << 62:
            return number
        case _:
            raise Invalid([FieldViolation("page_token", "is not a token this service gave")])


def _state(decision: Decision) -> consent_pb2.ConsentState.ValueType:
    return consent_pb2.ConsentState.Value(f"CONSENT_STATE_{decision.state.name}")


def _name(value: str, prefix: str) -> str:
    return value.removeprefix(prefix)
