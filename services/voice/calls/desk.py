"""Where the parts of voice give commands, and how they hear of legs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Done, Effect, Failed, RetryLater
from services.voice.calls.command import Command, Dial, Gather, Listen, command_id, dial_id
from services.voice.calls.facts import CommandKind, Role
from services.voice.calls.model import Call
from services.voice.calls.records import CommandRecord, CommandState, DialRecord

WITHDRAWN = "WITHDRAWN"
"""Why a dial was not sent: whoever wanted it does not any more."""


class LegListener(Protocol):
    """Acts on what is known of legs."""

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Decide from a leg's state, in the transaction that saved it; any role, any time.

        Called after every event of the leg, also when it changed nothing, and after a refusal.
        The leg's row is locked.
        """
        ...


class DialListener(Protocol):
    """Hears of dials that start no leg."""

    async def dial_failed(
        self, connection: AsyncConnection, role: Role, subject: str, reason: str, now: datetime
    ) -> None:
        """Go on without the leg: the carrier refused the dial, with this code."""
        ...


class Calls(Protocol):
    """Where calls and their commands are kept."""

    async def locked(self, connection: AsyncConnection, sighting: Call, now: datetime) -> Call:
        """Return the call an event is about, created when new, locked until the end."""
        ...

    async def save(self, connection: AsyncConnection, call: Call, now: datetime) -> None:
        """Write what is known of a call now."""
        ...

    async def find(self, connection: AsyncConnection, sighting: Call) -> Call | None:
        """Return the call an event is about, or None."""
        ...

    async def add_command(
        self,
        connection: AsyncConnection,
        leg_id: str,
        command_id: str,
        key: str,
        kind: CommandKind,
        now: datetime,
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

    async def commands_of(
        self, connection: AsyncConnection, leg_id: str
    ) -> Sequence[CommandRecord]:
        """Return the commands of a leg in the order they were given."""
        ...


class Dials(Protocol):
    """Where dials are kept."""

    async def add(self, connection: AsyncConnection, dial: DialRecord) -> None:
        """Note a dial that has just been put into the outbox."""
        ...

    async def get(self, connection: AsyncConnection, dial_id: str) -> DialRecord | None:
        """Return a dial, or None."""
        ...

    async def settle(
        self,
        connection: AsyncConnection,
        dial_id: str,
        state: CommandState,
        reason: str,
        leg_id: str,
        now: datetime,
    ) -> None:
        """Note what became of a dial."""
        ...


class Outbox(Protocol):
    """Where effects wait to be carried out."""

    async def add(self, connection: AsyncConnection, effect: Effect) -> bool:
        """Queue an effect; False when its id is there already."""
        ...

    async def cancel(self, connection: AsyncConnection, effect_id: str, reason: str) -> bool:
        """Fail an effect that is not on its way; False when it is, or when it is over."""
        ...

    async def resolve(
        self, connection: AsyncConnection, effect_id: str, outcome: Done | Failed | RetryLater
    ) -> bool:
        """Say what became of an effect in doubt; False when it is not in doubt."""
        ...


class Effects(Protocol):
    """Turns commands and dials into effects."""

    def command(self, call: Call, key: str, command: Command) -> Effect:
        """Return the effect of a command on a call."""
        ...

    def dial(self, dial: Dial) -> Effect:
        """Return the effect of a dial."""
        ...


@dataclass(frozen=True)
class Desk:
    """Gives commands in the caller's transaction; each is sent once, whatever happens."""

    calls: Calls
    dials: Dials
    outbox: Outbox
    effects: Effects
    clock: Clock

    async def give(
        self, connection: AsyncConnection, call: Call, key: str, command: Command
    ) -> bool:
        """Command a leg, once for each key; no row is locked.

        A gather with phrases to expect has somebody listen as well.

        Returns False when the key was commanded before, and when no command can reach the leg: it
        is over, or no event has carried its control id yet.
        """
        if call.hung_up or not call.control_id:
            return False
        effect = self.effects.command(call, key, command)
        if not await self.outbox.add(connection, effect):
            return False
        now, identity = self.clock.now(), effect.effect_id
        await self.calls.add_command(connection, call.leg_id, identity, key, command.kind, now)
        if isinstance(command, Gather) and command.speech_hints:
            listen = Listen(key, command.language, command.speech_hints)
            await self.give(connection, call, f"{key}/listen", listen)
        return True

    async def dial(self, connection: AsyncConnection, dial: Dial) -> str:
        """Call somebody, once for each role and subject; return the dial's id.

        The leg shows itself to the listeners with the role and the subject, first when the carrier
        has taken the dial.
        """
        effect = self.effects.dial(dial)
        if await self.outbox.add(connection, effect):
            await self.dials.add(connection, _record(dial, self.clock.now()))
        return effect.effect_id

    async def withdraw(self, connection: AsyncConnection, role: Role, subject: str) -> bool:
        """Take a dial back that is not on its way; False when it is too late.

        Then the leg may still show itself, and whoever wanted it ends it.
        """
        identity = dial_id(role, subject)
        if not await self.outbox.cancel(connection, identity, WITHDRAWN):
            return False
        now, refused = self.clock.now(), CommandState.REFUSED
        await self.dials.settle(connection, identity, refused, WITHDRAWN, "", now)
        return True

    async def revoke(self, connection: AsyncConnection, leg_id: str, key: str) -> bool:
        """Take a command back that is not on its way; False when it is too late."""
        identity = command_id(leg_id, key)
        if not await self.outbox.cancel(connection, identity, WITHDRAWN):
            return False
        now, refused = self.clock.now(), CommandState.REFUSED
        await self.calls.settle_command(connection, identity, refused, WITHDRAWN, now)
        return True

    async def note(self, connection: AsyncConnection, leg_id: str, fact: Call) -> Call:
        """Join a fact of ours into a leg, which stays locked; return what is known then.

        Listeners are not called: whoever notes something acts on it.
        """
        now = self.clock.now()
        before = await self.calls.locked(connection, Call(leg_id=leg_id), now)
        call = before.join(fact)
        if call != before:
            await self.calls.save(connection, call, now)
        return call


def _record(dial: Dial, now: datetime) -> DialRecord:
    return DialRecord(
        dial_id=dial_id(dial.role, dial.subject),
        role=dial.role,
        subject=dial.subject,
        to_address=dial.to,
        from_number=dial.from_number,
        state=CommandState.REQUESTED,
        reason="",
        leg_id="",
        request_time=now,
    )
