"""The connection to NATS: the one module that knows nats-py, and the traps it lays.

Only its connection is used. Its JetStream layer is not: its fetch loses requests when the server
restarts, its asynchronous publish never resolves after a lost connection, and neither can be seen
from outside. What replaces them speaks JetStream's own subjects through this module.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport
from nats.errors import Error as NatsError
from nats.errors import SlowConsumerError, StaleConnectionError

from chassis import logs
from chassis.lifecycle import background
from chassis.messages import BusError

_log = logs.get_logger(__name__)
W = TypeVar("W", bound="Wire")

Handler = Callable[[str, str, bytes, Mapping[str, str]], None]
"""Takes the subject, reply subject, payload and headers of a message; must not block."""

_RECONNECT_SECONDS = 0.25
_WATCH_SECONDS = 0.5
_CLOSE_SECONDS = 5.0
_NO_RESPONDERS = "503"
_AWAY = (OSError, TimeoutError, StaleConnectionError)
"""What nats-py complains of while a server is merely away; that is said once, elsewhere."""


class Wire:
    """One connection that comes back by itself and never pretends to be there."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._tokens = itertools.count()
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._on_connect: set[Callable[[], None]] = set()
        self._started = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the server can be reached now; a readiness probe."""
        return bool(self._client.is_connected)

    @property
    def max_payload(self) -> int:
        """The largest message the server takes, in bytes."""
        return int(self._client.max_payload)

    def require_connection(self) -> None:
        """Raise BusError at once while there is no connection.

        nats-py would deliver later what is sent meanwhile, or leak a reply nobody waits for.
        """
        if not self._client.is_connected:
            raise BusError("BUS_DISCONNECTED", "the bus is away", in_doubt=False)

    async def send(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        reply: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a message without waiting; several in a row leave in one write. Raises BusError."""
        self.require_connection()
        try:
            # A copy, because nats-py changes the mapping it is given.
            copy = dict(headers) if headers else None
            await self._client.publish(subject, payload, reply=reply, headers=copy)
        except NatsError as error:
            text = f"the bus cannot send this: {type(error).__name__}"
            raise BusError("BUS_REFUSED", text, in_doubt=False) from error

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        wait: float,
    ) -> dict[str, Any]:
        """Send a message and return the server's JSON answer, at most `wait` seconds later.

        Raises BusError; one with an error code of the server is never in doubt.
        """
        token = str(next(self._tokens))
        self._waiting[token] = future = asyncio.get_running_loop().create_future()
        try:
            await self.send(subject, payload, reply=f"{self._inbox}.{token}", headers=headers)
            async with asyncio.timeout(wait):
                return _answer(await future)
        except TimeoutError:
            raise BusError("BUS_TIMEOUT", "the bus did not answer", in_doubt=True) from None
        finally:
            del self._waiting[token]

    async def api(
        self, operation: str, request: Mapping[str, Any] | None = None, *, wait: float = 5.0
    ) -> dict[str, Any]:
        """Ask JetStream's API, for example STREAM.INFO.EVENTS. Raises BusError with its code."""
        payload = json.dumps(request).encode() if request is not None else b""
        return await self.request(f"$JS.API.{operation}", payload, wait=wait)

    @asynccontextmanager
    async def listening(self, handler: Handler, *, subject: str = "") -> AsyncIterator[str]:
        """Call `handler` with every message sent to `subject`, by default a fresh inbox."""
        await self._started.wait()
        inbox = subject or self._client.new_inbox()

        async def receive(message: Msg) -> None:
            handler(message.subject, message.reply, message.data, message.headers or {})

        subscription = await self._client.subscribe(inbox, cb=receive)
        try:
            yield inbox
        finally:
            # Before the connection drains, which would otherwise wait for what is still queued.
            with suppress(NatsError):
                await subscription.unsubscribe()

    @asynccontextmanager
    async def calling_on_connect(self, call: Callable[[], None]) -> AsyncIterator[None]:
        """Call `call` whenever the connection has come back."""
        self._on_connect.add(call)
        try:
            yield
        finally:
            self._on_connect.discard(call)

    async def receive_reply(self, message: Msg) -> None:
        """Hand an answer to whoever waits for it."""
        future = self._waiting.get(message.subject.rsplit(".", 1)[-1])
        if future is not None and not future.done():
            future.set_result(message)

    async def until_connected(self, patience: float) -> None:
        """Wait for the first connection. Raises BusError after `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._started.wait()
        except TimeoutError:
            raise BusError("BUS_DISCONNECTED", "the bus is away", in_doubt=False) from None

    async def start(self) -> None:
        """Listen for answers; called once, when the first connection is there."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self.receive_reply)
        self._started.set()
        self.came_back()

    def came_back(self) -> None:
        """Tell those who asked that the connection is there again."""
        for call in list(self._on_connect):
            call()

    def went_away(self) -> None:
        """Fail what waits for an answer: it will not come, and nats-py would not say so."""
        for future in self._waiting.values():
            if not future.done():
                text = "the connection was lost before the answer"
                future.set_exception(BusError("BUS_DISCONNECTED", text, in_doubt=True))


def _answer(message: Msg) -> dict[str, Any]:
    if (message.headers or {}).get("Status") == _NO_RESPONDERS:
        raise BusError("BUS_NO_RESPONDERS", "nobody serves this subject", in_doubt=False)
    try:
        answer: dict[str, Any] = json.loads(message.data)
    except ValueError:
        text = "the answer is not JetStream's"
        raise BusError("BUS_REFUSED", text, in_doubt=True) from None
    if error := answer.get("error"):
        text = str(error.get("description", "refused"))
        raise BusError("BUS_REFUSED", text, in_doubt=False, code=int(error.get("err_code", 0)))
    return answer


@asynccontextmanager
async def wired(
    make: Callable[[Client], W], url: str, *, name: str, patience: float, ping_interval: float
) -> AsyncIterator[W]:
    """Connect, stay connected for the block, and leave in good order.

    Waits `patience` seconds for the first connection and raises BusError then; with 0 it goes on
    trying beside the block. After that it reconnects for ever: a connection that is over for good
    (the server refuses us) raises BackgroundEnded out of the block.
    """
    client = Client()
    wire = make(client)
    try:
        async with background(_stay_connected(wire, client, url, name, ping_interval), name="bus"):
            if patience:
                await wire.until_connected(patience)
            yield wire
    finally:
        await _close(client)


async def _stay_connected(
    wire: Wire, client: Client, url: str, name: str, ping_interval: float
) -> None:
    over, complaints = asyncio.Event(), _Complaints()

    async def disconnected() -> None:
        if not client.is_closed:  # also called when we leave, which is no news
            _log.warning("bus.disconnected")
        wire.went_away()

    async def reconnected() -> None:
        _log.info("bus.reconnected")
        complaints.forget()
        wire.came_back()

    async def closed() -> None:
        over.set()

    await client.connect(
        [server.strip() for server in url.split(",")],
        name=name,
        error_cb=complaints.hear,
        disconnected_cb=disconnected,
        reconnected_cb=reconnected,
        closed_cb=closed,
        max_reconnect_attempts=-1,
        reconnect_time_wait=_RECONNECT_SECONDS,  # type: ignore[arg-type] # it may be a fraction
        ping_interval=ping_interval,  # type: ignore[arg-type] # it may be a fraction
        max_outstanding_pings=2,
        pending_size=0,
    )
    complaints.forget()
    await wire.start()
    while not over.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_WATCH_SECONDS):
                await over.wait()
        _abandon_old_socket(client)
    raise ConnectionError("the bus closed the connection for good")


def _abandon_old_socket(client: Client) -> None:
    """Let a reconnection go on whose old socket cannot be closed.

    nats-py waits until the old socket has sent everything, which a frozen peer never lets it.
    """
    transport = client._transport  # noqa: SLF001 - there is no public way
    writer = transport._io_writer if isinstance(transport, TcpTransport) else None  # noqa: SLF001
    if client.is_reconnecting and writer is not None and writer.is_closing():
        writer.transport.abort()


class _Complaints:
    """Logs what nats-py complains of; the same of every attempt to connect only once."""

    def __init__(self) -> None:
        self._heard: set[str] = set()

    async def hear(self, error: Exception) -> None:
        """Take a complaint; a denied permission shows nowhere else."""
        kind = type(error).__name__
        if "permissions violation" in str(error).lower():
            _log.error("bus.not_permitted", kind=kind)
        elif isinstance(error, SlowConsumerError):
            _log.error("bus.message_dropped", kind=kind)
        elif isinstance(error, _AWAY):
            _log.debug("bus.error", kind=kind)
        elif kind not in self._heard:
            self._heard.add(kind)
            _log.error("bus.refuses_us", kind=kind)

    def forget(self) -> None:
        """Begin anew once connected."""
        self._heard.clear()


async def _close(client: Client) -> None:
    with suppress(NatsError, OSError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            if client.is_connected:
                await client.drain()
            else:
                await client.close()
