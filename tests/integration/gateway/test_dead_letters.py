"""Dead letters over gRPC: what a real consumer gave up on, listed, sent back, discarded."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.event.v1.event_pb2 import Event
from switchhook.gateway.v1.dead_letter_pb2 import DeadLetter, DeadLetterFilter
from switchhook.gateway.v1.dead_letter_service_pb2 import (
    DiscardDeadLettersRequest,
    GetDeadLetterRequest,
    ListDeadLettersRequest,
    RedriveDeadLettersRequest,
    RedriveDeadLettersResponse,
)

from chassis.consumer import consuming
from chassis.errors import FieldViolation, Invalid
from tests.integration.gateway.door import Door, Stream, gateway, identity, stream, webhook
from tests.integration.gateway.test_events_service import bad_fields, reason
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database
from tests.support.nats import NatsServer


class Reader:
    """A service's handler that cannot digest anything until it is mended."""

    def __init__(self) -> None:
        """Begin broken."""
        self.mended = False
        self.handled: list[str] = []

    async def prepare(self, event: Event, /) -> object:
        """Need nothing."""
        return None

    async def apply(self, connection: AsyncConnection, event: Event, prepared: object, /) -> None:
        """Refuse every event, or note its id."""
        if not self.mended:
            raise Invalid([FieldViolation("detail", "cannot be digested")], "INDIGESTIBLE")
        self.handled.append(event.event_id)


@asynccontextmanager
async def reading(stored: Stream, folder: Path, durable: str) -> AsyncIterator[Reader]:
    """Run a consumer of all events for the block."""
    ledger, reader = Ledger(), Reader()
    url = f"sqlite+aiosqlite:///{folder / f'{durable}.db'}"
    async with (
        ledger_database(url) as database,
        consuming(
            stored.bus,
            durable=durable,
            subjects=["events.v1.>"],
            database=database,
            inbox=ledger.inbox,
            handler=reader,
            decode=Event.FromString,
            identity=lambda event: event.event_id,
        ),
    ):
        yield reader


async def letters(door: Door, **request: Any) -> list[DeadLetter]:
    """Return the letters of all pages."""
    found: list[DeadLetter] = []
    token = ""
    while True:
        page = await door.letters.ListDeadLetters(
            ListDeadLettersRequest(page_token=token, **request)
        )
        found += page.dead_letters
        token = page.next_page_token
        if not token:
            return found


async def some_letters(door: Door, count: int) -> list[DeadLetter]:
    """Wait until there are so many letters."""

    async def enough() -> list[DeadLetter] | None:
        found = await letters(door)
        return found if len(found) >= count else None

    found = await eventually(enough, timeout=30)
    assert found is not None
    return found


def new_id() -> str:
    """Return a fresh request id."""
    return str(uuid.uuid4())


async def redrive(door: Door, **request: Any) -> RedriveDeadLettersResponse:
    """Send letters back."""
    request.setdefault("request_id", new_id())
    answer = await door.letters.RedriveDeadLetters(RedriveDeadLettersRequest(**request))
    assert isinstance(answer, RedriveDeadLettersResponse)
    return answer


async def test_letters_are_listed_and_shown(nats_server: NatsServer, tmp_path: Path) -> None:
    """A letter tells who gave up, why and on what, oldest first, page by page."""
    bodies = [webhook() for _ in range(5)]
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        reading(stored, tmp_path, "voice"),
    ):
        for body in bodies:
            await door.deliver(body)
        found = await some_letters(door, 5)
        assert [each.event.event_id for each in found] == [identity(body) for body in bodies]
        assert {(each.consumer, each.reason) for each in found} == {("voice", "INDIGESTIBLE")}
        assert {each.event.raw for each in found} == {b""}
        assert [each.event_sequence for each in found] == [
            message.sequence for message in await stored.messages()
        ]
        assert await letters(door, page_size=2) == found
        shown = await door.letters.GetDeadLetter(
            GetDeadLetterRequest(dead_letter_id=found[0].dead_letter_id)
        )
        assert shown.dead_letter == found[0]
        assert shown.payload == (await stored.messages())[0].payload


async def test_letters_are_filtered(nats_server: NatsServer, tmp_path: Path) -> None:
    """By consumer, reason, event type and id."""
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        reading(stored, tmp_path, "voice"),
        reading(stored, tmp_path, "fax"),
    ):
        await door.deliver(webhook("call.hangup"))
        await door.deliver(webhook("fax.received", fax_id="f"))
        found = await some_letters(door, 4)

        async def count(**conditions: Any) -> int:
            return len(await letters(door, filter=DeadLetterFilter(**conditions)))

        assert await count(consumer="voice") == 2
        assert await count(consumer="voice", type_prefix="fax.") == 1
        assert await count(consumer="nobody") == 0
        assert await count(reason="INDIGESTIBLE") == 4
        assert await count(reason="OTHER") == 0
        assert await count(type_prefix="call.") == 2
        assert await count(dead_letter_ids=[found[1].dead_letter_id, "999"]) == 1


async def test_a_redriven_event_reaches_only_who_gave_up(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Once mended, the consumer gets its letters back, once each; others see nothing new."""
    bodies = [webhook() for _ in range(4)]
    ids = [identity(body) for body in bodies]
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        reading(stored, tmp_path, "voice") as voice,
        reading(stored, tmp_path, "fax") as fax,
    ):
        fax.mended = True
        for body in bodies:
            await door.deliver(body)
        await some_letters(door, 4)
        await eventually(lambda: len(fax.handled) == 4)
        voice.mended = True
        dry = await redrive(door, dry_run=True)
        assert (dry.matched_count, dry.redriven_count) == (4, 0)
        some = await redrive(door, limit=3, rate=1000)
        assert (some.matched_count, some.redriven_count) == (3, 3)
        await eventually(lambda: sorted(voice.handled) == sorted(ids[:3]))
        rest = await redrive(door, filter=DeadLetterFilter(consumer="voice"))
        assert (rest.matched_count, rest.redriven_count) == (1, 1)
        await eventually(lambda: sorted(voice.handled) == sorted(ids))
        assert await letters(door) == []
        assert sorted(fax.handled) == sorted(ids)
        assert await stored.ids() == ids  # readers of the stream see no second copy


async def test_the_same_request_gets_the_same_answer(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """A repeated request id repeats the answer and no effect; other fields with it are refused."""
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        reading(stored, tmp_path, "voice"),
    ):
        for _ in range(2):
            await door.deliver(webhook())
        first, second = await some_letters(door, 2)
        request_id = new_id()
        only = DeadLetterFilter(dead_letter_ids=[first.dead_letter_id])
        answer = await redrive(door, request_id=request_id, filter=only)
        assert answer.redriven_count == 1
        assert await redrive(door, request_id=request_id, filter=only) == answer
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await redrive(door, request_id=request_id)
        assert reason(refused.value)[0] == "IDEMPOTENCY_MISMATCH"
        remaining = {each.dead_letter_id for each in await letters(door)}
        assert second.dead_letter_id in remaining


async def test_a_rate_and_a_deadline_bound_a_redrive(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """A slow redrive stops before its caller's deadline and says how far it came."""
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        reading(stored, tmp_path, "voice"),
    ):
        for _ in range(5):
            await door.deliver(webhook())
        await some_letters(door, 5)
        answer = await door.letters.RedriveDeadLetters(
            RedriveDeadLettersRequest(request_id=new_id(), rate=1), timeout=2.3
        )
        assert answer.matched_count == 5
        assert 1 <= answer.redriven_count <= 3


async def test_letters_are_discarded_only_on_purpose(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Discarding needs a condition, can be tried dry, and leaves the events alone."""
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        reading(stored, tmp_path, "voice"),
    ):
        for _ in range(3):
            await door.deliver(webhook())
        found = await some_letters(door, 3)

        async def discard(**request: Any) -> tuple[int, int]:
            answer = await door.letters.DiscardDeadLetters(
                DiscardDeadLettersRequest(request_id=new_id(), **request)
            )
            return answer.matched_count, answer.discarded_count

        for empty in ({}, {"filter": DeadLetterFilter()}):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await discard(**empty)
            assert bad_fields(refused.value) == {"filter"}
        voice = DeadLetterFilter(consumer="voice")
        assert await discard(filter=voice, dry_run=True) == (3, 0)
        one = DeadLetterFilter(dead_letter_ids=[found[0].dead_letter_id])
        assert await discard(filter=one) == (1, 1)
        assert await discard(filter=voice) == (2, 2)
        assert await letters(door) == []
        assert len(await stored.ids()) == 3
        with pytest.raises(grpc.aio.AioRpcError) as gone:
            await door.letters.GetDeadLetter(
                GetDeadLetterRequest(dead_letter_id=found[0].dead_letter_id)
            )
        assert reason(gone.value)[0] == "DEAD_LETTER_NOT_FOUND"


async def test_bad_requests_name_their_fields(nats_server: NatsServer, tmp_path: Path) -> None:
    """Every broken rule is told, all at once."""
    async with gateway(nats_server, tmp_path) as door:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await door.letters.RedriveDeadLetters(
                RedriveDeadLettersRequest(
                    request_id="not a uuid",
                    limit=5000,
                    rate=-1,
                    filter=DeadLetterFilter(consumer="a b", dead_letter_ids=["-1"]),
                )
            )
        assert bad_fields(refused.value) == {
            *("request_id", "limit", "rate", "filter.consumer", "filter.dead_letter_ids[0]")
        }
