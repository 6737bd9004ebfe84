"""The part of the control API that is about calls: who calls us, and what they do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from simulator import checks, scripts, world
from simulator.exchange import Exchange
from simulator.legs import Call
from simulator.rest import Reply, Request

ControlOperation = Callable[[Exchange, Request], Awaitable[Reply]]


async def call_us(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/call: from, to, name, attestation, screening, diversion; see scripts.parse.

    `from` may be anything a network shows, such as anonymous or a SIP address.
    """
    body = request.json()
    caller = checks.text(body, "from", required=True)
    to = checks.text(body, "to", default=world.VOICE_NUMBER)
    name = checks.text(body, "name", default=world.person(caller).name)
    call = exchange.call(caller, to, name, scripts.parse(body), _attributes(body))
    return _call_reply(call)


def _attributes(body: checks.Body) -> dict[str, Any]:
    """Return the fields of call.initiated that tell how far the caller can be believed."""
    found: dict[str, Any] = {}
    if attestation := checks.text(body, "attestation"):
        found |= {"shaken_stir_attestation": attestation, "shaken_stir_validated": True}
    if screening := checks.text(body, "screening"):
        found["call_screening_result"] = screening
    if diversion := checks.text(body, "diversion"):
        found["sip_headers"] = [{"name": "Diversion", "value": f"<sip:{diversion}@example.com>"}]
    return found


async def we_call(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/dial: to. An outgoing leg, as if the suite or a colleague had dialed it."""
    body = {"connection_id": world.VOICE_CONNECTION_ID, "from": world.VOICE_NUMBER}
    return _call_reply(exchange.dial(body | request.json()))


def _call_reply(call: Call) -> Reply:
    return Reply(200, _ids(call))


def _ids(call: Call) -> dict[str, str]:
    names = ("call_control_id", "call_leg_id", "call_session_id")
    return {name: getattr(call, name) for name in names}


async def hang_up(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/call/{id}/hangup: the person at the other end hangs up."""
    exchange.hang_up(_call(exchange, request))
    return Reply(200, {})


async def press(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/call/{id}/press: digits."""
    exchange.press(_call(exchange, request), checks.text(request.json(), "digits", required=True))
    return Reply(200, {})


async def say(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/call/{id}/say: words."""
    exchange.say(_call(exchange, request), checks.text(request.json(), "words", required=True))
    return Reply(200, {})


def _call(exchange: Exchange, request: Request) -> Call:
    try:
        return exchange.board.calls[request.path[0]]
    except KeyError:
        raise ValueError("there is no such call") from None


async def call_texml(exchange: Exchange, request: Request) -> Reply:
    """POST /_sim/texml_call: from, to; see scripts.parse."""
    body = request.json()
    caller = checks.text(body, "from", required=True)
    to = checks.text(body, "to", default=world.TEXML_NUMBER)
    call = exchange.call_texml(caller, to, scripts.parse(body))
    return Reply(200, {"call_sid": call.call_sid} | _ids(call.leg))


async def list_calls(exchange: Exchange, request: Request) -> Reply:
    """GET /_sim/calls: every leg there has been, and what was lived through on it."""
    del request
    legs = exchange.board.calls.values()
    return Reply(200, {"calls": [leg.story() for leg in legs]})


ROUTES: Sequence[tuple[str, Mapping[str, ControlOperation]]] = (
    (r"/_sim/call", {"POST": call_us}),
    (r"/_sim/dial", {"POST": we_call}),
    (r"/_sim/call/([^/]+)/hangup", {"POST": hang_up}),
    (r"/_sim/call/([^/]+)/press", {"POST": press}),
    (r"/_sim/call/([^/]+)/say", {"POST": say}),
    (r"/_sim/calls", {"GET": list_calls}),
    (r"/_sim/texml_call", {"POST": call_texml}),
)
"""Each path and its operations by HTTP method."""
