"""The chain that shows whether the ledger was tampered with.

Each entry carries the SHA-256 of everything it says together with the hash of the entry before it,
so that no entry can be changed, removed or slipped in without every later hash changing. What is
hashed is one JSON object: keys sorted, no blanks between tokens, UTF-8 without escapes beyond those
JSON demands, times in UTC with six decimals, nothing absent. Anyone can recompute it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.messaging.consent.ledger import LedgerEntry

FORMAT = 1
"""Changes whenever the fields below do; entries say under which they were made."""

GENESIS = "0" * 64
"""What the first entry hangs on."""

Content = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain."""

    sequence: int = 0
    hash: str = GENESIS


class Flaw(Exception):  # noqa: N818 - a finding, not an error of the program
    """The first place at which the chain does not hold."""

    def __init__(self, sequence: int, entry_id: str, what: str) -> None:
        super().__init__(f"entry {sequence}: {what}")
        self.sequence = sequence
        self.entry_id = entry_id
        self.what = what


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


def digest(said: Content) -> str:
    """Return the hash of what an entry says."""
    return hashlib.sha256(canonical(said)).hexdigest()


def canonical(said: Content) -> bytes:
    """Return the bytes that are hashed."""
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="surrogatepass")


def instant(time: datetime | None) -> str:
    """Return an instant as ISO 8601 in UTC, empty for none."""
    if time is None:
        return ""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def follow(head: Head, said: Content, claimed_hash: str) -> Head:
    """Return the chain's end after this entry; raises Flaw where it does not fit."""
    sequence, entry_id = said.get("sequence"), str(said.get("entry_id", ""))
    if sequence != head.sequence + 1:
        found = f"is entry {sequence}: an entry was removed or slipped in"
        raise Flaw(head.sequence + 1, entry_id, found)
    if said.get("prev_hash") != head.hash:
        raise Flaw(head.sequence + 1, entry_id, "does not hang on the entry before it")
    if digest(said) != claimed_hash:
        raise Flaw(head.sequence + 1, entry_id, "says something else than its hash")
    return Head(head.sequence + 1, claimed_hash)
