"""Take the value a field means out of whatever type the carrier wrote it in.

Telnyx writes numbers as text and text as numbers, and its schemas disagree with its traffic, so
each function here accepts every spelling that has one meaning and raises Unfit for the rest.
"""

import re
from datetime import UTC, datetime
from typing import Any

from google.protobuf.struct_pb2 import Struct

from carrier.normalize.reading import NumberText

MAX_STRUCT_VALUES = 2_000
"""Values in one free-form object; more stay in the raw body alone."""

INT32 = range(-(2**31), 2**31)
INT64 = range(-(2**63), 2**63)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGER = re.compile(r"([+-]?[0-9]{1,19})(?:\.0+)?")
_SECONDS = re.compile(r"([0-9]{1,11})(?:\.([0-9]+))?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_SCIENTIFIC = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?[eE]([+-]?[0-9]{1,2})")
_MAX_SECONDS = 315_576_000_000
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


class Unfit(ValueError):  # noqa: N818 - a finding, not a failure
    """A value whose type nobody can read as what the field means."""


def text(value: Any) -> str:
    """Return text, or a number in its own digits."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    if type(value) is NumberText:
        return plain(value)
    raise Unfit


def truth(value: Any) -> bool:
    """Return a truth value written as one, as a word or as a digit."""
    if type(value) is bool:
        return value
    word = text(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unfit


def integer(value: Any, bounds: range) -> int:
    """Return a whole number written as a number or as text."""
    if type(value) is not int:
        found = _INTEGER.fullmatch(text(value).strip())
        if found is None:
            raise Unfit
        value = int(found[1])
    if value not in bounds:
        raise Unfit
    return value  # type: ignore[no-any-return]


def real(value: Any) -> float:
    """Return a number of 64 bits written as a number or as text."""
    number = plain(text(value).strip())
    if not _DECIMAL.fullmatch(number):
        raise Unfit
    result = float(number)
    if result in (float("inf"), float("-inf")):
        raise Unfit
    return result


def decimal(value: Any) -> str:
    """Return a decimal number as text in plain notation, every digit kept, none added."""
    number = plain(text(value).strip())
    if not _DECIMAL.fullmatch(number):
        raise Unfit
    return number


def plain(number: str) -> str:
    """Return a number without an exponent; other text as it is. Raises Unfit beyond 10**99."""
    if "e" not in number and "E" not in number:
        return str(number)
    found = _SCIENTIFIC.fullmatch(number)
    if found is None:
        if type(number) is NumberText:
            raise Unfit
        return number
    sign, whole, fraction, exponent = found[1], found[2], found[3] or "", int(found[4])
    digits = whole + fraction
    point = len(whole) + exponent
    digits = digits.rjust(len(digits) - point + 1, "0") if point < 1 else digits.ljust(point, "0")
    point = max(point, 1)
    tail = digits[point:]
    return sign + (digits[:point].lstrip("0") or "0") + (f".{tail}" if tail else "")


def instant(value: Any) -> tuple[int, int]:
    """Return an ISO 8601 time as seconds and nanoseconds of the epoch; UTC when it has no zone."""
    if type(value) is not str:
        raise Unfit
    try:
        moment = datetime.fromisoformat(value.strip().upper().removesuffix(" UTC"))
    except ValueError as error:
        raise Unfit from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return since_epoch(moment)


def since_epoch(moment: datetime) -> tuple[int, int]:
    """Return an aware time as seconds and nanoseconds of the epoch; Unfit outside years 1-9999."""
    passed = moment - _EPOCH
    seconds = passed.days * 86_400 + passed.seconds
    if not -62_135_596_800 <= seconds <= 253_402_300_799:
        raise Unfit
    return seconds, passed.microseconds * 1000


def length(value: Any) -> tuple[int, int]:
    """Return a length given in seconds as whole seconds and nanoseconds."""
    found = _SECONDS.fullmatch(plain(text(value).strip()))
    if found is None:
        raise Unfit
    seconds = int(found[1])
    if seconds >= _MAX_SECONDS:
        raise Unfit
    return seconds, int((found[2] or "0")[:9].ljust(9, "0"))


def structure(value: Any) -> Struct:
    """Return a free-form object; plain text stands under the key `text`."""
    if type(value) is str:
        value = {"text": value}
    if type(value) is not dict or _size(value) > MAX_STRUCT_VALUES:
        raise Unfit
    result = Struct()
    result.update(_as_json(value))
    return result


def _size(value: Any) -> int:
    if type(value) is dict:
        return len(value) + sum(_size(item) for item in value.values())
    if type(value) is list:
        return len(value) + sum(_size(item) for item in value)
    return 0


def _as_json(value: Any) -> Any:
    if type(value) is dict:
        return {key: _as_json(item) for key, item in value.items()}
    if type(value) is list:
        return [_as_json(item) for item in value]
    return real(value) if type(value) is NumberText else value
