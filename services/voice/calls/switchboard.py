"""What happens on calls, recorded, and told to whoever acts on it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Done
from services.voice.calls.command import command_id
from services.voice.calls.desk import Calls, DialListener, Dials, LegListener, Outbox
from services.voice.calls.facts import CommandKind, Direction, Refusal, Result, Role
from services.voice.calls.model import Call, placed
from services.voice.calls.ports import OwnNumbers
from services.voice.calls.records import CommandRecord, CommandState, Heard
from services.voice.calls.timeline import Moment, MomentKind


class Moments(Protocol):
    """Where the moments of legs are kept."""

    async def add(self, connection: AsyncConnection, leg_id: str, moment: Moment) -> None:
        """Keep a moment, unless the same is kept already."""
        ...


@dataclass(frozen=True)
class Switchboard:
    """Records what is known of legs and tells the listeners, in one transaction."""

    calls: Calls
    dials: Dials
    outbox: Outbox
    moments: Moments
    numbers: OwnNumbers
    clock: Clock
    listeners: list[LegListener]
    """Told in this order; parts that need the desk are added once it is there."""
    dial_listeners: list[DialListener]

    async def record(
        self, connection: AsyncConnection, sighting: Call, heard: Heard | None = None
    ) -> Call:
        """Join an event into its call and let the listeners act on it, all or nothing."""
        now = self.clock.now()
        before = await self.calls.locked(connection, sighting, now)
        if sighting.results:
            sighting = await self._attributed(connection, before, sighting)
        call = await self._placed(connection, before.join(sighting))
        if call != before:
            await self.calls.save(connection, call, now)
        if heard is not None:
            await self._note(connection, call.leg_id, heard, now)
        await self._prove(connection, call.leg_id, sighting, heard, now)
        await self._tell(connection, before, call, now)
        return call

    async def settle(
        self,
        connection: AsyncConnection,
        leg_id: str,
        key: str,
        state: CommandState,
        reason: str = "",
    ) -> None:
        """Note what became of a command, and let the listeners go on when it was refused.

        What is in doubt is not guessed: it is sent again for a while, and then held until an event
        shows that it was taken.
        """
        now, identity = self.clock.now(), command_id(leg_id, key)
        if state is not CommandState.REFUSED:
            await self.calls.settle_command(connection, identity, state, reason, now)
            return
        # The leg first, as everywhere: who holds a command and waits for its leg could wait for
        # somebody who holds the leg and waits for the command.
        before = await self.calls.locked(connection, Call(leg_id=leg_id), now)
        await self.calls.settle_command(connection, identity, state, reason, now)
        call = before.join(Call(refused=frozenset({Refusal(key, reason)})))
        if call != before:
            await self.calls.save(connection, call, now)
        await self._tell(connection, before, call, now)

    async def dialled(self, connection: AsyncConnection, dial_id: str, leg: Call) -> None:
        """Let the leg that a dial started be known."""
        now, taken = self.clock.now(), CommandState.ACCEPTED
        await self.dials.settle(connection, dial_id, taken, "", leg.leg_id, now)
        await self.record(connection, leg)

    async def undialled(
        self,
        connection: AsyncConnection,
        dial_id: str,
        role: Role,
        subject: str,
        state: CommandState,
        reason: str,
    ) -> None:
        """Note that a dial started no leg that anybody knows of."""
        now = self.clock.now()
        await self.dials.settle(connection, dial_id, state, reason, "", now)
        if state is not CommandState.REFUSED:
            return
        for listener in self.dial_listeners:
            await listener.dial_failed(connection, role, subject, reason, now)

    async def is_late(self, connection: AsyncConnection, dial_id: str, limit: timedelta) -> bool:
        """Return whether a dial was decided longer ago than a limit."""
        dial = await self.dials.get(connection, dial_id)
        return dial is not None and self.clock.now() - dial.request_time > limit

    async def has_ended(self, connection: AsyncConnection, leg_id: str) -> bool:
        """Return whether a call is over, so that no command can reach it."""
        call = await self.calls.find(connection, Call(leg_id=leg_id))
        return call is not None and call.hung_up is not None

    async def _placed(self, connection: AsyncConnection, call: Call) -> Call:
        """Return a call with its role; whose numbers are ours is asked only where it matters."""
        if call.direction is Direction.OUTBOUND:
            return placed(call, ())
        asked = {call.called_number}
        if call.direction is Direction.UNKNOWN:
            asked.add(call.caller.phone_number)
        return placed(call, await self.numbers.among(connection, asked - {""}))

    async def _tell(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        for listener in self.listeners:
            await listener.changed(connection, before, after, now)

    async def _note(
        self, connection: AsyncConnection, leg_id: str, heard: Heard, now: datetime
    ) -> None:
        moment = Moment(heard.time or now, MomentKind.EVENT, heard.type, heard.event_id)
        await self.moments.add(connection, leg_id, moment)

    async def _attributed(self, connection: AsyncConnection, before: Call, sighting: Call) -> Call:
        """Give results that no token names a command of theirs: the oldest that waits for one.

        Events carry the token of the last command, which need not be the one that they are about.
        Source: Telnyx, `client_state`.
        """
        nameless = [each for each in sighting.results if not each.key]
        if not nameless:
            return sighting
        given = await self.calls.commands_of(connection, before.leg_id)
        results = {each for each in sighting.results if each.key}
        for result in nameless:
            if key := _waiting(given, before, result):
                results.add(replace(result, key=key))
        return replace(sighting, results=frozenset(results))

    async def _prove(
        self,
        connection: AsyncConnection,
        leg_id: str,
        sighting: Call,
        heard: Heard | None,
        now: datetime,
    ) -> None:
        """Settle commands in doubt whose effect an event shows."""
        shown = _shown_kinds(sighting)
        keys = {each.key for each in sighting.results} | {heard.key if heard else ""}
        keys.discard("")
        if sighting.dial_id:
            await self._prove_dial(connection, sighting.dial_id, leg_id, now)
        if not shown and not keys:
            return
        for command in await self.calls.commands_of(connection, leg_id):
            if command.state is not CommandState.IN_DOUBT:
                continue
            if command.key not in keys and command.kind not in shown:
                continue
            taken, identity = CommandState.ACCEPTED, command.command_id
            if await self.outbox.resolve(connection, identity, Done("")):
                await self.calls.settle_command(connection, identity, taken, "", now)

    async def _prove_dial(
        self, connection: AsyncConnection, dial_id: str, leg_id: str, now: datetime
    ) -> None:
        """Give a dial the leg that shows itself before, or instead of, the carrier's answer."""
        await self.outbox.resolve(connection, dial_id, Done(leg_id))
        dial = await self.dials.get(connection, dial_id)
        if dial is not None and not dial.leg_id:
            taken = CommandState.ACCEPTED
            await self.dials.settle(connection, dial_id, taken, "", leg_id, now)


def _waiting(given: Sequence[CommandRecord], before: Call, result: Result) -> str:
    """Return the key of the oldest command that a result may be of; empty when there is none."""
    # What carries the same time and kind is this very event again, and named already.
    if any((each.kind, each.time) == (result.kind, result.time) for each in before.results):
        return ""
    over = (CommandState.REFUSED, CommandState.CALL_ENDED)
    return next(
        (
            each.key
            for each in given
            if each.kind is result.kind
            and each.state not in over
            and before.result(each.key) is None
        ),
        "",
    )


def _shown_kinds(sighting: Call) -> Collection[CommandKind]:
    """Return the kinds of command whose effect an event shows, whichever command it was."""
    spoken = sighting.speech_started or sighting.speech_ended
    evidence = {
        CommandKind.ANSWER: sighting.answered,
        CommandKind.SPEAK: spoken,
        CommandKind.ENQUEUE: sighting.entered_queue,
        CommandKind.LEAVE_QUEUE: sighting.left_queue,
        CommandKind.BRIDGE: sighting.bridged,
        CommandKind.HANG_UP: sighting.hung_up,
    }
    return {kind for kind, seen in evidence.items() if seen}
