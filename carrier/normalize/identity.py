"""Say what an event is called, what it is about, and who must not overlook it."""

import re
from hashlib import sha256
from typing import Any

from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.party_pb2 import Party

from carrier.normalize.coerce import Unfit, text

MUST_BE_HANDLED = frozenset(
    {
        ("call", "initiated"),
        ("call", "answered"),
        ("call", "bridged"),
        ("call", "hung_up"),
        ("call", "enqueued"),
        ("call", "dequeued"),
        ("message", "received"),
        ("message", "sent"),
        ("message", "finalized"),
        ("fax", "queued"),
        ("fax", "media_processed"),
        ("fax", "sending_started"),
        ("fax", "delivered"),
        ("fax", "failed"),
        ("fax", "received"),
    }
)
"""Arms that move something a service keeps: a call, a consent, a message's fate, a fax.

A reader that does not know one of these must stop and raise an alarm; every other arm tells of
something that no state of ours depends on.
"""

_ID = re.compile(r"[\x21-\x7e]{1,128}")


def event_id(given: Any, raw: bytes) -> str:
    """Return the carrier's id of an event, or one made of its body where that names none.

    An id becomes a message header, so one with blanks, controls or over 128 characters counts as
    none. The body counts without its secrets: a hash over a short code would give it away.
    """
    try:
        named = text(given)
    except Unfit:
        named = ""
    return named if _ID.fullmatch(named) else f"body-{sha256(raw).hexdigest()}"


def entity_key(event: Event) -> str:
    """Return what the event is about, for ordering; empty when there is no such thing."""
    domain = event.WhichOneof("detail")
    if domain == "call":
        call = event.call
        return call.call_session_id or call.call_leg_id or call.call_control_id
    if domain == "message":
        message = event.message
        return _pair(message.from_party, message.to_parties[0]) if message.to_parties else ""
    if domain == "conference":
        return event.conference.conference_id
    if domain == "fax":
        return event.fax.fax_id
    if domain == "verification":
        return event.verification.verification_id
    return event.texml.call_sid if domain == "texml" else ""


def _pair(one: Party, other: Party) -> str:
    """Return the same key for both directions between two addresses, without telling them."""
    addresses = sorted(party.phone_number or party.raw.strip().lower() for party in (one, other))
    if not addresses[0]:
        return ""
    return f"pair-{sha256(chr(0).join(addresses).encode()).hexdigest()[:32]}"
