"""What an event is called, what it is about, and where it is published."""

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from switchhook.event.v1.event_pb2 import Event

from carrier.normalize import subject
from carrier.normalize.identity import MUST_BE_HANDLED
from tests.support.telnyx_bodies import (
    CALL,
    CALLER,
    OURS,
    call,
    fax,
    message,
    verification,
    webhook,
)
from tests.unit.carrier.normalized import event_of

SUBJECTS = {
    "call.initiated": "call.call.initiated",
    "streaming.failed": "call.streaming.failed",
    "conference.ended": "conference.conference.ended",
    "message.received": "message.message.received",
    "link_clicked": "message.link_clicked",
    "fax.delivered": "fax.fax.delivered",
    "verification.complete": "verification.verification.complete",
    "messaging-profile.spend-limit-reached": "other.messaging-profile.spend-limit-reached",
    "new.*.>": "other.new._._",
    "new thing/ü": "other.new_thing__",
    ".new..thing.": "other._.new._.thing._",
    "...": "other._._._._",
    "x" * 300: "other." + "x" * 128,
}


@pytest.mark.parametrize(("type_", "expected"), SUBJECTS.items())
def test_the_subject_is_the_domain_and_the_type(type_: str, expected: str) -> None:
    """Whatever the carrier calls an event, its subject is one the stream accepts."""
    assert subject(event_of(webhook(type_, {}))) == f"events.v1.telnyx.{expected}"


def test_a_body_nobody_can_read_has_a_subject() -> None:
    """An unreadable body goes under its type if it has one, else under the reason."""
    assert subject(event_of(b"{")) == "events.v1.telnyx.unreadable.not_json"
    version_one = event_of({"event_type": "call_hangup"})
    assert subject(version_one) == "events.v1.telnyx.unreadable.call_hangup"


def test_an_arm_of_a_newer_version_is_other() -> None:
    """An event without a known arm still has a subject."""
    assert subject(Event(type="call.cloned")) == "events.v1.telnyx.other.call.cloned"


def test_a_service_names_its_own_subjects() -> None:
    """An event of one of our services is none of the carrier's."""
    with pytest.raises(ValueError, match="its own"):
        subject(Event(type="messaging.consent.revoked", service=AnyMessage()))


def test_a_call_is_known_by_its_session() -> None:
    """A call's key is its session, else its leg, else what commands it."""
    keys = ["call_session_id", "call_leg_id", "call_control_id"]
    changes: dict[str, None] = {}
    for key in keys:
        assert event_of(call(**changes)).entity_key == CALL[key]
        changes[key] = None
    assert event_of(call(**changes)).entity_key == ""


def test_both_directions_of_a_pair_share_a_key() -> None:
    """A conversation is ordered as one, whoever writes; the key tells no number."""
    received = event_of(message()).entity_key
    answer = {"from": {"phone_number": OURS}, "to": [{"phone_number": CALLER}]}
    assert event_of(message("message.sent", **answer)).entity_key == received
    assert event_of(message(**{"from": "+1 202 555 0101"})).entity_key == received
    assert event_of(message(**{"from": "+12025550199"})).entity_key != received
    assert received.startswith("pair-")
    assert "5550101" not in received


@pytest.mark.parametrize("changes", [{"from": None}, {"to": []}, {"to": None}, {"to": [{}]}])
def test_half_a_pair_has_no_key(changes: dict[str, object]) -> None:
    """A message with one address cannot be ordered with others."""
    assert event_of(message(**changes)).entity_key == ""


def test_other_things_are_known_by_their_ids() -> None:
    """A conference, a fax and a verification have ids of their own; the rest has none."""
    conference = webhook("conference.ended", {"conference_id": "c-1"})
    assert event_of(conference).entity_key == "c-1"
    assert event_of(fax()).entity_key == "3a2b6c1e-0000-4000-8000-000000000003"
    assert event_of(verification()).entity_key == "7d2b6c1e-0000-4000-8000-000000000004"
    assert event_of(webhook("porting_order.split", {"id": "p"})).entity_key == ""


@pytest.mark.parametrize(
    ("type_", "safe"),
    [
        ("call.initiated", False),
        ("call.hangup", False),
        ("call.dequeued", False),
        ("message.received", False),
        ("message.finalized", False),
        ("fax.received", False),
        ("fax.failed", False),
        ("call.speak.ended", True),
        ("streaming.started", True),
        ("message.read", True),
        ("conference.created", True),
        ("verify.sent", True),
        ("porting_order.split", True),
        ("unheard.of", True),
    ],
)
def test_what_moves_a_state_must_not_be_overlooked(type_: str, safe: bool) -> None:
    """Only events no state depends on may be skipped by an older reader."""
    assert event_of(webhook(type_, {})).safe_to_ignore is safe


def test_the_arms_that_must_be_handled_exist() -> None:
    """A renamed arm does not fall out of the list unnoticed."""
    for domain, arm in MUST_BE_HANDLED:
        inner = Event.DESCRIPTOR.fields_by_name[domain].message_type
        assert inner is not None
        assert arm in inner.fields_by_name
