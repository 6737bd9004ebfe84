"""The pages of a TIFF, walked without decoding anything.

A TIFF is a list of directories, each with the place of the next. Readers differ in what they do
with a list that runs in a circle or leaves the file; here it is damaged.
Source: Adobe, TIFF Revision 6.0, section 2; for eight-byte places, the BigTIFF design.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from services.fax.documents.model import MOST_PAGES, Problem, Rejected

MOST_PIXELS = 50_000_000
"""Of one picture: more than the largest paper of an office has at 600 dots per inch."""

_WIDTH, _HEIGHT = 256, 257
_DATA = ((273, 279), (324, 325))
"""Where the strips of a page lie and how long they are; and the same for its tiles."""
_TAGS = frozenset((_WIDTH, _HEIGHT, *(tag for pair in _DATA for tag in pair)))
_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""Types of a single whole number, and how they are written."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of TIFF writes its directories."""

    order: str
    count: str
    place: str
    entry: str

    @property
    def entry_size(self) -> int:
        return struct.calcsize(self.order + self.entry)


def page_sizes(content: bytes) -> list[tuple[int, int]]:
    """Return width and height of each page in pixels; raises Rejected."""
    try:
        form, place = _start(content)
        return _walk(content, form, place)
    except struct.error:
        raise Rejected(Problem.DAMAGED, "the list of its pages leaves the file") from None


def _start(content: bytes) -> tuple[_Form, int]:
    order = "<" if content[:2] == b"II" else ">"
    if struct.unpack_from(order + "H", content, 2)[0] == 43:
        return _Form(order, "Q", "Q", "HHQ8s"), struct.unpack_from(order + "Q", content, 8)[0]
    return _Form(order, "H", "I", "HHI4s"), struct.unpack_from(order + "I", content, 4)[0]


def _walk(content: bytes, form: _Form, place: int) -> list[tuple[int, int]]:
    sizes: list[tuple[int, int]] = []
    seen: set[int] = set()
    while place:
        if place in seen:
            raise Rejected(Problem.DAMAGED, "the list of its pages runs in a circle")
        if len(sizes) >= MOST_PAGES:
            raise Rejected(Problem.TOO_MANY_PAGES, f"it has more than {MOST_PAGES} pages")
        seen.add(place)
        size, place = _directory(content, form, place)
        if size[0] * size[1] > MOST_PIXELS:
            raise Rejected(Problem.TOO_MANY_PIXELS, "a page claims too many pixels")
        sizes.append(size)
    if not sizes:
        raise Rejected(Problem.EMPTY, "it has no pages")
    return sizes


def _directory(content: bytes, form: _Form, place: int) -> tuple[tuple[int, int], int]:
    """Return the size of a page and the place of the next, 0 after the last."""
    count = struct.unpack_from(form.order + form.count, content, place)[0]
    start = place + struct.calcsize(form.order + form.count)
    end = start + count * form.entry_size
    following = struct.unpack_from(form.order + form.place, content, end)[0]
    found: dict[int, tuple[int, ...]] = {}
    for at in range(start, end, form.entry_size):
        tag, kind, number, _ = struct.unpack_from(form.order + form.entry, content, at)
        if tag in _TAGS and kind in _INTEGERS:
            found[tag] = _values(content, form, at, kind, number)
    width, height = (found.get(tag, (0,))[:1] for tag in (_WIDTH, _HEIGHT))
    if not (width and height and width[0] and height[0]):
        raise Rejected(Problem.DAMAGED, "a page has no size")
    _check_data(found, len(content))
    return (width[0], height[0]), following


def _values(content: bytes, form: _Form, at: int, kind: int, number: int) -> tuple[int, ...]:
    """Return the numbers of an entry, which lie in it when they fit and elsewhere when not."""
    if number > MOST_PIXELS:
        raise Rejected(Problem.DAMAGED, "a page has more pieces than pixels")
    pattern = f"{form.order}{number}{_INTEGERS[kind]}"
    room = struct.calcsize(form.order + form.place)
    place = at + form.entry_size - room
    if struct.calcsize(pattern) > room:
        place = struct.unpack_from(form.order + form.place, content, place)[0]
    return struct.unpack_from(pattern, content, place)


def _check_data(found: Mapping[int, tuple[int, ...]], size: int) -> None:
    """Refuse a page whose data is not all there: the file is cut off, or lies."""
    for places, lengths in _DATA:
        for place, length in zip(found.get(places, ()), found.get(lengths, ()), strict=False):
            if place + length > size:
                raise Rejected(Problem.DAMAGED, "the data of a page is not all there")
