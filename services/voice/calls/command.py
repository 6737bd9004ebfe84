"""What the carrier can be told to do with a leg. Pure."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from services.voice.calls.facts import CommandKind, Role

ALL_KEYS = "0123456789#*"

_IDS = uuid.UUID("6f6e63c9-8a63-5d5e-9c5e-6d0f3c1a7b52")
"""Never change it: commands in flight would be sent again under other ids."""


class RejectCause(StrEnum):
    """What a refused caller's network is told. Source: Telnyx, reject a call, `cause`."""

    REJECTED = "CALL_REJECTED"
    BUSY = "USER_BUSY"


@dataclass(frozen=True, slots=True)
class Answer:
    """Take the call."""

    kind: ClassVar[CommandKind] = CommandKind.ANSWER


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse a call that has not been answered."""

    cause: RejectCause = RejectCause.REJECTED
    kind: ClassVar[CommandKind] = CommandKind.REJECT


@dataclass(frozen=True, slots=True)
class Speak:
    """Say a plain text, cut to what the carrier takes; nothing in it is markup."""

    text: str
    language: str = ""
    kind: ClassVar[CommandKind] = CommandKind.SPEAK


@dataclass(frozen=True, slots=True)
class Play:
    """Play audio, once or until it is stopped."""

    audio_url: str
    loop: bool = False
    kind: ClassVar[CommandKind] = CommandKind.PLAY


@dataclass(frozen=True, slots=True)
class StopPlayback:
    """Stop whatever plays or is spoken."""

    kind: ClassVar[CommandKind] = CommandKind.STOP_PLAYBACK


@dataclass(frozen=True, slots=True)
class Gather:
    """Say a text and collect keys; one try, whoever asks decides on another.

    `speech_hints` are phrases the caller may say instead; without them nobody listens.
    """

    text: str
    language: str = ""
    min_digits: int = 1
    max_digits: int = 1
    valid_digits: str = ALL_KEYS
    terminator: str = "#"
    timeout: timedelta = timedelta(seconds=5)
    inter_digit: timedelta = timedelta(seconds=3)
    speech_hints: tuple[str, ...] = ()
    kind: ClassVar[CommandKind] = CommandKind.GATHER


@dataclass(frozen=True, slots=True)
class StopGather:
    """Stop collecting keys for the gather with the key `of`."""

    of: str
    kind: ClassVar[CommandKind] = CommandKind.STOP_GATHER


@dataclass(frozen=True, slots=True)
class Listen:
    """Turn what is said into text, as an answer to the gather with the key `of`."""

    of: str
    language: str = ""
    hints: tuple[str, ...] = ()
    kind: ClassVar[CommandKind] = CommandKind.LISTEN


@dataclass(frozen=True, slots=True)
class StopListening:
    """Turn nothing into text any more."""

    kind: ClassVar[CommandKind] = CommandKind.STOP_LISTENING


@dataclass(frozen=True, slots=True)
class SendDtmf:
    """Send the tones of keys."""

    digits: str
    kind: ClassVar[CommandKind] = CommandKind.SEND_DTMF


@dataclass(frozen=True, slots=True)
class Record:
    """Record the leg until it is stopped, falls silent for so long, or is over; None is never."""

    max_length: timedelta | None = None
    silence: timedelta | None = None
    beep: bool = True
    kind: ClassVar[CommandKind] = CommandKind.RECORD


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End the recording."""

    kind: ClassVar[CommandKind] = CommandKind.STOP_RECORDING


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect the leg to somebody whom the carrier dials: a number or a SIP address.

    The new leg has the role DIALLED and the subject `<this leg>/<the command's key>`.
    """

    to: str
    from_number: str = ""
    timeout: timedelta = timedelta(seconds=30)
    kind: ClassVar[CommandKind] = CommandKind.TRANSFER


@dataclass(frozen=True, slots=True)
class Bridge:
    """Connect the leg with another one, or with the first one waiting in a carrier's queue.

    Exactly one of the two is given. The leg stays, parked, when the other one hangs up.
    """

    control_id: str = ""
    queue: str = ""
    kind: ClassVar[CommandKind] = CommandKind.BRIDGE


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put the leg into a queue of the carrier."""

    queue: str
    max_wait: timedelta | None = None
    kind: ClassVar[CommandKind] = CommandKind.ENQUEUE


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Take the leg out of its queue at the carrier; it stays parked."""

    kind: ClassVar[CommandKind] = CommandKind.LEAVE_QUEUE


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the leg."""

    kind: ClassVar[CommandKind] = CommandKind.HANG_UP


Command = (
    Answer
    | Reject
    | Speak
    | Play
    | StopPlayback
    | Gather
    | StopGather
    | Listen
    | StopListening
    | SendDtmf
    | Record
    | StopRecording
    | Transfer
    | Bridge
    | Enqueue
    | LeaveQueue
    | HangUp
)


@dataclass(frozen=True, slots=True)
class Dial:
    """Call somebody: a number in E.164 or a SIP address, shown `from_number`.

    `subject` names what it is for and, with the role, the dial for ever. `link_to` is the control
    id of the leg whose session the new one joins.
    """

    to: str
    from_number: str
    connection_id: str
    role: Role
    subject: str
    timeout: timedelta = timedelta(seconds=30)
    display_name: str = ""
    link_to: str = ""


def command_id(leg_id: str, key: str) -> str:
    """Return the id of a command on a leg, always the same: the carrier drops repetitions by it.

    Source: Telnyx, sending commands: a `command_id` repeated within 60 seconds is ignored.
    """
    return str(uuid.uuid5(_IDS, f"{leg_id}/{key}"))


def dial_id(role: Role, subject: str) -> str:
    """Return the id of a dial, always the same: for dials the carrier's memory is global."""
    return str(uuid.uuid5(_IDS, f"dial/{role.name}/{subject}"))
