"""A running shoe shop: the server of the chassis around a servicer whose behaviour a test sets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from chassis.grpc_server import Service, serving
from chassis.health import Health
from tests.support import shoes

Answer = Callable[[Any], Awaitable[Any]]
Stream = Callable[[Any], AsyncIterator[Any]]


async def _answer(request: Any) -> Any:
    return shoes.messages().Shoe(name=request.name)


async def _stream(request: Any) -> AsyncIterator[Any]:
    yield shoes.messages().Shoe(name=request.name)


class Shop:
    """A servicer; `answer` serves every unary method and `stream` every stream."""

    def __init__(self, answer: Answer = _answer, stream: Stream = _stream) -> None:
        """Serve with these two functions, which take the request."""
        self.answer = answer
        self.stream = stream
        self.calls: list[str] = []

    async def _unary(self, name: str, request: Any) -> Any:
        self.calls.append(name)
        return await self.answer(request)

    async def GetShoe(self, request: Any, _context: object) -> Any:  # noqa: N802, D102
        return await self._unary("GetShoe", request)

    async def ReserveShoe(self, request: Any, _context: object) -> Any:  # noqa: N802, D102
        return await self._unary("ReserveShoe", request)

    async def BuyShoe(self, request: Any, _context: object) -> Any:  # noqa: N802, D102
        return await self._unary("BuyShoe", request)

    async def ListShoes(self, request: Any, _context: object) -> Any:  # noqa: N802, D102
        return await self._unary("ListShoes", request)

    async def GetShoePhotos(self, request: Any, _context: object) -> Any:  # noqa: N802, D102
        self.calls.append("GetShoePhotos")
        async for shoe in self.stream(request):
            yield shoe

    async def WatchShoes(self, request: Any, _context: object) -> Any:  # noqa: N802, D102
        self.calls.append("WatchShoes")
        async for shoe in self.stream(request):
            yield shoe


def descriptor(name: str = "ShoeService") -> Any:
    """Return the descriptor of a service of the shop."""
    return shoes.messages().DESCRIPTOR.services_by_name[name]


def request(name: str = "boot", **values: Any) -> Any:
    """Return a valid request."""
    return shoes.messages().GetShoeRequest(name=name, **values)


@dataclass
class Open:
    """A shop that serves: its port, a plain channel to it without any habits, and a stub."""

    shop: Shop
    port: int
    channel: grpc.aio.Channel
    stub: Any
    health: Health
    close: Callable[[], Awaitable[None]]


@asynccontextmanager
async def opened(shop: Shop | None = None, **options: Any) -> AsyncIterator[Open]:
    """Serve a shop for the block, or until `close`, and open a plain channel to it."""
    shop = shop or Shop()
    health = options.pop("health", None) or Health()
    address = options.pop("address", "127.0.0.1:0")
    service = Service(shoes.stubs().add_ShoeServiceServicer_to_server, shop, descriptor())
    async with AsyncExitStack() as server:
        port = await server.enter_async_context(
            serving(address, [service], domain="shop.switchhook", health=health, **options)
        )
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = shoes.stubs().ShoeServiceStub(channel)
            yield Open(shop, port, channel, stub, health, server.aclose)
