"""Read the form-encoded bodies of Telnyx's TeXML requests.

The body has been verified before, so its author is Telnyx; the limits only keep a broken sender
from costing memory. Nothing is refused for its content: a repeated field keeps its first value, and
bytes that are not UTF-8 become replacement characters, both on record in the result.
"""

from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

MAX_BYTES = 256 * 1024
MAX_FIELDS = 256
MAX_NAME_BYTES = 256


class FormError(ValueError):
    """The body is over a limit of a form; the message names the limit, never a value."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in the order they came."""

    fields: dict[str, str] = field(repr=False)
    repeated: frozenset[str] = frozenset()
    """Names that came more than once; the first value counts."""
    repaired: bool = False
    """Whether some bytes were not UTF-8 and have been replaced."""


def parse_form(body: bytes) -> Form:
    """Read an application/x-www-form-urlencoded body; a field without `=` has an empty value.

    Raises FormError for more than 256 KiB, more than 256 fields, or a name over 256 bytes.
    """
    if len(body) > MAX_BYTES:
        raise FormError(f"a form has at most {MAX_BYTES} bytes")
    if body.count(b"&") >= MAX_FIELDS:
        raise FormError(f"a form has at most {MAX_FIELDS} fields")
    fields: dict[str, str] = {}
    repeated: set[str] = set()
    repaired = False
    for pair in body.split(b"&"):
        name_bytes, _, value_bytes = pair.partition(b"=")
        if len(name_bytes) > MAX_NAME_BYTES:
            raise FormError(f"the name of a field has at most {MAX_NAME_BYTES} bytes")
        (name, bad_name), (value, bad_value) = _decoded(name_bytes), _decoded(value_bytes)
        repaired = repaired or bad_name or bad_value
        if name in fields:
            repeated.add(name)
        elif name:
            fields[name] = value
    return Form(fields, frozenset(repeated), repaired)


def _decoded(encoded: bytes) -> tuple[str, bool]:
    raw = unquote_to_bytes(encoded.replace(b"+", b" "))
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace"), True
