"""A TCP proxy that behaves as networks do at their worst."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Passes bytes on until told otherwise."""

    def __init__(self, target: int) -> None:
        """Stand before `target`, a port of this machine."""
        self.port = 0
        self._target = target
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()

    def freeze(self) -> None:
        """Pass nothing on from now, and keep every connection open."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Pass everything on again, also what came meanwhile."""
        self._flowing.set()

    def cut(self) -> None:
        """Reset all connections; new ones are accepted."""
        for writer in self._writers:
            writer.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        with suppress(OSError):
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._target)
            pair = {writer, back_writer}
            self._writers |= pair
            try:
                there = self._pass(reader, back_writer)
                await asyncio.gather(there, self._pass(back_reader, writer))
            finally:
                self._writers -= pair
                back_writer.transport.abort()
        writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def proxying(target: int) -> AsyncIterator[Proxy]:
    """Run a proxy before the port `target` for the block."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.thaw()
        server.close()
        proxy.cut()
        await server.wait_closed()
