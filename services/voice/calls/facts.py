"""The words of a leg: what single facts about it are made of. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""A number somebody can be looked up by; shorter ones are service codes."""


class Direction(IntEnum):
    """Who started the leg. Where two events disagree the one that keeps our hands off wins."""

    UNKNOWN = 0
    INBOUND = 1
    OUTBOUND = 2


class Steering(IntEnum):
    """How the carrier is told what to do with the leg."""

    UNKNOWN = 0
    COMMANDS = 1
    TEXML = 2


class State(IntEnum):
    """How far the leg has come, by rank; a lower rank never replaces a higher one."""

    NEW = 0
    INITIATED = 10
    ANSWERED = 20
    IVR = 30
    QUEUED = 40
    BRIDGED = 50
    HUNG_UP = 90


class Role(IntEnum):
    """What a leg is to the contact centre, by rank.

    All but CALLER are told by a `client_state` that voice has signed; a caller is whoever called
    one of the numbers voice serves.
    """

    UNKNOWN = 0
    CALLER = 1
    AGENT = 2
    CUSTOMER = 3
    DIALLED = 4


class CommandKind(StrEnum):
    """What a command tells the carrier to do."""

    DIAL = "DIAL"
    ANSWER = "ANSWER"
    REJECT = "REJECT"
    SPEAK = "SPEAK"
    PLAY = "PLAY"
    STOP_PLAYBACK = "STOP_PLAYBACK"
    GATHER = "GATHER"
    STOP_GATHER = "STOP_GATHER"
    LISTEN = "LISTEN"
    STOP_LISTENING = "STOP_LISTENING"
    SEND_DTMF = "SEND_DTMF"
    RECORD = "RECORD"
    STOP_RECORDING = "STOP_RECORDING"
    TRANSFER = "TRANSFER"
    BRIDGE = "BRIDGE"
    ENQUEUE = "ENQUEUE"
    LEAVE_QUEUE = "LEAVE_QUEUE"
    HANG_UP = "HANG_UP"


class ResultStatus(StrEnum):
    """How what a command started came to its end."""

    COMPLETED = "COMPLETED"
    """To its end: spoken, played, recorded, or keys that fit what was asked."""
    INVALID = "INVALID"
    """Keys that did not fit."""
    TIMED_OUT = "TIMED_OUT"
    """No keys, or too few, in time."""
    CANCELLED = "CANCELLED"
    """Another command ended it."""
    HUNG_UP = "HUNG_UP"
    """The leg ended meanwhile."""
    FAILED = "FAILED"
    """It could not be done."""
    OTHER = "OTHER"
    """The carrier said something new."""


class CallerKind(IntEnum):
    """What a caller's number turned out to be; where events disagree the least useful wins."""

    UNKNOWN = 0
    NUMBER = 1
    SIP = 2
    MALFORMED = 3
    WITHHELD = 4


class LookupOutcome(IntEnum):
    """What came of asking who is calling; a later answer replaces the lack of one."""

    UNAVAILABLE = 1
    NOT_FOUND = 2
    FOUND = 3


class DequeueReason(StrEnum):
    """Why the leg left a queue, as far as voice acts on it."""

    OTHER = "OTHER"
    BRIDGED = "BRIDGED"
    HANGUP = "HANGUP"
    LEAVE = "LEAVE"
    TIMEOUT = "TIMEOUT"


@dataclass(frozen=True, slots=True, order=True)
class Caller:
    """Who calls, as the carrier says it. ``phone_number`` is empty unless the kind is NUMBER."""

    kind: CallerKind = CallerKind.UNKNOWN
    phone_number: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Lookup:
    """What the CRM knew about the caller. The name is empty unless it was exactly one contact."""

    outcome: LookupOutcome
    is_vip: bool = False
    contact_count: int = 0
    display_name: str = ""
    language: str = ""
    tier: str = ""
    owner_agent_id: str = ""
    has_escalated_case: bool = False


@dataclass(frozen=True, slots=True, order=True)
class SpeechEnd:
    """The end of what was spoken. ``cut_short``: the caller hung up, or it was cancelled."""

    time: datetime
    cut_short: bool = False


@dataclass(frozen=True, slots=True, order=True)
class QueueEntry:
    """The moment the leg entered a queue."""

    time: datetime
    queue: str = ""


@dataclass(frozen=True, slots=True, order=True)
class QueueExit:
    """The moment the leg left a queue, why, and after how many seconds."""

    time: datetime
    reason: DequeueReason = DequeueReason.OTHER
    raw_reason: str = ""
    queue: str = ""
    wait_seconds: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Hangup:
    """The end of the leg, with the carrier's words for why and by whom."""

    time: datetime
    cause: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Result:
    """How what a command started came to its end: a text, audio, a gather, a recording.

    ``key`` is the command's. ``digits`` and ``speech`` are what a gather heard, ``recording_id`` is
    what a record command made.
    """

    key: str
    kind: CommandKind
    time: datetime
    status: ResultStatus = ResultStatus.COMPLETED
    digits: str = ""
    speech: str = ""
    recording_id: str = ""
    duration: timedelta | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """A command, by its key, that the carrier would not take; ``code`` is its error code."""

    key: str
    code: str = ""
