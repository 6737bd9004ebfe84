"""The protos are the catalogue of the carrier's events."""

from collections import Counter
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor
from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.other_event_pb2 import OtherEvent
from switchhook.options.v1 import carrier_event_pb2

from carrier.normalize.catalogue import ROUTES, UNTYPED
from carrier.normalize.redact import SECRET_KEYS
from tests.unit.carrier.normalized import arms, event_of

OWN_ARMS = {"texml", "other", "unreadable", "service"}
"""Arms of an event that no event type of a JSON webhook leads to by name."""


def declared() -> Iterator[str]:
    """Yield every event type as often as the protos name it."""
    for domain in Event.DESCRIPTOR.oneofs_by_name["detail"].fields:
        inner = domain.message_type
        if inner is not None and "detail" in inner.oneofs_by_name:
            for arm in inner.oneofs_by_name["detail"].fields:
                yield from arm.GetOptions().Extensions[carrier_event_pb2.carrier_event]
    yield from OtherEvent.DESCRIPTOR.GetOptions().Extensions[carrier_event_pb2.carrier_events]


def test_every_type_is_mapped_exactly_once() -> None:
    """No type is named twice, and every one of the catalogue is known."""
    types = Counter(declared())
    assert [type_ for type_, times in types.items() if times > 1] == []
    assert types.keys() == ROUTES.keys() | UNTYPED
    assert len(types) > 100


def test_every_arm_is_reached() -> None:
    """Each arm names at least one type, so none can be dead."""
    reached = {(route.domain, route.arm) for route in ROUTES.values()}
    for domain in Event.DESCRIPTOR.oneofs_by_name["detail"].fields:
        if domain.name in OWN_ARMS:
            continue
        inner = domain.message_type
        assert inner is not None
        for arm in inner.oneofs_by_name["detail"].fields:
            assert (domain.name, arm.name) in reached


@pytest.mark.parametrize("type_", sorted(ROUTES))
def test_every_type_arrives_in_its_arm(type_: str) -> None:
    """An event of each type is written into the arm that names the type."""
    route = ROUTES[type_]
    event = event_of({"data": {"event_type": type_, "id": "e-1", "payload": {}}})
    assert arms(event) == f"{route.domain}.{route.arm}"
    assert event.event_id == "e-1"


def event_messages() -> Iterator[Descriptor]:
    """Yield every message of event.v1."""
    waiting: list[Descriptor] = [Event.DESCRIPTOR]
    seen: set[str] = set()
    while waiting:
        message = waiting.pop()
        if message.full_name in seen or not message.full_name.startswith("switchhook."):
            continue
        seen.add(message.full_name)
        yield message
        waiting.extend(field.message_type for field in message.fields if field.message_type)


def test_no_key_of_a_secret_is_read_into_a_field() -> None:
    """A field with the key of a secret is never filled: its comment says so."""
    for message in event_messages():
        for field in message.fields:
            keys = set(field.GetOptions().Extensions[carrier_event_pb2.carrier_field])
            assert not keys & SECRET_KEYS
    body = {"data": {"event_type": "verify.sent", "payload": {"custom_code": "48213"}}}
    assert event_of(body).verification.custom_code == ""
