"""What the simulator saw of a day: the legs with all that was lived through, and every command."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.client import Control


@dataclass(frozen=True)
class Span:
    """A time; open when `end` is None. `other` is the leg talked to, by its control id."""

    start: datetime
    end: datetime | None
    other: str = ""

    def seconds(self, until: datetime) -> float:
        """Return how long it lasted, or has until then."""
        return max(((self.end or until) - self.start).total_seconds(), 0.0)

    def covers(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True)
class Leg:
    """One leg as the carrier knows it."""

    leg_id: str
    control_id: str
    from_number: str
    to_number: str
    incoming: bool
    texml: bool
    span: Span
    answered: datetime | None
    cause: str
    source: str
    recordings: int
    silences: Sequence[Span]
    talks: Sequence[Span]

    @property
    def alive(self) -> bool:
        """Tell whether it goes on."""
        return self.span.end is None


@dataclass(frozen=True)
class Command:
    """A command that reached the carrier; one `repeated` had no second effect."""

    time: datetime
    action: str
    control_id: str
    command_id: str
    repeated: bool
    link_to: str = ""


@dataclass(frozen=True)
class Refusal:
    """A request the carrier refused."""

    time: datetime
    path: str
    code: str


@dataclass(frozen=True)
class Truth:
    """All of it; `until` is when it was looked at, `accepted` when call.initiated was, by call."""

    legs: Sequence[Leg]
    commands: Sequence[Command]
    refusals: Sequence[Refusal]
    accepted: Mapping[str, datetime]
    until: datetime
    slowest: Mapping[str, float] = field(default_factory=dict)
    """The longest that a TeXML call waited for a document, in seconds."""

    @property
    def by_control_id(self) -> Mapping[str, Leg]:
        """Return the legs by the id that commands and talks know them by."""
        return {leg.control_id: leg for leg in self.legs}


class Witness:
    """Takes down what happens at a simulator; its journal forgets what is long ago."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._looking = threading.Lock()
        self._effects: list[dict[str, Any]] = []
        self._attempts: list[dict[str, Any]] = []
        self._last_effect = control.effects(10**12)[1]
        self._last_attempt = control.get("/_sim/deliveries", after=10**12)["last"]

    def look(self) -> int:
        """Take down what is new; return how many webhooks are on their way. Blocks."""
        with self._looking:
            return self._look()

    def _look(self) -> int:
        effects, self._last_effect = self._control.effects(self._last_effect)
        self._effects += effects
        sent = self._control.get("/_sim/deliveries", after=self._last_attempt)
        self._attempts += sent["attempts"]
        # What is under way is asked for again: it is not known yet how it ends.
        ended = [each for each in self._attempts if each["finished_at"]]
        self._attempts = ended
        self._last_attempt = max((each["number"] for each in ended), default=self._last_attempt)
        return int(sent["pending"])

    def alive(self) -> int:
        """Return how many legs go on. Blocks."""
        calls = self._control.get("/_sim/calls")["calls"]
        return sum(each["end_time"] is None for each in calls)

    def truth(self) -> Truth:
        """Return everything seen so far. Blocks."""
        self.look()
        legs = [_leg(each) for each in self._control.get("/_sim/calls")["calls"]]
        facts = [(each["time"], each["kind"], each["facts"]) for each in self._effects]
        return Truth(
            legs,
            [_command(*each) for each in facts if "command_id" in each[2]],
            [_refusal(*each) for each in facts if each[1] == "request.refused"],
            _accepted(self._attempts),
            datetime.now().astimezone(),
            _slowest(facts),
        )


def _slowest(facts: Iterable[tuple[str, str, Mapping[str, Any]]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for _, kind, told in facts:
        if kind == "texml.answered":
            call = told["call_sid"]
            found[call] = max(found.get(call, 0.0), told["seconds"])
    return found


def _accepted(attempts: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for each in attempts:
        if each["event_type"] == "call.initiated" and each["status"] == 200:
            found.setdefault(each["call_control_id"], _time(each["finished_at"]))
    return found


def _leg(shown: Mapping[str, Any]) -> Leg:
    return Leg(
        leg_id=shown["call_leg_id"],
        control_id=shown["call_control_id"],
        from_number=shown["from"],
        to_number=shown["to"],
        incoming=shown["incoming"],
        texml=shown["texml"],
        span=Span(_time(shown["start_time"]), _maybe(shown["end_time"])),
        answered=_maybe(shown["answer_time"]),
        cause=shown["cause"],
        source=shown["source"],
        recordings=shown["recordings"],
        silences=_spans(shown["silences"]),
        talks=_spans(shown["talks"]),
    )


def _spans(shown: Iterable[Mapping[str, Any]]) -> list[Span]:
    return [Span(_time(each["from"]), _maybe(each["to"]), each.get("with", "")) for each in shown]


def _command(time: str, kind: str, facts: Mapping[str, Any]) -> Command:
    repeated = kind == "call.repeated"
    return Command(
        time=_time(time),
        action=facts["action"] if repeated else kind.removeprefix("call."),
        control_id=facts["call_control_id"],
        command_id=facts["command_id"],
        repeated=repeated,
        link_to=facts.get("link_to", ""),
    )


def _refusal(time: str, kind: str, facts: Mapping[str, Any]) -> Refusal:
    del kind
    return Refusal(_time(time), facts["path"], facts["code"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return _time(text) if text else None
