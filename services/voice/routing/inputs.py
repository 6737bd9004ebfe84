"""What is known of a call when it is routed, with safe defaults for what is not. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from services.voice.routing.hours import Openness, Status

Value = bool | int | str | timedelta | None


class Name(StrEnum):
    """The inputs that every call has; queues add theirs, see `queue_input`."""

    CALLER_KIND = "caller_kind"
    CALLER_NUMBER = "caller_number"
    CALLED_NUMBER = "called_number"
    ATTESTATION = "attestation"
    SCREENING_RESULT = "screening_result"
    CALLER_ID_NAME = "caller_id_name"
    KNOWN = "known"
    VIP = "vip"
    TIER = "tier"
    LANGUAGE = "language"
    OWNER_AGENT = "owner_agent"
    ESCALATED_CASE = "escalated_case"
    DISPLAY_NAME = "display_name"
    LAST_AGENT = "last_agent"
    ABANDONED = "abandoned"
    CREDIT = "credit"
    ABANDONED_QUEUE = "abandoned_queue"
    PREVIOUS_OUTCOME = "previous_outcome"


class Source(StrEnum):
    """Who is asked."""

    CALL = "call"
    CRM = "crm"
    HISTORY = "history"
    QUEUES = "queues"
    OVERRIDE = "override"


class InputState(StrEnum):
    """What came of asking."""

    FOUND = "FOUND"
    ABSENT = "ABSENT"
    LATE = "LATE"
    FAILED = "FAILED"


CALL_NAMES = (
    Name.CALLER_KIND,
    Name.CALLER_NUMBER,
    Name.CALLED_NUMBER,
    Name.ATTESTATION,
    Name.SCREENING_RESULT,
    Name.CALLER_ID_NAME,
)
CRM_NAMES = (
    Name.KNOWN,
    Name.VIP,
    Name.TIER,
    Name.LANGUAGE,
    Name.OWNER_AGENT,
    Name.ESCALATED_CASE,
    Name.DISPLAY_NAME,
)
HISTORY_NAMES = (
    Name.LAST_AGENT,
    Name.ABANDONED,
    Name.CREDIT,
    Name.ABANDONED_QUEUE,
    Name.PREVIOUS_OUTCOME,
)
_FLAGS = frozenset({Name.KNOWN, Name.VIP, Name.ESCALATED_CASE})
_SPANS = frozenset({Name.ABANDONED, Name.CREDIT})
_QUEUE_FACTS = ("status", "staffed", "waiting")
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that was known, or should have been; `value` is the one that was used."""

    name: str
    value: Value
    source: Source
    state: InputState
    took: timedelta | None = None


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue stands: open or why not, agents logged in, callers waiting."""

    openness: Openness
    agents_staffed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that is known of one call; what is not known reads as its safe default."""

    by_name: Mapping[str, Input] = field(default_factory=lambda: MappingProxyType({}))

    def __iter__(self) -> Iterator[Input]:
        """Yield the inputs by name."""
        return (self.by_name[name] for name in sorted(self.by_name))

    def flag(self, name: str) -> bool:
        """Return a yes or no; no when it is not known."""
        return self._value(name) is True

    def text(self, name: str) -> str:
        """Return words; none when they are not known."""
        value = self._value(name)
        return value if isinstance(value, str) else ""

    def count(self, name: str) -> int:
        """Return a number of things; 0 when it is not known."""
        value = self._value(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def span(self, name: str) -> timedelta | None:
        """Return a length of time; None when there is none."""
        value = self._value(name)
        return value if isinstance(value, timedelta) else None

    def credit(self, queue_id: str, window: timedelta) -> timedelta:
        """Return the wait the caller gave up in a queue, if that is at most `window` ago."""
        ago = self.span(Name.ABANDONED)
        same = self.text(Name.ABANDONED_QUEUE) == queue_id
        recent = ago is not None and ago <= window
        return (self.span(Name.CREDIT) or _NOTHING) if same and recent else _NOTHING

    @property
    def is_proven(self) -> bool:
        """Say whether the number is the caller's own: attestation A, verified."""
        return self.text(Name.ATTESTATION) == "A"

    @property
    def trusted_name(self) -> str:
        """Return the name to greet by; empty unless the number is proven and one contact's."""
        return self.text(Name.DISPLAY_NAME) if self.is_proven else ""

    @property
    def preferred_agent(self) -> str:
        """Return who should take the call: a VIP's owner, else whoever spoke with them last."""
        owner = self.text(Name.OWNER_AGENT) if self.flag(Name.VIP) else ""
        return owner or self.text(Name.LAST_AGENT)

    def is_open(self, queue_id: str) -> bool:
        """Say whether a queue is within its hours; one that nothing is known of counts as open.

        The queue itself refuses callers outside its hours, so this errs on the harmless side.
        """
        status = self.text(queue_input(queue_id, "status"))
        return status in ("", Status.OPEN)

    def joined(self, more: Iterable[Input]) -> "Inputs":
        """Return these inputs with others in the place of those of the same name."""
        return inputs([*self.by_name.values(), *more])

    def _value(self, name: str) -> Value:
        known = self.by_name.get(name)
        return known.value if known else None


def inputs(given: Iterable[Input]) -> Inputs:
    """Gather inputs; of several with one name the last counts."""
    return Inputs(MappingProxyType({each.name: each for each in given}))


def safe(name: str) -> Value:
    """Return the value of an input nobody could tell."""
    if name in _FLAGS:
        return False
    if name in _SPANS:
        return None
    return 0 if name.endswith((".staffed", ".waiting")) else ""


def missing(
    names: Iterable[str], source: Source, state: InputState, took: timedelta | None = None
) -> list[Input]:
    """Return inputs that nobody could tell, with their safe defaults."""
    return [Input(name, safe(name), source, state, took) for name in names]


def found(name: str, value: Value, source: Source, took: timedelta | None = None) -> Input:
    """Return an input that was asked for; an empty answer means there is no such thing."""
    if value is None or value == "":
        return Input(name, safe(name), source, InputState.ABSENT, took)
    return Input(name, value, source, InputState.FOUND, took)


def queue_input(queue_id: str, fact: str) -> str:
    """Return the name of what is known of a queue: its `status`, `staffed` or `waiting`."""
    return f"queue.{queue_id}.{fact}"


def queue_names(queue_id: str) -> list[str]:
    """Return the names of everything that is known of a queue."""
    return [queue_input(queue_id, fact) for fact in _QUEUE_FACTS]


def queue_inputs(queue_id: str, state: QueueState, took: timedelta | None = None) -> list[Input]:
    """Return what is known of a queue."""
    values: list[Value] = [state.openness.status.value, state.agents_staffed, state.waiting]
    return [
        found(name, value, Source.QUEUES, took)
        for name, value in zip(queue_names(queue_id), values, strict=True)
    ]


def override(name: str, value: Value, state: InputState = InputState.FOUND) -> Input:
    """Return an input as somebody wants it to be taken."""
    if state is not InputState.FOUND or value is None:
        state = InputState.ABSENT if state is InputState.FOUND else state
        return Input(name, safe(name), Source.OVERRIDE, state)
    return Input(name, value, Source.OVERRIDE, state)


def misfit(name: str, value: Value) -> str:
    """Return why a value cannot be that of an input, or nothing."""
    if name not in set(Name) and not _is_queue_input(name):
        return "is the name of no input"
    if value is None:
        return ""
    wanted = bool if name in _FLAGS else timedelta if name in _SPANS else type(safe(name))
    if type(value) is wanted:
        return ""
    kinds = {bool: "flag", timedelta: "span", int: "count", str: "text"}
    return f"takes a {kinds[wanted]}"


def _is_queue_input(name: str) -> bool:
    head, _, rest = name.partition(".")
    queue_id, _, fact = rest.rpartition(".")
    return head == "queue" and bool(queue_id) and fact in _QUEUE_FACTS
