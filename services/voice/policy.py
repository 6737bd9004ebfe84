"""What voice does about a call: the inbound policy, as pure functions of the call.

``next_commands`` says what a commanded call needs now, ``instructions`` says the same for a TeXML
call all at once. Both answer from the call alone, so asking again gives the same answer; the key of
a command is its step, so deciding twice has the effect of deciding once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.voice.calls.command import Answer, Command, Enqueue, HangUp, Reject, Speak
from services.voice.calls.model import (
    Call,
    CallerKind,
    DequeueReason,
    LookupOutcome,
    State,
    Steering,
    serves,
)

SPEECH_LIMIT = 3000
"""Characters one speak command may carry. Source: Telnyx, speak text, `payload`."""

NAME_LIMIT = 60
"""Characters of a name that are spoken; what is longer is no name."""


class Step(StrEnum):
    """A step of the inbound policy, and its command's key. Each is commanded at most once."""

    ANSWER = "ANSWER"
    GREET = "GREET"
    ENQUEUE = "ENQUEUE"
    HANG_UP = "HANG_UP"


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
        """Return whether the call came in on one of our numbers."""
        return serves(call, self.numbers)

    def queue_for(self, call: Call) -> str:
        """Return where the caller waits."""
        is_vip = call.lookup is not None and call.lookup.is_vip
        return self.priority_queue if is_vip else self.queue

    def greeting_for(self, call: Call) -> str:
        """Return what the caller hears, within the carrier's limit."""
        name = _trusted_name(call) if self.named_greeting else ""
        text = self.named_greeting.replace("{name}", name) if name else self.greeting
        return text[:SPEECH_LIMIT]


def next_commands(call: Call, policy: Policy) -> Sequence[tuple[Step, Command]]:
    """Return what the carrier should be told now, in order; nothing for calls that are not ours."""
    if call.steering is not Steering.COMMANDS or call.hung_up or not policy.serves(call):
        return []
    if not call.control_id:
        return []  # An event without it: commands wait for one that carries it.
    if call.state is State.INITIATED:
        return [(Step.ANSWER, Answer())] if not call.refusal(Step.ANSWER) else []
    if call.state in (State.ANSWERED, State.IVR):
        return _after_answer(call, policy)
    return []


def _after_answer(call: Call, policy: Policy) -> Sequence[tuple[Step, Command]]:
    if call.was_queued:
        return _after_queue(call)
    if call.refusal(Step.ENQUEUE):
        return [(Step.HANG_UP, HangUp())]
    if _greeting_is_over(call):
        return [(Step.ENQUEUE, Enqueue(policy.queue_for(call)))]
    heard_nothing = call.speech_started is None and call.speech_ended is None
    return [(Step.GREET, Speak(policy.greeting_for(call)))] if heard_nothing else []


def _after_queue(call: Call) -> Sequence[tuple[Step, Command]]:
    """End a call that waited for too long: the carrier leaves it parked, silent and billed.

    Source: Telnyx, queueing calls; a call that times out stays active and parked.
    """
    timed_out = call.left_queue and call.left_queue.reason is DequeueReason.TIMEOUT
    return [(Step.HANG_UP, HangUp())] if timed_out else []


def _greeting_is_over(call: Call) -> bool:
    if call.speech_ended is not None:
        return not call.speech_ended.cut_short
    return call.refusal(Step.GREET) is not None


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
