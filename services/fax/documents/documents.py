"""What can be had of documents, each by a child that can do no harm.

Nothing here believes what a document says of itself: what it is follows from its first bytes, how
many pages it has from counting them.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from chassis.objects import CHUNK, Draft, Stored
from chassis.sandbox import Limits, Sandbox
from services.fax.documents.children import ACCEPTED_KINDS, LIMITS, Children, believed
from services.fax.documents.model import (
    DEFAULT_WIDTH,
    LARGEST_BYTES,
    MOST_PAGES,
    Active,
    Cover,
    Inspection,
    Normalized,
    PageMissing,
    PaperSize,
)

_DRAWN_AT_ONCE = 8
"""Pages that one child draws: few enough for any honest page to be drawn in its time."""
_AS_IT_IS = ""
_PNG_LARGEST = 8 * 1024 * 1024
_LARGEST_HASH = 2**64 - 1


class Archive(Protocol):
    """Where documents are kept, each as long as somebody needs it."""

    def draft(self) -> AbstractAsyncContextManager[Draft]:
        """Give an empty draft, whose file is gone at the end of the block."""
        ...

    async def keep(self, draft: Draft, owner: str) -> Stored:
        """Store the draft's content durably for an owner and return its name."""
        ...

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content; FileNotFoundError if it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class MadePdf:
    """A PDF that was made and is not kept: the file it lies in, its pages and its bytes."""

    content: BinaryIO
    page_count: int
    size: int


class Documents:
    """Looks into documents and makes clean PDFs of them.

    Every method raises Rejected for a document that cannot be used, FileNotFoundError for one that
    is not in the store, and Overloaded while too many documents are being opened.
    """

    def __init__(self, archive: Archive, sandbox: Sandbox, limits: Limits = LIMITS) -> None:
        self._archive = archive
        self._children = Children(archive, sandbox, limits)

    @property
    def busy(self) -> bool:
        """Whether the next document would have to wait for its turn."""
        return self._children.busy

    async def inspect(self, sha256: str, kinds: frozenset[str] = ACCEPTED_KINDS) -> Inspection:
        """Return what a document is; its first pages have been drawn then without harm."""
        async with self._children.job("inspect", {}, [sha256], kinds) as (answer, _):
            return _inspection(answer)

    async def normalize(
        self, sha256: str, *, owner: str, page_size: PaperSize = PaperSize.LETTER
    ) -> Normalized:
        """Keep a clean PDF of a document for an owner, on paper of this size."""
        return await self.assemble(None, [sha256], owner=owner, page_size=page_size)

    async def assemble(
        self,
        cover: Cover | None,
        sha256s: Sequence[str],
        *,
        owner: str,
        page_size: PaperSize = PaperSize.LETTER,
    ) -> Normalized:
        """Keep one clean PDF of several documents for an owner, behind a cover page if any.

        The same documents and the same words of the cover make the same bytes.
        """
        order = {
            "paper": page_size.value,
            "cover": None if cover is None else dataclasses.asdict(cover),
            "proven": True,
        }
        async with self._children.job("make", order, sha256s) as (answer, made):
            stored = await self._kept(made, owner)
        return Normalized(stored.sha256, _page_count(answer), stored.size)

    async def pages(self, sha256: str, first: int, last: int, *, owner: str) -> Normalized:
        """Keep some pages of a document for an owner, as a clean PDF; raises PageMissing.

        Pages count from 1; 0 means the first, and the last.
        """
        async with self.pdf(sha256, first, last) as made:
            stored = await self._kept(made.content, owner)
        return Normalized(stored.sha256, made.page_count, stored.size)

    @asynccontextmanager
    async def pdf(self, sha256: str, first: int = 0, last: int = 0) -> AsyncIterator[MadePdf]:
        """Give a clean PDF of some pages, each of its own size; it is not kept.

        Pages count from 1; 0 means the first, and the last. Raises PageMissing.
        """
        order = {"paper": _AS_IT_IS, "first": first, "last": last}
        async with self._children.job("make", order, [sha256]) as (answer, made):
            yield MadePdf(made, _page_count(answer), _left(made))

    def original(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a document as they are; raises nothing but FileNotFoundError."""
        return self._archive.read(sha256)

    async def thumbnails(
        self, sha256: str, first: int = 1, last: int = 1, width: int = DEFAULT_WIDTH
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        """Yield pages as PNGs of this width, each with its number; raises PageMissing.

        Pages count from 1; a `last` of 0 means the last there is, which asks for an inspection.
        """
        if not last:
            last = (await self.inspect(sha256)).page_count
        if not 1 <= first <= last:
            raise PageMissing(last)
        for start in range(first, last + 1, _DRAWN_AT_ONCE):
            order = {
                "first": start,
                "last": min(start + _DRAWN_AT_ONCE - 1, last),
                "width": width,
            }
            async with self._children.job("draw", order, [sha256]) as (answer, drawn):
                with believed():
                    sizes = [_count(size, _PNG_LARGEST) for size in answer["sizes"]]
                for number, size in enumerate(sizes, start=start):
                    yield number, drawn.read(size)

    async def thumbnail(self, sha256: str, page: int = 1, width: int = DEFAULT_WIDTH) -> bytes:
        """Return one page as a PNG of this width; raises PageMissing."""
        drawn = {number: png async for number, png in self.thumbnails(sha256, page, page, width)}
        with believed():
            return drawn[page]

    async def _kept(self, made: BinaryIO, owner: str) -> Stored:
        async with self._archive.draft() as draft:
            for chunk in chunks(made):
                await draft.write(chunk)
            return await self._archive.keep(draft, owner)


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of a file in chunks of at most CHUNK bytes."""
    while chunk := file.read(CHUNK):
        yield chunk


def _left(file: BinaryIO) -> int:
    """Return how many bytes of a file are still to be read."""
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return end - here


def _inspection(answer: Mapping[str, Any]) -> Inspection:
    with believed():
        return Inspection(
            kind=_among(ACCEPTED_KINDS, answer["kind"]),
            size=_count(answer["size"], LARGEST_BYTES),
            pages=tuple((float(width), float(height)) for width, height in _pages(answer)),
            repaired=bool(answer.get("repaired")),
            active=tuple(Active(each) for each in answer.get("active", ())),
            page_hashes=tuple(_count(each, _LARGEST_HASH) for each in answer["hashes"]),
            texts=tuple(str(each) for each in answer["texts"]),
        )


def _pages(answer: Mapping[str, Any]) -> Sequence[Any]:
    pages: Sequence[Any] = answer["pages"]
    _count(len(pages), MOST_PAGES)
    return pages


def _page_count(answer: Mapping[str, Any]) -> int:
    with believed():
        return _count(answer["page_count"], MOST_PAGES)


def _count(value: Any, most: int) -> int:
    if not 0 <= int(value) <= most:
        raise ValueError
    return int(value)


def _among(kinds: frozenset[str], kind: Any) -> str:
    if kind not in kinds:
        raise ValueError
    return str(kind)
