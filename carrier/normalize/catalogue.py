"""Look up where an event type goes: the table is read from the protos once, at import.

A type belongs to the arm that names it in its `carrier_event` option, or to OtherEvent when that
lists it as known. A type named twice would be ambiguous and stops the import.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.other_event_pb2 import OtherEvent
from switchhook.options.v1 import carrier_event_pb2

from carrier.normalize.plans import Plan


@dataclass(frozen=True, slots=True)
class Route:
    """How events of one type are written."""

    domain: str
    """The arm of Event.detail, such as `call`."""
    arm: str
    """The arm inside it, such as `initiated`."""
    common: Plan
    detail: Plan


def _routes() -> Iterator[tuple[str, Route]]:
    for domain in Event.DESCRIPTOR.oneofs_by_name["detail"].fields:
        inner = _message(domain).oneofs_by_name.get("detail")
        if inner is None:
            continue
        common = Plan(_message(domain))
        for arm in inner.fields:
            route = Route(domain.name, arm.name, common, Plan(_message(arm)))
            yield from ((type_, route) for type_ in _types(arm))


def _message(field: FieldDescriptor) -> Descriptor:
    descriptor: Descriptor | None = field.message_type
    if descriptor is None:
        raise TypeError(f"{field.full_name} is no message")
    return descriptor


def _types(arm: FieldDescriptor) -> tuple[str, ...]:
    return tuple(arm.GetOptions().Extensions[carrier_event_pb2.carrier_event])


def _untyped() -> tuple[str, ...]:
    return tuple(OtherEvent.DESCRIPTOR.GetOptions().Extensions[carrier_event_pb2.carrier_events])


def _table() -> dict[str, Route]:
    table: dict[str, Route] = {}
    for type_, route in _routes():
        if type_ in table:
            raise ValueError(f"{type_} is named by two arms")
        table[type_] = route
    return table


ROUTES = _table()
"""Typed event types and where they go."""

UNTYPED = frozenset(_untyped())
"""Event types that are known and carried whole."""

if ROUTES.keys() & UNTYPED:
    raise ValueError(f"typed and untyped at once: {sorted(ROUTES.keys() & UNTYPED)}")
