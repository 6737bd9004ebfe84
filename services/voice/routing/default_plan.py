"""The plan made from the settings, for whoever has made none. Pure."""

from datetime import timedelta

from services.voice.routing.conditions import CallerIs, Trait
from services.voice.routing.plan import (
    DEFAULT_PLAN_ID,
    EnqueueStep,
    HangUpStep,
    Plan,
    Say,
    Target,
    VoicemailStep,
)
from services.voice.routing.prompts import Prompt

VIP_SEARCH = timedelta(seconds=120)
"""After this wait a VIP is offered to every agent of the queue, whatever they are skilled in."""

_CLOSED = (
    "Thank you for calling. We are closed at the moment. "
    "Please leave a message after the tone, and we will call you back."
)
_BUSY = (
    "All of our agents are still busy. "
    "Please leave a message after the tone, and we will call you back."
)
_GOODBYE = "Thank you. Goodbye."


def default_plan(
    *, numbers: frozenset[str], greeting: str, named_greeting: str, queue_id: str
) -> Plan:
    """Return the plan: a greeting, the queue, and a voicemail where nobody can take the call."""
    return Plan(
        plan_id=DEFAULT_PLAN_ID,
        display_name="Made from the settings",
        numbers=tuple(sorted(numbers)),
        entry_step_id="greeting",
        listed=(
            Say(
                step_id="greeting",
                prompt=Prompt(greeting, named_greeting),
                next_step_id="waiting",
            ),
            EnqueueStep(
                step_id="waiting",
                queue_id=queue_id,
                targets=(Target(VIP_SEARCH, skills=(), when=CallerIs(Trait.VIP)),),
                full_step_id="busy",
                closed_step_id="closed",
                max_wait_step_id="busy",
            ),
            VoicemailStep(step_id="busy", prompt=Prompt(_BUSY), next_step_id="goodbye"),
            VoicemailStep(step_id="closed", prompt=Prompt(_CLOSED), next_step_id="goodbye"),
            HangUpStep(step_id="goodbye", prompt=Prompt(_GOODBYE)),
        ),
    )
