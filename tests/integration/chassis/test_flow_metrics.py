"""The figures of a consumer and a dispatcher as an operator sees them."""

from typing import Any

from prometheus_client import generate_latest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import SystemClock
from chassis.consumer import Handler, consuming
from chassis.dispatcher import dispatching
from chassis.effects import Doubtful, Effect
from chassis.errors import Invalid
from chassis.flow_metrics import expose
from chassis.jetstream import bus
from chassis.metrics import Metrics
from chassis.outbox import Outbox
from chassis.streams import ensure_streams
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database
from tests.support.performers import ScriptedPerformer


class Clerk(Handler[str]):
    """Queues a note for good events and refuses bad ones."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def apply(self, connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        """Queue or refuse."""
        if event == "bad":
            raise Invalid([])
        await self._outbox.add(connection, Effect(f"note-{event}", "note", b""))


async def test_figures_are_scraped(nats_url: str, sqlite_database_url: str) -> None:
    """What was handled, buried and left in doubt can be read from the metrics."""
    ledger, metrics = Ledger(), Metrics()
    performer = ScriptedPerformer(lambda _effect, _attempt: Doubtful("RESET"))
    async with (
        ledger_database(sqlite_database_url) as database,
        bus(nats_url, name="test") as opened,
        dispatching(
            database,
            ledger.outbox,
            {"note": performer},
            instance="one",
            clock=SystemClock(),
        ) as dispatcher,
    ):
        await ensure_streams(opened)
        async with consuming(
            opened,
            durable="clerk",
            subjects=["events.v1.test.>"],
            database=database,
            inbox=ledger.inbox,
            handler=Clerk(ledger.outbox),
            decode=bytes.decode,
            identity=str,
            after_commit=dispatcher.wake,
        ) as consumer:
            expose(metrics, consumer, dispatcher)
            for event in ("good", "bad"):
                await opened.publish("events.v1.test.note", event.encode(), message_id=event)

            def lines() -> list[str]:
                return generate_latest(metrics.registry).decode().splitlines()

            expected = {
                'switchhook_consumer_events_total{outcome="handled"} 1.0',
                'switchhook_consumer_events_total{outcome="dead"} 1.0',
                "switchhook_consumer_lag 0.0",
                "switchhook_consumer_stopped 0.0",
                'switchhook_outbox_attempts_total{outcome="doubtful"} 1.0',
                'switchhook_outbox_effects{state="unknown"} 1.0',
            }
            await eventually(lambda: expected <= set(lines()), timeout=20)
