"""Write `buf/validate/validate.proto` back from the descriptor inside the protovalidate wheel.

No package carries the source of the validation rules, only their compiled descriptor. protoc and
buf need source, and third-party source is not kept in this repository, so set-up renders it.
The result compiles to the same descriptor, file options aside: those name foreign package hosts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    field_mask_pb2,
    message_factory,
    text_format,
    timestamp_pb2,
)
from protovalidate._gen.buf.validate import validate_pb

NAME = "buf/validate/validate.proto"
_MAX_FIELD_NUMBER = 536870912
_KEYWORD = {
    number: name[5:].lower() for name, number in descriptor_pb2.FieldDescriptorProto.Type.items()
}
_LABEL = {1: "optional ", 2: "required ", 3: "repeated "}
_HEADER = """\
// Generated at set-up from the descriptor inside the protovalidate wheel
// (Copyright 2023-2026 Buf Technologies, Inc., Apache-2.0). Do not edit.
syntax = "proto2";
"""


def render() -> str:
    """Return the source of the validation rules' proto file."""
    return "\n".join(_file(_Options(descriptor()))) + "\n"


def descriptor() -> descriptor_pb2.FileDescriptorProto:
    """Return the rules' file descriptor as the wheel holds it."""
    return descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())


class _Options:
    """Reads custom options, which only a pool that holds the file itself can name."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        self.file = file
        pool = descriptor_pool.DescriptorPool()
        for known in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2):
            pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
        pool.Add(file)
        self._pool = pool

    def of(self, options: Any) -> list[str]:
        """Return each option that is set, in the source's own syntax."""
        kind = message_factory.GetMessageClass(
            self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name)
        )
        return [
            f"{_option_name(field)} = {_option_value(field, value)}"
            for field, values in kind.FromString(options.SerializeToString()).ListFields()
            for value in (values if field.is_repeated else [values])
        ]


def _option_name(field: Any) -> str:
    return f"({field.full_name})" if field.is_extension else str(field.name)


def _option_value(field: Any, value: Any) -> str:
    if field.message_type:
        return "{" + text_format.MessageToString(value, as_one_line=True) + "}"
    if field.enum_type:
        return str(field.enum_type.values_by_number[value].name)
    return (
        str(value).lower()
        if isinstance(value, bool)
        else text_format.text_encoding.CEscape(value, True)
    )


def _file(options: _Options) -> Iterator[str]:
    file = options.file
    yield _HEADER
    yield f"package {file.package};\n"
    yield from (f'import "{name}";' for name in file.dependency)
    for extension in file.extension:
        yield f"extend {extension.extendee} {{"
        yield from _indented(_field(extension, options))
        yield "}"
    for enum in file.enum_type:
        yield from _enum(enum)
    for message in file.message_type:
        yield from _message(message, options)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _enum(enum: descriptor_pb2.EnumDescriptorProto) -> Iterator[str]:
    yield f"enum {enum.name} {{"
    yield from (f"  {value.name} = {value.number};" for value in enum.value)
    yield from (f"  reserved {span.start} to {span.end};" for span in enum.reserved_range)
    yield from (f'  reserved "{name}";' for name in enum.reserved_name)
    yield "}"


def _message(message: descriptor_pb2.DescriptorProto, options: _Options) -> Iterator[str]:
    yield f"message {message.name} {{"
    yield from (f"  option {option};" for option in options.of(message.options))
    for enum in message.enum_type:
        yield from _indented(_enum(enum))
    for nested in message.nested_type:
        yield from _indented(_message(nested, options))
    for field in message.field:
        if not field.HasField("oneof_index"):
            yield from _indented(_field(field, options))
    for index, oneof in enumerate(message.oneof_decl):
        yield f"  oneof {oneof.name} {{"
        yield from (f"    option {option};" for option in options.of(oneof.options))
        for field in message.field:
            if field.HasField("oneof_index") and field.oneof_index == index:
                yield from _indented(_indented(_field(field, options, label=False)))
        yield "  }"
    yield from _indented(_ranges(message))
    yield "}"


def _ranges(message: descriptor_pb2.DescriptorProto) -> Iterator[str]:
    for span in message.extension_range:
        end = "max" if span.end == _MAX_FIELD_NUMBER else span.end - 1
        yield f"extensions {span.start} to {end};"
    yield from (f"reserved {span.start} to {span.end - 1};" for span in message.reserved_range)
    yield from (f'reserved "{name}";' for name in message.reserved_name)


def _field(
    field: descriptor_pb2.FieldDescriptorProto, options: _Options, *, label: bool = True
) -> Iterator[str]:
    kind = field.type_name or _KEYWORD[field.type]
    parts = options.of(field.options)
    if field.HasField("default_value"):
        parts.insert(0, f"default = {field.default_value}")
    suffix = f" [{', '.join(parts)}]" if parts else ""
    yield f"{_LABEL[field.label] if label else ''}{kind} {field.name} = {field.number}{suffix};"
