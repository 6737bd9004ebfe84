"""Whether a message keeps the rules its contract states; the one place that knows protovalidate."""

from functools import lru_cache
from typing import Any

import protovalidate
from google.protobuf.message import Message

from chassis.errors import FieldViolation


def violations(message: Message) -> list[FieldViolation]:
    """Return every rule of `buf.validate` that `message` breaks; an empty list if it keeps all."""
    found = _validator().collect_violations(message)
    return [FieldViolation(_path(each.proto), _description(each.proto)) for each in found]


@lru_cache(maxsize=1)
def _validator() -> protovalidate.Validator:
    return protovalidate.Validator()


def _description(violation: Any) -> str:
    return violation.message or f"breaks the rule {violation.rule_id or 'of this field'}"


def _path(violation: Any) -> str:
    """Join the elements of a field path; the keys of maps are left out, they may be personal."""
    parts: list[str] = []
    for element in violation.field.elements if violation.field is not None else []:
        parts.append(f".{element.field_name}")
        parts.append(_subscript(element.subscript))
    return "".join(parts).lstrip(".")


def _subscript(subscript: Any) -> str:
    if subscript is None:
        return ""
    return f"[{subscript.value}]" if subscript.field == "index" else "[*]"
