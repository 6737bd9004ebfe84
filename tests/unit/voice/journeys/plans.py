"""Plans to walk through."""

from datetime import timedelta

from services.voice.routing.conditions import CallerIs, Trait
from services.voice.routing.plan import (
    Branch,
    CallbackStep,
    Case,
    EnqueueStep,
    HangUpStep,
    Menu,
    Option,
    Plan,
    Say,
    SkillNeed,
    Step,
    Target,
    TransferStep,
    VoicemailStep,
)
from services.voice.routing.prompts import Prompt

SECOND = timedelta(seconds=1)

GREETING = Say(
    step_id="greeting", prompt=Prompt("Welcome.", "Welcome, {name}."), next_step_id="menu"
)
MENU = Menu(
    step_id="menu",
    prompt=Prompt("Press 1 for support, 2 for a message."),
    retry_prompt=Prompt("Sorry?"),
    options=(
        Option("1", ("support",), "vip"),
        Option("2", ("message",), "voicemail"),
        Option("3", (), "transfer"),
        Option("4", (), "callback"),
        Option("9", (), ""),
    ),
    human_step_id="queue",
    failure_step_id="queue",
)
VIP = Branch(
    step_id="vip", cases=(Case("vip", CallerIs(Trait.VIP), "queue"),), otherwise_step_id="queue"
)
QUEUE = EnqueueStep(
    step_id="queue",
    queue_id="support",
    full_step_id="callback",
    closed_step_id="closed",
    max_wait_step_id="sorry",
    offers_failed_step_id="sorry",
    max_wait=200 * SECOND,
    targets=(Target(60 * SECOND, "backup"), Target(120 * SECOND, "", (SkillNeed("any"),))),
)
SORRY = Say(step_id="sorry", prompt=Prompt("Nobody is free."), next_step_id="voicemail")
VOICEMAIL = VoicemailStep(step_id="voicemail", prompt=Prompt("Speak after the tone."))
CALLBACK = CallbackStep(
    step_id="callback",
    queue_id="support",
    prompt=Prompt("Press 1 to be called back."),
    declined_step_id="voicemail",
)
TRANSFER = TransferStep(
    step_id="transfer", to_number="+13125550150", failure_step_id="queue", prompt=Prompt("Hold.")
)
CLOSED = HangUpStep(step_id="closed", prompt=Prompt("We are closed."))

STEPS: tuple[Step, ...] = (
    GREETING,
    MENU,
    VIP,
    QUEUE,
    SORRY,
    VOICEMAIL,
    CALLBACK,
    TRANSFER,
    CLOSED,
)


def plan(*steps: Step, entry: str = "") -> Plan:
    """Return a plan of these steps and then the usual ones."""
    names = {step.step_id for step in steps}
    listed = (*steps, *(step for step in STEPS if step.step_id not in names))
    first = entry or listed[0].step_id
    return Plan(plan_id="test", revision=1, entry_step_id=first, listed=listed)


PLAN = plan()
