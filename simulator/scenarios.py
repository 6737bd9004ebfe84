"""Scenarios as data: what people out there do, and what the suite must be seen to do about it.

A step posts to the control API and expects effects in the journal, or webhook attempts. `play` runs
a scenario against a simulator and reports step by step; it is used by the demo and by hand.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator import world
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


def _texts(sender: world.Person, text: str) -> dict[str, object]:
    return {"from": sender.number, "text": text}


def _reply_to(person: world.Person, words: str, times: int = 1) -> Expectation:
    facts = {"to": person.number} | ({"text": Containing(words)} if words else {})
    return Expectation("message.accepted", facts, times)


def _reported(kind: str) -> Expectation:
    return Expectation(kind, {"status": 200}, attempts=True)


def _steers(queue: str) -> Iterator[Expectation]:
    mine = {"call_control_id": "$call_control_id"}
    yield Expectation("call.answer", mine)
    yield Expectation("call.speak", mine)
    yield Expectation("call.enqueue", mine | {"queue_name": queue})


_BY_US = (("/_sim/profile", {"autoresponder": False}),)
_BY_CARRIER = (("/_sim/profile", {"autoresponder": True}),)
_PATIENCE = 60
# Another one in each process: the same phone is told only once a day where help is to be had.
_SOMEBODY = world.Person(
    f"+1{secrets.choice((303, 404, 503, 617, 713))}55501{secrets.randbelow(100):02d}", ""
)
# Likewise: the same phone is answered automatically once in five minutes.
_CURIOUS = world.Person(
    f"+1{secrets.choice((206, 415, 512, 646, 786))}55501{secrets.randbelow(100):02d}", ""
)

WELCOME: Sequence[Step] = (
    Step(
        "Ada texts STOP",
        "/_sim/sms",
        _texts(world.ADA, "STOP"),
        (_reply_to(world.ADA, "unsubscribed"), _reported("message.finalized")),
        before=_BY_US,
    ),
    Step(
        "Somebody texts HELP, and the webhook comes three times",
        "/_sim/sms",
        _texts(_SOMEBODY, "help"),
        (_reply_to(_SOMEBODY, "help"), _reported("message.finalized")),
        before=(
            ("/_sim/faults", {"kind": "webhook_duplicate", "match": "message.*", "copies": 2}),
        ),
    ),
    Step(
        "Ada texts START",
        "/_sim/sms",
        _texts(world.ADA, "Start"),
        (_reply_to(world.ADA, "subscribed"), _reported("message.finalized")),
    ),
    Step(
        "Somebody asks about opening hours, and a rule answers",
        "/_sim/sms",
        _texts(_CURIOUS, "Hi! What are your opening hours?"),
        (_reply_to(_CURIOUS, "nine to five"), _reported("message.finalized")),
    ),
    Step(
        "They ask again at once; one automatic answer is enough",
        "/_sim/sms",
        _texts(_CURIOUS, "Your opening hours please?"),
        (
            Expectation("message.received", {"status": 200}, attempts=True),
            _reply_to(_CURIOUS, "", times=0),
        ),
    ),
    Step(
        "Grace texts STOP, and the carrier itself answers",
        "/_sim/sms",
        _texts(world.GRACE, "stop"),
        (
            Expectation("autoresponder.replied", {"to": world.GRACE.number}),
            _reply_to(world.GRACE, "", times=0),
        ),
        before=_BY_CARRIER,
    ),
    Step(
        "Grace texts START, and the carrier answers again",
        "/_sim/sms",
        _texts(world.GRACE, "START"),
        (
            Expectation("autoresponder.replied", {"to": world.GRACE.number}),
            _reply_to(world.GRACE, "", times=0),
        ),
    ),
    Step(
        "Grace sends a picture",
        "/_sim/sms",
        {"from": world.GRACE.number, "media": ["png"]},
        (Expectation("media.downloaded", {"media_id": "$media_id", "authorized": False}),),
    ),
    Step(
        "Ada, a VIP, calls",
        "/_sim/call",
        {"from": world.ADA.number, "patience": _PATIENCE},
        tuple(_steers("priority")),
    ),
    Step(
        "Grace calls",
        "/_sim/call",
        {"from": world.GRACE.number, "patience": _PATIENCE},
        tuple(_steers("support")),
    ),
    Step(
        "We call Grace; our own leg is left alone",
        "/_sim/dial",
        {"to": world.GRACE.number},
        (
            Expectation("call.dial", {"call_control_id": "$call_control_id"}),
            _reported("call.answered"),
            *(
                Expectation(kind, {"call_control_id": "$call_control_id"}, times=0)
                for kind in ("call.answer", "call.speak", "call.enqueue", "call.hangup")
            ),
        ),
    ),
    Step(
        "Grace sends a fax of two pages",
        "/_sim/fax",
        {"from": world.GRACE.number, "pages": 2},
        (Expectation("media.downloaded", {"media_id": "$media_id", "authorized": False}),),
    ),
    Step(
        "Ada calls the TeXML number",
        "/_sim/texml_call",
        {"from": world.ADA.number, "patience": _PATIENCE},
        (
            Expectation("texml.say", {"call_sid": "$call_sid"}),
            Expectation("texml.enqueue", {"call_sid": "$call_sid", "queue": "priority"}),
        ),
    ),
    Step(
        "Somebody without the key says that Grace texted STOP",
        "/_sim/event",
        {
            "event_type": "message.received",
            "forge": "wrong_key",
            "payload": {
                "direction": "inbound",
                "id": "00000000-0000-4000-8000-000000000000",
                "type": "SMS",
                "text": "STOP",
                "from": {"phone_number": world.GRACE.number},
                "to": [{"phone_number": world.MESSAGING_NUMBER}],
            },
        },
        (
            Expectation("message.received", {"forged": "wrong_key", "status": 401}, attempts=True),
            _reply_to(world.GRACE, "", times=0),
        ),
        before=_BY_US,
    ),
)
"""A first tour: texts, calls, a fax, duplicates and a forgery."""

SCENARIOS = {"welcome": WELCOME}
