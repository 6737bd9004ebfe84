"""Between the contracts and the model of documents."""

from __future__ import annotations

from collections.abc import Sequence

from switchhook.fax.v1 import document_pb2

from chassis.errors import NotFound, NotYet
from chassis.times import timestamp
from services.fax.documents.model import (
    Active,
    FaxInspection,
    PageMissing,
    Problem,
    Rejected,
    TextSource,
)

_MOST_TEXT = 1024 * 1024
"""Bytes in one answer."""
_PROBLEMS = {
    each: document_pb2.DocumentProblem.Value(f"DOCUMENT_PROBLEM_{each.value}") for each in Problem
}
_ACTIVE = {each: document_pb2.ActiveContent.Value(f"ACTIVE_CONTENT_{each.name}") for each in Active}
_SOURCES = {
    TextSource.NONE: document_pb2.TEXT_SOURCE_UNSPECIFIED,
    TextSource.DOCUMENT: document_pb2.TEXT_SOURCE_DOCUMENT,
    TextSource.RECOGNITION: document_pb2.TEXT_SOURCE_RECOGNITION,
    TextSource.NO_ENGINE: document_pb2.TEXT_SOURCE_NO_ENGINE,
    TextSource.ENGINE_FAILED: document_pb2.TEXT_SOURCE_ENGINE_FAILED,
    TextSource.PENDING: document_pb2.TEXT_SOURCE_PENDING,
}


def inspection(found: FaxInspection) -> document_pb2.Inspection:
    """Return an inspection as the contract tells it."""
    return document_pb2.Inspection(
        sha256=found.sha256,
        content_type=found.content_type,
        size_bytes=found.size,
        page_count=len(found.pages),
        pages=[document_pb2.PageDimensions(width=w, height=h) for w, h in found.pages],
        problem=document_pb2.DOCUMENT_PROBLEM_UNSPECIFIED
        if found.problem is None
        else _PROBLEMS[found.problem],
        problem_detail=found.problem_detail,
        repaired=found.repaired,
        active_content=[_ACTIVE[each] for each in found.active],
        text_source=_SOURCES[found.text_source],
        inspect_time=timestamp(found.inspect_time),
    )


def text_source(source: TextSource) -> document_pb2.TextSource.ValueType:
    """Return where a text comes from as the contract tells it."""
    return _SOURCES[source]


def texts(pages: Sequence[str]) -> list[document_pb2.PageText]:
    """Return the text of each page as the contract tells it."""
    told: list[document_pb2.PageText] = []
    left = _MOST_TEXT
    for number, text in enumerate(pages, start=1):
        left -= len(text.encode())
        if left < 0:
            break
        told.append(document_pb2.PageText(page=number, text=text))
    return told


def rejected(why: Rejected) -> NotYet:
    """Return the fault that tells a reader why a document cannot be shown."""
    return NotYet(
        "DOCUMENT_REJECTED",
        "the document cannot be opened",
        metadata={"problem": why.problem.value, "detail": why.detail},
    )


def erased() -> NotYet:
    """Return the fault that tells a reader that the bytes are gone."""
    return NotYet(
        "DOCUMENT_NOT_STORED",
        "this fax has no document to be read",
        metadata={"document_state": "DELETED"},
    )


def missing(gone: PageMissing) -> NotFound:
    """Return the fault that tells a reader how many pages there are."""
    return NotFound(
        "PAGE_NOT_FOUND",
        "the document has no such page",
        metadata={"page_count": str(gone.page_count)},
    )
