"""Read the bytes of a JSON webhook into an object nobody can read in two ways.

JSON leaves open what a key that stands twice means and how many digits of a number count. Here the
first is refused and the second does not arise: numbers that a float or 64 bits cannot hold stay
text. What is read is bounded in depth, so every walk over it may recurse.
"""

import json
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import orjson
from switchhook.event.v1.other_event_pb2 import UnreadableReason

MAX_DEPTH = 32
"""Levels of objects and lists; Telnyx's bodies have at most eight."""

_INEXACT = re.compile(rb"[.E]|[0-9]e|[0-9]{19}")
_NOT_NUMBERS = b"{}[]: \t\r\nnultrfas"
"""What stands between numbers: all but the comma that parts them from the e of true and false."""
_FORM = re.compile(rb"[A-Za-z]+=")
_FORM_ADVICE = (
    "the body is a form: a TeXML request belongs on a TeXML route, and a messaging profile needs "
    'webhook_api_version "2" instead of "2010-04-01"'
)
_SIGNS = bytes.maketrans(b"[{]}", b"(())")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


class NumberText(str):
    """A JSON number in the sender's own digits, because no Python number holds it exactly."""

    __slots__ = ()


class Unreadable(Exception):  # noqa: N818 - named like the event it becomes
    """A body that cannot be understood; the detail never quotes it."""

    def __init__(self, reason: UnreadableReason.ValueType, detail: str, type_: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.type = type_
        """The carrier's event type, when at least that can be read."""


def read(body: bytes) -> dict[str, Any]:
    """Return the object `body` is; raise Unreadable when it is none or could be read in two ways.

    U+0000 in strings becomes U+FFFD: PostgreSQL keeps no text with it. The body as received still
    has it, escaped.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _why(body) from error
    if not isinstance(document, dict):
        raise Unreadable(
            UnreadableReason.UNREADABLE_REASON_NOT_AN_OBJECT, "the body is no JSON object"
        )
    skeleton = _skeleton(body)
    if _is_deep(skeleton):
        raise _too_deep()
    if _keys(document) != skeleton.count(b":"):
        raise Unreadable(
            UnreadableReason.UNREADABLE_REASON_DUPLICATE_KEY, "a key stands twice in one object"
        )
    if _INEXACT.search(skeleton.translate(None, _NOT_NUMBERS)):
        document = json.loads(body, parse_float=NumberText, parse_int=_exact)
    if b"\\u0000" in body:
        document = _without_nul(document)
    return document  # type: ignore[no-any-return]


def _skeleton(body: bytes) -> bytes:
    """Return valid JSON without the contents of its strings.

    Splitting at quotes takes a tenth of the time a pattern takes. Backslashes stand only in
    strings, so escaped ones go first, and escaped quotes are all that could mislead the split.
    """
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(body.split(b'"')[::2])


def _is_deep(skeleton: bytes) -> bool:
    if skeleton.count(b"{") + skeleton.count(b"[") <= MAX_DEPTH:
        return False
    brackets = skeleton.translate(_SIGNS, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        # Each round takes away the innermost level of every branch.
        brackets = brackets.replace(b"()", b"")
    return bool(brackets)


def _keys(value: Any) -> int:
    """Count the keys of all objects: fewer than colons when one of them overwrote another."""
    if type(value) is dict:
        count = len(value)
        items = value.values()
    else:
        count = 0
        items = value
    for item in items:
        if type(item) is dict or type(item) is list:
            count += _keys(item)
    return count


def _exact(digits: str) -> int | NumberText:
    return int(digits) if len(digits) < 20 else NumberText(digits)


def _without_nul(value: Any) -> Any:
    if isinstance(value, NumberText):
        return value
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    return value


def _why(body: bytes) -> Unreadable:
    try:
        body.decode()
    except UnicodeDecodeError:
        return Unreadable(UnreadableReason.UNREADABLE_REASON_NOT_UTF8, "the body is not UTF-8")
    # The parser gives up at 1024 levels by itself, and that is no syntax error.
    if max(_depths(_skeleton(body)), default=0) > MAX_DEPTH:
        return _too_deep()
    detail = _FORM_ADVICE if _FORM.match(body) else "the body is not JSON"
    return Unreadable(UnreadableReason.UNREADABLE_REASON_NOT_JSON, detail)


def _depths(skeleton: bytes) -> Iterator[int]:
    brackets = skeleton.translate(_SIGNS, _NOT_BRACKETS)
    return accumulate(1 if bracket == 0x28 else -1 for bracket in brackets)


def _too_deep() -> Unreadable:
    return Unreadable(
        UnreadableReason.UNREADABLE_REASON_TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels"
    )
