"""What messaging knows about a message: what it is, how far it has come, what may be answered."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import phonenumbers

from services.messaging.keywords import Classification
from services.messaging.media.model import MediaState
from services.messaging.replies.threads import others, thread_id
from services.messaging.sending.plan import NO_PLAN, Plan

CONFIRMATION_WINDOW = timedelta(minutes=5)
"""Within this time of receipt one confirmation is presumed consented to: 47 CFR 64.1200(a)(12)."""

HELP_PAUSE = timedelta(hours=24)
"""One answer to HELP per pair of numbers in this time, so that two machines do not keep it up."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")


class Direction(StrEnum):
    """Which way a message went."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageType(StrEnum):
    """What kind of message it is."""

    UNSPECIFIED = "unspecified"
    SMS = "sms"
    MMS = "mms"
    RCS = "rcs"
    WHATSAPP = "whatsapp"


class Purpose(StrEnum):
    """What a message is sent for; the last three are this service's own."""

    UNSPECIFIED = "unspecified"
    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    VERIFICATION = "verification"
    CONVERSATION = "conversation"
    STOP_CONFIRMATION = "stop_confirmation"
    START_CONFIRMATION = "start_confirmation"
    HELP_REPLY = "help_reply"
    OPT_IN_PROMPT = "opt_in_prompt"


class Status(StrEnum):
    """How far a message has come, in the order it goes through."""

    RECEIVED = "received"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    IN_DOUBT = "in_doubt"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    DELIVERY_UNCONFIRMED = "delivery_unconfirmed"
    DELIVERY_FAILED = "delivery_failed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def rank(self) -> int:
        """Return the place on the way; equal for all the ends, of which the first reached holds."""
        return min(_WAY.index(self), _FIRST_END)

    @property
    def is_final(self) -> bool:
        """Say whether nothing can follow."""
        return self is Status.RECEIVED or self.rank == _FIRST_END


_WAY = tuple(Status)
_FIRST_END = _WAY.index(Status.DELIVERED)
_FAILURES = (Status.DELIVERY_FAILED, Status.FAILED, Status.CANCELLED)


class FailureReason(StrEnum):
    """Why a message failed, as far as there is something to do about it."""

    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"
    CONFIGURATION = "configuration"
    BAD_REQUEST = "bad_request"
    RETRIES_EXHAUSTED = "retries_exhausted"
    EXPIRED = "expired"
    NOT_DELIVERED = "not_delivered"
    CANCELLED = "cancelled"
    CONSENT_HELD = "consent_held"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message failed, with the carrier's code and title where it gave them."""

    reason: FailureReason
    carrier_code: str = ""
    carrier_title: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or file, as the carrier describes it, and what has become of it here."""

    url: str
    content_type: str = ""
    size_bytes: int = 0
    sha256: str = ""
    state: MediaState = MediaState.UNSPECIFIED
    stored_sha256: str = ""
    """How far it is archived and under which hash; `MediaPart` has the rest."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone a message went to, and how far it has come for them."""

    phone_number: str
    status: Status
    raw_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message between one of our numbers and somebody else.

    The times are those of the proto: `create_time` is when the carrier received it or when it was
    asked for.
    """

    message_id: str
    direction: Direction
    status: Status
    create_time: datetime
    carrier_message_id: str = ""
    our_number: str = ""
    peer_number: str = ""
    recipients: tuple[Recipient, ...] = ()
    type: MessageType = MessageType.UNSPECIFIED
    raw_type: str = ""
    text: str | None = None
    subject: str = ""
    media: tuple[Media, ...] = ()
    purpose: Purpose = Purpose.UNSPECIFIED
    raw_status: str = ""
    failure: Failure | None = None
    parts: int = 0
    cost_amount: str = ""
    cost_currency: str = ""
    messaging_profile_id: str = ""
    classification: Classification | None = None
    answered_by_carrier: bool = False
    accept_time: datetime | None = None
    send_time: datetime | None = None
    complete_time: datetime | None = None
    read_time: datetime | None = None
    expire_time: datetime | None = None
    plan: Plan = NO_PLAN
    auto: bool = False
    unread: bool = False

    @property
    def is_group(self) -> bool:
        """Say whether it went to several people."""
        return len(self.recipients) > 1

    @property
    def others(self) -> tuple[str, ...]:
        """Return who it is exchanged with: one number, or all of a group but ours."""
        if not self.is_group:
            return (self.peer_number,)
        people = (person.phone_number for person in self.recipients)
        return others(self.our_number, self.peer_number, people)

    @property
    def conversation_id(self) -> str:
        """Return the conversation it belongs to; empty when one side is not known."""
        return thread_id(self.our_number, self.others)


def is_e164(number: str) -> bool:
    """Say whether a number can be written to and consent for it recorded; short codes cannot."""
    return _E164.fullmatch(number) is not None


def is_short_code(number: str) -> bool:
    """Say whether a number is a short code, which has no country in it."""
    return _SHORT_CODE.fullmatch(number) is not None


def is_dialable(number: str) -> bool:
    """Say whether an E.164 number has a length its country knows; new ranges are not refused."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def merged(known: Message, seen: Message) -> Message:
    """Add what a report has seen of a message to what is known of it.

    Reports come twice, late and out of order: the status only advances, the earliest of each time
    stays, and what was known is never replaced. Of two different ends the first told holds; but for
    that, any order of the same reports gives the same message.
    """
    people = _merged_recipients(known.recipients, seen.recipients)
    speaker = furthest(people) if len(people) > 1 else None
    ahead = speaker or (known if _holds(known, seen) else seen)
    return replace(
        _described(known, seen),
        recipients=people,
        status=ahead.status,
        raw_status=ahead.raw_status,
        failure=_failure(ahead.status, known.failure, seen.failure),
        accept_time=_earliest(known.accept_time, seen.accept_time),
        send_time=_earliest(known.send_time, seen.send_time),
        complete_time=_earliest(known.complete_time, seen.complete_time),
        read_time=_earliest(known.read_time, seen.read_time),
    )


def furthest(people: Sequence[Recipient]) -> Recipient | None:
    """Return who of a group speaks for it: an end beats the way, and arriving beats failing."""
    return max(
        people,
        key=lambda each: (each.status.rank, -_WAY.index(each.status), each.raw_status),
        default=None,
    )


def failed(message: Message, failure: Failure, when: datetime) -> Message:
    """Return the message as one that has failed here, unless it has come to an end already."""
    return _ended(message, Status.FAILED, failure, when)


def cancelled(message: Message, failure: Failure, when: datetime) -> Message:
    """Return the message as one that was withdrawn, unless it has come to an end already."""
    return _ended(message, Status.CANCELLED, failure, when)


def _ended(message: Message, status: Status, failure: Failure, when: datetime) -> Message:
    if message.status.is_final:
        return message
    people = tuple(
        person if person.status.is_final else replace(person, status=status)
        for person in message.recipients
    )
    return replace(
        message,
        status=status,
        raw_status="",
        recipients=people,
        failure=failure,
        complete_time=when,
    )


def advanced(message: Message, status: Status) -> Message:
    """Return the message with at least this status, never an earlier one."""
    people = tuple(replace(person, status=status) for person in message.recipients)
    return merged(message, replace(message, status=status, raw_status="", recipients=people))


def _described(known: Message, seen: Message) -> Message:
    return replace(
        known,
        carrier_message_id=known.carrier_message_id or seen.carrier_message_id,
        our_number=known.our_number or seen.our_number,
        peer_number=known.peer_number or seen.peer_number,
        type=seen.type if known.type is MessageType.UNSPECIFIED else known.type,
        raw_type=known.raw_type or seen.raw_type,
        text=seen.text if known.text is None else known.text,
        subject=known.subject or seen.subject,
        media=known.media or seen.media,
        parts=known.parts or seen.parts,
        cost_amount=known.cost_amount or seen.cost_amount,
        cost_currency=known.cost_currency or seen.cost_currency,
        messaging_profile_id=known.messaging_profile_id or seen.messaging_profile_id,
    )


def _merged_recipients(
    known: Iterable[Recipient], seen: Iterable[Recipient]
) -> tuple[Recipient, ...]:
    people = {person.phone_number: person for person in known}
    for person in seen:
        before = people.get(person.phone_number)
        if before is None or not _holds(before, person):
            people[person.phone_number] = person
    return tuple(people.values())


def _holds(known: Message | Recipient, seen: Message | Recipient) -> bool:
    if known.status.is_final:
        return True
    # The carrier has several words for one status; comparing them keeps the order out of it.
    return (seen.status.rank, seen.raw_status) <= (known.status.rank, known.raw_status)


def _failure(status: Status, known: Failure | None, seen: Failure | None) -> Failure | None:
    return (known or seen) if status in _FAILURES else None


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((time for time in (one, other) if time is not None), default=None)
