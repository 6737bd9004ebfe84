"""Between the contract and keeping: policies, holds, the audit log, and what is known of a fax."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.fax.v1 import (
    audit_pb2,
    fax_keeping_pb2,
    fax_pb2,
    fax_service_pb2,
    legal_hold_pb2,
    retention_pb2,
)

from chassis.errors import FieldViolation, Invalid
from chassis.times import duration, instant, length, timestamp
from services.fax.keeping.audit_store import AuditFilters
from services.fax.keeping.entries import Act, AuditEntry
from services.fax.keeping.erasing import Erasure
from services.fax.keeping.facts import Facts
from services.fax.keeping.hold_store import HoldFilters, HoldPosition
from services.fax.keeping.holds import Hold, Scope
from services.fax.keeping.likeness import Match
from services.fax.keeping.policies import Part, Policy
from services.fax.keeping.retention import Explanation
from services.fax.keeping.search import Flag, Search
from services.fax.keeping.words import words_of
from services.fax.model import Direction, DocumentState

_DIRECTIONS = {
    Direction.UNKNOWN: fax_pb2.FAX_DIRECTION_UNSPECIFIED,
    Direction.INBOUND: fax_pb2.FAX_DIRECTION_INBOUND,
    Direction.OUTBOUND: fax_pb2.FAX_DIRECTION_OUTBOUND,
}
_FLAGS = {
    Flag.PARTIAL: fax_keeping_pb2.FAX_FLAG_PARTIAL,
    Flag.PAGES_DIFFER: fax_keeping_pb2.FAX_FLAG_PAGES_DIFFER,
    Flag.QUARANTINED: fax_keeping_pb2.FAX_FLAG_QUARANTINED,
    Flag.RESEND: fax_keeping_pb2.FAX_FLAG_RESEND,
    Flag.HELD: fax_keeping_pb2.FAX_FLAG_HELD,
}
_MATCHES = {
    Match.CONTENT: fax_keeping_pb2.RESEND_MATCH_CONTENT,
    Match.PAGES: fax_keeping_pb2.RESEND_MATCH_PAGES,
    Match.FIRST_PAGES: fax_keeping_pb2.RESEND_MATCH_FIRST_PAGES,
}
_PARTS = {
    Part.DOCUMENT: retention_pb2.ERASED_PART_DOCUMENT,
    Part.RECORD: retention_pb2.ERASED_PART_RECORD,
}
_ACTIONS = {act: audit_pb2.AuditAction.Value(f"AUDIT_ACTION_{act.name}") for act in Act}
_DOCUMENT_STATES = {
    fax_pb2.DocumentState.Value(f"DOCUMENT_STATE_{state.name}"): state
    for state in DocumentState
    if state is not DocumentState.NONE
}


def policy_of(asked: retention_pb2.RetentionPolicy, now: datetime) -> Policy:
    """Return the policy a request puts."""
    directions = {number: direction for direction, number in _DIRECTIONS.items()}
    return Policy(
        policy_id=asked.policy_id,
        direction=directions[asked.direction],
        number=asked.number,
        document_age=_age(asked, "document_age"),
        record_age=_age(asked, "record_age"),
        reason=asked.reason,
        create_time=now,
        update_time=now,
    )


def policy(kept: Policy) -> retention_pb2.RetentionPolicy:
    """Return a policy as the contract tells it."""
    return retention_pb2.RetentionPolicy(
        policy_id=kept.policy_id,
        direction=_DIRECTIONS[kept.direction],
        number=kept.number,
        document_age=duration(kept.document_age),
        record_age=duration(kept.record_age),
        reason=kept.reason,
        create_time=timestamp(kept.create_time),
        update_time=timestamp(kept.update_time),
    )


def explanation(found: Explanation) -> retention_pb2.ExplainRetentionResponse:
    """Return why a fax is kept as the contract tells it."""
    return retention_pb2.ExplainRetentionResponse(
        document_policy_id=found.document.policy_id,
        document_due_time=timestamp(found.document.due_time),
        record_policy_id=found.record.policy_id,
        record_due_time=timestamp(found.record.due_time),
        hold_ids=found.hold_ids,
        other_owner_count=found.other_owners,
        erasures=[_erasure(each) for each in found.erasures],
    )


def scope_of(asked: legal_hold_pb2.LegalHoldScope) -> Scope:
    """Return what a hold is to cover."""
    return Scope(
        fax_id=asked.fax_id,
        job_id=asked.job_id,
        number=asked.number,
        start=_bound(asked, "start_time", "scope.start_time"),
        end=_bound(asked, "end_time", "scope.end_time"),
    )


def hold(kept: Hold) -> legal_hold_pb2.LegalHold:
    """Return a hold as the contract tells it."""
    return legal_hold_pb2.LegalHold(
        hold_id=kept.hold_id,
        scope=_scope(kept.scope),
        reason=kept.reason,
        matter=kept.matter,
        placed_by=kept.placed_by,
        place_time=timestamp(kept.place_time),
        released_by=kept.released_by,
        release_time=timestamp(kept.release_time),
        release_reason=kept.release_reason,
    )


def hold_filters(request: legal_hold_pb2.ListLegalHoldsRequest) -> HoldFilters:
    """Return what a list of holds is narrowed to."""
    return HoldFilters(
        include_released=request.include_released,
        fax_id=request.fax_id,
        number=request.number,
    )


def hold_key(last: Hold) -> list[str | int]:
    """Return where a page that ends with this hold ends."""
    moment = Timestamp()
    moment.FromDatetime(last.place_time)
    return [moment.ToMicroseconds(), last.hold_id]


def hold_position(decoded: Sequence[str | int]) -> HoldPosition | None:
    """Return the position of a decoded page token, None for the first page."""
    if not decoded:
        return None
    moment = Timestamp()
    moment.FromMicroseconds(int(decoded[0]))
    return HoldPosition(instant(moment, "page_token"), str(decoded[1]))


def audit_filters(request: audit_pb2.ListAuditEntriesRequest) -> AuditFilters:
    """Return what a list of entries is narrowed to."""
    acts = {number: act for act, number in _ACTIONS.items()}
    return AuditFilters(
        fax_id=request.fax_id,
        actor=request.actor,
        acts=[acts[number] for number in request.actions],
        start=_bound(request, "start_time", "start_time"),
        end=_bound(request, "end_time", "end_time"),
    )


def audit_entry(kept: AuditEntry) -> audit_pb2.AuditEntry:
    """Return an entry of the audit log as the contract tells it."""
    return audit_pb2.AuditEntry(
        sequence=kept.sequence,
        occur_time=timestamp(kept.occur_time),
        action=_ACTIONS[kept.act],
        actor=kept.actor,
        peer=kept.peer,
        fax_id=kept.fax_id,
        sha256=kept.sha256,
        detail=kept.detail,
        prev_hash=kept.prev_hash,
        hash=kept.hash,
    )


def search(request: fax_service_pb2.ListFaxesRequest) -> Search:
    """Return what a list of faxes is narrowed to; raises Invalid for a text without a word."""
    words = words_of(request.text)
    if request.text and not words:
        raise Invalid([FieldViolation("text", "has no word that could be looked for")])
    flags = {number: flag for flag, number in _FLAGS.items()}
    return Search(
        min_pages=request.min_page_count,
        max_pages=request.max_page_count,
        flags=[flags[number] for number in request.flags],
        document_states=[_DOCUMENT_STATES[number] for number in request.document_states],
        words=words,
        resend_of=request.resend_of_fax_id,
    )


def keeping(known: Facts) -> fax_keeping_pb2.FaxKeeping:
    """Return what is known of a fax as the contract tells it."""
    message = fax_keeping_pb2.FaxKeeping(
        flags=[_FLAGS[flag] for flag in known.flags],
        announce_time=timestamp(known.announce_time),
        store_delay=duration(known.store_delay),
        first_read_time=timestamp(known.first_read_time),
        document_erase_time=timestamp(known.document_erase_time),
        record_redact_time=timestamp(known.record_redact_time),
    )
    if known.resend is not None:
        message.resend_of_fax_id = known.resend.of_fax_id
        message.resend_match = _MATCHES[known.resend.match]
    return message


def _scope(kept: Scope) -> legal_hold_pb2.LegalHoldScope:
    message = legal_hold_pb2.LegalHoldScope(
        start_time=timestamp(kept.start), end_time=timestamp(kept.end)
    )
    if kept.fax_id:
        message.fax_id = kept.fax_id
    elif kept.job_id:
        message.job_id = kept.job_id
    else:
        message.number = kept.number
    return message


def _erasure(made: Erasure) -> retention_pb2.Erasure:
    return retention_pb2.Erasure(
        part=_PARTS[made.part],
        erase_time=timestamp(made.erase_time),
        policy_id=made.policy_id,
        reason=made.reason,
        age=duration(made.age),
        sha256=made.sha256,
    )


def _age(asked: retention_pb2.RetentionPolicy, field: str) -> timedelta | None:
    return length(getattr(asked, field), f"policy.{field}") if asked.HasField(field) else None  # type: ignore[arg-type]


def _bound(
    asked: legal_hold_pb2.LegalHoldScope | audit_pb2.ListAuditEntriesRequest, field: str, path: str
) -> datetime | None:
    return instant(getattr(asked, field), path) if asked.HasField(field) else None  # type: ignore[arg-type]
