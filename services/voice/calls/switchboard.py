"""What voice does: record what happens on calls, act on it, and answer for it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Done, Effect
from chassis.errors import NotFound
from services.voice.calls.model import Call, Lookup, Steering, Step
from services.voice.calls.records import CallFilter, CallRecord, CommandState, Place
from services.voice.policy import (
    Command,
    Enqueue,
    Instruction,
    Policy,
    command_id,
    instructions,
    next_commands,
    proven_steps,
    wants_lookup,
)


class Transactions(Protocol):
    """The database, as far as a use case opens transactions of its own."""

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection whose changes stand or fall together."""
        ...

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection for reads."""
        ...


class Calls(Protocol):
    """Where calls are kept."""

    async def locked(self, connection: AsyncConnection, sighting: Call, now: datetime) -> Call:
        """Return the call an event is about, created when new, locked until the end."""
        ...

    async def save(self, connection: AsyncConnection, call: Call, now: datetime) -> None:
        """Write what is known of a call now."""
        ...

    async def find(self, connection: AsyncConnection, sighting: Call) -> Call | None:
        """Return the call an event is about, or None."""
        ...

    async def get(self, connection: AsyncConnection, leg_id: str) -> CallRecord | None:
        """Return one call with its commands, or None."""
        ...

    async def page(
        self, connection: AsyncConnection, wanted: CallFilter, after: Place | None, limit: int
    ) -> Sequence[CallRecord]:
        """Return up to `limit` calls, newest first, that follow a place."""
        ...

    async def add_command(
        self, connection: AsyncConnection, leg_id: str, command_id: str, step: Step, now: datetime
    ) -> None:
        """Note a command that has just been put into the outbox."""
        ...

    async def settle_command(
        self,
        connection: AsyncConnection,
        command_id: str,
        state: CommandState,
        reason: str,
        now: datetime,
    ) -> None:
        """Note what became of a command."""
        ...


class Outbox(Protocol):
    """Where effects wait to be carried out."""

    async def add(self, connection: AsyncConnection, effect: Effect) -> bool:
        """Queue an effect; False when its id is there already."""
        ...

    async def resolve(self, connection: AsyncConnection, effect_id: str, outcome: Done) -> bool:
        """Say what became of an effect in doubt; False when it is not in doubt."""
        ...


class Directory(Protocol):
    """Who knows who is calling."""

    async def find(self, phone_number: str) -> Lookup:
        """Return what is known of a number, in time and without ever raising."""
        ...


class Switchboard:
    """Records what happens on calls and decides what to do about it."""

    def __init__(
        self,
        database: Transactions,
        calls: Calls,
        outbox: Outbox,
        directory: Directory,
        effect_of: Callable[[Call, Command], Effect],
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._database = database
        self._calls = calls
        self._outbox = outbox
        self._directory = directory
        self._effect_of = effect_of
        self._policy = policy
        self._clock = clock

    async def identify(self, sighting: Call) -> Lookup | None:
        """Ask who is calling if that still matters; None when it does not.

        Runs before any transaction: the CRM may take its time, and no lock waits for it. Who calls
        on a TeXML application is asked while the document is decided.
        """
        if sighting.steering is Steering.TEXML:
            return None
        call = await self._known(sighting)
        if not wants_lookup(call, self._policy):
            return None
        return await self._directory.find(call.caller.phone_number)

    async def record(
        self, connection: AsyncConnection, sighting: Call, lookup: Lookup | None
    ) -> None:
        """Join an event into its call and queue what follows from it, all or nothing."""
        now = self._clock.now()
        before = await self._calls.locked(connection, sighting, now)
        call = before.join(sighting).join(Call(lookup=lookup))
        if call != before:
            await self._calls.save(connection, call, now)
        await self._prove(connection, call.leg_id, sighting, now)
        await self._command(connection, call, now)

    async def settle(
        self,
        connection: AsyncConnection,
        leg_id: str,
        step: Step,
        state: CommandState,
        reason: str = "",
    ) -> None:
        """Note what became of a command, and go on another way when it was refused.

        What is in doubt is not guessed: it is sent again for a while, and then held until an event
        shows that it was taken.
        """
        now = self._clock.now()
        await self._calls.settle_command(connection, command_id(leg_id, step), state, reason, now)
        if state is not CommandState.REFUSED:
            return
        call = await self._calls.locked(connection, Call(leg_id=leg_id), now)
        call = call.join(Call(refused=frozenset({step})))
        await self._calls.save(connection, call, now)
        await self._command(connection, call, now)

    async def has_ended(self, connection: AsyncConnection, leg_id: str) -> bool:
        """Return whether a call is over, so that no command can reach it."""
        call = await self._calls.find(connection, Call(leg_id=leg_id))
        return call is not None and call.hung_up is not None

    async def instruct(self, sighting: Call) -> Sequence[Instruction]:
        """Decide everything about a TeXML call at once and record it.

        A call that asks again gets the same answer: what was found out first stays.
        """
        call = await self._known(sighting)
        if call.lookup is None and wants_lookup(call, self._policy):
            call = replace(call, lookup=await self._directory.find(call.caller.phone_number))
        given = instructions(call, self._policy)
        queues = [each.queue for each in given if isinstance(each, Enqueue)]
        call = replace(call, texml_queue=queues[0] if queues else "")
        async with self._database.transaction() as connection:
            await self.record(connection, call, None)
        return given

    async def _known(self, sighting: Call) -> Call:
        async with self._database.reading() as connection:
            known = await self._calls.find(connection, sighting)
        return known.join(sighting) if known else sighting

    async def _prove(
        self, connection: AsyncConnection, leg_id: str, sighting: Call, now: datetime
    ) -> None:
        """Settle commands in doubt whose effect an event shows."""
        for step in proven_steps(sighting):
            known = command_id(leg_id, step)
            if await self._outbox.resolve(connection, known, Done("")):
                await self._calls.settle_command(connection, known, CommandState.ACCEPTED, "", now)

    async def _command(self, connection: AsyncConnection, call: Call, now: datetime) -> None:
        for command in next_commands(call, self._policy):
            effect = self._effect_of(call, command)
            if await self._outbox.add(connection, effect):
                await self._calls.add_command(
                    connection, call.leg_id, effect.effect_id, command.step, now
                )


class CallReader:
    """Shows calls."""

    def __init__(self, database: Transactions, calls: Calls) -> None:
        self._database = database
        self._calls = calls

    async def get(self, leg_id: str) -> CallRecord:
        """Return one call, or raise NotFound."""
        async with self._database.reading() as connection:
            found = await self._calls.get(connection, leg_id)
        if found is None:
            raise NotFound("CALL_NOT_FOUND", "no call with this id is known")
        return found

    async def page(
        self, wanted: CallFilter, after: Place | None, size: int
    ) -> tuple[Sequence[CallRecord], Place | None]:
        """Return up to `size` calls, newest first, and the place to go on from, if any."""
        async with self._database.reading() as connection:
            found = await self._calls.page(connection, wanted, after, size + 1)
        shown = found[:size]
        if len(found) <= size:
            return shown, None
        return shown, Place(shown[-1].create_time, shown[-1].call.leg_id)
