"""What an entry of the ledger says, as it is hashed and exported."""

from dataclasses import replace

from chassis.chain import GENESIS, Content, Flaw, Head, canonical, digest, follow, instant
from services.messaging.consent.ledger import LedgerEntry

__all__ = [
    "FORMAT",
    "GENESIS",
    "Content",
    "Flaw",
    "Head",
    "canonical",
    "content",
    "digest",
    "follow",
    "instant",
    "linked",
]

FORMAT = 1
"""Changes whenever the fields below do; entries say under which they were made."""


def linked(entry: LedgerEntry, head: Head) -> LedgerEntry:
    """Return the entry as the next link."""
    placed = replace(entry, sequence=head.sequence + 1, prev_hash=head.hash)
    return replace(placed, hash=digest(content(placed)))


def content(entry: LedgerEntry) -> dict[str, object]:
    """Return everything an entry says, as it is hashed and exported."""
    said = entry.classification
    return {
        "format": FORMAT,
        "sequence": entry.sequence,
        "entry_id": entry.entry_id,
        "effective_time": instant(entry.effective_time),
        "record_time": instant(entry.record_time),
        "action": entry.action.value,
        "scope": entry.scope.value,
        "channel": entry.channel.value,
        "method": entry.method.value,
        "basis": entry.basis.value,
        "brand": entry.brand,
        "program_id": entry.program_id,
        "peer_number": entry.peer_number,
        "our_number": entry.our_number,
        "source_message_id": entry.source_message_id,
        "source_event_id": entry.source_event_id,
        "text": entry.text,
        "evidence": dict(entry.evidence),
        "language": entry.language,
        "keyword_class": said.keyword_class.value if said else "",
        "rule_id": said.rule_id if said else "",
        "list_version": said.list_version if said else "",
        "messaging_profile_id": entry.messaging_profile_id,
        "reviewer": entry.reviewer,
        "note": entry.note,
        "hold_id": entry.hold_id,
        "prompt_time": instant(entry.prompt_time),
        "request_deadline": instant(entry.request_deadline),
        "confirmation": entry.confirmation.value,
        "confirmation_message_id": entry.confirmation_message_id,
        "prev_hash": entry.prev_hash,
    }
