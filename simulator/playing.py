"""Playing a scenario: what people out there do, and what the suite must be seen to do about it.

A step posts to the control API and expects effects in the journal, or webhook attempts. `play` runs
a scenario against a simulator and reports step by step; it is used by the demo and by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.client import Control

QUIET_SECONDS = 0.4
"""How long nothing may happen before a step counts as over."""


@dataclass(frozen=True)
class Containing:
    """Matches a text that contains these words, whatever their case."""

    words: str


@dataclass(frozen=True)
class Expectation:
    """So many effects of a kind with these facts; 0 times means there must be none.

    A fact written $name is the `name` of the reply to the step, so that a call is only matched
    with its own effects. With `attempts` the webhook attempts are looked at, `kind` being the type.
    """

    kind: str
    facts: Mapping[str, object] = field(default_factory=dict)
    times: int = 1
    attempts: bool = False

    def __str__(self) -> str:
        number = {0: "no", 1: "one"}.get(self.times, str(self.times))
        facts = ", ".join(f"{k}={_shown(v)}" for k, v in self.facts.items() if _shown(v))
        return f"{number} {self.kind}" + (f" ({facts})" if facts else "")


@dataclass(frozen=True)
class Step:
    """What happens, by a POST to the control API, and what must follow within `seconds`.

    `before` holds further posts that prepare the step: (path, body).
    """

    title: str
    path: str
    body: Mapping[str, object]
    expect: Sequence[Expectation]
    before: Sequence[tuple[str, Mapping[str, object]]] = ()
    seconds: float = 20.0


@dataclass(frozen=True)
class Happening:
    """A webhook that was answered, or an effect; `seconds` after the step began."""

    seconds: float
    what: str
    name: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What followed a step, in order, and the expectations it did not meet."""

    step: Step
    timeline: Sequence[Happening]
    unmet: Sequence[Expectation]


def play(
    control: Control,
    scenario: Sequence[Step],
    report: Callable[[Result], None],
    *,
    begin: Callable[[Step], None] | None = None,
) -> Sequence[Result]:
    """Play every step, telling when each begins and how it ends; blocks until the last one has."""
    results = []
    for step in scenario:
        if begin is not None:
            begin(step)
        results.append(_play_step(control, step))
        report(results[-1])
    return results


def _play_step(control: Control, step: Step) -> Result:
    for path, body in step.before:
        control.post(path, body)
    _, last = control.effects(10**12)
    first_attempt = control.get("/_sim/deliveries", after=10**12)["last"]
    began = datetime.now().astimezone()
    reply = control.post(step.path, step.body)
    deadline = time.monotonic() + step.seconds
    seen: list[dict[str, Any]] = []
    while True:
        news, last = control.effects(last, wait=QUIET_SECONDS)
        seen += news
        sent = control.get("/_sim/deliveries", after=first_attempt)
        unmet = unmet_expectations(step, reply, seen, sent["attempts"])
        settled = not news and not sent["pending"]
        if (settled and not unmet) or time.monotonic() > deadline:
            return Result(step, _timeline(began, seen, sent["attempts"]), unmet)


def unmet_expectations(
    step: Step,
    reply: Mapping[str, Any],
    effects: Sequence[Mapping[str, Any]],
    attempts: Sequence[Mapping[str, Any]],
) -> list[Expectation]:
    """Return what a step expects and has not, or not that often, been seen."""
    return [
        expected
        for expected in step.expect
        if _count(expected, reply, attempts if expected.attempts else effects) != expected.times
    ]


def _count(
    expected: Expectation, reply: Mapping[str, Any], seen: Sequence[Mapping[str, Any]]
) -> int:
    if expected.attempts:
        facts = [each for each in seen if each["event_type"] == expected.kind]
    else:
        facts = [each["facts"] for each in seen if each["kind"] == expected.kind]
    return sum(_matches(expected.facts, each, reply) for each in facts)


def _matches(
    wanted: Mapping[str, object], facts: Mapping[str, Any], reply: Mapping[str, Any]
) -> bool:
    return all(_fits(value, facts.get(name), reply) for name, value in wanted.items())


def _fits(wanted: object, have: object, reply: Mapping[str, Any]) -> bool:
    if isinstance(wanted, Containing):
        return isinstance(have, str) and wanted.words.casefold() in have.casefold()
    if isinstance(wanted, str) and wanted.startswith("$"):
        return bool(have == reply[wanted[1:]])
    return have == wanted


def _timeline(
    began: datetime, effects: Sequence[Mapping[str, Any]], attempts: Sequence[Mapping[str, Any]]
) -> list[Happening]:
    happened = [_happening(began, "effect", e["kind"], e["time"], e["facts"]) for e in effects]
    for each in attempts:
        facts = {name: each[name] for name in ("attempt", "status", "forged") if each[name]}
        when = each["finished_at"] or each["started_at"]
        happened.append(_happening(began, "event", each["event_type"], when, facts))
    return sorted(happened, key=lambda each: each.seconds)


def _happening(
    began: datetime, what: str, name: str, when: str, facts: Mapping[str, Any]
) -> Happening:
    return Happening((datetime.fromisoformat(when) - began).total_seconds(), what, name, facts)


def _shown(value: object) -> str:
    if isinstance(value, Containing):
        return f"...{value.words}..."
    return "" if str(value).startswith("$") else str(value)
