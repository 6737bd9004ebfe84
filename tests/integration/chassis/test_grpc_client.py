"""The channel of the chassis, against the server of the chassis and against bad networks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest

from chassis import deadline, grpc_client
from chassis.errors import NotFound, Unavailable
from chassis.grpc_client import Keepalive
from chassis.grpc_status import as_faults
from chassis.health import Health
from tests.support import shoes
from tests.support.eventually import eventually
from tests.support.proxy import proxying
from tests.support.shop import Shop, descriptor, opened, request

Code = grpc.StatusCode


@asynccontextmanager
async def client(port: int, **options: Any) -> AsyncIterator[Any]:
    """Open a channel of the chassis that knows the shop's contract; yield a stub."""
    services = [descriptor()]
    async with grpc_client.channel(f"127.0.0.1:{port}", services=services, **options) as channel:
        yield shoes.stubs().ShoeServiceStub(channel)


async def tell(asked: Any) -> Any:
    """Answer with what is left of the deadline."""
    return shoes.messages().Shoe(name=asked.name, remaining=deadline.remaining())


async def tell_once(asked: Any) -> AsyncIterator[Any]:
    """Send what is left of the deadline."""
    yield await tell(asked)


async def hang(asked: Any) -> Any:
    """Never answer."""
    await asyncio.Event().wait()


# Deadlines


async def test_a_call_has_the_default_deadline_or_its_own() -> None:
    """No call goes out without a deadline; one that is given counts, shorter or longer."""
    async with opened(Shop(tell)) as shop, client(shop.port, default_deadline=2) as stub:
        assert 0 < (await stub.GetShoe(request())).remaining < 3
        assert 3 < (await stub.GetShoe(request(), timeout=10)).remaining < 11
        assert 0 < (await stub.GetShoe(request(), timeout=1)).remaining < 1.5


async def test_a_call_never_outlives_the_call_it_is_made_for() -> None:
    """What is left of the incoming deadline bounds unary calls and streams."""
    async with opened(Shop(tell, tell_once)) as shop, client(shop.port) as stub:
        with deadline.within(1):
            assert 0 < (await stub.GetShoe(request())).remaining < 1.5
            assert 0 < (await stub.GetShoe(request(), timeout=60)).remaining < 1.5
            async for shoe in stub.WatchShoes(request()):
                assert 0 < shoe.remaining < 1.5
        async for shoe in stub.WatchShoes(request()):
            assert shoe.remaining > 60


async def test_the_deadline_goes_from_service_to_service() -> None:
    """A server's handler passes on what its caller gave it, without doing anything for it."""
    async with opened(Shop(tell)) as last, client(last.port, default_deadline=60) as next_stub:

        async def ask_next(asked: Any) -> Any:
            return await next_stub.GetShoe(asked)

        async with opened(Shop(ask_next)) as first, client(first.port) as stub:
            assert 0 < (await stub.GetShoe(request(), timeout=3)).remaining < 4
            assert 4 < (await stub.GetShoe(request(), timeout=20)).remaining < 21


async def test_a_call_that_comes_too_late_is_not_made() -> None:
    """With nothing left of the deadline the call fails, and as a fault it is Unavailable."""
    async with opened(Shop(tell, tell_once)) as shop, client(shop.port) as stub:
        with deadline.within(0.01):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.GetShoe(request())
            assert caught.value.code() is Code.DEADLINE_EXCEEDED
            with pytest.raises(Unavailable), as_faults():
                await stub.GetShoe(request())
            with pytest.raises(Unavailable), as_faults():
                await anext(aiter(stub.WatchShoes(request())))
        assert shop.shop.calls == []


async def test_hanging_up_reaches_the_last_server() -> None:
    """A caller who gives up ends the handlers of every server behind."""
    ended = asyncio.Event()

    async def notice(asked: Any) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with opened(Shop(notice)) as last, client(last.port) as next_stub:

        async def ask_next(asked: Any) -> Any:
            return await next_stub.GetShoe(asked, timeout=60)

        async with opened(Shop(ask_next)) as first, client(first.port) as stub:
            call = stub.GetShoe(request(), timeout=60)
            await eventually(lambda: last.shop.calls)
            call.cancel()
            await asyncio.wait_for(ended.wait(), 10)


# Retries


@pytest.mark.parametrize(
    ("method", "attempts"), [("GetShoe", 3), ("ReserveShoe", 3), ("BuyShoe", 1), ("ListShoes", 1)]
)
async def test_only_declared_methods_are_retried(method: str, attempts: int) -> None:
    """UNAVAILABLE is tried again where the proto declares idempotency, and nowhere else."""

    async def away_twice(asked: Any) -> Any:
        if len(shop.shop.calls) < 3:
            raise Unavailable("BUS_AWAY", "the bus is away")
        return shoes.messages().Shoe(name="boot")

    async with opened(Shop(away_twice)) as shop, client(shop.port, default_deadline=10) as stub:
        asked = request() if method != "ListShoes" else shoes.messages().ListShoesRequest()
        call = getattr(stub, method)(asked)
        if attempts == 1:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert caught.value.code() is Code.UNAVAILABLE
        else:
            assert (await call).name == "boot"
        assert shop.shop.calls == [method] * attempts


async def test_other_failures_are_not_retried() -> None:
    """An answer that will not change is not asked for twice."""

    async def missing(asked: Any) -> Any:
        raise NotFound("NO_SHOE", "no such shoe")

    async with opened(Shop(missing)) as shop, client(shop.port) as stub:
        with pytest.raises(NotFound) as caught, as_faults():
            await stub.GetShoe(request())
        assert caught.value.reason == "NO_SHOE"
        assert caught.value.upstream == "shop.switchhook"
        assert shop.shop.calls == ["GetShoe"]


@pytest.mark.parametrize(("method", "attempts"), [("BuyShoe", 1), ("GetShoe", 4)])
async def test_a_connection_cut_in_the_middle_of_a_call(method: str, attempts: int) -> None:
    """The server may have acted already: only what is declared harmless is sent again."""
    async with (
        opened(Shop(hang)) as shop,
        proxying(shop.port) as proxy,
        client(proxy.port, default_deadline=60) as stub,
    ):
        call = asyncio.ensure_future(getattr(stub, method)(request()))
        for attempt in range(1, attempts + 1):
            await eventually(lambda: len(shop.shop.calls) == attempt)  # noqa: B023
            proxy.cut()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is Code.UNAVAILABLE
        assert shop.shop.calls == [method] * attempts


# Connections


async def test_a_frozen_peer_is_noticed_long_before_the_deadline() -> None:
    """Pings find a peer that keeps its connection and says nothing: not the deadline ends it."""
    keepalive = Keepalive(time=1, timeout=1)
    async with (
        opened(Shop(hang)) as shop,
        proxying(shop.port) as proxy,
        client(proxy.port, keepalive=keepalive) as stub,
    ):
        call = asyncio.ensure_future(stub.BuyShoe(request(), timeout=40))
        await eventually(lambda: shop.shop.calls)
        proxy.freeze()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    assert caught.value.code() is Code.UNAVAILABLE


async def test_the_peer_may_start_later_and_come_back() -> None:
    """A channel needs no peer to be opened, and finds it after an outage."""
    async with opened() as shop:
        port = shop.port
    async with client(port) as stub:
        with pytest.raises(Unavailable), as_faults():
            await stub.BuyShoe(request())
        for _ in range(2):
            async with opened(address=f"127.0.0.1:{port}"):
                shoe = await stub.BuyShoe(request(), timeout=20, wait_for_ready=True)
                assert shoe.name == "boot"


async def test_a_peer_without_a_health_service_is_called() -> None:
    """Servers of others need not know that callers watch their health."""
    server = grpc.aio.server()
    shoes.stubs().add_ShoeServiceServicer_to_server(Shop(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with client(port) as stub:
            assert (await stub.GetShoe(request())).name == "boot"
    finally:
        await server.stop(None)


async def test_a_peer_that_misses_something_is_still_called() -> None:
    """A failing probe is for operators; callers get what the server can still answer."""
    health = Health()
    health.probe("bus", lambda: False)
    async with opened(health=health) as shop, client(shop.port) as stub:
        assert (await stub.GetShoe(request())).name == "boot"


async def test_calls_go_on_while_servers_stop() -> None:
    """Calls are spread over the addresses, and servers that stop in good order lose none.

    The method may not be retried, so every call that met a stopping server would be an error here.
    """
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(opened()) for _ in range(5)]
        address = "ipv4:" + ",".join(f"127.0.0.1:{server.port}" for server in servers)
        channel = await stack.enter_async_context(grpc_client.channel(address))
        stub = shoes.stubs().ShoeServiceStub(channel)
        done = asyncio.Event()

        async def call_until_done() -> int:
            count = 0
            while not done.is_set():
                await stub.BuyShoe(request(), timeout=20)
                count += 1
            return count

        callers = [asyncio.create_task(call_until_done()) for _ in range(16)]
        await eventually(lambda: all(len(server.shop.calls) > 20 for server in servers))
        for server in servers[:-1]:
            await server.close()
        done.set()
        made = sum(await asyncio.gather(*callers))
        assert made == sum(len(server.shop.calls) for server in servers)
