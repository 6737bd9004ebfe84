"""What the carrier's events say of a message, with whatever is missing or odd in them."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.event.v1.event_pb2 import Event, EventSource
from switchhook.event.v1.message_event_pb2 import AutoresponseType, MessageEvent
from switchhook.event.v1.message_parts_pb2 import CarrierError, Media, Money
from switchhook.event.v1.party_pb2 import Party
from switchhook.messaging.v1.consent_pb2 import ConsentMethod, ConsentScope
from switchhook.messaging.v1.messaging_event_pb2 import ConsentEvent

from carrier.normalize import normalize
from chassis.errors import Invalid
from chassis.publisher import EVENT
from services.messaging import events
from services.messaging.consent.ledger import Action, LedgerEntry, Method, Scope
from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    MessageType,
    Recipient,
    Status,
)
from services.messaging.model import Media as ModelMedia

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
OURS, PEER, OTHER = "+12025550101", "+13125550103", "+13125550104"


def stamp(minutes: float) -> Timestamp:
    """Return a time after noon."""
    result = Timestamp()
    result.FromDatetime(NOON + timedelta(minutes=minutes))
    return result


def event(arm: str, message: MessageEvent | None = None) -> Event:
    """Return an event that happened a minute after noon and arrived a minute later."""
    made = Event(event_id="e-1", type=f"message.{arm}", occur_time=stamp(1), receive_time=stamp(2))
    if message is not None:
        made.message.CopyFrom(message)
    getattr(made.message, arm).SetInParent()
    return made


def party(number: str, status: str = "") -> Party:
    """Return a party with a phone number."""
    return Party(raw=number, phone_number=number, status=status)


def outbound(status: str, *more: Party, **fields: object) -> MessageEvent:
    """Return a message from us with this status for PEER."""
    return MessageEvent(
        message_id="c-1",
        from_party=party(OURS),
        to_parties=[party(PEER, status), *more],
        **fields,  # type: ignore[arg-type]
    )


def test_a_received_message_is_read_field_by_field() -> None:
    """Everything the carrier says of a message reaches the model."""
    said = MessageEvent(
        message_id="c-1",
        raw_type="MMS",
        from_party=party(PEER),
        to_parties=[party(OURS, "delivered")],
        text="hello",
        subject="hi",
        media=[Media(url="https://example.com/a", content_type="image/png", size_bytes=7)],
        parts=2,
        cost=Money(amount="0.0051", currency="USD"),
        messaging_profile_id="p-1",
        receive_time=stamp(0),
    )
    message, arrival = events.received(event("received", said))
    assert (arrival.event_id, arrival.receive_time) == ("e-1", NOON + timedelta(minutes=2))
    assert message.message_id == message.carrier_message_id == "c-1"
    assert (message.direction, message.status) == (Direction.INBOUND, Status.RECEIVED)
    assert message.create_time == NOON
    assert (message.our_number, message.peer_number) == (OURS, PEER)
    assert message.recipients == (Recipient(OURS, Status.RECEIVED, "delivered"),)
    assert (message.type, message.raw_type) == (MessageType.MMS, "MMS")
    assert (message.text, message.subject, message.parts) == ("hello", "hi", 2)
    assert message.media == (ModelMedia("https://example.com/a", "image/png", 7),)
    assert (message.cost_amount, message.cost_currency) == ("0.0051", "USD")
    assert message.messaging_profile_id == "p-1"
    assert not message.answered_by_carrier


def test_an_empty_received_message_is_still_a_message() -> None:
    """Without an id it has the event's, and what is missing is empty or absent."""
    message, _ = events.received(event("received"))
    assert message.message_id == "e-1"
    assert (message.our_number, message.peer_number, message.text) == ("", "", None)
    assert message.create_time == NOON + timedelta(minutes=1)


def test_an_empty_text_differs_from_none() -> None:
    """A message with an empty text has one."""
    message, _ = events.received(event("received", MessageEvent(text="")))
    assert message.text == ""


@pytest.mark.parametrize("raw", ["STOP", "HELP", "SOMETHING_NEW"])
def test_any_autoresponse_means_that_the_carrier_answered(raw: str) -> None:
    """Also a kind of autoresponse we do not know keeps us silent."""
    said = MessageEvent(
        raw_autoresponse_type=raw, autoresponse_type=AutoresponseType.AUTORESPONSE_TYPE_UNSPECIFIED
    )
    message, _ = events.received(event("received", said))
    assert message.answered_by_carrier


def test_senders_without_a_number_keep_their_words() -> None:
    """A short code or an alphanumeric sender stands as it was written, within bounds."""
    for raw, kept in (("12345", "12345"), ("ACME", "ACME"), ("x" * 1000, "x" * 64)):
        message, _ = events.received(event("received", MessageEvent(from_party=Party(raw=raw))))
        assert message.peer_number == kept


def test_a_group_has_all_its_members() -> None:
    """Everyone in `to` and `cc` is a recipient."""
    said = MessageEvent(to_parties=[party(OURS), party(PEER)], cc_parties=[party(OTHER)])
    message, _ = events.received(event("received", said))
    assert [person.phone_number for person in message.recipients] == [OURS, PEER, OTHER]
    assert message.is_group


def test_a_recipient_who_is_named_twice_makes_no_group() -> None:
    """The same number in `to` and `cc` is one recipient, who may be answered."""
    said = MessageEvent(to_parties=[party(OURS)], cc_parties=[party(OURS)])
    message, _ = events.received(event("received", said))
    assert not message.is_group


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (stamp(0), NOON),
        (stamp(60 * 24 * 365), NOON + timedelta(minutes=2)),  # not before it has happened
        (Timestamp(seconds=-62_135_596_800), NOON + timedelta(minutes=1)),  # the year 1
        (Timestamp(seconds=253_402_300_799), NOON + timedelta(minutes=1)),  # the year 9999
    ],
)
def test_consent_is_never_ordered_by_an_impossible_time(
    said: Timestamp, expected: datetime
) -> None:
    """A time in the future counts as now, and one nowhere near our days as absent."""
    message, _ = events.received(event("received", MessageEvent(receive_time=said)))
    assert message.create_time == expected


def test_what_a_database_cannot_hold_is_taken_out() -> None:
    """A NUL becomes a replacement character, and an endless id one of bounded length."""
    said = MessageEvent(message_id="i" * 5_000, text="a\0b", subject="\0")
    message, _ = events.received(event("received", said))
    assert (message.text, message.subject) == ("a\ufffdb", "\ufffd")
    assert len(message.message_id) <= 128
    again, _ = events.received(event("received", said))
    assert again.message_id == message.message_id


@pytest.mark.parametrize(
    ("arm", "raw", "status"),
    [
        ("sent", "queued", Status.SENT),
        ("sent", "sent", Status.SENT),
        ("sent", "", Status.SENT),
        ("sent", "something_new", Status.SENT),
        ("sent", "delivered", Status.DELIVERED),
        ("finalized", "delivered", Status.DELIVERED),
        ("finalized", "DELIVERED", Status.DELIVERED),
        ("finalized", "webhook_delivered", Status.DELIVERED),
        ("finalized", "delivery_unconfirmed", Status.DELIVERY_UNCONFIRMED),
        ("finalized", "dlr_timeout", Status.DELIVERY_UNCONFIRMED),
        ("finalized", "delivery_failed", Status.DELIVERY_FAILED),
        ("finalized", "sending_failed", Status.FAILED),
        ("finalized", "failed", Status.FAILED),
        ("finalized", "gw_timeout", Status.FAILED),
        ("finalized", "expired", Status.FAILED),
        ("finalized", "cancelled", Status.FAILED),
        ("finalized", "sent", Status.DELIVERY_UNCONFIRMED),
        ("finalized", "something_new", Status.DELIVERY_UNCONFIRMED),
        ("read", "read", Status.DELIVERED),
        ("read", "", Status.DELIVERED),
    ],
)
def test_the_status_is_the_carriers_word_but_not_less_than_the_event(
    arm: str, raw: str, status: Status
) -> None:
    """Each word of the carrier has a status, and an unknown word has the event's."""
    message = events.reported(event(arm, outbound(raw)))
    assert (message.status, message.raw_status) == (status, raw)
    assert message.recipients == (Recipient(PEER, status, raw),)


def test_a_report_without_recipients_has_the_status_of_its_event() -> None:
    """Only an id and a type are enough to move a message."""
    for arm, status in (("sent", Status.SENT), ("finalized", Status.DELIVERY_UNCONFIRMED)):
        message = events.reported(event(arm, MessageEvent(message_id="c-1")))
        assert (message.status, message.recipients) == (status, ())


def test_a_report_without_an_id_can_never_be_used() -> None:
    """A report that does not say which message it is about is refused, with the field's name."""
    with pytest.raises(Invalid) as raised:
        events.reported(event("finalized"))
    assert raised.value.reason == "MESSAGE_ID_MISSING"
    assert [each.field for each in raised.value.fields] == ["message.message_id"]


def test_the_members_of_a_group_speak_for_themselves() -> None:
    """An event about one recipient of a group does not finish the others."""
    said = outbound("delivered", party(OTHER, "sending"))
    message = events.reported(event("finalized", said))
    assert [person.status for person in message.recipients] == [Status.DELIVERED, Status.SENDING]
    assert message.status is Status.DELIVERED


def test_the_times_of_a_report() -> None:
    """What the carrier does not say is taken from the event it happened in."""
    exact = outbound("delivered", send_time=stamp(-2), complete_time=stamp(-1))
    told = events.reported(event("finalized", exact))
    assert (told.send_time, told.complete_time) == (
        NOON - timedelta(minutes=2),
        NOON - timedelta(minutes=1),
    )
    happened = NOON + timedelta(minutes=1)
    assert events.reported(event("sent", outbound("sent"))).send_time == happened
    assert events.reported(event("sent", outbound("sent"))).complete_time is None
    assert events.reported(event("finalized", outbound("delivered"))).complete_time == happened
    assert events.reported(event("read", outbound("read"))).read_time == happened


@pytest.mark.parametrize(
    ("raw", "code", "title", "reason"),
    [
        ("delivery_failed", "40008", "Undeliverable", FailureReason.NOT_DELIVERED),
        ("delivery_failed", "", "", FailureReason.NOT_DELIVERED),
        ("sending_failed", "40001", "Not routable", FailureReason.UNREACHABLE),
        ("sending_failed", "40333", "Spend limit", FailureReason.CONFIGURATION),
        ("sending_failed", "40302", "Too large", FailureReason.BAD_REQUEST),
        ("delivery_failed", "40300", "Blocked due to STOP message", FailureReason.OPTED_OUT),
        ("delivery_failed", "40300", "Recipient opted out", FailureReason.OPTED_OUT),
        ("delivery_failed", "40300", "Destination unreachable", FailureReason.UNREACHABLE),
        ("expired", "40318", "Queue full", FailureReason.EXPIRED),
        ("cancelled", "", "", FailureReason.CANCELLED),
    ],
)
def test_why_a_message_failed(raw: str, code: str, title: str, reason: FailureReason) -> None:
    """The code and the title together say why; 40300 has two meanings in webhooks."""
    errors = [CarrierError(code=code, title=title, detail="to +13125550103")] if code else []
    message = events.reported(event("finalized", outbound(raw, errors=errors)))
    assert message.failure == Failure(reason, code, title)


def test_a_success_has_no_failure() -> None:
    """Errors beside a delivery do not make it a failure."""
    said = outbound("delivered", errors=[CarrierError(code="40008", title="Undeliverable")])
    assert events.reported(event("finalized", said)).failure is None


def entry(action: Action) -> LedgerEntry:
    """Return an entry of the ledger."""
    return LedgerEntry(
        entry_id="l-1",
        effective_time=NOON,
        record_time=NOON + timedelta(seconds=1),
        action=action,
        scope=Scope.BRAND,
        method=Method.KEYWORD,
        peer_number=PEER,
        our_number=OURS,
        source_message_id="c-1",
        text="STOP",
    )


VERBS = {
    Action.CONFIRMED: "granted",
    Action.IMPORTED: "granted",
    Action.VOIDED: "revoked",
}


@pytest.mark.parametrize("action", list(Action))
def test_a_change_of_consent_is_told_as_an_event_of_ours(action: Action) -> None:
    """The event has an id of its own for ever, and its arm, type and subject agree."""
    verb = VERBS.get(action, action.value)
    effect = events.consent_changed(entry(action))
    assert effect == events.consent_changed(entry(action))
    assert effect.kind == EVENT
    assert effect.path == f"events.v1.messaging.consent.{verb}"
    told = Event.FromString(effect.body)
    assert told.event_id == effect.effect_id
    assert told.type == f"messaging.consent.{verb}"
    assert told.source == EventSource.EVENT_SOURCE_SERVICE
    assert (
        told.occur_time.ToDatetime(UTC),
        told.receive_time.seconds - told.occur_time.seconds,
    ) == (
        NOON,
        1,
    )
    carried = ConsentEvent()
    assert told.service.Unpack(carried)
    assert carried.WhichOneof("detail") == verb
    assert carried.revoked.void == (action is Action.VOIDED)
    assert (carried.peer_number, carried.our_number, carried.entry_id) == (PEER, OURS, "l-1")
    assert carried.scope == ConsentScope.CONSENT_SCOPE_BRAND
    assert carried.method == ConsentMethod.CONSENT_METHOD_KEYWORD


def test_a_change_of_consent_is_found_among_the_messages_of_its_pair() -> None:
    """The event has the key that messages between the two numbers have, in either direction."""
    told = Event.FromString(events.consent_changed(entry(Action.REVOKED)).body)
    body = {"from": {"phone_number": PEER}, "to": [{"phone_number": OURS}], "id": "c-1"}
    webhook = {"data": {"event_type": "message.received", "id": "e-1", "payload": body}}
    message = normalize(orjson.dumps(webhook), receive_time=NOON)
    assert told.entity_key
    assert told.entity_key == message.entity_key


def test_the_words_of_a_person_stay_out_of_the_event() -> None:
    """The evidence stays in the ledger; the stream learns of the change only."""
    assert b"STOP" not in events.consent_changed(entry(Action.REVOKED)).body
