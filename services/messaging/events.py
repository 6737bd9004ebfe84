"""Translate events: what the carrier said into the model, and what was decided into an event.

The carrier requires no field of a message, so every part may be missing. Characters and lengths the
databases cannot hold are taken out here, so that no text can stop an event from being stored.
"""

from datetime import UTC, datetime
from typing import TypedDict

from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.event.v1.event_pb2 import Event, EventSource
from switchhook.event.v1.message_event_pb2 import MessageEvent
from switchhook.event.v1.message_parts_pb2 import CarrierError
from switchhook.event.v1.party_pb2 import Party
from switchhook.messaging.v1.messaging_event_pb2 import ConsentEvent

from carrier.error_codes import RefusalKind, kind_of
from carrier.normalize.identity import entity_key
from chassis.effects import Effect
from chassis.errors import FieldViolation, Invalid
from chassis.publisher import event_effect
from services.messaging import translate
from services.messaging.consent import translate as consent_translate
from services.messaging.consent.ledger import Action, LedgerEntry
from services.messaging.ids import derived_id
from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    Media,
    Message,
    MessageType,
    Recipient,
    Status,
    furthest,
)
from services.messaging.use_cases.receiving import Arrival

_LONGEST_ID = 128
_LONGEST_ADDRESS = 64

_STATUSES = {
    "queued": Status.SENDING,
    "scheduled": Status.SENDING,
    "sending": Status.SENDING,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "webhook_delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "delivery_unconfirmed": Status.DELIVERY_UNCONFIRMED,
    "dlr_timeout": Status.DELIVERY_UNCONFIRMED,
    "delivery_failed": Status.DELIVERY_FAILED,
    "gw_timeout": Status.FAILED,
    "sending_failed": Status.FAILED,
    "failed": Status.FAILED,
    "expired": Status.FAILED,
    "cancelled": Status.FAILED,
}
"""Telnyx: OpenAPI outbound message payload, and the words its documentation adds."""

_REASONS_BY_STATUS = {
    "expired": FailureReason.EXPIRED,
    "cancelled": FailureReason.CANCELLED,
}
_REASONS_BY_KIND = {
    RefusalKind.PERMANENT: FailureReason.UNREACHABLE,
    RefusalKind.CONFIGURATION: FailureReason.CONFIGURATION,
    RefusalKind.HOLD: FailureReason.CONFIGURATION,
    RefusalKind.BAD_REQUEST: FailureReason.BAD_REQUEST,
}
_FAILURES = (Status.DELIVERY_FAILED, Status.FAILED)
_TYPES = {kind.name: kind for kind in MessageType if kind is not MessageType.UNSPECIFIED}
_FAR_FUTURE = 4_102_444_800  # the year 2100, in seconds


class _Content(TypedDict):
    type: MessageType
    raw_type: str
    text: str | None
    subject: str
    media: tuple[Media, ...]
    parts: int
    cost_amount: str
    cost_currency: str
    messaging_profile_id: str


def received(event: Event) -> tuple[Message, Arrival]:
    """Return the message that came in and how; without an id of its own it has the event's."""
    said = event.message
    carrier_id = _id(said.message_id or event.event_id)
    arrived = _time(event.receive_time) or datetime.now(UTC)
    # Consent is weighed by this time, so it must not lie in a future that has not happened.
    create_time = min(_first_time(said.receive_time, event.occur_time) or arrived, arrived)
    # A group names some of its members twice.
    everyone = {_address(party): party for party in (*said.to_parties, *said.cc_parties)}
    message = Message(
        message_id=carrier_id,
        carrier_message_id=carrier_id,
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        create_time=create_time,
        our_number=_address(said.to_parties[0]) if said.to_parties else "",
        peer_number=_address(said.from_party),
        recipients=tuple(
            Recipient(address, Status.RECEIVED, _clean(party.status))
            for address, party in everyone.items()
        ),
        answered_by_carrier=bool(said.raw_autoresponse_type),
        **_content(said),
    )
    return message, Arrival(event_id=event.event_id, receive_time=arrived)


def reported(event: Event) -> Message:
    """Return a message that went out as the carrier sees it now; raises Invalid without an id."""
    said = event.message
    if not said.message_id:
        raise Invalid(
            [FieldViolation("message.message_id", "is missing")], reason="MESSAGE_ID_MISSING"
        )
    carrier_id = _id(said.message_id)
    happened = _first_time(event.occur_time, event.receive_time) or datetime.now(UTC)
    arm = said.WhichOneof("detail") or ""
    # In a group the event is about one of them, and each says for itself how far it has come.
    told = arm if len(said.to_parties) <= 1 else ""
    people = tuple(
        Recipient(_address(party), _status(told, party.status), _clean(party.status))
        for party in said.to_parties
    )
    best = furthest(people)
    status = best.status if best else _status(arm, "")
    return Message(
        message_id=carrier_id,
        carrier_message_id=carrier_id,
        direction=Direction.OUTBOUND,
        status=status,
        raw_status=best.raw_status if best else "",
        create_time=_time(said.receive_time) or happened,
        our_number=_address(said.from_party),
        peer_number=people[0].phone_number if people else "",
        recipients=people,
        failure=_failure(said, best) if status in _FAILURES else None,
        send_time=_time(said.send_time) or (happened if arm == "sent" else None),
        complete_time=_time(said.complete_time) or (happened if arm == "finalized" else None),
        read_time=happened if arm == "read" else None,
        **_content(said),
    )


_VERBS = {
    Action.GRANTED: "granted",
    Action.CONFIRMED: "granted",
    Action.IMPORTED: "granted",
    Action.REVOKED: "revoked",
    Action.VOIDED: "revoked",
    Action.HELD: "held",
    Action.RELEASED: "released",
}


def consent_changed(entry: LedgerEntry) -> Effect:
    """Return the effect that tells the stream of a change of consent."""
    verb = _VERBS[entry.action]
    event_id = derived_id("consent event", entry.entry_id)
    told = ConsentEvent(
        peer_number=entry.peer_number,
        our_number=entry.our_number,
        scope=consent_translate.scope(entry.scope),
        method=consent_translate.method(entry.method),
        entry_id=entry.entry_id,
        program_id=entry.program_id,
        entry_hash=entry.hash,
        channel=consent_translate.channel(entry.channel),
    )
    match verb:
        case "revoked":
            told.revoked.void = entry.action is Action.VOIDED
        case "held" | "released":
            getattr(told, verb).hold_id = entry.hold_id
    getattr(told, verb).SetInParent()
    event = Event(
        event_id=event_id,
        type=f"messaging.consent.{verb}",
        source=EventSource.EVENT_SOURCE_SERVICE,
        occur_time=translate.timestamp(entry.effective_time),
        receive_time=translate.timestamp(entry.record_time),
        entity_key=_pair_key(entry),
    )
    event.service.Pack(told)
    return event_effect(
        event_id,
        f"events.v1.messaging.consent.{verb}",
        event.SerializeToString(deterministic=True),
        ordering_key=f"consent {entry.peer_number}",
    )


def _pair_key(entry: LedgerEntry) -> str:
    """Return the key that the messages between the two numbers have."""
    ours, peer = Party(phone_number=entry.our_number), Party(phone_number=entry.peer_number)
    return entity_key(Event(message=MessageEvent(from_party=ours, to_parties=[peer])))


def _content(said: MessageEvent) -> _Content:
    return {
        "type": _TYPES.get(said.raw_type.upper(), MessageType.UNSPECIFIED),
        "raw_type": _clean(said.raw_type),
        "text": _clean(said.text) if said.HasField("text") else None,
        "subject": _clean(said.subject),
        "media": tuple(
            Media(
                _clean(media.url),
                _clean(media.content_type),
                media.size_bytes,
                _clean(media.sha256),
            )
            for media in said.media
        ),
        "parts": max(said.parts, 0),
        "cost_amount": _clean(said.cost.amount),
        "cost_currency": _clean(said.cost.currency),
        "messaging_profile_id": _clean(said.messaging_profile_id),
    }


def _status(arm: str, raw_status: str) -> Status:
    """Return how far a message is for someone: the carrier's word, but not less than the event."""
    status = _STATUSES.get(raw_status.lower(), Status.SENDING)
    match arm:
        case "finalized" if not status.is_final:
            return Status.DELIVERY_UNCONFIRMED
        case "read" if not status.is_final:
            return Status.DELIVERED
        case "sent" if status.rank < Status.SENT.rank:
            return Status.SENT
        case _:
            return status


def _failure(said: MessageEvent, person: Recipient | None) -> Failure:
    error = said.errors[0] if said.errors else CarrierError()
    raw_status = person.raw_status.lower() if person else ""
    return Failure(
        _REASONS_BY_STATUS.get(raw_status) or _reason(error),
        _clean(error.code),
        _clean(error.title),
    )


def _reason(error: CarrierError) -> FailureReason:
    kind = kind_of(error.code)
    if kind is RefusalKind.OPTED_OUT:
        # In webhooks 40300 has a second meaning, "destination unreachable"; the title tells
        # (Telnyx: receiving webhooks for messaging).
        title = error.title.casefold()
        opted_out = "stop" in title or "opt" in title
        return FailureReason.OPTED_OUT if opted_out else FailureReason.UNREACHABLE
    known = _REASONS_BY_KIND.get(kind) if error.code else None
    return known or FailureReason.NOT_DELIVERED


def _address(party: Party) -> str:
    return _clean(party.phone_number or party.raw)[:_LONGEST_ADDRESS]


def _id(text: str) -> str:
    """Return an id as it is; one too long for an index is replaced by one derived from it."""
    cleaned = _clean(text)
    return cleaned if len(cleaned) <= _LONGEST_ID else derived_id("long id", cleaned)


def _clean(text: str) -> str:
    """Replace the one character that PostgreSQL cannot store."""
    return text.replace("\0", "\ufffd")


def _first_time(*times: Timestamp) -> datetime | None:
    return next((instant for instant in map(_time, times) if instant is not None), None)


def _time(value: Timestamp) -> datetime | None:
    """Return an instant, or None when it is absent or nowhere near our days."""
    if not 0 < value.seconds < _FAR_FUTURE:
        return None
    return value.ToDatetime(tzinfo=UTC)
