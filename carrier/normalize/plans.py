"""Compile message descriptors into the steps that fill them from the carrier's objects.

The protos are the catalogue: a field takes the payload's key of its own name or those in its
`carrier_field` option, and its type decides how the value is read. Nothing here knows a field.
"""

import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from switchhook.options.v1 import carrier_event_pb2

from carrier.normalize import coerce
from carrier.normalize.coerce import Unfit
from carrier.normalize.parties import party
from carrier.normalize.redact import SECRET_KEYS

Store = Callable[[Any, Any, str, list[str]], None]
"""Put a value into a message: (message, value, path of the value, paths ignored so far)."""
Read = Callable[[Any, str, list[str]], Any]
"""Read a value: (value, path of the value, paths ignored so far); raises Unfit."""

_EMPTY_COUNTS = frozenset({"switchhook.event.v1.MessageEvent.text"})
"""Where an empty text says something: an MMS may have none, which differs."""

_DIRECTION_WORDS = {"INCOMING": "INBOUND", "OUTGOING": "OUTBOUND"}
"""Telnyx says incoming and outgoing of calls, inbound and outbound of everything else."""

_SCALARS: dict[int, Callable[[Any], Any]] = {
    FieldDescriptor.TYPE_STRING: coerce.text,
    FieldDescriptor.TYPE_BOOL: coerce.truth,
    FieldDescriptor.TYPE_DOUBLE: coerce.real,
    FieldDescriptor.TYPE_INT32: lambda value: coerce.integer(value, coerce.INT32),
    FieldDescriptor.TYPE_INT64: lambda value: coerce.integer(value, coerce.INT64),
}
_MESSAGES: dict[str, Read] = {
    "switchhook.event.v1.Party": party,
    "google.protobuf.Struct": lambda value, path, ignored: coerce.structure(value),  # noqa: ARG005
}
_PAIRS: dict[str, Callable[[Any], tuple[int, int]]] = {
    "google.protobuf.Timestamp": coerce.instant,
    "google.protobuf.Duration": coerce.length,
}
_MONEY = "switchhook.event.v1.Money"


class Plan:
    """The steps that fill one kind of message."""

    def __init__(self, descriptor: Descriptor, *, without: frozenset[str] = frozenset()) -> None:
        """Compile every field but those named in `without` and those of a oneof of events."""
        self.make: Callable[[], Message] = GetMessageClass(descriptor)
        self._steps: dict[str, list[Store]] = {}
        self._choices: list[tuple[tuple[str, ...], Store]] = []
        self._empty_counts = {
            field.name for field in descriptor.fields if field.full_name in _EMPTY_COUNTS
        }
        for field in descriptor.fields:
            if field.name not in without and not _is_arm(field):
                self._add(_keys(field), _store(field))

    def _add(self, keys: tuple[str, ...], store: Store) -> None:
        if len(keys) > 1:
            self._choices.append((keys, store))
            return
        for key in keys:
            self._steps.setdefault(key, []).append(store)

    def fill(self, message: Any, source: dict[str, Any], path: str, ignored: list[str]) -> None:
        """Fill `message` from `source`; add the path of every value nobody can read to `ignored`.

        `path` stands before each key: `payload.` or empty. Walking the source and not the fields
        halves the time: most events have a few of the fields.
        """
        steps = self._steps
        for key, value in source.items():
            stores = steps.get(key)
            if stores is None or value is None:
                continue
            if value == "" and key not in self._empty_counts:
                continue
            for store in stores:
                try:
                    store(message, value, path + key, ignored)
                except Unfit:
                    ignored.append(path + key)
        for keys, store in self._choices:
            self._choose(keys, store, message, source, path, ignored)

    def _choose(
        self,
        keys: tuple[str, ...],
        store: Store,
        message: Any,
        source: dict[str, Any],
        path: str,
        ignored: list[str],
    ) -> None:
        """Fill one field from the first of its keys that has a value."""
        for key in keys:
            value = source.get(key)
            if value is None or value == "":
                continue
            try:
                store(message, value, path + key, ignored)
            except Unfit:
                ignored.append(path + key)
            return


def _is_arm(field: FieldDescriptor) -> bool:
    oneof = field.containing_oneof
    return oneof is not None and oneof.name == "detail"


def _keys(field: FieldDescriptor) -> tuple[str, ...]:
    named = tuple(field.GetOptions().Extensions[carrier_event_pb2.carrier_field])
    return tuple(key for key in named or (field.name,) if key not in SECRET_KEYS)


def _store(field: FieldDescriptor) -> Store:
    if field.is_repeated:
        return _store_list(field.name, _store_item(field))
    if field.type == FieldDescriptor.TYPE_STRING:
        return _store_text(field.name)
    if field.message_type is None:
        return _store_scalar(field.name, _scalar(field))
    kind = field.message_type.full_name
    if kind in _PAIRS:
        return _store_pair(field.name, _PAIRS[kind])
    if kind == _MONEY:
        return _store_money(field.name)
    if kind in _MESSAGES:
        return _store_message(field.name, _MESSAGES[kind])
    return _store_nested(field.name, Plan(field.message_type))


def _scalar(field: FieldDescriptor) -> Callable[[Any], Any]:
    if field.enum_type is not None:
        return enumeration(field.enum_type)
    return _SCALARS[field.type]


def enumeration(descriptor: EnumDescriptor) -> Callable[[Any], int]:
    """Return a reader of the carrier's words for an enum; a new word is the value 0."""
    prefix = _prefix(descriptor)
    numbers = {value.name.removeprefix(prefix): value.number for value in descriptor.values}
    for word, same in _DIRECTION_WORDS.items():
        if same in numbers:
            numbers[word] = numbers[same]
    known = {word.lower(): number for word, number in numbers.items()}

    def read(value: Any) -> int:
        if type(value) is not str:
            raise Unfit
        if value in known:
            return known[value]
        return numbers.get(re.sub(r"[^A-Z0-9]", "_", value.strip().upper()), 0)

    return read


def _prefix(descriptor: EnumDescriptor) -> str:
    return descriptor.values_by_number[0].name.removesuffix("UNSPECIFIED")


def _store_scalar(name: str, read: Callable[[Any], Any]) -> Store:
    def store(message: Any, value: Any, _path: str, _ignored: list[str]) -> None:
        setattr(message, name, read(value))

    return store


def _store_text(name: str) -> Store:
    def store(message: Any, value: Any, _path: str, _ignored: list[str]) -> None:
        setattr(message, name, value if type(value) is str else coerce.text(value))

    return store


def _store_pair(name: str, read: Callable[[Any], tuple[int, int]]) -> Store:
    def store(message: Any, value: Any, _path: str, _ignored: list[str]) -> None:
        seconds, nanos = read(value)
        target = getattr(message, name)
        # Setting a zero is what makes an instant of 0 or a length of 0 present.
        target.seconds, target.nanos = seconds, nanos

    return store


def _store_message(name: str, read: Read) -> Store:
    def store(message: Any, value: Any, path: str, ignored: list[str]) -> None:
        if type(value) is list:
            if len(value) != 1:
                raise Unfit
            value = value[0]
        getattr(message, name).CopyFrom(read(value, path, ignored))

    return store


def _store_money(name: str) -> Store:
    def store(message: Any, value: Any, path: str, ignored: list[str]) -> None:
        parts = value if type(value) is dict else {"amount": value}
        for key, read in (("amount", coerce.decimal), ("currency", coerce.text)):
            part = parts.get(key)
            if part is None or part == "":
                continue
            try:
                setattr(getattr(message, name), key, read(part))
            except Unfit:
                ignored.append(f"{path}.{key}" if parts is value else path)

    return store


def _store_nested(name: str, plan: Plan) -> Store:
    def store(message: Any, value: Any, path: str, ignored: list[str]) -> None:
        if type(value) is not dict:
            raise Unfit
        target = getattr(message, name)
        target.SetInParent()
        plan.fill(target, value, f"{path}.", ignored)

    return store


def _store_item(field: FieldDescriptor) -> Read:
    """Return a reader of one item of a list."""
    if field.message_type is None:
        read_scalar = _scalar(field)
        return lambda value, path, ignored: read_scalar(value)  # noqa: ARG005
    kind = field.message_type.full_name
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    plan = Plan(field.message_type)

    def read(value: Any, path: str, ignored: list[str]) -> Message:
        if type(value) is not dict:
            raise Unfit
        item = plan.make()
        plan.fill(item, value, f"{path}.", ignored)
        return item

    return read


def _store_list(name: str, read: Read) -> Store:
    """Return a step for a list; what stands alone is a list of one, null items are none."""

    def store(message: Any, value: Any, path: str, ignored: list[str]) -> None:
        if type(value) is not list:
            getattr(message, name).append(read(value, path, ignored))
            return
        items = getattr(message, name)
        for index, item in enumerate(value):
            if item is None:
                continue
            try:
                items.append(read(item, f"{path}.{index}", ignored))
            except Unfit:
                ignored.append(f"{path}.{index}")

    return store
