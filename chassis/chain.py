"""Chains of hashes, which show whether a log was tampered with.

Each entry carries the SHA-256 of everything it says together with the hash of the entry before it,
so that no entry can be changed, removed or slipped in without every later hash changing. What is
hashed is one JSON object: keys sorted, no blanks between tokens, UTF-8 without escapes beyond those
JSON demands, times in UTC with six decimals, nothing absent. Anyone can recompute it.

What an entry says has at least `sequence`, which counts from 1 without gaps, and `prev_hash`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64
"""What the first entry hangs on."""

Content = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain."""

    sequence: int = 0
    hash: str = GENESIS


class Flaw(Exception):  # noqa: N818 - a finding, not an error of the program
    """The first place at which a chain does not hold; `entry_id` is empty where there is none."""

    def __init__(self, sequence: int, entry_id: str, what: str) -> None:
        super().__init__(f"entry {sequence}: {what}")
        self.sequence = sequence
        self.entry_id = entry_id
        self.what = what


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
