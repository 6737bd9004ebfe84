"""A bare HTTP client: what tests of an edge send must be bytes of their own choosing."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One connection to 127.0.0.1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap an open stream; see `connected`."""
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> Answer:
        """Read one answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines if line]
        headers = {name.lower(): value for name, value in pairs}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body)

    async def post(self, path: str, body: bytes, headers: Pairs = ()) -> Answer:
        """Send one POST and read its answer."""
        await self.send(request("POST", path, body, headers))
        return await self.answer()

    async def closed(self) -> bytes:
        """Wait until the other side closes and return what it said before, as far as it came."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""


def request(method: str, path: str, body: bytes = b"", headers: Pairs = ()) -> bytes:
    """Return the bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: gateway.example", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """Open a connection for the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


async def post(port: int, path: str, body: bytes, headers: Pairs = ()) -> Answer:
    """Send one POST over a connection of its own."""
    async with connected(port) as connection:
        return await connection.post(path, body, headers)
