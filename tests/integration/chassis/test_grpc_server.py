"""The server of the chassis, driven by plain gRPC clients over a real socket."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from chassis import deadline, interceptors, logs
from chassis.errors import Contended, Fault, FieldViolation, Invalid, NotFound, Unavailable
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.metrics import Metrics
from tests.support import shoes
from tests.support.eventually import eventually
from tests.support.log_lines import Lines, lines, log_set_up
from tests.support.shop import Shop, descriptor, opened, request

__all__ = ["lines", "log_set_up"]

CANARY = "canary of +12025550101"
Code = grpc.StatusCode


async def failure(call: Awaitable[Any]) -> grpc.aio.AioRpcError:
    """Return the error of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def drained(call: Any) -> list[Any]:
    """Return all messages of a stream."""
    return [message async for message in call]


def detail(error: grpc.aio.AioRpcError, wanted: Any) -> Any:
    """Return the detail of that type, or None."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    return next(
        (wanted for each in (status.details if status else []) if each.Unpack(wanted)), None
    )


def health_stub(channel: grpc.aio.Channel) -> Any:
    """Return the health service's stub, whose types know no asyncio."""
    return health_pb2_grpc.HealthStub(channel)


def reflection_call(channel: grpc.aio.Channel) -> Any:
    """Ask reflection for the services."""
    untyped: Any = reflection_pb2_grpc.ServerReflectionStub
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    return untyped(channel).ServerReflectionInfo(iter([asked]))


def raw(channel: grpc.aio.Channel, method: str, *, stream: bool = False) -> Any:
    """Return a method of the shop that takes and gives bytes."""
    make: Any = channel.unary_stream if stream else channel.unary_unary
    return make(f"/shoes.v1.ShoeService/{method}")


SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health_of(channel: grpc.aio.Channel, name: str) -> int:
    """Return what the health service says of a name."""
    request = health_pb2.HealthCheckRequest(service=name)
    answer = await health_stub(channel).Check(request)
    return int(answer.status)


class Gate:
    """Behaviour that waits: calls enter and stay until the gate is opened."""

    def __init__(self) -> None:
        """Start closed."""
        self.inside = 0
        self.left = 0
        self.open = asyncio.Event()

    async def answer(self, asked: Any) -> Any:
        """Answer once the gate is open."""
        self.inside += 1
        try:
            await self.open.wait()
            return shoes.messages().Shoe(name=asked.name)
        finally:
            self.inside -= 1
            self.left += 1

    async def stream(self, asked: Any) -> AsyncIterator[Any]:
        """Send one message, and another once the gate is open."""
        yield shoes.messages().Shoe(name="first")
        yield await self.answer(asked)


# Errors


@pytest.mark.parametrize(
    "error",
    [
        ValueError(CANARY),
        KeyError(CANARY),
        TimeoutError(CANARY),
        Fault("NO_KIND", CANARY),
        ExceptionGroup(CANARY, [ValueError(CANARY)]),
        grpc.aio.AioRpcError(Code.INTERNAL, grpc.aio.Metadata(), grpc.aio.Metadata(), CANARY),
        grpc.aio.AioRpcError(Code.UNKNOWN, grpc.aio.Metadata(), grpc.aio.Metadata(), CANARY),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("method", ["GetShoe", "GetShoePhotos", "WatchShoes"])
async def test_no_text_of_an_exception_leaves(error: Exception, method: str, lines: Lines) -> None:
    """What is no fault is INTERNAL with an error id, which is in the log, without its text."""

    async def fail(asked: Any) -> Any:
        raise error

    async def fail_midway(asked: Any) -> AsyncIterator[Any]:
        yield shoes.messages().Shoe(name="first")
        raise error

    async with opened(Shop(fail, fail_midway)) as shop:
        call = getattr(shop.stub, method)(request())
        failed = await failure(call if method == "GetShoe" else drained(call))
    info = detail(failed, error_details_pb2.ErrorInfo())
    error_id = info.metadata["error_id"]
    assert failed.code() is Code.INTERNAL
    assert failed.details() == f"internal error {error_id}"
    assert (info.reason, info.domain) == ("INTERNAL", "shop.switchhook")
    assert "canary" not in repr(failed.trailing_metadata())
    written = lines()
    [line] = [line for line in written if line["message"] == "rpc.handled"]
    assert (line["level"], line["error_id"]) == ("error", error_id)
    assert line["error"].startswith(type(error).__name__)
    assert any("fail" in frame for frame in line["frames"])
    assert "canary" not in str(written)


async def test_an_answer_of_the_wrong_type_is_internal(lines: Lines) -> None:
    """What cannot be encoded is a mistake of ours like any other, in calls and in streams."""

    async def wrong(asked: Any) -> Any:
        return CANARY

    async def nothing(asked: Any) -> AsyncIterator[Any]:
        yield None

    async with opened(Shop(wrong, nothing)) as shop:
        for call in (shop.stub.GetShoe(request()), drained(shop.stub.WatchShoes(request()))):
            failed = await failure(call)
            assert failed.code() is Code.INTERNAL
            assert "internal error" in (failed.details() or "")
    assert "canary" not in str(lines())


async def test_a_fault_is_a_status_with_details(lines: Lines) -> None:
    """Kind, reason, metadata and delay reach the caller, and the reason the log."""

    async def contended(asked: Any) -> Any:
        raise Contended("SHOE_HELD", "held by another", metadata={"shoe": "s-1"}, retry_after=0.1)

    async with opened(Shop(contended)) as shop:
        failed = await failure(shop.stub.BuyShoe(request()))
    info = detail(failed, error_details_pb2.ErrorInfo())
    assert (failed.code(), failed.details()) == (Code.ABORTED, "held by another")
    assert (info.reason, info.domain, dict(info.metadata)) == (
        "SHOE_HELD",
        "shop.switchhook",
        {"shoe": "s-1"},
    )
    assert detail(failed, error_details_pb2.RetryInfo()).retry_delay.ToMilliseconds() == 100
    [line] = [line for line in lines() if line["message"] == "rpc.handled"]
    assert (line["outcome"], line["reason"], line["level"]) == ("ABORTED", "SHOE_HELD", "info")


async def test_a_stream_gives_what_it_had_before_its_fault() -> None:
    """A fault in the middle of a stream ends it with a status, after the messages before it."""

    async def two_then_fault(asked: Any) -> AsyncIterator[Any]:
        for name in ("one", "two"):
            yield shoes.messages().Shoe(name=name)
        raise NotFound("NO_MORE", "no more shoes")

    received = []
    async with opened(Shop(stream=two_then_fault)) as shop:
        for method in (shop.stub.GetShoePhotos, shop.stub.WatchShoes):
            call = method(request())
            received += [(await call.read()).name, (await call.read()).name]
            failed = await failure(call.read())
            assert failed.code() is Code.NOT_FOUND
            assert detail(failed, error_details_pb2.ErrorInfo()).reason == "NO_MORE"
    assert received == ["one", "two", "one", "two"]


async def test_a_failure_upstream_is_not_passed_on_as_ours() -> None:
    """A fault of another server is UNAVAILABLE if waiting helps and INTERNAL otherwise."""
    away = Unavailable("BUS_AWAY", CANARY, retry_after=3)
    missing = NotFound("NO_LEATHER", CANARY)
    for fault in (away, missing):
        fault.upstream = "tannery.switchhook"

    async def fail(asked: Any) -> Any:
        raise away if asked.name == "away" else missing

    async with opened(Shop(fail)) as shop:
        unavailable = await failure(shop.stub.GetShoe(request("away")))
        internal = await failure(shop.stub.GetShoe(request("missing")))
    info = detail(unavailable, error_details_pb2.ErrorInfo())
    assert unavailable.code() is Code.UNAVAILABLE
    assert (info.reason, info.domain) == ("UPSTREAM_UNAVAILABLE", "shop.switchhook")
    assert detail(unavailable, error_details_pb2.RetryInfo()).retry_delay.seconds == 3
    assert internal.code() is Code.INTERNAL
    assert "canary" not in f"{unavailable!r} {internal!r}"


async def test_a_servicer_may_abort_by_itself(lines: Lines) -> None:
    """An abort through gRPC's own means reaches the caller, and the log, as it is."""

    class Aborting(Shop):
        async def GetShoe(self, request: Any, context: Any) -> Any:  # noqa: N802
            await context.abort(Code.OUT_OF_RANGE, "no such size")

    async with opened(Aborting()) as shop:
        failed = await failure(shop.stub.GetShoe(request()))
    assert (failed.code(), failed.details()) == (Code.OUT_OF_RANGE, "no such size")
    assert [line["outcome"] for line in lines()] == ["OUT_OF_RANGE"]


# Validation


@pytest.mark.parametrize("method", ["GetShoe", "GetShoePhotos"])
async def test_a_request_that_breaks_rules_names_every_field(method: str) -> None:
    """INVALID_ARGUMENT lists all bad fields, and no handler has seen the request."""
    bad = request("", size=99, buyers=[shoes.messages().Buyer(phone_number="canary")])
    async with opened() as shop:
        call = getattr(shop.stub, method)(bad)
        failed = await failure(call if method == "GetShoe" else drained(call))
        assert shop.shop.calls == []
    violations = detail(failed, error_details_pb2.BadRequest()).field_violations
    assert failed.code() is Code.INVALID_ARGUMENT
    assert [each.field for each in violations] == ["name", "size", "buyers[0].phone_number"]
    assert "canary" not in repr(failed)


async def test_a_handler_may_refuse_fields_as_well() -> None:
    """An Invalid of the logic looks to callers like one of the contract."""

    async def refuse(asked: Any) -> Any:
        raise Invalid([FieldViolation("size", "sold out in this size")], "SIZE_SOLD_OUT")

    async with opened(Shop(refuse)) as shop:
        failed = await failure(shop.stub.GetShoe(request()))
    assert failed.code() is Code.INVALID_ARGUMENT
    assert detail(failed, error_details_pb2.ErrorInfo()).reason == "SIZE_SOLD_OUT"
    assert detail(failed, error_details_pb2.BadRequest()).field_violations[0].field == "size"


@pytest.mark.parametrize("garbage", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\x00"])
async def test_bytes_that_are_no_message_are_invalid(garbage: bytes, lines: Lines) -> None:
    """Garbage on the wire is the caller's fault, in calls and in streams."""
    async with opened() as shop:
        unary = raw(shop.channel, "GetShoe")
        stream = raw(shop.channel, "WatchShoes", stream=True)
        for call in (unary(garbage), drained(stream(garbage))):
            failed = await failure(call)
            assert failed.code() is Code.INVALID_ARGUMENT
            assert detail(failed, error_details_pb2.BadRequest()) is not None
    assert {line["message"] for line in lines()} == {"rpc.handled"}


async def test_random_bytes_never_fail_the_server() -> None:
    """Whatever arrives is a request or an invalid one, never a failure of ours."""
    source = random.Random(20261121)
    async with opened() as shop:
        unary = raw(shop.channel, "GetShoe")
        calls = [unary(source.randbytes(source.randrange(64))) for _ in range(500)]
        answers = await asyncio.gather(*(call.code() for call in calls))
        assert set(answers) <= {Code.OK, Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED}
        assert Code.INVALID_ARGUMENT in answers


async def test_too_many_violations_still_reach_the_caller() -> None:
    """The status survives the limit on trailers however many fields are wrong."""
    buyers = [shoes.messages().Buyer(phone_number="x") for _ in range(2000)]
    async with opened() as shop:
        failed = await failure(shop.stub.GetShoe(request(buyers=buyers)))
    assert failed.code() is Code.INVALID_ARGUMENT
    assert len(detail(failed, error_details_pb2.BadRequest()).field_violations) > 10


# Deadlines


async def test_a_handler_always_has_a_deadline() -> None:
    """With the caller's deadline or without one, something remains and it has a bound."""

    async def tell(asked: Any) -> Any:
        return shoes.messages().Shoe(remaining=deadline.remaining())

    async def tell_once(asked: Any) -> AsyncIterator[Any]:
        yield await tell(asked)

    async with opened(Shop(tell, tell_once)) as shop:
        # The wire rounds a deadline up by a little.
        assert 0 < (await shop.stub.GetShoe(request(), timeout=5)).remaining < 6
        assert 5 < (await shop.stub.GetShoe(request())).remaining <= 10
        [photo] = await drained(shop.stub.GetShoePhotos(request()))
        [watch] = await drained(shop.stub.WatchShoes(request()))
    assert 10 < photo.remaining <= 300
    assert 300 < watch.remaining <= 3600


async def test_a_call_without_a_deadline_ends_at_the_default(
    monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    """A handler that hangs is ended and answered, whatever the caller forgot."""
    monkeypatch.setattr(interceptors, "_UNARY_DEADLINE", 0.05)
    monkeypatch.setattr(interceptors, "_WATCH_DEADLINE", 0.05)
    gate = Gate()
    async with opened(Shop(gate.answer, gate.stream)) as shop:
        failed = await failure(shop.stub.GetShoe(request()))
        assert failed.code() is Code.DEADLINE_EXCEEDED
        assert (await failure(drained(shop.stub.WatchShoes(request())))).code() is failed.code()
        assert gate.inside == 0
    assert [line["outcome"] for line in lines()] == ["DEADLINE_EXCEEDED"] * 2


async def test_a_timeout_of_the_handlers_own_is_not_the_callers() -> None:
    """A TimeoutError from inside is a failure of ours, not a missed deadline."""

    async def own_timeout(asked: Any) -> Any:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    async with opened(Shop(own_timeout)) as shop:
        assert (await failure(shop.stub.GetShoe(request()))).code() is Code.INTERNAL


@pytest.mark.parametrize("method", ["GetShoe", "GetShoePhotos", "WatchShoes"])
async def test_a_handler_is_cancelled_at_the_callers_deadline(method: str, lines: Lines) -> None:
    """Nothing runs on for a caller who has given up, and its place is free again."""
    gate = Gate()
    async with opened(Shop(gate.answer, gate.stream), max_in_flight=1) as shop:
        for _ in range(3):
            call = getattr(shop.stub, method)(request(), timeout=0.1)
            failed = await failure(call if method == "GetShoe" else drained(call))
            assert failed.code() is Code.DEADLINE_EXCEEDED
        await eventually(lambda: gate.left == 3)
    # The caller hangs up at the same moment, and now and then is heard first.
    outcomes = [line["outcome"] for line in lines()]
    assert len(outcomes) == 3
    assert set(outcomes) <= {"DEADLINE_EXCEEDED", "CANCELLED"}


@pytest.mark.parametrize("method", ["GetShoe", "GetShoePhotos", "WatchShoes"])
async def test_a_handler_is_cancelled_with_its_call(method: str, lines: Lines) -> None:
    """A caller who hangs up ends the handler, and gives its place back."""
    gate = Gate()
    async with opened(Shop(gate.answer, gate.stream), max_in_flight=1) as shop:
        for _ in range(3):
            call = getattr(shop.stub, method)(request())
            reading = asyncio.ensure_future(call if method == "GetShoe" else drained(call))
            await eventually(lambda: gate.inside == 1)
            call.cancel()
            await asyncio.wait([reading])
            await eventually(lambda: gate.inside == 0)
    assert [line["outcome"] for line in lines()] == ["CANCELLED"] * 3


# Admission


@pytest.mark.parametrize("method", ["GetShoe", "GetShoePhotos", "WatchShoes"])
async def test_a_full_server_refuses_at_once_and_looks_alive(method: str) -> None:
    """Past the limit calls get RESOURCE_EXHAUSTED with a delay; health checks are answered."""
    gate = Gate()
    async with opened(Shop(gate.answer, gate.stream), max_in_flight=2) as shop:

        def start() -> asyncio.Future[Any]:
            call = getattr(shop.stub, method)(request())
            return asyncio.ensure_future(call if method == "GetShoe" else drained(call))

        held = [start(), start()]
        await eventually(lambda: gate.inside == 2)
        failed = await failure(start())
        assert failed.code() is Code.RESOURCE_EXHAUSTED
        assert detail(failed, error_details_pb2.ErrorInfo()).reason == "OVERLOADED"
        assert detail(failed, error_details_pb2.RetryInfo()).retry_delay.nanos > 0
        assert await health_of(shop.channel, "") == SERVING
        gate.open.set()
        await asyncio.gather(*held)
        await start()


async def test_watches_do_not_take_the_places_of_calls() -> None:
    """Many who watch leave room for those who call."""
    gate = Gate()
    async with opened(Shop(stream=gate.stream), max_in_flight=1) as shop:
        watch = shop.stub.WatchShoes(request())
        await watch.read()
        assert (await shop.stub.GetShoe(request("boot"))).name == "boot"
        watch.cancel()


# Health, reflection, start


async def test_the_health_of_a_service_follows_the_probes() -> None:
    """A service is SERVING while every probe says yes; the server goes on taking calls."""
    health = Health()
    ready = True
    health.probe("bus", lambda: ready)
    async with opened(health=health) as shop:
        assert await health_of(shop.channel, "shoes.v1.ShoeService") == SERVING
        ready = False

        async def is_not_serving() -> bool:
            return await health_of(shop.channel, "shoes.v1.ShoeService") == NOT_SERVING

        await eventually(is_not_serving)
        assert await health_of(shop.channel, "") == SERVING


async def test_a_service_that_is_not_ready_does_not_start_as_serving() -> None:
    """The first answer is already true."""
    health = Health()
    health.probe("bus", lambda: False)
    async with opened(health=health) as shop:
        assert await health_of(shop.channel, "shoes.v1.ShoeService") == NOT_SERVING


async def test_reflection_lists_every_service() -> None:
    """With reflection on, tools see our services, health and reflection itself."""
    async with opened(reflection=True) as shop:
        [answer] = await drained(reflection_call(shop.channel))
    assert {service.name for service in answer.list_services_response.service} == {
        "shoes.v1.ShoeService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }


async def test_reflection_is_off_unless_asked_for() -> None:
    """Without the setting the contract is not shown."""
    async with opened() as shop:
        failed = await failure(drained(reflection_call(shop.channel)))
    assert failed.code() is Code.UNIMPLEMENTED


async def test_a_port_that_is_taken_is_an_error() -> None:
    """Two servers never share a port: without an option gRPC would split the calls in silence."""
    async with opened() as shop:
        with pytest.raises(RuntimeError):
            async with opened(address=f"127.0.0.1:{shop.port}"):
                pytest.fail("a second server started on the same port")


async def test_a_service_that_streams_both_ways_is_refused() -> None:
    """What the guard cannot guard does not start."""
    service = Service(
        shoes.stubs().add_ExchangeServiceServicer_to_server,
        object(),
        descriptor("ExchangeService"),
    )
    with pytest.raises(ValueError, match="ExchangeShoes"):
        async with serving("127.0.0.1:0", [service], domain="shop", health=Health()):
            pytest.fail("it started")


# Stopping


async def test_a_stop_answers_the_calls_in_flight() -> None:
    """New calls are refused, health says NOT_SERVING, and who is inside gets an answer."""
    gate = Gate()
    async with opened(Shop(gate.answer, gate.stream), drain=30) as shop:
        health = health_stub(shop.channel).Watch(health_pb2.HealthCheckRequest())
        assert (await health.read()).status == SERVING
        calls = [asyncio.ensure_future(shop.stub.GetShoe(request())) for _ in range(50)]
        calls += [asyncio.ensure_future(drained(shop.stub.GetShoePhotos(request())))]
        await eventually(lambda: gate.inside == 51)
        closing = asyncio.ensure_future(shop.close())
        assert (await health.read()).status == NOT_SERVING

        async def refused() -> bool:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{shop.port}") as late:
                call = shoes.stubs().ShoeServiceStub(late).GetShoe(request(), timeout=1)
                return (await failure(call)).code() is Code.UNAVAILABLE

        await eventually(refused)
        assert not closing.done()
        gate.open.set()
        answers = await asyncio.gather(*calls)
        await closing
    assert [shoe.name for shoe in answers[:-1]] == ["boot"] * 50
    assert [shoe.name for shoe in answers[-1]] == ["first", "boot"]


async def test_a_stop_does_not_wait_for_streams_without_end() -> None:
    """Who watches is told UNAVAILABLE at once, to go on elsewhere."""
    gate = Gate()
    async with opened(Shop(stream=gate.stream), drain=3600) as shop:
        watch = shop.stub.WatchShoes(request())
        await watch.read()
        await shop.close()
        assert (await failure(watch.read())).code() is Code.UNAVAILABLE
        assert gate.inside == 0


async def test_a_stop_ends_calls_that_outlast_the_drain() -> None:
    """Past the drain, calls are ended and their handlers cancelled."""
    gate = Gate()
    async with opened(Shop(gate.answer), drain=0.1) as shop:
        call = asyncio.ensure_future(shop.stub.GetShoe(request()))
        await eventually(lambda: gate.inside == 1)
        await shop.close()
        assert (await failure(call)).code() is Code.UNAVAILABLE
        await eventually(lambda: gate.inside == 0)


async def test_a_stop_does_not_hang_on_who_watches_health(monkeypatch: pytest.MonkeyPatch) -> None:
    """Health statuses are set under a lock that a stuck watcher may hold; a stop goes on."""

    async def hang(_self: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(grpc_health.aio.HealthServicer, "enter_graceful_shutdown", hang)
    async with opened() as shop:
        await shop.close()


# What is recorded


async def test_each_call_is_one_line_and_one_count(lines: Lines) -> None:
    """Calls are logged and counted by method and code; health checks are neither."""
    metrics = Metrics()
    async with opened(metrics=metrics) as shop:
        await shop.stub.GetShoe(request())
        await drained(shop.stub.GetShoePhotos(request()))
        await failure(shop.stub.GetShoe(request("")))
        assert await health_of(shop.channel, "") == SERVING
    written = lines()
    assert {line["message"] for line in written} == {"rpc.handled"}
    assert [(line["rpc"], line["outcome"]) for line in written] == [
        ("shoes.v1.ShoeService/GetShoe", "OK"),
        ("shoes.v1.ShoeService/GetShoePhotos", "OK"),
        ("shoes.v1.ShoeService/GetShoe", "INVALID_ARGUMENT"),
    ]
    assert all(line["duration_ms"] > 0 for line in written)

    def count(code: str) -> float | None:
        labels = {"rpc": "shoes.v1.ShoeService/GetShoe", "code": code}
        return metrics.registry.get_sample_value("switchhook_grpc_handled_total", labels)

    assert (count("OK"), count("INVALID_ARGUMENT")) == (1, 1)
    assert metrics.registry.get_sample_value("switchhook_grpc_in_flight", {"kind": "call"}) == 0


async def test_services_in_one_process_name_their_lines(lines: Lines) -> None:
    """The lines of a server carry what was bound when it started, whoever calls it."""
    async with AsyncExitStack() as stack:
        with logs.bound(service="boots"):
            first = await stack.enter_async_context(opened())
        second = await stack.enter_async_context(opened())
        await first.stub.GetShoe(request())
        await second.stub.GetShoe(request())
    assert [line["service"] for line in lines()] == ["boots", "shop"]


async def test_a_fault_of_a_groups_only_task_is_that_fault() -> None:
    """A handler that does its work in a task group is answered for as if it had not."""

    async def grouped(asked: Any) -> Any:
        raise ExceptionGroup("unhandled errors", [Contended("SHOE_HELD", "held by another")])

    async with opened(Shop(grouped)) as shop:
        failed = await failure(shop.stub.GetShoe(request()))
    assert failed.code() is Code.ABORTED


async def test_a_method_the_service_left_out_is_unimplemented(lines: Lines) -> None:
    """What the contract names and the servicer does not have is no failure of ours."""

    class Window(shoes.stubs().ShoeServiceServicer):  # type: ignore[misc]
        """A shop that sells nothing."""

    async with opened(cast("Shop", Window())) as shop:
        failed = await failure(shop.stub.GetShoe(request()))
    assert (failed.code(), failed.details()) == (Code.UNIMPLEMENTED, "this method is not served")
    [line] = [line for line in lines() if line["message"] == "rpc.handled"]
    assert (line["level"], line["outcome"]) == ("info", "UNIMPLEMENTED")


async def test_a_method_nobody_serves_is_unimplemented() -> None:
    """An unknown method is refused by gRPC itself."""
    async with opened() as shop:
        failed = await failure(raw(shop.channel, "Steal")(b""))
    assert failed.code() is Code.UNIMPLEMENTED
