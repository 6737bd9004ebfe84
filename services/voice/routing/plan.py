"""A routing plan: the steps a caller may take, and the ways between them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from types import MappingProxyType

from services.voice.routing.conditions import Condition, queues_of
from services.voice.routing.prompts import Prompt

DEFAULT_PLAN_ID = "default"
"""The plan made from the settings."""

_SECOND = timedelta(seconds=1)


class Way(Enum):
    """What has to happen before an exit of a step is taken."""

    AUTOMATIC = auto()
    """Nothing that takes time: a walk of these alone must end."""
    INPUT = auto()
    """The caller presses a key or speaks."""
    WAIT = auto()
    """The caller has waited, or has spoken with somebody."""


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a step; an empty next step ends the call, with a word."""

    name: str
    next_step_id: str
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Says something to the end."""

    step_id: str
    prompt: Prompt
    next_step_id: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a menu: its keys, and what may be said instead."""

    digits: str
    phrases: tuple[str, ...] = ()
    next_step_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Asks the caller to choose; `human_step_id` is where zero leads, empty for nowhere."""

    step_id: str
    prompt: Prompt
    options: tuple[Option, ...]
    failure_step_id: str
    retry_prompt: Prompt | None = None
    max_tries: int = 3
    answer_timeout: timedelta = 5 * _SECOND
    digit_timeout: timedelta = 3 * _SECOND
    human_step_id: str = ""

    @property
    def choices(self) -> Sequence[Option]:
        """Return the options, zero for a human among them."""
        human = [Option("0", (), self.human_step_id)] if self.human_step_id else []
        return [*self.options, *human]

    @property
    def max_digits(self) -> int:
        """Return how many keys the longest choice has."""
        return max(len(option.digits) for option in self.choices)

    @property
    def valid_digits(self) -> str:
        """Return the keys that stand in any choice."""
        return "".join(sorted({digit for option in self.choices for digit in option.digits}))

    def chosen(self, digits: str = "", speech: str = "") -> Option | None:
        """Return what a caller's keys or words choose, or None."""
        said = " ".join(speech.casefold().split()).strip(" .,!?")
        for option in self.choices:
            if digits and digits == option.digits:
                return option
            if said and said in {phrase.casefold() for phrase in option.phrases}:
                return option
        return None


@dataclass(frozen=True, slots=True)
class Case:
    """One way of a branch, and when to go it."""

    label: str
    when: Condition
    next_step_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Goes the first way whose condition holds."""

    step_id: str
    cases: tuple[Case, ...]
    otherwise_step_id: str = ""


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """Something an agent must be able to do, from 1 to 5; no condition always needs it."""

    skill: str
    level: int = 1
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Boost:
    """Waiting time a caller is given ahead; no condition always gives it."""

    label: str
    length: timedelta
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where the search goes on after a wait, counted from entering the queue.

    An empty queue stays; skills that are None stay as they are.
    """

    after: timedelta
    queue_id: str = ""
    skills: tuple[SkillNeed, ...] | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueStep:
    """Lets the caller wait for an agent; all times count from entering the queue."""

    step_id: str
    queue_id: str
    full_step_id: str
    closed_step_id: str
    max_wait_step_id: str
    boosts: tuple[Boost, ...] = ()
    skills: tuple[SkillNeed, ...] = ()
    targets: tuple[Target, ...] = ()
    max_wait: timedelta | None = None
    max_offers: int = 3
    offers_failed_step_id: str = ""
    callback_step_id: str = ""
    after_conversation_step_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailStep:
    """Records a message; an empty mailbox is the queue the caller waited in last."""

    step_id: str
    prompt: Prompt
    mailbox: str = ""
    max_length: timedelta = 120 * _SECOND
    max_silence: timedelta = 5 * _SECOND
    next_step_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackStep:
    """Offers to call back instead of letting the caller wait."""

    step_id: str
    queue_id: str
    prompt: Prompt
    declined_step_id: str
    accepted_prompt: Prompt | None = None
    accepted_step_id: str = ""
    answer_timeout: timedelta = 5 * _SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStep:
    """Hands the caller to a number or SIP address outside."""

    step_id: str
    to_number: str
    prompt: Prompt | None = None
    ring_timeout: timedelta = 30 * _SECOND
    failure_step_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpStep:
    """Ends the call, with a word or without."""

    step_id: str
    prompt: Prompt | None = None


Step = Say | Menu | Branch | EnqueueStep | VoicemailStep | CallbackStep | TransferStep | HangUpStep

KINDS: Mapping[type[Step], str] = MappingProxyType(
    {
        Say: "say",
        Menu: "menu",
        Branch: "branch",
        EnqueueStep: "enqueue",
        VoicemailStep: "voicemail",
        CallbackStep: "callback",
        TransferStep: "transfer",
        HangUpStep: "hang_up",
    }
)
"""What each step is called in the contract."""


def _ordered(steps: Sequence[Step]) -> Mapping[str, Step]:
    return MappingProxyType({step.step_id: step for step in steps})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The way of a caller from the first word to the last.

    ``listed`` holds the steps as they were given, which a plan that was accepted has once each.
    """

    plan_id: str
    entry_step_id: str
    listed: tuple[Step, ...]
    revision: int = 0
    display_name: str = ""
    numbers: tuple[str, ...] = ()
    texml_apps: tuple[str, ...] = ()
    language: str = ""
    create_time: datetime | None = None
    steps: Mapping[str, Step] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Index the steps by their ids."""
        object.__setattr__(self, "steps", _ordered(self.listed))

    @property
    def queues(self) -> frozenset[str]:
        """Return every queue the plan names."""
        return frozenset(name for step in self.listed for name in queues_in(step))


def exits(step: Step) -> Sequence[Exit]:
    """Return every way out of a step, by the name of its field without ``_step_id``."""
    match step:
        case Say() | VoicemailStep():
            # Recording may fail at once, so a voicemail takes no time that could be counted on.
            return [Exit("next", step.next_step_id, Way.AUTOMATIC)]
        case Menu():
            chosen = [Exit(each.digits, each.next_step_id, Way.INPUT) for each in step.choices]
            # A silent line must not go round and round.
            return [*chosen, Exit("failure", step.failure_step_id, Way.AUTOMATIC)]
        case Branch():
            ways = [Exit(each.label, each.next_step_id, Way.AUTOMATIC) for each in step.cases]
            return [*ways, Exit("otherwise", step.otherwise_step_id, Way.AUTOMATIC)]
        case EnqueueStep():
            return _queue_exits(step)
        case CallbackStep():
            return [
                Exit("accepted", step.accepted_step_id, Way.INPUT),
                Exit("declined", step.declined_step_id, Way.AUTOMATIC),
            ]
        case TransferStep():
            return [Exit("failure", step.failure_step_id, Way.AUTOMATIC)]
        case HangUpStep():
            return []


def _queue_exits(step: EnqueueStep) -> Sequence[Exit]:
    return [
        Exit("full", step.full_step_id, Way.AUTOMATIC),
        Exit("closed", step.closed_step_id, Way.AUTOMATIC),
        Exit("max_wait", step.max_wait_step_id, Way.WAIT),
        # Agents may decline at once, so this takes no time that could be counted on.
        Exit("offers_failed", step.offers_failed_step_id, Way.AUTOMATIC),
        Exit("callback", step.callback_step_id, Way.INPUT),
        Exit("after_conversation", step.after_conversation_step_id, Way.WAIT),
    ]


def conditions_in(step: Step) -> Iterator[tuple[str, Condition]]:
    """Yield every condition of a step, with its field within the step."""
    match step:
        case Branch():
            yield from _tests("cases", step.cases)
        case EnqueueStep():
            yield from _tests("boosts", step.boosts)
            yield from _tests("skills", step.skills)
            yield from _tests("targets", step.targets)
            for index, target in enumerate(step.targets):
                yield from _tests(f"targets[{index}].skills.skills", target.skills or ())
        case _:
            return


def _tests(
    field: str, tested: Sequence[Case | Boost | SkillNeed | Target]
) -> Iterator[tuple[str, Condition]]:
    for index, each in enumerate(tested):
        if each.when is not None:
            yield f"{field}[{index}].when", each.when


def queues_in(step: Step) -> frozenset[str]:
    """Return every queue a step names."""
    asked = {name for _, condition in conditions_in(step) for name in queues_of(condition)}
    if isinstance(step, EnqueueStep):
        asked |= {step.queue_id, *(each.queue_id for each in step.targets if each.queue_id)}
    if isinstance(step, CallbackStep):
        asked.add(step.queue_id)
    return frozenset(asked)
