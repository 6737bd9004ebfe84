"""A caller, a carrier and a queue without I/O: everything a walk through a plan meets."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.voice.calls.command import Command
from services.voice.calls.model import (
    Call,
    Caller,
    CallerKind,
    CommandKind,
    Direction,
    Hangup,
    Refusal,
    Result,
    ResultStatus,
    Role,
    Steering,
)
from services.voice.journeys.actions import (
    Action,
    CloseVoicemail,
    Decide,
    Enter,
    Give,
    KeepPlace,
    Leave,
    Move,
    OpenVoicemail,
)
from services.voice.journeys.model import Journey, Phase, Situation
from services.voice.journeys.walk import advance, begin, entered, kept
from services.voice.queues.forecast import HandleTime
from services.voice.queues.model import Entry, EntryState, Kind, NotEntered, Outcome, Queue
from services.voice.routing.inputs import Inputs
from services.voice.routing.plan import Plan

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ADA = "+13125550101"
CALLED = "+12025550110"
MUSIC = "https://media.example.com/hold.mp3"
SECOND = timedelta(seconds=1)


INCOMING = Call(
    leg_id="leg-1",
    control_id="v3:1",
    direction=Direction.INBOUND,
    steering=Steering.COMMANDS,
    caller=Caller(CallerKind.NUMBER, ADA, ADA),
    called_number=CALLED,
    role=Role.CALLER,
    initiated=START,
)


@dataclass
class Standing:
    """How the caller stands in line."""

    position: int = 1
    agents_staffed: int = 2
    average_handle: HandleTime | None = None


@dataclass
class Walker:
    """One caller's walk; the centre answers at once, the carrier when it is told to."""

    plan: Plan
    queue: Queue | None = field(default_factory=lambda: Queue(queue_id="support"))
    refuses: NotEntered | None = None
    inputs: Inputs = field(default_factory=Inputs)
    music: str = MUSIC
    call: Call = INCOMING
    now: datetime = START
    entry: Entry | None = None
    transfer: Call | None = None
    standing: Standing = field(default_factory=Standing)
    given: dict[str, Command] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    left: list[Outcome] = field(default_factory=list)
    next_look: datetime | None = None

    def __post_init__(self) -> None:
        """Begin the journey."""
        self.journey = begin(self.call.leg_id, self.plan.plan_id, self.plan.revision)

    @property
    def situation(self) -> Situation:
        """Return what the next look rests on."""
        return Situation(
            now=self.now,
            call=self.call,
            plan=self.plan,
            inputs=self.inputs,
            entry=self.entry,
            queue=self.queue if self.entry is not None else None,
            standing=self.standing if self.entry is not None else None,
            transfer=self.transfer,
            music_url=self.music,
            carrier_queue="caller-1",
        )

    def look(self) -> Sequence[str]:
        """Look at the journey until it stands still; return the keys that were given anew."""
        before = set(self.given)
        for _ in range(20):
            turn = advance(self.journey, self.situation)
            self.journey, self.next_look = turn.journey, turn.look
            if not self._carry_out(turn.actions):
                break
        return [key for key in self.given if key not in before]

    def _carry_out(self, actions: Sequence[Action]) -> bool:
        """Do what the journey wants; say whether it was told something."""
        told = False
        for action in actions:
            self.actions.append(action)
            match action:
                case Give(key, command):
                    self.given.setdefault(key, command)
                case Enter():
                    answer = self.refuses or self._entry(action)
                    self.journey, told = entered(self.journey, answer, self.situation), True
                case KeepPlace(_, number):
                    assert self.entry is not None
                    if self.entry.state is EntryState.WAITING:
                        self.entry = self.entry.called_back(number)
                    self.journey, told = kept(self.journey, self.entry, self.situation), True
                case Move(_, queue_id, skills):
                    assert self.entry is not None
                    self.entry = self.entry.moved(queue_id, skills or {}, self.now)
                case Leave(_, outcome):
                    assert self.entry is not None
                    self.left.append(outcome)
                    self.entry = self.entry.left(outcome, self.now)
                case OpenVoicemail() | CloseVoicemail() | Decide():
                    pass
        return told

    def _entry(self, action: Enter) -> Entry:
        self.entry = Entry(
            entry_id=f"entry-{action.visit}",
            leg_id="leg-1",
            queue_id=action.queue_id,
            enqueue_time=self.now,
            enter_time=self.now,
            kind=action.kind,
            caller_number=ADA if action.kind is Kind.CALLBACK else "",
        )
        return self.entry

    def hear(self, **facts: object) -> Sequence[str]:
        """Let the carrier tell something of the leg, a second later."""
        self.now += SECOND
        self.call = self.call.join(Call(leg_id="leg-1", **facts))  # type: ignore[arg-type]
        return self.look()

    def answer(self) -> Sequence[str]:
        """Let the call be answered."""
        self.look()
        return self.hear(answered=self.now)

    def finish(
        self,
        key: str,
        status: ResultStatus = ResultStatus.COMPLETED,
        *,
        digits: str = "",
        speech: str = "",
        recording_id: str = "",
    ) -> Sequence[str]:
        """Let what a command started come to its end."""
        kind = self.given[key].kind if key in self.given else CommandKind.SPEAK
        length = 3 * SECOND if recording_id else None
        result = Result(key, kind, self.now, status, digits, speech, recording_id, length)
        return self.hear(results=frozenset({result}))

    def refuse(self, key: str) -> Sequence[str]:
        """Let the carrier refuse a command."""
        return self.hear(refused=frozenset({Refusal(key, "10015")}))

    def hang_up(self) -> Sequence[str]:
        """Let the caller hang up."""
        return self.hear(hung_up=Hangup(self.now, "normal_clearing", "caller"))

    def wait(self, seconds: float) -> Sequence[str]:
        """Let time pass and look at every moment the journey asked for."""
        until = self.now + timedelta(seconds=seconds)
        anew: list[str] = []
        while self.next_look is not None and self.next_look <= until:
            self.now = max(self.next_look, self.now)
            before = self.next_look
            anew += self.look()
            assert self.next_look is None or self.next_look > before, "looks at the same moment"
        self.now = until
        return anew

    def agent(self, state: EntryState, outcome: Outcome | None = None) -> Sequence[str]:
        """Let the centre change the entry."""
        assert self.entry is not None
        self.now += SECOND
        self.entry = replace(self.entry, state=state, outcome=outcome)
        return self.look()

    @property
    def phase(self) -> Phase:
        """Return what the caller is doing."""
        return self.journey.phase

    def said(self, key: str) -> str:
        """Return the text of a command."""
        return getattr(self.given[key], "text", "")

    def journey_again(self) -> Journey:
        """Look once more, change nothing, and return the journey: it must be the same."""
        turn = advance(self.journey, self.situation)
        new = {action.key for action in turn.actions if isinstance(action, Give)} - set(self.given)
        assert not new, f"asking again gives {new}"
        return turn.journey
