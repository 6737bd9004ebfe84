"""What the audit log says: entries that are never changed, each hashed with the one before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.chain import Head, digest, instant

FORMAT = 1
"""Changes whenever what is hashed does; entries say under which they were made."""


class Act(StrEnum):
    """What was done."""

    DOCUMENT_READ = "document_read"
    PAGES_READ = "pages_read"
    THUMBNAIL_READ = "thumbnail_read"
    TEXT_READ = "text_read"
    TEXT_SEARCHED = "text_searched"
    RECORD_READ = "record_read"
    RECORDS_LISTED = "records_listed"
    DOCUMENT_ERASED = "document_erased"
    RECORD_REDACTED = "record_redacted"
    HOLD_PLACED = "hold_placed"
    HOLD_RELEASED = "hold_released"
    POLICY_PUT = "policy_put"
    POLICY_DELETED = "policy_deleted"


CONTENT_READS = (Act.DOCUMENT_READ, Act.PAGES_READ, Act.THUMBNAIL_READ, Act.TEXT_READ)
"""The acts that hand out content of one fax."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One act; `sequence` is 0 until the log has recorded it."""

    occur_time: datetime
    act: Act
    actor: str
    peer: str
    fax_id: str = ""
    sha256: str = ""
    detail: str = ""
    sequence: int = 0
    prev_hash: str = ""
    hash: str = ""


def linked(entry: AuditEntry, head: Head) -> AuditEntry:
    """Return the entry as the next link."""
    placed = replace(entry, sequence=head.sequence + 1, prev_hash=head.hash)
    return replace(placed, hash=digest(content(placed)))


def content(entry: AuditEntry) -> dict[str, object]:
    """Return everything an entry says, as it is hashed."""
    return {
        "format": FORMAT,
        "sequence": entry.sequence,
        "occur_time": instant(entry.occur_time),
        "action": entry.act.value,
        "actor": entry.actor,
        "peer": entry.peer,
        "fax_id": entry.fax_id,
        "sha256": entry.sha256,
        "detail": entry.detail,
        "prev_hash": entry.prev_hash,
    }
