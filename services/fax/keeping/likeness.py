"""Whether one fax repeats another; pure.

Senders retry after a fax that broke off, and each transmission has another header line, so the same
pages rarely are the same bytes. Pages are compared by difference hashes, which the header line is
left out of: scans of the same page differ in a few of the 64 bits, other pages in about half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(hours=24)
"""How long after a fax another one may be its repetition."""

_MOST_BITS = 6
"""Bits in which two scans of one page may differ, of 64."""
_BLANK = 0
"""The hash of an empty page, which is like every other empty page."""


class Match(StrEnum):
    """By what a fax is taken for a repetition."""

    CONTENT = "content"
    PAGES = "pages"
    FIRST_PAGES = "first_pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What of a fax is compared; no page hashes when its pages could not be drawn."""

    fax_id: str
    create_time: datetime
    sha256: str
    page_count: int | None
    partial: bool
    page_hashes: tuple[int, ...] = ()

    @property
    def age_key(self) -> tuple[datetime, str]:
        """What tells which of two faxes came first."""
        return self.create_time, self.fax_id


def compare(earlier: Print, later: Print) -> Match | None:
    """Return by what the later fax repeats the earlier one of the same sender, or None."""
    if later.create_time - earlier.create_time > WINDOW:
        return None
    if earlier.sha256 and earlier.sha256 == later.sha256:
        return Match.CONTENT
    pages, more = earlier.page_hashes, later.page_hashes
    if not _tells(pages) or not _alike(pages, more[: len(pages)]):
        return None
    if earlier.page_count == later.page_count:
        return Match.PAGES
    shorter = (earlier.page_count or 0) < (later.page_count or 0)
    return Match.FIRST_PAGES if earlier.partial and shorter else None


def _alike(pages: Sequence[int], others: Sequence[int]) -> bool:
    if len(pages) != len(others):
        return False
    return all((a ^ b).bit_count() <= _MOST_BITS for a, b in zip(pages, others, strict=True))


def _tells(pages: Sequence[int]) -> bool:
    """Say whether the pages can be told from others: blank ones alone cannot."""
    return any(page != _BLANK for page in pages)
