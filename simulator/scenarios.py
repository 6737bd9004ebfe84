"""The scenarios, as data."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from simulator import world
from simulator.playing import Containing, Expectation, Step


def _texts(sender: world.Person, text: str) -> dict[str, object]:
    return {"from": sender.number, "text": text}


def _reply_to(person: world.Person, words: str, times: int = 1) -> Expectation:
    facts = {"to": person.number} | ({"text": Containing(words)} if words else {})
    return Expectation("message.accepted", facts, times)


def _reported(kind: str) -> Expectation:
    return Expectation(kind, {"status": 200}, attempts=True)


def _steers() -> Iterator[Expectation]:
    """Yield what a caller gets: an answer, a greeting, and music while they wait."""
    for kind in ("call.answer", "call.speak", "call.playback_start"):
        yield Expectation(kind, {"call_control_id": "$call_control_id"})


_BY_US = (("/_sim/profile", {"autoresponder": False}),)
_BY_CARRIER = (("/_sim/profile", {"autoresponder": True}),)
_PATIENCE = 60
# Who waits on the TeXML number is played the waiting document again and again: not for long.
_SOON = 40
# Another one in each process: the same phone is told only once a day where help is to be had.
_SOMEBODY = world.Person(
    f"+1{secrets.choice((303, 404, 503, 617, 713))}55501{secrets.randbelow(100):02d}", ""
)
# Likewise: the same phone is answered automatically once in five minutes.
_CURIOUS = world.Person(
    f"+1{secrets.choice((206, 415, 512, 646, 786))}55501{secrets.randbelow(100):02d}", ""
)
# Likewise: a person whose words are held already is not held again.
_UNCLEAR = world.Person(
    f"+1{secrets.choice((214, 305, 408, 602, 718))}55501{secrets.randbelow(100):02d}", ""
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
        "Somebody writes what may be an opt-out; a person has to read it",
        "/_sim/sms",
        _texts(_UNCLEAR, "not interested"),
        (
            Expectation("message.received", {"status": 200}, attempts=True),
            _reply_to(_UNCLEAR, "", times=0),
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
        "Ada calls",
        "/_sim/call",
        {"from": world.ADA.number, "patience": _PATIENCE},
        tuple(_steers()),
    ),
    Step(
        "Grace calls",
        "/_sim/call",
        {"from": world.GRACE.number, "patience": _PATIENCE},
        tuple(_steers()),
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
        {"from": world.ADA.number, "patience": _SOON},
        (
            Expectation(
                "texml.say", {"call_sid": "$call_sid", "text": Containing("thank you for calling")}
            ),
            Expectation("texml.enqueue", {"call_sid": "$call_sid"}),
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
