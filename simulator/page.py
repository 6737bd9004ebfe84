"""The page: phones, queues, calls and the journal, with forms to text, call and fax."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tornado.template import Loader

from simulator import world
from simulator.exchange import Exchange
from simulator.legs import Call
from simulator.queues import Queue

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)

_SHOWN = 40
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
    board = exchange.board
    return {
        "people": world.PEOPLE,
        "phones": [phone for phone in exchange.phones.all() if phone.inbox or _known(phone.number)],
        "opt_outs": exchange.messaging.opt_outs,
        "autoresponder": exchange.messaging.autoresponder,
        "calls": [call for call in board.calls.values() if call.alive],
        "texml_calls": [c for c in exchange.texml.calls.values() if c.status != "completed"],
        "queues": [_queue(queue, board.calls) for queue in board.queues.values()],
        "effects": reversed(exchange.journal.after(exchange.journal.last - _SHOWN)),
        "attempts": list(islice(reversed(exchange.webhooks.attempts), _SHOWN)),
        "facts": _facts,
        "name": _name,
        "world": world,
    }


def _known(number: str) -> bool:
    return any(person.number == number for person in world.PEOPLE)


def _queue(queue: Queue, calls: Mapping[str, Call]) -> dict[str, Any]:
    callers = [_name(calls[place.call_control_id].from_number) for place in queue.waiting]
    return {"name": queue.name, "callers": callers}


def _name(number: str) -> str:
    known = world.person(number).name
    return f"{known} {number}" if known else number


def _facts(facts: Mapping[str, Any]) -> str:
    """Put the telling facts of an effect into one line."""
    skipped = ("call_control_id", "call_sid", "command_id", "media_id", "id")
    shown = (f"{k}: {v}" for k, v in facts.items() if k not in skipped and v not in (None, "", []))
    return ", ".join(shown)


ROUTES: Sequence[tuple[str, Mapping[str, Callable[[Exchange], str]]]] = (
    (r"/", {"GET": whole}),
    (r"/live", {"GET": live}),
)
