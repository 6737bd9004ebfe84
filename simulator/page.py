"""The page: phones, calls, queues and what happened, with forms to text, call and fax."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from tornado.template import Loader

from simulator import world
from simulator.delivery_log import Attempt
from simulator.exchange import Exchange
from simulator.journal import Effect
from simulator.legs import Call
from simulator.texml_client import TexmlCall

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)

_SHOWN = 60
"""Lines of what happened."""
_TALK, _SCANNED = 6, 500
"""Texts of each phone, and how many of all are looked through for them."""
_PHONES = 12
_UNTOLD = ("call_control_id", "call_sid", "command_id", "media_id", "id", "url")
_TEMPLATES = Loader(str(Path(__file__).parent / "pages"), autoescape="xhtml_escape")


def whole(exchange: Exchange) -> str:
    """GET /: the page."""
    return _render("index.html", exchange)


def live(exchange: Exchange) -> str:
    """GET /live: the part of the page that changes, which the page asks for every second."""
    return _render("live.html", exchange)


def _render(name: str, exchange: Exchange) -> str:
    return _TEMPLATES.load(name).generate(**_view(exchange)).decode()


def _view(exchange: Exchange) -> dict[str, Any]:
    return {
        "world": world,
        "people": world.PEOPLE,
        "autoresponder": exchange.messaging.autoresponder,
        "phones": _phones(exchange),
        "calls": _calls(exchange),
        "queues": _queues(exchange),
        "feed": _feed(exchange),
    }


def _phones(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the people we know, then who else has texted or was texted lately."""
    recent = list(islice(reversed(exchange.messaging.messages.values()), _SCANNED))
    talks: dict[str, list[dict[str, Any]]] = {person.number: [] for person in world.PEOPLE}
    for message in recent:
        if message["direction"] == "inbound":
            line = _line(message["received_at"], message, own=True)
            talks.setdefault(message["from"]["phone_number"], []).append(line)
    for phone in exchange.phones.all():
        lines = [_line(line["time"], line, own=False) for line in phone.inbox[-_TALK:]]
        if lines:
            talks.setdefault(phone.number, []).extend(lines)
    return [_phone(exchange, number, talk) for number, talk in islice(talks.items(), _PHONES)]


def _phone(exchange: Exchange, number: str, talk: list[dict[str, Any]]) -> dict[str, Any]:
    opt_out = exchange.messaging.opt_outs.get(number)
    return {
        "number": number,
        "name": world.person(number).name,
        "opted_out": opt_out.word if opt_out else "",
        # The carrier answers within the millisecond: what was said comes before the answer.
        "talk": sorted(talk, key=lambda line: (line["time"], not line["own"]))[-_TALK:],
    }


def _line(time: str, message: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    text, media = message.get("text") or "", len(message["media"])
    return {"time": time, "own": own, "text": text, "media": media}


def _calls(exchange: Exchange) -> list[dict[str, Any]]:
    calls = exchange.board.calls
    return [
        _call(call.call_control_id, call.from_number, call.to_number, _doing(call, calls))
        for call in calls.values()
        if call.alive and not call.by_texml
    ] + [_texml_call(call) for call in exchange.texml.calls.values() if call.status != "completed"]


def _texml_call(call: TexmlCall) -> dict[str, Any]:
    leg = call.leg
    state = "TeXML, waits" if leg.queue else f"TeXML, {call.status}"
    return _call(call.call_sid, leg.from_number, leg.to_number, state)


def _doing(call: Call, calls: Mapping[str, Call]) -> str:
    """Say what the person on a leg does, or is made to do."""
    if call.bridged_to:
        other = calls[call.bridged_to]
        return f"talks with {_name(other.from_number if other.incoming else other.to_number)}"
    if call.queue:
        return f"waits in {call.queue}"
    heard = {
        "leaves a message": call.recording,
        "is asked for keys": call.gather,
        "is spoken to": call.speeches,
        "hears music": call.playback,
    }
    return next((words for words, part in heard.items() if part), call.state.value)


def _call(call_id: str, caller: str, to: str, state: str) -> dict[str, Any]:
    return {"id": call_id, "from": _name(caller), "to": _name(to), "state": state}


def _queues(exchange: Exchange) -> list[dict[str, Any]]:
    calls = exchange.board.calls
    queues = {
        queue.name: [_waiting(calls[place.call_control_id]) for place in queue.waiting]
        for queue in exchange.board.queues.values()
    }
    return [{"name": name, "callers": callers} for name, callers in queues.items()]


def _waiting(call: Call) -> str:
    return _name(call.from_number) + (", TeXML" if call.by_texml else "")


def _feed(exchange: Exchange) -> list[dict[str, Any]]:
    effects = exchange.journal.after(exchange.journal.last - _SHOWN)
    attempts = islice(reversed(exchange.webhooks.attempts), _SHOWN)
    lines = [*map(_effect, reversed(effects)), *map(_attempt, attempts)]
    return sorted(lines, key=lambda line: line["time"], reverse=True)[:_SHOWN]


def _effect(effect: Effect) -> dict[str, Any]:
    told = (
        f"{name.replace('_', ' ')} {_fact(value)}"
        for name, value in effect.facts.items()
        if name not in _UNTOLD and value not in (None, "", [])
    )
    return {
        "time": effect.time,
        "ours": True,
        "class": "good",
        "what": effect.kind,
        "facts": ", ".join(told),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    told = [f"answered {attempt.status or 'nothing'}"]
    if attempt.finished_at is None:
        told = ["on its way"]
    else:
        told.append(
            f"{(attempt.finished_at - attempt.started_at) / timedelta(milliseconds=1):.0f} ms"
        )
    told += [f"attempt {attempt.attempt}"] if attempt.attempt > 1 else []
    told += [f"forged: {attempt.forged.replace('_', ' ')}"] if attempt.forged else []
    failed = bool(attempt.errors) or bool(attempt.forged)
    return {
        "time": attempt.started_at,
        "ours": False,
        "class": "bad" if failed else "",
        "what": attempt.event_type or "a body",
        "facts": ", ".join(told),
    }


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return _name(str(value))


def _name(number: str) -> str:
    return world.person(number).name or number


ROUTES: Sequence[tuple[str, Mapping[str, Callable[[Exchange], str]]]] = (
    (r"/", {"GET": whole}),
    (r"/live", {"GET": live}),
)
