"""The gateway and the simulated carrier: webhooks both ways round an outage."""

import asyncio
import socket
from pathlib import Path

from switchhook.event.v1.event_pb2 import Event, EventSource

from carrier.api import telnyx_api
from simulator.app import running as simulating
from simulator.client import Control
from simulator.settings import Settings as SimulatorSettings
from tests.integration.gateway.door import Stream, gateway, stream
from tests.support.eventually import eventually
from tests.support.nats import NatsServer

ADA = "+13125550101"


async def _texts(stored: Stream, source: EventSource.ValueType) -> list[str]:
    def received(event: Event) -> bool:
        return event.type == "message.received" and event.source == source

    return [event.message.text for event in await stored.events() if received(event)]


async def test_a_delivery_that_failed_is_recovered_from_the_log(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """A text sent while no gateway listened is an event once one does, and once only."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    carrier = SimulatorSettings(
        address="127.0.0.1:0",
        webhook_url=f"http://127.0.0.1:{port}/webhooks/telnyx",
        webhook_attempts=1,
        api_key="KEY-test",
    )
    async with simulating(carrier) as sim, telnyx_api(sim.api, "KEY-test") as api:
        control = Control(sim.http)

        async def text(words: str) -> None:
            body = {"from": ADA, "text": words}
            await asyncio.to_thread(control.post, "/_sim/sms", body)

        async def failed() -> bool:
            log = await api.request("GET", "/webhook_deliveries?filter[status][eq]=failed")
            return b"lost on the way" in log.body

        await text("lost on the way")
        await eventually(failed, timeout=20)
        here = {
            "TELNYX_PUBLIC_KEY": sim.public_key,
            "TELNYX_API_KEY": "KEY-test",
            "SWITCHHOOK_TELNYX_URL": sim.api,
            "SWITCHHOOK_GATEWAY_HTTP_ADDRESS": f"127.0.0.1:{port}",
        }
        async with gateway(nats_server, tmp_path, **here), stream(nats_server) as stored:

            async def recovered() -> bool:
                texts = await _texts(stored, EventSource.EVENT_SOURCE_RECONCILIATION)
                return texts == ["lost on the way"]

            await eventually(recovered, timeout=20)
            await text("straight through")

            async def delivered() -> bool:
                texts = await _texts(stored, EventSource.EVENT_SOURCE_WEBHOOK)
                return texts == ["straight through"]

            await eventually(delivered, timeout=20)
            ids = await stored.ids()
            assert len(ids) == len(set(ids))
