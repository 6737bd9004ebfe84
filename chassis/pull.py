"""A continuous pull: a request for messages is kept open and renewed while they flow.

The server forgets a request when it restarts and tells nobody. So every request asks for
heartbeats, and silence for longer than that is answered with a new request.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from chassis import logs
from chassis.lifecycle import background
from chassis.messages import BusError, Delivery, delivery
from chassis.nats_wire import Wire

_log = logs.get_logger(__name__)

_EXPIRES = 30.0
_HEARTBEAT = 1.0
_SILENCE = 2.5
"""Seconds without a message or a heartbeat after which a request counts as lost."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_HEARTBEAT_STATUS, _REQUEST_OVER = "100", {"404", "408"}

Ready = Callable[[], Awaitable[str]]
"""Makes sure that the consumer exists and returns its name."""


class Pull:
    """Messages of one consumer as they come, never more than `window` waiting here."""

    def __init__(self, wire: Wire, stream: str, ready: Ready, window: int) -> None:
        self._wire = wire
        self._stream = stream
        self._ready = ready
        self._window = window
        self._inbox = ""
        self._consumer = ""
        self._queue: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._kick = asyncio.Event()
        self._released = False
        self._outstanding = 0
        self._lost = True
        self._last_sign = 0.0
        self._interruption = ""
        self.starts = 0
        """How often pulling has begun: once, and once after every loss."""
        self.fault = ""
        """Why no messages can come at the moment; empty when they can."""

    async def batch(self, limit: int) -> list[Delivery]:
        """Wait for a message and return it with whatever else is there, at most `limit`.

        Returns nothing once the reader is released.
        """
        while not self._queue and not self._released:
            self._arrived.clear()
            await self._arrived.wait()
        if self._released:
            return []
        taken = [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]
        self._kick_if_due()
        return taken

    def release(self) -> None:
        """Let the reader go: nothing is handed out any more."""
        self._released = True
        self._arrived.set()

    def waiting(self) -> list[Delivery]:
        """Return what has arrived and was not taken yet."""
        return list(self._queue)

    def restart(self) -> None:
        """Forget the open request, make sure of the consumer and ask again."""
        self._lost = True
        self._kick.set()

    def receive(self, subject: str, reply: str, payload: bytes, headers: Mapping[str, str]) -> None:
        """Take a message or a status from the server."""
        self._last_sign = asyncio.get_running_loop().time()
        if reply.startswith("$JS.ACK."):
            self._outstanding = max(0, self._outstanding - 1)
            self._queue.append(delivery(subject, reply, payload, headers))
            self._arrived.set()
            self._kick_if_due()
        else:
            self._status(headers)

    def _status(self, headers: Mapping[str, str]) -> None:
        status = headers.get("Status", "")
        if status == _HEARTBEAT_STATUS:
            return
        if status in _REQUEST_OVER:
            unserved = int(headers.get("Nats-Pending-Messages", self._outstanding))
            self._outstanding = max(0, self._outstanding - unserved)
            self._kick_if_due()
        else:
            # The consumer or its leader is gone, or the server is going down.
            self._interruption = headers.get("Description", "") or f"status {status}"
            self.restart()

    def _wanted(self) -> int:
        """Return how many messages to ask for now: half a window or more, or any when none is."""
        room = self._window - self._outstanding - len(self._queue)
        return room if room * 2 >= self._window or not self._outstanding else 0

    def _kick_if_due(self) -> None:
        if self._wanted() > 0:
            self._kick.set()

    async def run(self, inbox: str) -> None:
        """Keep requests open until cancelled."""
        self._inbox = inbox
        pause = _FIRST_PAUSE
        while True:
            self._kick.clear()
            try:
                await self._keep_requesting()
            except BusError as error:
                if self.fault != error.reason:
                    _log.warning("pull.failed", stream=self._stream, reason=str(error))
                self.fault = error.reason
                await self._wait_for_kick(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self.fault, pause = "", _FIRST_PAUSE
                await self._wait_for_kick(_HEARTBEAT)
                self._notice_silence()

    async def _keep_requesting(self) -> None:
        if self._interruption:
            text, self._interruption = self._interruption, ""
            raise BusError("PULL_INTERRUPTED", text, in_doubt=False)
        if self._lost:
            self._wire.require_connection()
            self._consumer = await self._ready()
            self._lost, self._outstanding = False, 0
            self.starts += 1
        if (wanted := self._wanted()) > 0:
            await self._request(wanted)

    async def _request(self, wanted: int) -> None:
        request = {
            "batch": wanted,
            "expires": int(_EXPIRES * 1e9),
            "idle_heartbeat": int(_HEARTBEAT * 1e9),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        self._last_sign = asyncio.get_running_loop().time()
        self._outstanding += wanted
        await self._wire.send(subject, json.dumps(request).encode(), reply=self._inbox)

    async def _wait_for_kick(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._kick.wait()

    def _notice_silence(self) -> None:
        silent = asyncio.get_running_loop().time() - self._last_sign
        if self._outstanding and silent > _SILENCE:
            self._interruption = "no heartbeat"
            self._lost = True


@asynccontextmanager
async def pulling(
    wire: Wire, stream: str, ready: Ready, *, window: int = 128
) -> AsyncIterator[Pull]:
    """Pull from a consumer for the block; `ready` is asked for it now and after every loss."""
    pull = Pull(wire, stream, ready, window)
    async with (
        wire.listening(pull.receive) as inbox,
        wire.calling_on_connect(pull.restart),
        background(pull.run(inbox), name=f"pull {stream}"),
    ):
        yield pull
