"""Pages of a list: how many, and where the next one begins.

A page token is opaque to callers and bound to the filters it was made with, so that a token used
with other filters is refused instead of silently skipping entries. It is neither secret nor signed:
put nothing personal into a position, and trust it no further than a filter.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence

import orjson
from google.protobuf.message import Message

from chassis.errors import FieldViolation, Invalid

DEFAULT_SIZE = 50
LARGEST_SIZE = 250
_FINGERPRINT = 8  # bytes of the filters' hash; enough against mistakes


def page_size(requested: int) -> int:
    """Return how many entries to give: 0 means 50, more than 250 means 250."""
    if requested < 0:
        raise Invalid([FieldViolation("page_size", "must not be negative")])
    return min(requested or DEFAULT_SIZE, LARGEST_SIZE)


def filters(request: Message) -> bytes:
    """Return what a list request asks for, without which page of it."""
    copy = type(request)()
    copy.CopyFrom(request)
    for name in ("page_size", "page_token"):
        copy.ClearField(name)
    return copy.SerializeToString(deterministic=True)


def encode(position: Sequence[str | int], filters: bytes) -> str:
    """Return a token for the page that begins after `position`, the last entry's sort key."""
    packed = _fingerprint(filters) + orjson.dumps(list(position))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode(token: str, filters: bytes) -> list[str | int]:
    """Return the position in `token`, empty for the first page.

    Raise Invalid naming `page_token` when it is not one of ours or belongs to other filters.
    """
    if not token:
        return []
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        position = orjson.loads(packed[_FINGERPRINT:])
    except (binascii.Error, ValueError):
        raise _refused("is not a token this service gave") from None
    if not _is_position(position):
        raise _refused("is not a token this service gave")
    if packed[:_FINGERPRINT] != _fingerprint(filters):
        raise _refused("belongs to a request with other filters")
    return list(position)


def _is_position(value: object) -> bool:
    return isinstance(value, list) and all(type(each) in (str, int) for each in value)


def _fingerprint(filters: bytes) -> bytes:
    return hashlib.sha256(filters).digest()[:_FINGERPRINT]


def _refused(description: str) -> Invalid:
    return Invalid([FieldViolation("page_token", description)])
