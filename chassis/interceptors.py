"""What stands between the network and every handler of a gRPC server.

From the outside in: one log line and the metrics; faults become statuses; the deadline; admission;
decoding and validation. A call whose handler fails in any other way is answered INTERNAL with an
error id and nothing else: the text of an exception may hold anything.

Health checks and reflection pass untouched, so that a busy server never looks dead.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from chassis import deadline, grpc_status, logs
from chassis.errors import Fault, FieldViolation, Invalid, Overloaded, Unavailable
from chassis.metrics import Metrics
from chassis.validation import violations

_log = logs.get_logger(__name__)

# Strings, because grpc's classes are generic in their type stubs only.
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Continuation: TypeAlias = (
    "Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]]"
)
Perform = Callable[[Any], Awaitable[bytes | None]]

_EXEMPT = ("/grpc.health.", "/grpc.reflection.")
# Seconds, for callers that set no deadline.
_UNARY_DEADLINE = 10.0
_STREAM_DEADLINE = 300.0
_WATCH_DEADLINE = 3600.0
_RETRY_AFTER = 0.5  # seconds, told to callers that were not admitted


class _TooLate(Exception):  # noqa: N818 - an answer of the interceptor, not an error
    """The deadline has passed."""


class _LeftOut(Exception):  # noqa: N818 - an answer of the interceptor, not an error
    """The service does not have this method."""


class Guard(grpc.aio.ServerInterceptor):
    """Admit, bound, check, translate and record every call of the methods it is told of.

    At most `max_in_flight` calls run at once. Methods named Watch... are endless: they have as
    many places of their own, and a server that stops does not wait for them.
    """

    def __init__(
        self, domain: str, methods: list[str], max_in_flight: int, metrics: Metrics
    ) -> None:
        self._domain = domain
        self._calls = _Admission(max_in_flight)
        self._watches = _Admission(max_in_flight)
        self._guarded: dict[str, Handler] = {}
        codes = [code.name for code in grpc.StatusCode]
        self._handled = metrics.counter(
            "grpc_handled", "Calls answered.", {"rpc": methods, "code": codes}
        )
        self._seconds = metrics.histogram(
            "grpc_handling_seconds", "Time to answer a call.", {"rpc": methods}
        )
        kinds = {"kind": ["call", "watch"]}
        in_flight = metrics.gauge("grpc_in_flight", "Calls that are being answered.", kinds)
        in_flight.at("call").set_function(lambda: self._calls.places_taken)
        in_flight.at("watch").set_function(lambda: self._watches.places_taken)

    def busy(self) -> set[asyncio.Task[Any]]:
        """Return the tasks of the calls, but the endless ones, whose answer is not yet sent."""
        return set(self._calls.tasks)

    async def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        """Put the guard around the handler of a call; grpc.aio asks once for each call."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(_EXEMPT):
            return handler
        if method not in self._guarded:
            self._guarded[method] = self._guard(_Method.of(method, handler), handler)
        return self._guarded[method]

    def _guard(self, method: "_Method", handler: Any) -> Handler:
        """Return a handler of bytes, so that decoding and encoding are guarded as well."""
        decode, encode = handler.request_deserializer, handler.response_serializer
        behave = handler.unary_unary or handler.unary_stream or handler.stream_unary

        async def unary(raw: Any, context: Context) -> bytes | None:
            async def perform(request: Any) -> bytes:
                answer: bytes = encode(await behave(request, context))
                return answer

            return await self._call(method, _read(decode, raw), context, perform)

        async def stream(raw: bytes, context: Context) -> None:
            # A coroutine that writes, not a generator: cancelling it runs every `finally` at once.
            async def perform(request: Any) -> None:
                async with aclosing(behave(request, context)) as answers:
                    async for answer in answers:
                        await context.write(encode(answer))

            await self._call(method, _read(decode, raw), context, perform)

        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(cast("Any", unary))
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(cast("Any", stream))
        return grpc.unary_unary_rpc_method_handler(cast("Any", unary))

    async def _call(
        self, method: "_Method", read: Callable[[], Any], context: Context, perform: Perform
    ) -> bytes | None:
        record = _Record(method.name)
        try:
            return await self._perform(method, read, context, perform)
        except grpc.aio.AbortError:
            record.outcome = context.code()
            raise
        except asyncio.CancelledError:
            record.outcome = _why_cancelled(context)
            raise
        except NotImplementedError as error:
            # What the generated servicer does for a method that its service does not have.
            left_out = context.code() is grpc.StatusCode.UNIMPLEMENTED
            await _abort(context, record.failed(_LeftOut() if left_out else error, self._domain))
        except Exception as error:
            await _abort(context, record.failed(error, self._domain))
        finally:
            self._handled.at(method.name, record.outcome.name).inc()
            self._seconds.at(method.name).observe(record.seconds())
            record.write()

    async def _perform(
        self, method: "_Method", read: Callable[[], Any], context: Context, perform: Perform
    ) -> bytes | None:
        admission = self._watches if method.endless else self._calls
        with _deadline(context, method.default_deadline) as seconds, admission.place():
            return await _in_time(perform(read()), seconds)


@dataclass(frozen=True)
class _Method:
    """What the guard knows of a method: its full name, and how long a call of it may take."""

    name: str
    endless: bool
    default_deadline: float

    @classmethod
    def of(cls, path: str, handler: Handler) -> "_Method":
        name = path.lstrip("/")
        endless = name.rpartition("/")[2].startswith("Watch")
        stream = _WATCH_DEADLINE if endless else _STREAM_DEADLINE
        streaming = handler.request_streaming or handler.response_streaming
        return cls(name, endless, stream if streaming else _UNARY_DEADLINE)


class _Admission:
    """A number of places; who finds none is refused at once instead of waiting in a queue."""

    def __init__(self, places: int) -> None:
        self._places = places
        self.places_taken = 0
        self.tasks: set[asyncio.Task[Any]] = set()

    @contextmanager
    def place(self) -> Iterator[None]:
        if self.places_taken >= self._places:
            raise Overloaded("OVERLOADED", "too many calls at once", retry_after=_RETRY_AFTER)
        self._remember()
        self.places_taken += 1
        try:
            yield
        finally:
            self.places_taken -= 1

    def _remember(self) -> None:
        """Keep the call's task until grpc.aio has sent the answer, which is after the handler."""
        task = asyncio.current_task()
        if task is not None and task not in self.tasks:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)


class _Record:
    """What is said about one call when it is over."""

    def __init__(self, method: str) -> None:
        self.outcome = grpc.StatusCode.OK
        self._method = method
        self._started = time.perf_counter()
        self._values: dict[str, Any] = {}

    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def failed(self, error: Exception, domain: str) -> status_pb2.Status:
        """Note the failure and return the status to answer with."""
        status = _status(error, domain)
        if status is None:
            error_id = secrets.token_hex(8)
            self._values = {"error_id": error_id, "exc_info": error}
            status = _internal(error_id, domain)
        elif isinstance(error, Fault):
            self._values = {"reason": error.reason}
        self.outcome = _code(status.code)
        return status

    def write(self) -> None:
        log = _log.error if "error_id" in self._values else _log.info
        milliseconds = round(self.seconds() * 1000, 2)
        log(
            "rpc.handled",
            rpc=self._method,
            outcome=self.outcome.name,
            duration_ms=milliseconds,
            **self._values,
        )


def _code(number: int) -> grpc.StatusCode:
    return next(code for code in grpc.StatusCode if code.value[0] == number)


def _status(error: Exception, domain: str) -> status_pb2.Status | None:
    if isinstance(error, _TooLate):
        return grpc_status.status(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline has passed")
    if isinstance(error, _LeftOut):
        return grpc_status.status(grpc.StatusCode.UNIMPLEMENTED, "this method is not served")
    if isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        return _status(error.exceptions[0], domain)  # one task of a group failed, and why is clear
    fault = grpc_status.to_fault(error) if isinstance(error, grpc.aio.AioRpcError) else error
    if not isinstance(fault, Fault):
        return None
    if fault.upstream:
        return _upstream(fault, domain)
    return grpc_status.from_fault(fault, domain)


def _upstream(fault: Fault, domain: str) -> status_pb2.Status | None:
    """Answer for a call to another server that failed; its status is never passed on as ours."""
    if not isinstance(fault, Unavailable):
        return None
    message = f"{fault.upstream} is unavailable"
    own = Unavailable("UPSTREAM_UNAVAILABLE", message, retry_after=fault.retry_after)
    return grpc_status.from_fault(own, domain)


def _internal(error_id: str, domain: str) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(
        reason="INTERNAL", domain=domain, metadata={"error_id": error_id}
    )
    return grpc_status.status(grpc.StatusCode.INTERNAL, f"internal error {error_id}", [info])


def _read(decode: Callable[[bytes], Any], raw: Any) -> Callable[[], Any]:
    """Return what decodes and checks the request, or each one of a stream as it is taken."""

    def request() -> Any:
        return _checked(decode, raw)

    async def requests() -> AsyncIterator[Any]:
        async for each in raw:
            yield _checked(decode, each)

    return request if isinstance(raw, bytes) else requests


def _checked(decode: Callable[[bytes], Any], raw: bytes) -> Any:
    try:
        message = decode(raw)
    except DecodeError:
        raise Invalid([FieldViolation("", "is not a message of this type")]) from None
    if broken := violations(message):
        raise Invalid(broken)
    return message


def _why_cancelled(context: Context) -> grpc.StatusCode:
    left: float | None = context.time_remaining()
    late = left is not None and left <= 0
    return grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED


@contextmanager
def _deadline(context: Context, default: float) -> Iterator[float | None]:
    """Give the block the caller's deadline or the default; yield seconds if we must end it."""
    left: float | None = context.time_remaining()
    if left is not None and left <= 0:
        raise _TooLate
    with deadline.within(default if left is None else left):
        yield default if left is None else None  # grpc.aio itself cancels at the caller's


async def _in_time(work: Awaitable[bytes | None], seconds: float | None) -> bytes | None:
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise _TooLate from None
        raise


async def _abort(context: Context, status: status_pb2.Status) -> NoReturn:
    made = rpc_status.to_status(status)
    await context.abort(made.code, made.details, made.trailing_metadata)
