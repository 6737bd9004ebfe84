"""Faults as gRPC statuses, in both directions, by one table.

A status carries google.rpc details: ErrorInfo with the reason, BadRequest with every bad field,
RetryInfo whenever waiting helps.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from chassis.errors import (
    AlreadyDone,
    Contended,
    Fault,
    FieldViolation,
    Invalid,
    NotFound,
    NotYet,
    Overloaded,
    Unavailable,
)

M = TypeVar("M", bound=Message)

# The first row whose kind fits; the kinds that are not here never leave a server.
_TABLE: tuple[tuple[type[Fault], grpc.StatusCode], ...] = (
    (Invalid, grpc.StatusCode.INVALID_ARGUMENT),
    (NotFound, grpc.StatusCode.NOT_FOUND),
    (AlreadyDone, grpc.StatusCode.ALREADY_EXISTS),
    (NotYet, grpc.StatusCode.FAILED_PRECONDITION),
    (Contended, grpc.StatusCode.ABORTED),
    (Overloaded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (Unavailable, grpc.StatusCode.UNAVAILABLE),
)
# What was not answered in time, or cut short by a server that stopped, may be tried again as far as
# the method allows it.
_KINDS = {code: kind for kind, code in _TABLE} | {
    grpc.StatusCode.DEADLINE_EXCEEDED: Unavailable,
    grpc.StatusCode.CANCELLED: Unavailable,
}
_RETRY_AFTER = 1.0  # seconds, for an Unavailable that does not say
# Trailers past 8 KiB are dropped by clients together with the status, so details must stay below.
_DETAILS_LIMIT = 4096
_MESSAGE_LIMIT = 500


def from_fault(fault: Fault, domain: str) -> status_pb2.Status | None:
    """Return the status for a fault of our own, or None for a kind the table does not know.

    `domain` is ErrorInfo's, such as `voice.switchhook`.
    """
    code = next((code for kind, code in _TABLE if isinstance(fault, kind)), None)
    if code is None:
        return None
    info = error_details_pb2.ErrorInfo(reason=fault.reason, domain=domain, metadata=fault.metadata)
    details: list[Message] = [info]
    if isinstance(fault, Invalid):
        details.append(_bad_request(fault.fields))
    delay = fault.retry_after
    if delay is None and isinstance(fault, Unavailable):
        delay = _RETRY_AFTER
    if delay is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=_duration(delay)))
    return status(code, fault.message, details)


def status(
    code: grpc.StatusCode, message: str, details: list[Message] | None = None
) -> status_pb2.Status:
    """Return a google.rpc.Status with `details` packed into it."""
    made = status_pb2.Status(code=code.value[0], message=message[:_MESSAGE_LIMIT])
    for detail in details or []:
        made.details.add().Pack(detail)
    return made


def to_fault(error: grpc.aio.AioRpcError) -> Fault | None:
    """Return what a failed call means to its caller, or None when it is no fault we know.

    The text is our own, never the server's: that may hold anything. `Fault.upstream` is the
    server's domain, so that a fault nobody translated is not passed on as one of ours.
    """
    kind = _KINDS.get(error.code())
    if kind is None:
        return None
    details = _details(error)
    info = _unpacked(details, error_details_pb2.ErrorInfo())
    message = f"{info.domain or 'a server'} answered {error.code().name}"
    fault: Fault
    if kind is Invalid:
        bad = _unpacked(details, error_details_pb2.BadRequest())
        fields = [FieldViolation(each.field, each.description) for each in bad.field_violations]
        fault = Invalid(fields, info.reason or "INVALID_ARGUMENT", message, metadata=info.metadata)
    else:
        fault = kind(info.reason or error.code().name, message, metadata=info.metadata)
    fault.retry_after = _retry_after(details)
    fault.upstream = info.domain or "unknown"
    return fault


@contextmanager
def as_faults() -> Iterator[None]:
    """Raise the Fault a failed call of the block means; other failures of calls pass unchanged."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        fault = to_fault(error)
        if fault is None:
            raise
        raise fault from error


def _details(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    try:
        return rpc_status.from_call(cast("grpc.Call", error)) or status_pb2.Status()
    except (ValueError, DecodeError):  # a server whose details contradict its status
        return status_pb2.Status()


def _unpacked(source: status_pb2.Status, wanted: M) -> M:
    for detail in source.details:
        if detail.Is(wanted.DESCRIPTOR) and detail.Unpack(wanted):
            break
    return wanted


def _retry_after(source: status_pb2.Status) -> float | None:
    info = _unpacked(source, error_details_pb2.RetryInfo())
    return info.retry_delay.ToTimedelta().total_seconds() if info.HasField("retry_delay") else None


def _bad_request(fields: tuple[FieldViolation, ...]) -> error_details_pb2.BadRequest:
    bad = error_details_pb2.BadRequest()
    room = _DETAILS_LIMIT
    for index, violation in enumerate(fields):
        room -= len(violation.field.encode()) + len(violation.description.encode()) + 8
        if room < 0:
            more = f"{len(fields) - index} more fields are wrong"
            bad.field_violations.add(field="", description=more)
            break
        bad.field_violations.add(field=violation.field, description=violation.description)
    return bad


def _duration(seconds: float) -> Duration:
    made = Duration()
    made.FromNanoseconds(int(seconds * 1e9))
    return made
