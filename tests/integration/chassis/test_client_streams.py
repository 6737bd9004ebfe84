"""Calls whose requests are a stream: guarded message by message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from chassis import interceptors
from chassis.errors import NotFound
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.metrics import Metrics
from tests.support import shoes
from tests.support.log_lines import Lines, lines, log_set_up
from tests.support.shop import descriptor, request

__all__ = ["lines", "log_set_up"]

Code = grpc.StatusCode


class Returns:
    """Takes shoes back and answers with the names of all."""

    def __init__(self) -> None:
        """Take everything."""
        self.taken: list[str] = []
        self.began = asyncio.Event()
        self.ended = asyncio.Event()

    async def ReturnShoes(self, requests: AsyncIterator[Any], _context: object) -> Any:  # noqa: N802
        """Take every shoe; one called MISSING is unknown."""
        try:
            async for each in requests:
                if each.name == "MISSING":
                    raise NotFound("SHOE_NOT_FOUND", "no such shoe")
                self.taken.append(each.name)
                self.began.set()
        finally:
            self.ended.set()
        return shoes.messages().Shoe(name=" ".join(self.taken))


@asynccontextmanager
async def returning(servicer: Returns, **options: Any) -> AsyncIterator[Any]:
    """Serve for the block and give the stub."""
    service = Service(
        shoes.stubs().add_ReturnServiceServicer_to_server, servicer, descriptor("ReturnService")
    )
    server = serving("127.0.0.1:0", [service], domain="shop.switchhook", health=Health(), **options)
    async with server as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield shoes.stubs().ReturnServiceStub(channel)


async def stream(*names: str, then: asyncio.Event | None = None) -> AsyncIterator[Any]:
    """Send a request for each name, and then nothing until the event."""
    for name in names:
        yield request(name)
    if then is not None:
        await then.wait()


async def test_a_stream_of_requests_gets_one_answer(lines: Lines) -> None:
    """Every message arrives in order; the call is counted and logged as any other."""
    metrics = Metrics()
    async with returning(Returns(), metrics=metrics) as stub:
        answer = await stub.ReturnShoes(stream("left", "right"))
    assert answer.name == "left right"
    (line,) = [each for each in lines() if each["message"] == "rpc.handled"]
    assert (line["rpc"], line["outcome"]) == ("shoes.v1.ReturnService/ReturnShoes", "OK")


async def test_every_message_is_checked() -> None:
    """A message that breaks a rule ends the call, after those before it were taken."""
    servicer = Returns()
    async with returning(servicer) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ReturnShoes(stream("left", "", "right"))
    assert refused.value.code() is Code.INVALID_ARGUMENT
    assert servicer.taken == ["left"]


async def test_a_fault_is_translated() -> None:
    """What the servicer raises is told as for any other call."""
    async with returning(Returns()) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ReturnShoes(stream("MISSING", "right"))
    assert refused.value.code() is Code.NOT_FOUND


async def test_garbage_is_not_a_message() -> None:
    """Bytes that cannot be decoded are the caller's mistake."""
    servicer = Returns()
    service = Service(
        shoes.stubs().add_ReturnServiceServicer_to_server, servicer, descriptor("ReturnService")
    )
    server = serving("127.0.0.1:0", [service], domain="shop.switchhook", health=Health())
    async with server as port, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        send: Any = channel.stream_unary("/shoes.v1.ReturnService/ReturnShoes")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await send(iter([b"\xff\xff"]))
    assert refused.value.code() is Code.INVALID_ARGUMENT


async def test_a_stream_without_end_meets_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that set no deadline and stops sending is not waited for without end."""
    monkeypatch.setattr(interceptors, "_STREAM_DEADLINE", 0.05)
    never = asyncio.Event()
    async with returning(Returns()) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ReturnShoes(stream("left", then=never))
    assert refused.value.code() is Code.DEADLINE_EXCEEDED


async def test_a_caller_who_goes_away_ends_the_call() -> None:
    """The servicer hears of it: its own clean-up runs."""
    servicer, never = Returns(), asyncio.Event()
    async with returning(servicer) as stub:
        call = stub.ReturnShoes(stream("left", then=never))
        sending = asyncio.ensure_future(call)
        await servicer.began.wait()
        call.cancel()
        await servicer.ended.wait()
        with pytest.raises(asyncio.CancelledError):
            await sending
