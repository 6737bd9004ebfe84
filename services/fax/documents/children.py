"""Jobs on documents, each given to a child of its own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, BinaryIO, Protocol

import orjson

from carrier.magic import SNIFF_BYTES, kind_of
from chassis.confined import UNPREPARED
from chassis.logs import get_logger
from chassis.sandbox import End, Ended, Limits, Sandbox
from services.fax.documents.model import LARGEST_BYTES, PageMissing, Problem, Rejected, TooSlow

_PROGRAM = "services.fax.documents.confined.program"
_LONGEST_ANSWER = 8 * 1024 * 1024
LIMITS = Limits(output_bytes=LARGEST_BYTES + _LONGEST_ANSWER)

_ENDS = {
    End.TIMED_OUT: (Problem.TIMED_OUT, "reading it takes too much time"),
    End.OUT_OF_MEMORY: (Problem.OUT_OF_MEMORY, "reading it takes too much memory"),
    End.CRASHED: (Problem.CRASHED, "it made its reader crash"),
    End.REFUSED: (Problem.DAMAGED, "its format is broken"),
}
_KINDS = frozenset({"application/pdf", "image/tiff"})
ACCEPTED_KINDS = _KINDS | {"image/png", "image/jpeg", "text/plain"}
"""What may be sent; a received document is one of the first two."""
RECEIVED_KINDS = _KINDS

_log = get_logger(__name__)


class Contents(Protocol):
    """Where the bytes are."""

    def read(self, sha256: str) -> AsyncIterable[bytes]:
        """Yield the content; FileNotFoundError if it is gone."""
        ...


class Children:
    """Hands documents to children and reads their answers."""

    def __init__(self, contents: Contents, sandbox: Sandbox, limits: Limits = LIMITS) -> None:
        self._contents = contents
        self._sandbox = sandbox
        self._limits = limits

    @property
    def busy(self) -> bool:
        """Whether a job would have to wait for its turn."""
        return self._sandbox.busy

    @asynccontextmanager
    async def job(
        self,
        name: str,
        order: Mapping[str, Any],
        sha256s: Sequence[str],
        kinds: frozenset[str] = ACCEPTED_KINDS,
    ) -> AsyncIterator[tuple[dict[str, Any], BinaryIO]]:
        """Give a child's answer, and the file with the bytes that follow it.

        Raises Rejected, PageMissing, FileNotFoundError when a document is not in the store, and
        Overloaded when too many documents are being opened.
        """
        with tempfile.TemporaryFile(prefix="documents-") as source:
            parts = [
                await self._part(source, number, sha256, kinds)
                for number, sha256 in enumerate(sha256s)
            ]
            told = orjson.dumps({**order, "parts": parts})
            source.write(told + len(told).to_bytes(8, "big"))
            source.seek(0)
            async with self._sandbox.run(_PROGRAM, name, source, self._limits) as ended:
                yield _answer(name, ended), ended.output

    async def _part(
        self, source: BinaryIO, number: int, sha256: str, kinds: frozenset[str]
    ) -> dict[str, object]:
        """Copy a document into the file; return its kind and size."""
        head, size = b"", 0
        async for chunk in self._contents.read(sha256):
            if len(head) < SNIFF_BYTES:
                head += chunk[:SNIFF_BYTES]
            size += len(chunk)
            if size > LARGEST_BYTES:
                raise Rejected(Problem.TOO_LARGE, "it has more than 50 MiB", number)
            source.write(chunk)
        if size == 0:
            raise Rejected(Problem.EMPTY, "it has no bytes", number)
        kind = kind_of(head).value
        if kind not in kinds:
            raise Rejected(Problem.NOT_A_DOCUMENT, "its first bytes are of no known kind", number)
        return {"kind": kind, "size": size}


def _answer(name: str, ended: Ended) -> dict[str, Any]:
    """Return what a child says; raises what it says is wrong."""
    if ended.end is not End.DONE:
        _log.warning("document.child_ended", job=name, end=ended.end.value, status=ended.status)
        if ended.status == UNPREPARED:
            raise RuntimeError(f"the child's program for {name} opens files too late")
        if ended.end is End.TOO_SLOW:
            raise TooSlow
        raise Rejected(*_ENDS[ended.end])
    with believed():
        answer: dict[str, Any] = orjson.loads(ended.output.readline(_LONGEST_ANSWER))
        if "problem" in answer:
            raise Rejected(Problem(answer["problem"]), str(answer["detail"]), answer["source"])
        if answer.get("missing"):
            raise PageMissing(int(answer["page_count"]))
    return answer


@contextmanager
def believed() -> Iterator[None]:
    """Take an answer that makes no sense for a crash: the child was made to say something else."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError):
        raise Rejected(*_ENDS[End.CRASHED]) from None
