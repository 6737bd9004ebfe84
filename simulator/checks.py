"""Check the fields of a request the way Telnyx does, one error at a time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from typing import Any

from simulator.errors import ApiError

Body = Mapping[str, Any]

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def text(body: Body, name: str, *, required: bool = False, default: str = "") -> str:
    """Return a string field; 10004 when a required one is missing, 10026 for another type."""
    value = body.get(name)
    if value is None or (required and value == ""):
        if required:
            raise ApiError("10004", f"The '{name}' parameter is required.", pointer=f"/{name}")
        return default
    if not isinstance(value, str):
        raise ApiError("10026", f"'{name}' must be a string.", pointer=f"/{name}")
    return value


def whole(body: Body, name: str, default: int, low: int, high: int) -> int:
    """Return an integer field within its bounds; 10026 for another type, 10033 outside."""
    value = body.get(name, default)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise ApiError("10026", f"'{name}' must be an integer.", pointer=f"/{name}")
    if not low <= value <= high:
        raise ApiError("10033", f"'{name}' must lie in {low}..{high}.", pointer=f"/{name}")
    return value


def one_of(body: Body, name: str, allowed: Collection[str], *, required: bool = False) -> str:
    """Return a string field that is one of a few words; 10032 for another word."""
    value = text(body, name, required=required)
    if value and value not in allowed:
        words = ", ".join(sorted(allowed))
        raise ApiError("10032", f"'{name}' must be one of {words}.", pointer=f"/{name}")
    return value


def client_state(body: Body) -> str | None:
    """Return the client_state of a command, None when it brings none; 90017 unless base64."""
    value = body.get("client_state")
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError(value)
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError("90017", pointer="/client_state") from None
    return value


def is_e164(number: str) -> bool:
    """Tell whether a text has the shape of an E.164 number."""
    return _E164.fullmatch(number) is not None


def phone_number(body: Body, name: str) -> str:
    """Return a required E.164 number; 10016 for another shape."""
    number = text(body, name, required=True)
    if not is_e164(number):
        raise ApiError("10016", f"'{name}' must be in +E.164 format.", pointer=f"/{name}")
    return number
