"""Commands of callers of the API: checked before anything is sent, then given at the desk."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import AlreadyDone, NotFound, NotYet
from services.voice.calls.command import Bridge, Command, Dial, dial_id
from services.voice.calls.desk import Desk
from services.voice.calls.facts import CommandKind, Direction, Role, State
from services.voice.calls.model import Call
from services.voice.calls.records import CommandRecord, DialRecord
from services.voice.calls.store import SqlCalls

_WHILE_RINGING = (CommandKind.ANSWER, CommandKind.REJECT)
_ANY_TIME = (CommandKind.HANG_UP,)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom somebody wants to call. An empty connection means the one in the settings."""

    request_id: str
    to: str
    from_number: str
    connection_id: str
    timeout: timedelta
    display_name: str


def refuse_impossible(call: Call, command: Command) -> None:
    """Raise NotYet for a command that cannot reach the leg, or that comes too early or too late.

    CALL_ENDED, CALL_NOT_COMMANDABLE, CALL_NOT_RINGING, CALL_NOT_ANSWERED.
    """
    if call.hung_up:
        raise NotYet("CALL_ENDED", "the call is over")
    if not call.control_id:
        raise NotYet("CALL_NOT_COMMANDABLE", "no event has carried the call's control id yet")
    if command.kind in _WHILE_RINGING:
        if call.direction is not Direction.INBOUND or call.state >= State.ANSWERED:
            raise NotYet("CALL_NOT_RINGING", "only an inbound call that rings can be taken")
    elif command.kind not in _ANY_TIME and call.state < State.ANSWERED:
        raise NotYet("CALL_NOT_ANSWERED", "the call has not been answered")


@dataclass(frozen=True)
class Acting:
    """What callers of the API may do, each in the caller's transaction."""

    calls: SqlCalls
    desk: Desk
    connection_id: str

    async def command(
        self, connection: AsyncConnection, leg_id: str, request_id: str, command: Command
    ) -> CommandRecord:
        """Command a leg and return the command as stored."""
        call = await self._call(connection, leg_id)
        refuse_impossible(call, command)
        key = f"api/{request_id}"
        if not await self.desk.give(connection, call, key, command):
            text = "this request_id was used for a different command"
            raise AlreadyDone("IDEMPOTENCY_MISMATCH", text)
        given = await self.calls.commands_of(connection, call.leg_id)
        return next(each for each in given if each.key == key)

    async def bridge(
        self, connection: AsyncConnection, leg_id: str, other_leg_id: str, request_id: str
    ) -> CommandRecord:
        """Connect two legs; both must be able to be."""
        other = await self._call(connection, other_leg_id)
        command = Bridge(other.control_id)
        refuse_impossible(other, command)
        return await self.command(connection, leg_id, request_id, command)

    async def dial(self, connection: AsyncConnection, wanted: Wanted) -> DialRecord:
        """Call somebody and return the dial as stored."""
        through = wanted.connection_id or self.connection_id
        if not through:
            raise NotYet("CONNECTION_UNKNOWN", "there is no connection to dial through")
        subject = f"api/{wanted.request_id}"
        dial = Dial(
            to=wanted.to,
            from_number=wanted.from_number,
            connection_id=through,
            role=Role.DIALLED,
            subject=subject,
            timeout=wanted.timeout,
            display_name=wanted.display_name,
        )
        await self.desk.dial(connection, dial)
        found = await self.desk.dials.get(connection, dial_id(dial.role, subject))
        assert found is not None  # noqa: S101 - stored a line above, in this transaction
        return found

    async def _call(self, connection: AsyncConnection, leg_id: str) -> Call:
        call = await self.calls.find(connection, Call(leg_id=leg_id))
        if call is None:
            raise NotFound("CALL_NOT_FOUND", "no call with this id is known")
        return call
