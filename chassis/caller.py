"""Who is calling: what a caller says of itself, and what the connection says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc.aio

from chassis.errors import FieldViolation, Invalid

ACTOR = "x-switchhook-actor"
"""The metadata in which a caller names the person or program on whose behalf it calls."""

_LONGEST = 128

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(frozen=True, slots=True)
class Caller:
    """`actor` is what the caller says it is, and may be empty; `peer` is what the connection says.

    The peer is the name in the caller's TLS certificate, or else its network address.
    """

    actor: str
    peer: str

    @property
    def name(self) -> str:
        """Return the best name there is: the actor, a TLS name, or the address."""
        return self.actor or self.peer


def caller_of(context: Context) -> Caller:
    """Return who calls; raises Invalid for an actor that is too long or not printable."""
    actor = _actor(context)
    if len(actor) > _LONGEST or not actor.isprintable():
        raise Invalid([FieldViolation(ACTOR, f"must be at most {_LONGEST} printable characters")])
    return Caller(actor, _identity(context) or _address(context))


def named_caller(context: Context) -> Caller:
    """Return who calls, for what nobody may do namelessly; raises Invalid without a name."""
    caller = caller_of(context)
    if not (caller.actor or _identity(context)):
        raise Invalid([FieldViolation(ACTOR, "is required: the audit log says who did this")])
    return caller


def _actor(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == ACTOR:
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return ""


def _identity(context: Context) -> str:
    names = context.peer_identities() or ()
    return next((name.decode("utf-8", "replace") for name in names), "")[:_LONGEST]


def _address(context: Context) -> str:
    """Return the address without its port, which says nothing: `ipv4:127.0.0.1`."""
    peer = context.peer() or ""
    kind = peer.partition(":")[0]
    return peer.rpartition(":")[0] if kind in {"ipv4", "ipv6"} else peer[:_LONGEST]
