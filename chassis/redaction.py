"""What may be shown of a value: in a log line, an error, a page for operators.

Protobuf messages are redacted by their descriptors' sensitivity option. Everything else goes by
two rules: a key that names something private hides its value, and any text, under whatever key,
has its phone numbers, passwords and paths of URLs hidden.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.options.v1 import sensitivity_pb2

PERSONAL = "[personal]"
SECRET = "[secret]"  # noqa: S105 - what is shown in place of one
HIDDEN = "***"
LONGEST = 1000  # characters of one text

# E.164: a plus, then 7 to 15 digits, here also as people and URLs write them. [ITU-T E.164]
_NUMBER = re.compile(r"(?:\+|%2[Bb])[1-9](?:[ ().-]{0,2}\d){6,14}(?!\d)")
_LONGEST_NUMBER = 64  # characters; what one is at most, however it is written
# The same without its plus, where it is all there is: 10 to 15 digits.
_BARE_NUMBER = re.compile(r"\(?\d(?:[ ().-]{0,2}\d){9,14}")
_URL = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]*://)([^\s\"'<>]*)")
_AUTHORITY = re.compile(r"(?:([^/?#]*)@)?([^/?#@]*)([^@]*)")
_PRIVATE_WORDS = frozenset(
    ["authorization", "body", "cookie", "otp", "password", "payload", "secret", "signature", "text"]
) | {"token"}
_PRIVATE_KEYS = frozenset(["api_key", "client_state", "code", "raw", "verification_code"])
_ADDRESS_WORDS = frozenset(["uri", "url"])


def text(value: str) -> str:
    """Return `value` with phone numbers and the private parts of URLs hidden, cut to a length."""
    if _BARE_NUMBER.fullmatch(value):
        return HIDDEN + value[-2:]
    shown = value[: LONGEST + _LONGEST_NUMBER]  # so that a cut leaves no number in part
    if "://" in shown:
        shown = _URL.sub(_hide_url, shown)
    if "+" in shown or "%2" in shown:
        shown = _NUMBER.sub(lambda match: phone_number(match[0]), shown)
    return shown if len(value) <= LONGEST else f"{shown[:LONGEST]}... ({len(value)} characters)"


def phone_number(value: str) -> str:
    """Return enough of a number to tell a country and an area, such as `+1202***01`."""
    digits = "".join(filter(str.isdigit, value[3:] if value.startswith("%") else value))
    leading = min(4, max(1, len(digits) - 7))
    return f"+{digits[:leading]}{HIDDEN}{digits[-2:]}"


@lru_cache(maxsize=1024)
def is_private(key: str) -> bool:
    """Say whether what stands under `key` is private whatever it is."""
    folded = _folded(key)
    return folded in _PRIVATE_KEYS or folded.rpartition("_")[2] in _PRIVATE_WORDS


def value(given: object, key: str = "") -> Any:
    """Return `given` as it may be logged under `key`: plain data, private parts hidden."""
    if given is None or isinstance(given, bool):
        return given
    if is_private(key) or (_is_address(key) and not _has_scheme(given)):
        return HIDDEN
    if isinstance(given, int | float):
        return given
    if isinstance(given, str):
        return text(given)
    return _structure(given)


def _structure(given: object) -> Any:
    if isinstance(given, bytes | bytearray | memoryview):
        return f"<{len(given)} bytes>"
    if isinstance(given, Message):
        return redact(given)
    if isinstance(given, Mapping):
        return {text(str(name)): value(inner, str(name)) for name, inner in given.items()}
    if isinstance(given, list | tuple | set | frozenset):
        return [value(inner) for inner in given]
    # The text of an exception may hold anything; its type cannot.
    return type(given).__qualname__ if isinstance(given, BaseException) else text(str(given))


def _folded(key: str) -> str:
    return key.lower().replace("-", "_")


@lru_cache(maxsize=1024)
def _is_address(key: str) -> bool:
    return _folded(key).rpartition("_")[2] in _ADDRESS_WORDS


def _has_scheme(given: object) -> bool:
    return isinstance(given, str) and _URL.match(given) is not None


def _hide_url(match: re.Match[str]) -> str:
    scheme, rest = match.groups()
    authority = _AUTHORITY.fullmatch(rest)
    if authority is None:  # an @ behind the host: nothing here is surely a host
        return f"{scheme}{HIDDEN}"
    user, host, path = authority.groups()
    return f"{scheme}{'' if user is None else HIDDEN + '@'}{host}{'/' + HIDDEN if path else ''}"


def redact(message: Message) -> dict[str, Any]:
    """Return the fields that are set, by proto name, with private content hidden.

    Personal phone numbers keep their area, other personal values and all secrets are replaced;
    bytes become their length; enums their names. The payload of an Any is never unpacked.
    """
    return {field.name: _shown(field, content) for field, content in message.ListFields()}


@lru_cache(maxsize=4096)
def _sensitivity(field: FieldDescriptor) -> int:
    return int(field.GetOptions().Extensions[sensitivity_pb2.sensitivity])


def _shown(field: FieldDescriptor, content: Any) -> Any:
    private = _sensitivity(field)
    if private == sensitivity_pb2.SENSITIVITY_SECRET:
        return SECRET
    if private == sensitivity_pb2.SENSITIVITY_PERSONAL:
        return _personal(content)
    if field.is_repeated:
        return _shown_many(field, content)
    return _shown_one(field, content)


def _personal(content: Any) -> Any:
    if isinstance(content, str):
        return phone_number(content) if _NUMBER.fullmatch(content) else PERSONAL
    if isinstance(content, bytes | Message | int | float | Mapping):
        return PERSONAL
    return [_personal(each) for each in content]


def _shown_many(field: FieldDescriptor, content: Any) -> Any:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        inner = entry.fields_by_name["value"]
        return {text(str(key)): _shown_one(inner, content[key]) for key in content}
    return [_shown_one(field, each) for each in content]


def _shown_one(field: FieldDescriptor, content: Any) -> Any:
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(content)
        return known.name if known else content
    if isinstance(content, Timestamp | Duration):
        return content.ToJsonString()
    if isinstance(content, AnyMessage):
        return {"type_url": content.type_url, "value": f"<{len(content.value)} bytes>"}
    if isinstance(content, Message):
        return redact(content)
    return f"<{len(content)} bytes>" if isinstance(content, bytes) else _scalar(content)


def _scalar(content: Any) -> Any:
    return text(content) if isinstance(content, str) else content
