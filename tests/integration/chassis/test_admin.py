"""The operator's port over real HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from chassis.admin import admin_server
from chassis.health import Health
from chassis.metrics import Metrics


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


async def test_alive_ready_and_metrics(http: aiohttp.ClientSession) -> None:
    """The three pages answer, each from what its service says."""
    health, metrics = Health(), Metrics("shop")
    ready = True
    health.probe("bus", lambda: ready)
    metrics.counter("sold", "Shoes sold.").at().inc()
    async with admin_server("127.0.0.1:0", health, metrics.registry) as port:
        base = f"http://127.0.0.1:{port}"
        async with http.get(f"{base}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"alive": True})
        async with http.get(f"{base}/readyz") as answer:
            assert answer.status == 200
            assert await answer.json() == {"ready": True, "probes": {"bus": True}}
        ready = False
        async with http.get(f"{base}/readyz") as answer:
            assert answer.status == 503
            assert await answer.json() == {"ready": False, "probes": {"bus": False}}
        async with http.get(f"{base}/healthz") as answer:
            assert answer.status == 200
        async with http.get(f"{base}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert "shop_sold_total 1.0" in await answer.text()


async def test_nothing_else_is_served(http: aiohttp.ClientSession) -> None:
    """Other paths and methods are refused, and no version is told."""
    async with admin_server("127.0.0.1:0", Health(), Metrics().registry) as port:
        async with http.get(f"http://127.0.0.1:{port}/debug") as answer:
            assert answer.status == 404
        async with http.post(f"http://127.0.0.1:{port}/readyz", data=b"x") as answer:
            assert answer.status == 405


async def test_a_port_that_is_taken_is_an_error() -> None:
    """Two services never share an admin port."""
    async with admin_server("127.0.0.1:0", Health(), Metrics().registry) as port:
        with pytest.raises(OSError, match="in use"):
            async with admin_server(f"127.0.0.1:{port}", Health(), Metrics().registry):
                pytest.fail("a second server started on the same port")


async def test_leaving_closes_open_connections(http: aiohttp.ClientSession) -> None:
    """A scraper that keeps its connection does not hold up a shutdown."""
    async with (
        admin_server("127.0.0.1:0", Health(), Metrics().registry) as port,
        http.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        assert answer.status == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get(f"http://127.0.0.1:{port}/healthz")
