"""Outgoing legs: dialed by the suite, or made by a transfer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from simulator import checks
from simulator.errors import ApiError
from simulator.legs import Call
from simulator.machine import Action, After, Timer
from simulator.phones import Phone

MakeLeg = Callable[[str, str, str], Call]
"""Makes an outgoing leg on a connection, from a number to another."""


def checked(body: checks.Body, calls: Mapping[str, Call], make: MakeLeg) -> Call:
    """Return the leg that a dial asks for; raises ApiError for what Telnyx refuses."""
    connection_id = checks.text(body, "connection_id", required=True)
    caller = checks.phone_number(body, "from")
    if isinstance(body.get("to"), list):
        raise ApiError("10038", "The simulator dials one number per call.", pointer="/to")
    to = _callee(body)
    linked = _linked(body, calls)
    state = checks.client_state(body)
    call = make(connection_id, caller, to)
    call.client_state = state
    call.webhook_url = checks.text(body, "webhook_url")
    call.parks = checks.text(body, "park_after_unbridge") == "self"
    if linked is not None:
        call.call_session_id = linked.call_session_id
        if body.get("bridge_on_answer"):
            call.bridges_to = linked.call_control_id
        if body.get("bridge_intent"):
            call.from_number = linked.from_number
    return call


def transferred(call: Call, body: checks.Body, make: MakeLeg) -> Call:
    """Return the new leg of a transfer, to be bridged to this call when it is answered."""
    to = _callee(body)
    caller = checks.text(body, "from", default=call.to_number)
    leg = make(call.connection_id, caller, to)
    leg.call_session_id = call.call_session_id
    leg.client_state = checks.client_state(
        {"client_state": body.get("target_leg_client_state", call.client_state)}
    )
    leg.webhook_url = checks.text(body, "webhook_url", default=call.webhook_url)
    leg.bridges_to = call.call_control_id
    call.awaits = leg.call_control_id
    call.parks = checks.text(body, "park_after_unbridge") == "self"
    return leg


def ringing(call: Call, body: checks.Body, phone: Phone, now: datetime) -> list[Action]:
    """Let the phone ring, until its owner acts or nobody waits any longer."""
    timeout = checks.whole(body, "timeout_secs", 30, 5, 600)
    limit = checks.whole(body, "time_limit_secs", 14400, 30, 14400)
    call.script = phone.script.copy()
    unanswered = Timer("unanswered", call.call_control_id)
    actions: list[Action] = [call.initiated(now), After(timeout, unanswered, asked=True)]
    habit = phone.ring()
    if habit != "no_answer":
        acts = Timer("callee", call.call_control_id, habit)
        actions.append(After(phone.answer_after, acts))
    if "time_limit_secs" in body:
        actions.append(After(limit, Timer("limit", call.call_control_id), asked=True))
    return actions


def _callee(body: checks.Body) -> str:
    to = checks.text(body, "to", required=True)
    if not (checks.is_e164(to) or to.startswith("sip:")):
        raise ApiError("10016", "'to' must be a number or a SIP URI.", pointer="/to")
    return to


def _linked(body: checks.Body, calls: Mapping[str, Call]) -> Call | None:
    """Return the leg in link_to, which some of the other fields cannot do without."""
    needing = ("bridge_on_answer", "bridge_intent", "park_after_unbridge")
    required = any(body.get(name) for name in needing)
    return calls.get(checks.text(body, "link_to", required=required))
