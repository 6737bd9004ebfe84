"""Walks over every contract, as generated."""

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import switchhook
from google.protobuf.descriptor import (
    Descriptor,
    FieldDescriptor,
    FileDescriptor,
    MethodDescriptor,
)


def files() -> list[FileDescriptor]:
    """Return every file of ours."""
    modules = [
        ".".join(("switchhook", *file.relative_to(root).with_suffix("").parts))
        for root in map(Path, switchhook.__path__)
        for file in root.rglob("*_pb2.py")
    ]
    return [importlib.import_module(module).DESCRIPTOR for module in sorted(modules)]


def messages() -> Iterator[Descriptor]:
    """Yield every message, the ones inside messages too, without the entries of maps."""
    for file in files():
        yield from _with_nested(file.message_types_by_name.values())


def methods() -> Iterator[MethodDescriptor]:
    """Yield every RPC."""
    for file in files():
        for service in file.services_by_name.values():
            yield from service.methods


def fields_within(message: Descriptor) -> Iterator[FieldDescriptor]:
    """Yield the fields of a message and of the messages of the same package it holds."""
    waiting, seen = [message], {message.full_name}
    while waiting:
        for field in waiting.pop().fields:
            yield field
            inner = field.message_type
            if inner is None or inner.file.package != message.file.package:
                continue
            if inner.full_name not in seen and not inner.GetOptions().map_entry:
                seen.add(inner.full_name)
                waiting.append(inner)


def _with_nested(descriptors: Iterable[Descriptor]) -> Iterator[Descriptor]:
    for descriptor in descriptors:
        if not descriptor.GetOptions().map_entry:
            yield descriptor
            yield from _with_nested(descriptor.nested_types)
