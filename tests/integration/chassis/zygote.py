"""A process that has imported everything and forks a service whenever it is told to.

Reads commands from standard input: `start`, `kill` (with -9), `end`; answers each with a line.
Forking an imported process makes a restart a matter of milliseconds.
"""

import asyncio
import os
import signal
import sys
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import SystemClock
from chassis.consumer import Handler, Limits, consuming
from chassis.dispatcher import dispatching
from chassis.effects import Done, Doubtful, Effect, InDoubt, Outcome
from chassis.jetstream import bus
from chassis.publisher import EVENT, EventPublisher, event_effect
from cli.children import die_with_parent
from tests.support.ledger import Ledger, ledger_database

# A kill while an event is handled counts against it; here nothing else does.
LIMITS = Limits(ack_wait=1.0, attempts=1000, first_delay=0.05, batch=16, window=32)


class Clerk(Handler[str]):
    """Writes an entry, queues a note to the receiver and announces a decision."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def apply(self, connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        """Have one row and two effects per event."""
        await connection.execute(sa.insert(self._ledger.entries).values(event_id=event))
        note = Effect(
            effect_id=f"note-{event}",
            kind="note",
            body=f"{event}:{os.getpid()}".encode(),
            in_doubt=InDoubt.RESEND,
            resend_window=3600,
        )
        await self._ledger.outbox.add(connection, note)
        subject = "events.v1.clerk.note.made"
        await self._ledger.outbox.add(connection, event_effect(f"made-{event}", subject, b"made"))


class NotePerformer:
    """Sends a line to the receiver and waits for its answer."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def admit(self, connection: AsyncConnection, effect: Effect, /) -> str | None:
        """Admit everything."""
        return None

    async def perform(self, effect: Effect, /) -> Outcome:
        """Send key and body; a lost answer is a doubt."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(effect.effect_id.encode() + b" " + effect.body + b"\n")
            answer = await reader.readline()
            writer.close()
        except OSError:
            return Doubtful("RESET")
        return Done(answer.decode().strip()) if answer else Doubtful("RESET")

    async def settle(
        self, connection: AsyncConnection, effect: Effect, outcome: Outcome, /
    ) -> None:
        """Settle nothing."""


async def serve(nats_url: str, database_url: str, port: int) -> None:
    """Run the service until killed."""
    ledger = Ledger()
    async with (
        ledger_database(database_url) as database,
        bus(nats_url, name="clerk", patience=30) as opened,
        dispatching(
            database,
            ledger.outbox,
            {"note": NotePerformer(port), EVENT: EventPublisher(opened)},
            instance="clerk",
            clock=SystemClock(),
        ) as dispatcher,
        consuming(
            opened,
            durable="clerk",
            subjects=["events.v1.test.>"],
            database=database,
            inbox=ledger.inbox,
            handler=Clerk(ledger),
            decode=bytes.decode,
            identity=str,
            after_commit=dispatcher.wake,
            limits=LIMITS,
        ),
    ):
        await asyncio.Event().wait()


def main() -> None:
    """Fork and kill services as told."""
    nats_url, database_url, port = sys.argv[1:]
    child, tie_to_us = 0, die_with_parent()
    for command in sys.stdin:
        if command.strip() == "start":
            child = os.fork()
            if child == 0:
                if tie_to_us:
                    tie_to_us()
                asyncio.run(serve(nats_url, database_url, int(port)))
        elif child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
