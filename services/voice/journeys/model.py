"""Where a caller stands in a routing plan, and what a decision about it rests on.

A journey is a cursor and little else: the plan is data of its own, and what has happened on the leg
and in the queue is read anew for every look. So a journey that is looked at twice, late, or after
a restart comes to the same commands, under the same keys.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.voice.calls.model import Call
from services.voice.queues.forecast import HandleTime
from services.voice.queues.model import Entry, NotEntered, Queue
from services.voice.routing.inputs import Inputs
from services.voice.routing.plan import Plan, Step


class Standing(Protocol):
    """How a waiting caller stands among the others."""

    @property
    def position(self) -> int:
        """The place in line, from 1."""
        ...

    @property
    def agents_staffed(self) -> int:
        """How many agents are logged in."""
        ...

    @property
    def average_handle(self) -> HandleTime | None:
        """How long a call takes an agent; None while nobody knows."""
        ...


class Phase(StrEnum):
    """What the caller is doing."""

    ARRIVING = "ARRIVING"
    """Not answered yet."""
    WALKING = "WALKING"
    """At a step of the plan."""
    WAITING = "WAITING"
    """In a queue of ours; also while an agent's phone rings."""
    TALKING = "TALKING"
    """Connected to an agent, or to whoever the call was transferred to."""
    ENDING = "ENDING"
    """Being said goodbye to."""
    OVER = "OVER"
    """Gone."""


class Sound(StrEnum):
    """What a waiting caller hears."""

    MUSIC = "MUSIC"
    WORD = "WORD"
    OFFER = "OFFER"


@dataclass(frozen=True, slots=True)
class Wait:
    """A caller's stay in a queue: what has been heard and said in it so far."""

    entry_id: str = ""
    since: datetime | None = None
    """When the caller entered; targets and the longest wait count from here."""
    turn: int = 0
    """Counts what the caller hears: each sound has a key of its own."""
    sound: Sound = Sound.MUSIC
    word: str = ""
    """What is being said while the sound is a WORD."""
    told: int = 0
    """How many announcements have been made."""
    offered: bool = False
    """Whether a call back has been offered; it is offered once."""
    targets: int = 0
    """How many targets have been passed, taken or not."""
    lost: int = 0
    """How many conversations broke off and led back into the queue."""
    placed: int = 0
    """How often the caller was put into the carrier's queue; TeXML only."""
    tuneless: bool = False
    """Whether the music could not be played."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One caller's way through one revision of a plan."""

    leg_id: str
    plan_id: str
    revision: int
    phase: Phase = Phase.ARRIVING
    step_id: str = ""
    visit: int = 0
    """Counts the steps entered; keys begin with it, so a step visited twice acts twice."""
    attempt: int = 1
    """Which time a question is asked at this visit."""
    awaited: str = ""
    """The key whose end is waited for."""
    awaited_since: datetime | None = None
    passed: tuple[str, ...] = ()
    """Keys of this visit that count as ended, whether or not their end was ever told."""
    entered: NotEntered | None = None
    """What became of the wish to enter a queue at this visit, when it was refused."""
    wait: Wait = field(default_factory=Wait)
    queue_id: str = ""
    """The queue the caller waited in last."""
    waited_since: datetime | None = None
    """When the caller began to wait in a queue that sent them on to another; None for no such."""
    voicemail: str = ""
    """The key of a recording that has not come yet."""
    end: str = ""
    """Why the journey ends or ended: a word for reports."""
    farewell: str = ""
    """What is said before we hang up."""

    def at(self, step_id: str) -> "Journey":
        """Return the journey at the beginning of another step."""
        return replace(
            self,
            phase=Phase.WALKING,
            step_id=step_id,
            visit=self.visit + 1,
            attempt=1,
            awaited="",
            awaited_since=None,
            passed=(),
            entered=None,
            wait=Wait(),
        )

    def key(self, name: str) -> str:
        """Return the name of a command of this visit, the same for ever."""
        return f"{self.visit}.{name}"


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a look at a journey rests on; nothing else may matter."""

    now: datetime
    call: Call
    plan: Plan
    inputs: Inputs
    entry: Entry | None = None
    """The caller's place in a queue, as it stands now."""
    queue: Queue | None = None
    """The queue of the entry; None when it has been deleted."""
    standing: Standing | None = None
    transfer: Call | None = None
    """The leg of whoever the caller is being transferred to."""
    music_url: str = ""
    """What waiting callers hear; empty where there is no music."""
    carrier_queue: str = ""
    """The queue of the carrier in which this leg, steered by TeXML, waits alone."""

    def step(self, step_id: str) -> Step | None:
        """Return a step of the plan, or None when there is none of this name."""
        return self.plan.steps.get(step_id)
