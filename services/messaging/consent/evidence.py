"""The ledger as a document that can be read in court and checked without this service.

JSON Lines: each entry is one line ``{"entry": {...}, "hash": "...", "learned_later": {...}}``; what
is hashed is `entry` and nothing else (see `chain`). The last line is ``{"head": {...}}``, the end
of the whole chain at the time of the export. CSV: the same fields as columns.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.messaging.consent import chain
from services.messaging.consent.chain import Flaw, Head
from services.messaging.consent.ledger import LedgerEntry

_EVIDENCE = (
    "disclosure_text",
    "disclosure_version",
    "page_url",
    "user_answer",
    "ip_address",
    "user_agent",
    "agent_id",
    "object_key",
    "campaign_id",
    "source",
    "prompt_message_id",
)
COLUMNS = (
    "sequence",
    "effective_time",
    "record_time",
    "peer_number",
    "our_number",
    "brand",
    "program_id",
    "channel",
    "action",
    "scope",
    "basis",
    "method",
    "text",
    "keyword_class",
    "rule_id",
    "list_version",
    "reviewer",
    "note",
    "language",
    *_EVIDENCE,
    "request_deadline",
    "prompt_time",
    "confirmation",
    "confirmation_message_id",
    "confirmation_sent_time",
    "messaging_profile_id",
    "source_message_id",
    "source_event_id",
    "hold_id",
    "entry_id",
    "format",
    "prev_hash",
    "hash",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORDED = frozenset({"text", "note", "reviewer", "language", *_EVIDENCE})
"""Columns with words of others, which a spreadsheet might take for a formula."""

_LINES = ("entry", "head")

Times = Mapping[str, datetime]


def csv_header() -> bytes:
    """Return the line with the names of the columns."""
    return _csv_line(COLUMNS)


def csv_rows(entries: Iterable[LedgerEntry], sent_times: Times) -> bytes:
    """Return entries as lines of a table."""
    return b"".join(_csv_line(_cells(entry, sent_times)) for entry in entries)


def json_lines(entries: Iterable[LedgerEntry], sent_times: Times) -> bytes:
    """Return entries as JSON Lines."""
    return b"".join(_json_line(_object(entry, sent_times)) for entry in entries)


def json_head(head: Head) -> bytes:
    """Return the last line: the end of the whole chain."""
    return _json_line({"head": {"sequence": head.sequence, "hash": head.hash}})


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of a document found to be right."""

    entries: int
    gaps: int
    """How often entries were left out in between, as in the document about one person."""
    head: Head | None
    """The last entry; None without any."""
    complete: bool
    """Whether it is the whole chain, from the first entry to its end."""


def verify(lines: Iterable[bytes]) -> Verified:
    """Recompute what a document in JSON Lines says; raises chain.Flaw for the first wrong entry.

    Entries that follow one another must hang together. Where some are left out each entry is still
    as it was written, but that none is missing cannot be told.
    """
    entries = gaps = 0
    end, stated = Head(), None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        said = _parsed(line, number)
        if "head" in said:
            stated = _stated(said["head"])
            continue
        if stated is not None:
            raise Flaw(end.sequence, "", "stands after the end of the document")
        end, skipped = _followed(end, said)
        entries, gaps = entries + 1, gaps + skipped
    if stated is not None and stated.sequence == end.sequence and stated.hash != end.hash:
        raise Flaw(end.sequence, "", "is not the end that the document states")
    complete = gaps == 0 and stated == end
    return Verified(entries, gaps, end if entries else None, complete)


def _stated(head: Mapping[str, object]) -> Head:
    sequence = head.get("sequence")
    return Head(sequence if isinstance(sequence, int) else 0, str(head.get("hash", "")))


def _followed(end: Head, said: Mapping[str, Any]) -> tuple[Head, bool]:
    entry, claimed = said["entry"], str(said.get("hash", ""))
    sequence = entry.get("sequence")
    if isinstance(sequence, int) and sequence > end.sequence + 1:
        before = Head(sequence - 1, str(entry.get("prev_hash", "")))
        return chain.follow(before, entry, claimed), True
    return chain.follow(end, entry, claimed), False


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise Flaw(0, "", f"line {number} is not JSON") from error
    if not isinstance(said, dict) or not any(isinstance(said.get(k), dict) for k in _LINES):
        raise Flaw(0, "", f"line {number} is no entry")
    return said


def _object(entry: LedgerEntry, sent_times: Times) -> dict[str, object]:
    sent = sent_times.get(entry.confirmation_message_id)
    later = {"confirmation_sent_time": chain.instant(sent)}
    return {"entry": chain.content(entry), "hash": entry.hash, "learned_later": later}


def _cells(entry: LedgerEntry, sent_times: Times) -> list[str]:
    sent = sent_times.get(entry.confirmation_message_id)
    known = {
        **chain.content(entry),
        **entry.evidence,
        "confirmation_sent_time": chain.instant(sent),
        "hash": entry.hash,
    }
    return [_cell(name, str(known.get(name, ""))) for name in COLUMNS]


def _cell(name: str, value: str) -> str:
    return f"'{value}" if name in _WORDED and value.startswith(_FORMULA) else value


def _csv_line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _json_line(said: Mapping[str, object]) -> bytes:
    return chain.canonical(said) + b"\n"
