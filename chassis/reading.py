"""Reading a stream without leaving a trace: a range of it, or all of it as it grows."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from chassis.messages import BusError, StoredMessage, own_headers, parse_time
from chassis.nats_wire import Wire
from chassis.pull import pulling

_FORGET_SECONDS = 60
"""How long the server keeps a reader's place after it stopped asking."""
_END_OF_BATCH, _NO_MESSAGE = "204", "404"


async def read(
    wire: Wire, stream: str, start_sequence: int, limit: int, subject: str, wait: float
) -> list[StoredMessage]:
    """Return up to `limit` messages from a sequence on whose subjects match."""
    found: list[StoredMessage] = []
    over = asyncio.get_running_loop().create_future()

    def receive(_subject: str, _reply: str, payload: bytes, headers: Mapping[str, str]) -> None:
        status = headers.get("Status", "")
        if "Nats-Sequence" in headers:
            found.append(_stored(payload, headers))
        elif not over.done():
            over.set_result(status)

    request = {"seq": start_sequence, "batch": limit, "next_by_subj": subject}
    async with wire.listening(receive) as inbox:
        direct = f"$JS.API.DIRECT.GET.{stream}"
        await wire.send(direct, json.dumps(request).encode(), reply=inbox)
        try:
            async with asyncio.timeout(wait):
                status = await over
        except TimeoutError:
            raise BusError("BUS_TIMEOUT", "the bus did not answer", in_doubt=False) from None
    if status not in {_END_OF_BATCH, _NO_MESSAGE}:
        raise BusError("BUS_REFUSED", "the stream cannot be read", in_doubt=False)
    return found


def _stored(payload: bytes, headers: Mapping[str, str]) -> StoredMessage:
    added = {"Nats-Stream", "Nats-Subject", "Nats-Sequence", "Nats-Time-Stamp"}
    added |= {"Nats-Num-Pending", "Nats-Last-Sequence"}
    return StoredMessage(
        subject=headers["Nats-Subject"],
        sequence=int(headers["Nats-Sequence"]),
        payload=payload,
        headers={name: text for name, text in own_headers(headers).items() if name not in added},
        time=parse_time(headers["Nats-Time-Stamp"]),
    )


async def follow(
    wire: Wire,
    stream: str,
    subjects: Sequence[str],
    start_sequence: int | None,
    start_time: datetime | None,
) -> AsyncIterator[StoredMessage]:
    """Yield messages in order without end, through a consumer of its own that it replaces."""
    place = _Place(wire, stream, subjects, start_sequence, start_time)
    await place.settle()
    try:
        async with pulling(wire, stream, place.fresh_consumer) as pull:
            while True:
                for item in await pull.batch(64):
                    if item.consumer != place.consumer:
                        continue
                    if item.consumer_sequence != place.next_delivery:
                        pull.restart()
                        break
                    place.passed(item.message.sequence)
                    yield item.message
    finally:
        with suppress(BusError):
            await place.leave()


class _Place:
    """Where a reader is, and the short-lived consumer that serves it from there."""

    def __init__(
        self,
        wire: Wire,
        stream: str,
        subjects: Sequence[str],
        start_sequence: int | None,
        start_time: datetime | None,
    ) -> None:
        self._wire = wire
        self._stream = stream
        self._subjects = list(subjects)
        self._next = start_sequence
        self._start_time = start_time
        self.consumer = ""
        self.next_delivery = 1

    async def settle(self) -> None:
        """Turn "from now on" into a sequence, so that a lost connection opens no gap."""
        info = await self._wire.api(f"STREAM.INFO.{self._stream}")
        if self._next is None and self._start_time is None:
            self._next = int(info["state"]["last_seq"]) + 1

    def passed(self, sequence: int) -> None:
        self._next = sequence + 1
        self.next_delivery += 1

    async def fresh_consumer(self) -> str:
        """Make a consumer that starts where the reader is; the former one is given up."""
        await self.leave()
        name = f"follow-{secrets.token_hex(8)}"
        config = {
            "name": name,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "max_waiting": 8,
            "inactive_threshold": _FORGET_SECONDS * 10**9,
            "filter_subjects": self._subjects,
            **self._start(),
        }
        request = {"stream_name": self._stream, "config": config, "action": "create"}
        await self._wire.api(f"CONSUMER.CREATE.{self._stream}.{name}", request)
        self.consumer, self.next_delivery = name, 1
        return name

    async def leave(self) -> None:
        """Delete the consumer; if that fails, the server does so after a minute."""
        consumer, self.consumer = self.consumer, ""
        if consumer:
            with suppress(BusError):
                await self._wire.api(f"CONSUMER.DELETE.{self._stream}.{consumer}", wait=1.0)

    def _start(self) -> dict[str, object]:
        if self._next is not None:
            return {"deliver_policy": "by_start_sequence", "opt_start_seq": max(1, self._next)}
        start = (self._start_time or datetime.now(UTC)).astimezone(UTC)
        text = start.replace(tzinfo=None).isoformat() + "Z"
        return {"deliver_policy": "by_start_time", "opt_start_time": text}
