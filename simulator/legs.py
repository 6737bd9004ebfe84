"""One call as Telnyx sees it: its fields, and the payloads of the events about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from simulator.hearing import Hearing
from simulator.machine import Emit, Note, micros
from simulator.scripts import Script


class State(Enum):
    """How far a call has come; ENDED is for good."""

    PARKED = "parked"
    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    ENDED = "ended"


@dataclass
class Speech:
    """A text being spoken, or waiting for the one before it."""

    speak_id: str
    text: str
    seconds: float


@dataclass
class Playback:
    """An audio file being played; `names` are the fields its events carry."""

    token: str
    names: dict[str, Any]


@dataclass
class Gather:
    """Digits being collected, and when to stop; `prompt` is what was said to get them."""

    token: str
    prompt: str
    minimum: int
    maximum: int
    terminator: str
    valid: str
    tries: int
    timeout: float
    inter_digit: float
    digits: str = ""


@dataclass
class Recording:
    """What is being recorded on a call: single or dual channels, wav or mp3.

    So many seconds of `silence` end it; 0 never does.
    """

    token: str
    started_at: datetime
    channels: str
    format: str
    silence: int = 0


@dataclass
class Call:
    """One leg: who talks to whom, what is heard on it, and the commands seen with their time.

    `script` is what the person at its end does; with `parks` it outlives the leg it is bridged to.
    `bridges_to` is the leg it is bridged to as soon as it is answered; that one `awaits` it.
    Nothing is reported about a leg `by_texml` but to its documents, which say when its caller is
    `occupied`; `hears` is what they heard last.
    """

    call_control_id: str
    call_leg_id: str
    call_session_id: str
    connection_id: str
    incoming: bool
    from_number: str
    to_number: str
    start_time: datetime
    caller_id_name: str = ""
    state: State = State.PARKED
    client_state: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    queue: str = ""
    bridged_to: str = ""
    awaits: str = ""
    bridges_to: str = ""
    parks: bool = False
    by_texml: bool = False
    occupied: bool = False
    hears: str = ""
    transcribed: bool = False
    cause: str = ""
    source: str = ""
    recordings: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    script: Script = field(default_factory=Script)
    webhook_url: str = ""
    hearing: Hearing = field(default_factory=Hearing)
    speeches: deque[Speech] = field(default_factory=deque)
    playback: Playback | None = None
    gather: Gather | None = None
    recording: Recording | None = None
    commands: dict[str, datetime] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Tell whether the call can still receive commands."""
        return self.state is not State.ENDED

    @property
    def answered(self) -> bool:
        """Tell whether the parties can hear each other."""
        return self.state in (State.ANSWERED, State.BRIDGED)

    def listen(self, now: datetime) -> None:
        """Take down whether the person at this end has something to hear or somebody to talk to."""
        attended = self.gather or self.recording or self.bridged_to or self.awaits
        heard = bool(self.speeches or self.playback or self.occupied or attended)
        self.hearing.note(self.answered, heard, self.bridged_to, now)

    def emit(self, event_type: str, now: datetime, *, parties: bool = True, **own: Any) -> Emit:
        """Return an event about this call; some types carry no from and to (Telnyx: webhooks)."""
        payload: dict[str, Any] = {
            "call_control_id": self.call_control_id,
            "call_leg_id": self.call_leg_id,
            "call_session_id": self.call_session_id,
            "client_state": self.client_state,
            "connection_id": self.connection_id,
        }
        if parties:
            payload |= {"from": self.from_number, "to": self.to_number}
        return Emit(event_type, payload | own, micros(now), webhook_url=self.webhook_url)

    def note(self, kind: str, facts: Mapping[str, Any]) -> Note:
        """Return a line for the journal about this call."""
        about = {
            "call_control_id": self.call_control_id,
            "from": self.from_number,
            "to": self.to_number,
        }
        return Note(kind, about | dict(facts))

    def initiated(self, now: datetime) -> Emit:
        """Return call.initiated; an outgoing leg has fewer fields (seen in real deliveries)."""
        own: dict[str, Any] = {"direction": "incoming" if self.incoming else "outgoing"}
        if self.incoming:
            own |= {
                "state": "parked",
                "caller_id_name": self.caller_id_name or self.from_number,
                "calling_party_type": "pstn",
                "offered_codecs": "PCMU,PCMA",
                "start_time": micros(self.start_time),
                "tags": [],
                **self.attributes,
            }
        else:
            own["state"] = "bridging"
        return self.emit("call.initiated", now, **own)

    def hung_up(self, now: datetime, *, cause: str, source: str, sip: str) -> Emit:
        """Return call.hangup; every number in the statistics is a string (Telnyx: hangup)."""
        statistics = {
            "inbound": {
                "jitter_max_variance": "1.20",
                "jitter_packet_count": "0",
                "mos": "4.50",
                "packet_count": "420",
                "skip_packet_count": "0",
            },
            "outbound": {"packet_count": "420", "skip_packet_count": "0"},
        }
        return self.emit(
            "call.hangup",
            now,
            calling_party_type="pstn",
            start_time=micros(self.start_time),
            end_time=micros(now),
            state="hangup",
            hangup_cause=cause,
            hangup_source=source,
            sip_hangup_cause=sip,
            call_quality_stats=statistics if self.answered_at else None,
        )

    def resource(self, now: datetime) -> dict[str, Any]:
        """Return the call as GET /calls/{id} shows it."""
        shown: dict[str, Any] = {
            "record_type": "call",
            "call_control_id": self.call_control_id,
            "call_leg_id": self.call_leg_id,
            "call_session_id": self.call_session_id,
            # A leg that still rings is not alive yet (Telnyx: dial).
            "is_alive": self.alive and self.state is not State.RINGING,
            "start_time": micros(self.start_time),
        }
        if self.client_state is not None:
            shown["client_state"] = self.client_state
        if self.answered_at is not None:
            until = self.ended_at or now
            shown["call_duration"] = int((until - self.answered_at).total_seconds())
        if self.ended_at is not None:
            shown["end_time"] = micros(self.ended_at)
        return shown

    def story(self) -> dict[str, Any]:
        """Return what was lived through on this leg, as the control API shows it."""
        return {
            "call_control_id": self.call_control_id,
            "call_leg_id": self.call_leg_id,
            "call_session_id": self.call_session_id,
            "from": self.from_number,
            "to": self.to_number,
            "incoming": self.incoming,
            "texml": self.by_texml,
            "state": self.state.value,
            "start_time": micros(self.start_time),
            "answer_time": micros(self.answered_at) if self.answered_at else None,
            "end_time": micros(self.ended_at) if self.ended_at else None,
            "cause": self.cause,
            "source": self.source,
            "recordings": self.recordings,
            **self.hearing.resource(),
        }
