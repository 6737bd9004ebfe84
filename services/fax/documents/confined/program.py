"""One job on documents, done in a child of its own (see `chassis.confined`).

The source holds the documents, then JSON that says what to do and how long each document is, then
the JSON's own length in eight bytes. The answer is a line of JSON and then bytes. A document that
cannot be used is an answer like any other; only what the limits end has none.
"""

import codecs
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from PIL import Image

from services.fax.documents.confined import looking, making, pdf_pages
from services.fax.documents.confined.blame import blamed
from services.fax.documents.confined.part import Part
from services.fax.documents.model import PageMissing, Rejected

_LENGTH_BYTES = 8

Job = Callable[[Mapping[str, Any], Sequence[Part]], tuple[Mapping[str, Any], bytes]]

_JOBS: Mapping[str, Job] = {
    "inspect": looking.inspect,
    "draw": looking.draw,
    "make": making.make,
}

warnings.simplefilter("error", Image.DecompressionBombWarning)
# Now, because neither a plugin nor an encoding could be loaded later.
Image.preinit()
for _encoding in ("ascii", "cp1252", "latin-1", "utf-8-sig", "utf-16-be", "utf-16-le", "idna"):
    codecs.lookup(_encoding)
pdf_pages.load_ciphers()


def perform(argument: str, source: BinaryIO, target: BinaryIO) -> int:
    """Do the job that `argument` names."""
    order = _order(source)
    parts = [
        Part(number, each["kind"], source.read(each["size"]))
        for number, each in enumerate(order["parts"])
    ]
    answer, content = _done(_JOBS[argument], order, parts)
    target.write(json.dumps(answer).encode() + b"\n")
    target.write(content)
    return 0


def _order(source: BinaryIO) -> dict[str, Any]:
    """Read what stands at the end of the source, and go back to its start."""
    source.seek(-_LENGTH_BYTES, os.SEEK_END)
    length = int.from_bytes(source.read(), "big")
    source.seek(-_LENGTH_BYTES - length, os.SEEK_END)
    order: dict[str, Any] = json.loads(source.read(length))
    source.seek(0)
    return order


def _done(
    job: Job, order: Mapping[str, Any], parts: Sequence[Part]
) -> tuple[Mapping[str, Any], bytes]:
    try:
        with blamed():
            return job(order, parts)
    except PageMissing as missing:
        return {"missing": True, "page_count": missing.page_count}, b""
    except Rejected as why:
        answer = {"problem": why.problem.value, "detail": why.detail, "source": why.source}
        return answer, b""
