"""Every field that looks private says how private it is."""

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from switchhook.options.v1.sensitivity_pb2 import sensitivity

from tests.support.contracts import messages

PRIVATE_WORDS = {"body", "code", "name", "names", "number", "numbers", "text", "token", "url"}
PRIVATE_WORDS |= {"address", "content", "detail", "digit", "digits", "document", "email"}
PRIVATE_WORDS |= {"chunk", "extension", "payload", "raw", "transcript", "uri", "urls"}


def looks_private(field: FieldDescriptor) -> bool:
    """Tell whether a field is named like something private, or may hold anything at all."""
    inner = field.message_type
    if inner is not None:
        return bool(inner.GetOptions().map_entry) or inner.full_name == "google.protobuf.Struct"
    is_text = field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)
    # The last word says what a field is: `page_token` is a token, `token_count` a count.
    return is_text and field.name.rsplit("_", 1)[-1] in PRIVATE_WORDS


ALL = sorted(messages(), key=lambda message: message.full_name)


def test_there_are_contracts_to_check() -> None:
    """The walk finds the contracts of every domain."""
    domains = {message.full_name.split(".")[1] for message in ALL}
    assert domains >= {"crm", "event", "fax", "gateway", "messaging", "voice"}


@pytest.mark.parametrize("message", ALL, ids=lambda message: message.full_name)
def test_private_looking_fields_say_how_private_they_are(message: Descriptor) -> None:
    """A number, name, text, URL, code or free form has the option, if only to say ORDINARY."""
    undecided = [
        field.name
        for field in message.fields
        if looks_private(field) and not field.GetOptions().HasExtension(sensitivity)
    ]
    assert undecided == []
