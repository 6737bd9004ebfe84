"""The bus as a service sees it: store messages, fetch stored ones, follow a stream."""

import asyncio
import base64
import random
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from chassis.errors import NotFound
from chassis.messages import (
    BusError,
    Outgoing,
    Published,
    StoredMessage,
    StreamState,
    own_headers,
    parse_headers,
    parse_time,
)
from chassis.nats_wire import Wire, wired
from chassis.reading import follow, read

__all__ = ["Bus", "BusError", "Outgoing", "Published", "StoredMessage", "StreamState", "bus"]

_MESSAGE_ID = "Nats-Msg-Id"
_LEADERLESS_PAUSE = (0.05, 0.25)
_NOT_FOUND = {10037, 10059}
"""No message found; stream not found."""


class Bus(Wire):
    """A connection, and what JetStream offers over it."""

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        message_id: str,
        headers: Mapping[str, str] | None = None,
        timeout: float = 0.8,  # noqa: ASYNC109 - one attempt and one verdict
    ) -> Published:
        """Store a message and return where, once the stream says that it is on disk.

        Raises BusError: at once while disconnected; in doubt when no answer came in `timeout`
        seconds, after which the same `message_id` may safely be published again.
        """
        own = {**(headers or {}), _MESSAGE_ID: message_id}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            try:
                answer = await self.request(
                    subject, payload, headers=own, wait=deadline - loop.time()
                )
                return Published(int(answer["seq"]), bool(answer.get("duplicate")))
            except BusError as error:
                # Between two leaders of the stream nobody answers, for a moment.
                pause = random.uniform(*_LEADERLESS_PAUSE)  # noqa: S311 - spreads retries
                if error.reason != "BUS_NO_RESPONDERS" or loop.time() + pause >= deadline:
                    raise
            await asyncio.sleep(pause)

    async def publish_batch(
        self,
        messages: Sequence[Outgoing],
        timeout: float = 0.8,  # noqa: ASYNC109 - one attempt and one verdict
    ) -> list[Published | BusError]:
        """Store several messages of one stream with one write to disk; a verdict for each.

        A batch is stored as a whole or not at all (ADR-50 of NATS). One the server refuses, for
        example because a message is there already, is published message by message.
        """
        if len(messages) > 1:
            try:
                return list(await self._publish_atomically(messages, timeout))
            except BusError as error:
                if error.in_doubt or error.reason == "BUS_DISCONNECTED":
                    return [error] * len(messages)
        return await asyncio.gather(*(self._verdict(message, timeout) for message in messages))

    async def _publish_atomically(
        self, messages: Sequence[Outgoing], wait: float
    ) -> list[Published]:
        batch_id = secrets.token_hex(8)
        *first, last = [
            {
                **message.headers,
                _MESSAGE_ID: message.message_id,
                "Nats-Batch-Id": batch_id,
                "Nats-Batch-Sequence": str(number),
            }
            for number, message in enumerate(messages, 1)
        ]
        for message, headers in zip(messages, first, strict=False):
            await self.send(message.subject, message.payload, headers=headers)
        answer = await self.request(
            messages[-1].subject,
            messages[-1].payload,
            headers={**last, "Nats-Batch-Commit": "1"},
            wait=wait,
        )
        before = int(answer["seq"]) - len(messages)
        return [Published(before + number, False) for number in range(1, len(messages) + 1)]

    async def _verdict(self, message: Outgoing, wait: float) -> Published | BusError:
        try:
            return await self.publish(
                message.subject,
                message.payload,
                message_id=message.message_id,
                headers=message.headers,
                timeout=wait,
            )
        except BusError as error:
            return error

    async def get(self, stream: str, sequence: int) -> StoredMessage:
        """Return one stored message. Raises NotFound (MESSAGE_NOT_FOUND) or BusError."""
        return await self._get(stream, {"seq": sequence})

    async def next(self, stream: str, sequence: int, subject: str = ">") -> StoredMessage:
        """Return the first message at or after `sequence` whose subject matches.

        Raises NotFound (MESSAGE_NOT_FOUND) past the end, or BusError.
        """
        return await self._get(stream, {"seq": sequence, "next_by_subj": subject})

    async def _get(self, stream: str, request: Mapping[str, object]) -> StoredMessage:
        try:
            answer = await self.api(f"STREAM.MSG.GET.{stream}", request)
        except BusError as error:
            if error.code in _NOT_FOUND:
                raise NotFound("MESSAGE_NOT_FOUND", "the stream holds no such message") from None
            raise
        found = answer["message"]
        return StoredMessage(
            subject=found["subject"],
            sequence=int(found["seq"]),
            payload=base64.b64decode(found.get("data", "")),
            headers=own_headers(parse_headers(base64.b64decode(found.get("hdrs", "")))),
            time=parse_time(found["time"]),
        )

    async def read(
        self, stream: str, start_sequence: int, limit: int, *, subject: str = ">"
    ) -> list[StoredMessage]:
        """Return up to `limit` messages, at most 1000, from a sequence on whose subjects match.

        Fewer than `limit` means that the end is reached. Raises BusError.
        """
        return await read(self, stream, start_sequence, min(limit, 1000), subject, wait=5.0)

    async def state(self, stream: str) -> StreamState:
        """Return how much a stream holds. Raises BusError."""
        state = (await self.api(f"STREAM.INFO.{stream}"))["state"]
        return StreamState(
            int(state["first_seq"]),
            int(state["last_seq"]),
            int(state["messages"]),
            int(state["bytes"]),
        )

    async def delete(self, stream: str, sequence: int) -> None:
        """Delete one stored message. Raises NotFound (MESSAGE_NOT_FOUND) or BusError."""
        try:
            await self.api(f"STREAM.MSG.DELETE.{stream}", {"seq": sequence, "no_erase": False})
        except BusError as error:
            if error.code in {*_NOT_FOUND, 10057}:
                raise NotFound("MESSAGE_NOT_FOUND", "the stream holds no such message") from None
            raise

    def follow(
        self,
        stream: str,
        subjects: Sequence[str],
        *,
        start_sequence: int | None = None,
        start_time: datetime | None = None,
    ) -> AsyncIterator[StoredMessage]:
        """Yield stored messages in order, then new ones as they come, without end or gap.

        Starts at a sequence, at a time, or with neither at the next new message. Leaves no state
        behind; lost connections are bridged. Raises BusError when it cannot start.
        """
        return follow(self, stream, subjects, start_sequence, start_time)


@asynccontextmanager
async def bus(
    url: str, *, name: str, patience: float = 10.0, ping_interval: float = 5.0
) -> AsyncIterator[Bus]:
    """Connect to NATS for the block; `url` may list several servers, separated by commas.

    Raises BusError when there is no connection within `patience` seconds; with 0 it does not wait
    and goes on trying. A peer that is silent for three ping intervals counts as gone.
    """
    async with wired(
        Bus, url, name=name, patience=patience, ping_interval=ping_interval
    ) as connected:
        yield connected
