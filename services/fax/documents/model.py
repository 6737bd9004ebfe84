"""What is known of documents; pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LARGEST_BYTES = 50 * 1024 * 1024
MOST_PAGES = 350
"""What a fax may have. Source: Telnyx, Send a fax (50 MB, 350 pages)."""

WIDEST, DEFAULT_WIDTH = 1024, 256
"""Pixels across a thumbnail."""


class Problem(enum.StrEnum):
    """Why a document cannot be used as a fax."""

    NOT_A_DOCUMENT = "NOT_A_DOCUMENT"
    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_PAGES = "TOO_MANY_PAGES"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    ENCRYPTED = "ENCRYPTED"
    DAMAGED = "DAMAGED"
    TIMED_OUT = "TIMED_OUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    CRASHED = "CRASHED"
    UNSUPPORTED_CHARACTER = "UNSUPPORTED_CHARACTER"


class Rejected(Exception):  # noqa: N818 - a verdict, not a malfunction
    """A document cannot be used; `detail` says so in a sentence without anything private.

    `source` tells which of several documents it is, from 0; None for the cover page.
    """

    def __init__(self, problem: Problem, detail: str, source: int | None = 0) -> None:
        super().__init__(problem.value, detail)
        self.problem = problem
        self.detail = detail
        self.source = source


class TooSlow(Rejected):
    """Time ran out for a document, but the machine may have spent it elsewhere."""

    def __init__(self) -> None:
        super().__init__(Problem.TIMED_OUT, "reading it takes too much time")


class PageMissing(Exception):  # noqa: N818 - a fact, not a malfunction
    """The document ends before a page that was asked for."""

    def __init__(self, page_count: int) -> None:
        super().__init__(page_count)
        self.page_count = page_count


class PaperSize(enum.StrEnum):
    """What a fax is printed on."""

    LETTER = "letter"
    A4 = "a4"


class Active(enum.StrEnum):
    """What a PDF carries besides its pages."""

    JAVASCRIPT = "javascript"
    LAUNCH = "launch"
    ATTACHMENT = "attachment"
    FORM = "form"
    LINK = "link"


class TextSource(enum.StrEnum):
    """Where the text of a document comes from, or why there is none."""

    NONE = "none"
    DOCUMENT = "document"
    RECOGNITION = "recognition"
    NO_ENGINE = "no_engine"
    ENGINE_FAILED = "engine_failed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a document that can be read."""

    kind: str
    """Its media type, told from its first bytes."""
    size: int
    pages: tuple[tuple[float, float], ...]
    """Width and height of each page as it is looked at, in points of 1/72 inch."""
    repaired: bool = False
    """Whether its format was broken in a way that could be repaired for reading."""
    active: tuple[Active, ...] = ()
    page_hashes: tuple[int, ...] = ()
    """A 64-bit difference hash of each of the first pages, without the header line of a fax."""
    texts: tuple[str, ...] = ()
    """The text that each page states itself; empty when no page does."""

    @property
    def page_count(self) -> int:
        """How many pages there are."""
        return len(self.pages)


@dataclass(frozen=True, slots=True)
class Normalized:
    """A clean PDF that is kept: its name in the store, its pages and its size in bytes."""

    sha256: str
    page_count: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What a cover page says; empty lines are left out. The number of pages is filled in."""

    to_name: str = ""
    to_number: str = ""
    from_name: str = ""
    from_company: str = ""
    from_number: str = ""
    subject: str = ""
    remarks: str = ""
    confidentiality_notice: str = ""
    date: str = ""
    """As it is to be read, such as `November 21, 2026`."""


@dataclass(frozen=True, slots=True)
class FaxInspection:
    """What became of the inspection of a fax's document; nothing of its content."""

    fax_id: str
    sha256: str
    content_type: str
    size: int
    inspect_time: datetime
    pages: tuple[tuple[float, float], ...] = ()
    problem: Problem | None = None
    problem_detail: str = ""
    repaired: bool = False
    active: tuple[Active, ...] = ()
    text_source: TextSource = TextSource.NONE


def range_of(first: int, last: int, page_count: int) -> tuple[int, int]:
    """Return the pages a reader asks for; 0 means the first, and the last. Raises PageMissing."""
    wanted = (first or 1, last or page_count)
    if not 1 <= wanted[0] <= wanted[1] <= page_count:
        raise PageMissing(page_count)
    return wanted


def text_source_of(texts: Sequence[str], *, engine: bool) -> TextSource:
    """Return where the text of a readable document comes from, before any recognition."""
    if any(texts):
        return TextSource.DOCUMENT
    return TextSource.PENDING if engine else TextSource.NO_ENGINE
