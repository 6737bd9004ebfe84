"""What voice does about a call: the inbound policy, as pure functions of the call.

``next_commands`` says what a commanded call needs now, ``instructions`` says the same for a TeXML
call all at once. Both answer from the call alone, so asking again gives the same answer; the id of
a command is made from the leg and the step, so deciding twice has the effect of deciding once.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.voice.calls.model import (
    Call,
    CallerKind,
    DequeueReason,
    Direction,
    LookupOutcome,
    State,
    Steering,
    Step,
)

SPEECH_LIMIT = 3000
"""Characters one speak command may carry. Source: Telnyx, speak text, `payload`."""

NAME_LIMIT = 60
"""Characters of a name that are spoken; what is longer is no name."""

_COMMAND_IDS = uuid.UUID("6f6e63c9-8a63-5d5e-9c5e-6d0f3c1a7b52")
"""Never change it: commands in flight would be sent again under other ids."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Take the call."""

    step: Step = field(default=Step.ANSWER, init=False)


@dataclass(frozen=True, slots=True)
class Speak:
    """Say a plain text; nothing in it is markup."""

    text: str
    step: Step = field(default=Step.GREET, init=False)


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put the caller into a queue."""

    queue: str
    step: Step = field(default=Step.ENQUEUE, init=False)


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""

    step: Step = field(default=Step.HANG_UP, init=False)


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse a call that is not ours; only a TeXML document can do so without answering."""


Command = Answer | Speak | Enqueue | HangUp
Instruction = Speak | Enqueue | Reject


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator decides. ``named_greeting`` holds ``{name}``; empty never says a name."""

    numbers: frozenset[str]
    greeting: str
    named_greeting: str = ""
    queue: str = "support"
    priority_queue: str = "priority"

    def serves(self, call: Call) -> bool:
        """Return whether the call came in on one of our numbers.

        Only ``call.initiated`` tells the direction. Without it a leg counts as inbound when it
        goes to a number of ours from one that is not: a leg between two of our own numbers is
        left alone until its direction is known. A document is asked for by who is called.
        """
        if call.called_number not in self.numbers or call.direction is Direction.OUTBOUND:
            return False
        if call.direction is Direction.INBOUND or call.steering is Steering.TEXML:
            return True
        return bool(call.caller.raw) and call.caller.phone_number not in self.numbers

    def queue_for(self, call: Call) -> str:
        """Return where the caller waits."""
        is_vip = call.lookup is not None and call.lookup.is_vip
        return self.priority_queue if is_vip else self.queue

    def greeting_for(self, call: Call) -> str:
        """Return what the caller hears, within the carrier's limit."""
        name = _trusted_name(call) if self.named_greeting else ""
        text = self.named_greeting.replace("{name}", name) if name else self.greeting
        return text[:SPEECH_LIMIT]


def next_commands(call: Call, policy: Policy) -> Sequence[Command]:
    """Return what the carrier should be told now, in order; nothing for calls that are not ours."""
    if call.steering is not Steering.COMMANDS or call.hung_up or not policy.serves(call):
        return []
    if not call.control_id:
        return []  # An event without it: commands wait for one that carries it.
    if call.state is State.INITIATED:
        return [Answer()] if Step.ANSWER not in call.refused else []
    if call.state in (State.ANSWERED, State.IVR):
        return _after_answer(call, policy)
    return []


def _after_answer(call: Call, policy: Policy) -> Sequence[Command]:
    if call.was_queued:
        return _after_queue(call)
    if Step.ENQUEUE in call.refused:
        return [HangUp()]
    if _greeting_is_over(call):
        return [Enqueue(policy.queue_for(call))]
    heard_nothing = call.speech_started is None and call.speech_ended is None
    return [Speak(policy.greeting_for(call))] if heard_nothing else []


def _after_queue(call: Call) -> Sequence[Command]:
    """End a call that waited for too long: the carrier leaves it parked, silent and billed.

    Source: Telnyx, queueing calls; a call that times out stays active and parked.
    """
    timed_out = call.left_queue and call.left_queue.reason is DequeueReason.TIMEOUT
    return [HangUp()] if timed_out else []


def _greeting_is_over(call: Call) -> bool:
    if call.speech_ended is not None:
        return not call.speech_ended.cut_short
    return Step.GREET in call.refused


def instructions(call: Call, policy: Policy) -> Sequence[Instruction]:
    """Return everything a TeXML call is told, in order."""
    if not policy.serves(call):
        return [Reject()]
    return [Speak(policy.greeting_for(call)), Enqueue(policy.queue_for(call))]


def wants_lookup(call: Call, policy: Policy) -> bool:
    """Return whether knowing the caller would still change something, and can be asked for.

    A caller who withholds the number, or has a SIP address that anybody can claim, is unknown. A
    lookup that failed is tried once more with every event until the caller is in a queue.
    """
    if call.caller.kind is not CallerKind.NUMBER or not policy.serves(call):
        return False
    if call.lookup is None:
        return True
    failed = call.lookup.outcome is LookupOutcome.UNAVAILABLE
    return failed and call.state < State.QUEUED and not call.was_queued


def proven_steps(sighting: Call) -> Sequence[Step]:
    """Return the steps whose effect an event shows: their commands have certainly been taken."""
    spoken = sighting.speech_started or sighting.speech_ended
    evidence = {
        Step.ANSWER: sighting.answered,
        Step.GREET: spoken,
        Step.ENQUEUE: sighting.entered_queue or sighting.left_queue,
        Step.HANG_UP: sighting.hung_up,
    }
    return [step for step, seen in evidence.items() if seen]


def command_id(leg_id: str, step: Step) -> str:
    """Return the id of a step of a leg, always the same: the carrier drops repetitions by it.

    Source: Telnyx, sending commands: a `command_id` repeated within 60 seconds is ignored.
    """
    return str(uuid.uuid5(_COMMAND_IDS, f"{leg_id}/{step}"))


def _trusted_name(call: Call) -> str:
    """Return the caller's name, or nothing when it may be somebody else who is calling.

    A name said to a forged number tells a stranger whom the number belongs to. Only a full
    attestation (A) that was verified ties the number to the caller. Source: ATIS-1000074.
    """
    if call.lookup is None or call.caller.kind is not CallerKind.NUMBER:
        return ""
    proven = call.attestation.upper() == "A" and call.attestation_validated
    return _speakable(call.lookup.display_name) if proven else ""


def _speakable(name: str) -> str:
    """Drop what no voice can say: line breaks, control and other invisible characters."""
    visible = "".join(character if character.isprintable() else " " for character in name)
    return re.sub(r"\s+", " ", visible).strip()[:NAME_LIMIT].strip()
