"""Every field that looks private says how private it is."""

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import switchhook
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from switchhook.options.v1.sensitivity_pb2 import sensitivity

PRIVATE_WORDS = {"body", "code", "name", "names", "number", "numbers", "text", "token", "url"}
PRIVATE_WORDS |= {"address", "email", "transcript", "uri", "urls"}


def messages() -> Iterator[Descriptor]:
    """Yield every message of every contract."""
    for root in map(Path, switchhook.__path__):
        for file in root.rglob("*_pb2.py"):
            module = ".".join(("switchhook", *file.relative_to(root).with_suffix("").parts))
            descriptor = importlib.import_module(module).DESCRIPTOR
            yield from with_nested(descriptor.message_types_by_name.values())


def with_nested(descriptors: Iterable[Descriptor]) -> Iterator[Descriptor]:
    """Yield messages and the messages inside them, without the entries of maps."""
    for descriptor in descriptors:
        if not descriptor.GetOptions().map_entry:
            yield descriptor
            yield from with_nested(descriptor.nested_types)


def looks_private(field: FieldDescriptor) -> bool:
    """Tell whether a text field is named like something about a person, or a key to a door."""
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
    """A number, name, text, body, URL, code or token has the option, if only to say ORDINARY."""
    undecided = [
        field.name
        for field in message.fields
        if looks_private(field) and not field.GetOptions().HasExtension(sensitivity)
    ]
    assert undecided == []
