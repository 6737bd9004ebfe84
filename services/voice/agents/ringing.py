"""How agents are rung, and how caller and agent are connected."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import Offer
from services.voice.calls.command import Bridge, Dial, HangUp, StopPlayback
from services.voice.calls.facts import Role, Steering
from services.voice.calls.model import Call
from services.voice.queues.model import Entry, Kind, Queue, carrier_queue
from services.voice.queues.ports import Commands, Legs

_SHORTEST_RING = timedelta(seconds=5)
"""Source: Telnyx, dial, `timeout_secs` is 5 to 600."""

_GRACE = timedelta(seconds=3)
_GRACE_SHARE = 0.25
"""What a lease on somebody who is dialled lasts longer than their phone rings.

Dialling takes a moment, and so does word of an answer: who answers at the last ring has the call.
"""

_SKEW = timedelta(seconds=5)
"""How far our clock may be ahead of the carrier's."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What agents are dialled through and shown when the caller's own leg does not say."""

    connection_id: str = ""
    from_number: str = ""


def lease(queue: Queue, *, dialled: bool) -> timedelta:
    """Return how long an offer can be answered."""
    if not dialled:
        return queue.ring_time
    return queue.ring_time + min(_GRACE, queue.ring_time * _GRACE_SHARE)


def bridge_key(offer_id: str) -> str:
    """Return the key of the command that connects caller and agent."""
    return f"offer/{offer_id}/bridge"


def bridged_time(offer: Offer, *legs: Call | None) -> datetime | None:
    """Return since when caller and agent are connected, as far as their legs tell.

    A leg may have been connected to somebody else before; what is older than the answer is not
    about this offer.
    """
    if offer.answer_time is None:
        return None
    # The carrier's clock told when a dialled agent answered, ours when a client did.
    since = offer.answer_time - (timedelta() if offer.address else _SKEW)
    times = [leg.last_bridged for leg in legs if leg is not None and leg.last_bridged]
    return min((time for time in times if time >= since), default=None)


class Ringing:
    """Rings agents and connects them, by commands in the caller's transaction."""

    def __init__(self, commands: Commands, legs: Legs, lines: Lines) -> None:
        self._commands = commands
        self._legs = legs
        self._lines = lines

    async def leg(self, connection: AsyncConnection, leg_id: str) -> Call | None:
        """Return what is known of a leg, not locked."""
        return await self._legs.find(connection, Call(leg_id=leg_id)) if leg_id else None

    async def ring(
        self, connection: AsyncConnection, offer: Offer, entry: Entry, queue: Queue
    ) -> None:
        """Dial the agent of an offer."""
        caller = await self.leg(connection, entry.leg_id) or Call()
        commanded = caller.steering is Steering.COMMANDS
        on_the_line = commanded and entry.kind is Kind.CALL
        dial = Dial(
            to=offer.address,
            from_number=caller.called_number or self._lines.from_number,
            # A TeXML application's connection would ask for documents; commands need one of ours.
            connection_id=(caller.connection_id if commanded else "") or self._lines.connection_id,
            role=Role.AGENT,
            subject=offer.offer_id,
            timeout=max(queue.ring_time, _SHORTEST_RING),
            link_to=caller.control_id if on_the_line else "",
        )
        await self._commands.dial(connection, dial)

    async def connect(
        self, connection: AsyncConnection, offer: Offer, entry: Entry, agent: Call
    ) -> None:
        """Connect a caller with an agent who has answered.

        A caller on a TeXML number waits in a queue of the carrier's of their own, and is taken from
        there; every other caller is parked and bridged directly.
        """
        caller = await self.leg(connection, entry.leg_id)
        if caller is None:
            return
        key = bridge_key(offer.offer_id)
        if caller.steering is Steering.TEXML:
            waiting = Bridge(queue=carrier_queue(entry.leg_id))
            await self._commands.give(connection, agent, key, waiting)
            return
        quiet = f"offer/{offer.offer_id}/quiet"
        await self._commands.give(connection, caller, quiet, StopPlayback())
        await self._commands.give(connection, caller, key, Bridge(control_id=agent.control_id))

    async def let_go(
        self, connection: AsyncConnection, offer: Offer, leg: Call | None = None
    ) -> None:
        """Stop ringing an agent, or end the leg; one that a client brought along stays theirs."""
        if not offer.address:
            return
        if not offer.leg_id and leg is None:
            # A dial on its way shows as a leg later, and is ended then.
            await self._commands.withdraw(connection, Role.AGENT, offer.offer_id)
            return
        leg = leg or await self.leg(connection, offer.leg_id)
        if leg is not None and not leg.hung_up:
            await self._commands.give(connection, leg, f"offer/{offer.offer_id}/end", HangUp())


def answered(offer: Offer, leg: Call, now: datetime) -> Offer:
    """Return an offer with what is known of the agent's leg; a bridged one has been answered."""
    told = leg.answered or leg.bridged
    return replace(offer, leg_id=leg.leg_id, answer_time=(told if offer.address else None) or now)
