"""Wire the simulator together and run it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from simulator.exchange import Exchange
from simulator.server import application
from simulator.settings import Settings

_MAX_BODY = 16 * 1024 * 1024


@dataclass(frozen=True)
class Addresses:
    """Where a running simulator is."""

    http: str
    """Its address, such as http://127.0.0.1:8090."""
    public_key: str
    """What TELNYX_PUBLIC_KEY must be to believe its webhooks."""

    @property
    def api(self) -> str:
        """The base of REST v2, for SWITCHHOOK_TELNYX_URL."""
        return f"{self.http}/v2"


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Addresses]:
    """Run a simulator for the block, in the caller's event loop."""
    host, _, port = settings.address.rpartition(":")
    # Telnyx may open many connections at once; it does not wait in a pool of ours.
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        exchange = Exchange(settings, session)
        server = HTTPServer(application(exchange), max_body_size=_MAX_BODY)
        sockets = bind_sockets(int(port), address=host)
        server.add_sockets(sockets)
        exchange.media.base_url = f"http://{host}:{sockets[0].getsockname()[1]}"
        try:
            yield Addresses(exchange.media.base_url, settings.public_key())
        finally:
            server.stop()
            await exchange.close()
            await server.close_all_connections()
