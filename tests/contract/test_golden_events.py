"""The normalizer against examples written out in full.

`tests/fixtures/telnyx/<type>[--variant].json` (or `.form`, a TeXML request) is a body as Telnyx
sends it, in content of our own; `<same>.expected.json` holds the event it must become, the subject
it is published on, and the secrets that must be nowhere in it. To change an expected file is to
change what every consumer reads.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.other_event_pb2 import OtherEvent, UnreadableReason
from switchhook.event.v1.texml_event_pb2 import TexmlKind
from switchhook.options.v1 import carrier_event_pb2

from carrier.normalize import is_v1, normalize, normalize_texml, subject

FIXTURES = Path(__file__).parents[1] / "fixtures" / "telnyx"
RECEIVED = datetime(2026, 3, 5, 6, 7, 8, 123456, tzinfo=UTC)

_NEVER_FILLED = {
    "switchhook.event.v1.Event.raw",  # compared with the body
    "switchhook.event.v1.Event.service",  # written by services, never by the normalizer
    "switchhook.event.v1.VerificationEvent.custom_code",  # blanked on purpose
}


@dataclass(frozen=True)
class Golden:
    """One body and what it must become."""

    path: Path

    @property
    def body(self) -> bytes:
        """The bytes the carrier sends."""
        return self.path.read_bytes()

    @property
    def expected(self) -> dict[str, Any]:
        """What the file beside it says."""
        text = self.path.with_name(f"{self.path.stem}.expected.json").read_text("utf-8")
        return dict(json.loads(text))

    def normalized(self) -> Event:
        """Return what the normalizer makes of the body."""
        if self.path.suffix == ".form":
            return normalize_texml(self.body, app="main", receive_time=RECEIVED)
        return normalize(self.body, receive_time=RECEIVED)

    def event(self) -> Event:
        """Return the event as written."""
        return ParseDict(self.expected["event"], Event())


GOLDEN = [
    Golden(path)
    for path in sorted(FIXTURES.iterdir())
    if path.suffix in {".json", ".form"} and not path.name.endswith(".expected.json")
]
WITH_SECRETS = [golden for golden in GOLDEN if "secrets" in golden.expected]


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Every expected event."""
    return [golden.event() for golden in GOLDEN]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.path.name)
def test_a_body_becomes_the_event_written_beside_it(golden: Golden) -> None:
    """Every field is as written and no other is set, the subject is, and the body is kept."""
    event = golden.normalized()
    assert subject(event) == golden.expected["subject"]
    assert (event.raw == golden.body) == ("secrets" not in golden.expected)
    event.ClearField("raw")
    assert MessageToDict(event, preserving_proto_field_name=True) == golden.expected["event"]


@pytest.mark.parametrize("golden", WITH_SECRETS, ids=lambda golden: golden.path.name)
def test_a_secret_is_nowhere_in_the_event(golden: Golden) -> None:
    """What a fixture calls secret stands in its body, and in no field of the event."""
    event = golden.normalized()
    for secret in golden.expected["secrets"]:
        assert secret.encode() in golden.body
        assert secret.encode() not in event.SerializeToString()


def test_version_one_is_told_apart() -> None:
    """A body counts as version 1 of the carrier's API exactly when its event says so."""
    version_one = UnreadableReason.UNREADABLE_REASON_API_VERSION_1
    for golden in GOLDEN:
        expected = golden.event().unreadable.reason == version_one
        assert is_v1(golden.body) == expected, golden.path.name


def test_every_typed_event_has_a_fixture(events: list[Event]) -> None:
    """An event type named by an arm in the protos is shown by a fixture that fills that arm."""
    shown = {(event.type, _arm(event)) for event in events}
    assert set(_typed()) - shown == set()


def test_every_family_of_other_events_has_a_fixture(events: list[Event]) -> None:
    """Of each family of known types without fields of their own at least one is shown."""
    shown = {event.type for event in events if event.other.known}
    untyped = OtherEvent.DESCRIPTOR.GetOptions().Extensions[carrier_event_pb2.carrier_events]
    assert {_family(type_) for type_ in untyped} == {_family(type_) for type_ in shown}


def test_every_field_is_filled_by_a_fixture(events: list[Event]) -> None:
    """No field of an event is there in vain: some body of the carrier fills it."""
    filled: set[str] = set()
    for event in events:
        filled.update(_filled(event))
    assert set(_fields(Event.DESCRIPTOR, set())) - filled == _NEVER_FILLED


def test_every_reason_and_every_kind_has_a_fixture(events: list[Event]) -> None:
    """Each way of being unreadable and each kind of TeXML request is shown."""
    reasons = {event.unreadable.reason for event in events if event.HasField("unreadable")}
    kinds = {event.texml.kind for event in events if event.HasField("texml")}
    assert reasons == set(UnreadableReason.values()) - {0}
    assert kinds == set(TexmlKind.values())


def test_no_expected_event_stands_alone() -> None:
    """Each expected file belongs to one body, so that none is kept for nothing."""
    names = [path.name.removesuffix(".expected.json") for path in FIXTURES.glob("*.expected.json")]
    assert sorted(names) == sorted(golden.path.stem for golden in GOLDEN)


def test_no_two_fixtures_are_one_event(events: list[Event]) -> None:
    """Ids are unique, as they are at the carrier, so fixtures can be published together."""
    assert len({event.event_id for event in events}) == len(events)


def test_a_fixture_is_about_nobody() -> None:
    """Numbers are of the range for fiction, and hosts of the domain for examples."""
    text = "\n".join(golden.body.decode("utf-8", "replace") for golden in GOLDEN)
    text = unquote(text)
    numbers = [re.sub(r"\D", "", found) for found in re.findall(r"\+1[0-9() -]{10,}", text)]
    hosts = re.findall(r"(?:[a-z]+://|[a-z0-9]@)([a-z0-9.-]+)", text)
    assert len(numbers) > len(GOLDEN) / 2, "the pattern must find numbers"
    assert [found for found in numbers if not re.fullmatch(r"1[2-9]\d\d55501\d\d", found)] == []
    assert {host for host in hosts if not host.endswith(".example.com")} == set()


def _arm(event: Event) -> str:
    domain = event.WhichOneof("detail")
    assert domain is not None
    inner = getattr(event, domain)
    found = "detail" in inner.DESCRIPTOR.oneofs_by_name and inner.WhichOneof("detail")
    return f"{domain}.{found or ''}"


def _typed() -> Iterator[tuple[str, str]]:
    for domain in Event.DESCRIPTOR.oneofs_by_name["detail"].fields:
        inner = domain.message_type
        if inner is None or "detail" not in inner.oneofs_by_name:
            continue
        for arm in inner.oneofs_by_name["detail"].fields:
            for type_ in arm.GetOptions().Extensions[carrier_event_pb2.carrier_event]:
                yield type_, f"{domain.name}.{arm.name}"


def _family(type_: str) -> str:
    return type_.partition(".")[0]


def _inner(field: FieldDescriptor) -> Descriptor | None:
    """Return the message of ours that a field holds, if it holds one."""
    message = field.message_type
    if message is None or message.file.package != "switchhook.event.v1":
        return None
    return None if message.GetOptions().map_entry else message


def _fields(descriptor: Descriptor, seen: set[str]) -> Iterator[str]:
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        yield field.full_name
        if inner := _inner(field):
            yield from _fields(inner, seen)


def _filled(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        yield field.full_name
        if _inner(field):
            for item in value if field.is_repeated else [value]:
                yield from _filled(item)
