from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from chassis import grpc_status
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

TABLE = [
    (NotFound, grpc.StatusCode.NOT_FOUND),
    (AlreadyDone, grpc.StatusCode.ALREADY_EXISTS),
    (NotYet, grpc.StatusCode.FAILED_PRECONDITION),
    (Contended, grpc.StatusCode.ABORTED),
    (Overloaded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (Unavailable, grpc.StatusCode.UNAVAILABLE),
]


def made(fault: Fault) -> status_pb2.Status:
    """Return the status of a fault of the shop."""
    status = grpc_status.from_fault(fault, "shop.switchhook")
    assert status is not None
    return status


def detail(status: status_pb2.Status, wanted: Message) -> Any:
    """Return the detail of that type, or None."""
    for each in status.details:
        if each.Unpack(wanted):
            return wanted
    return None


def received(status: status_pb2.Status) -> grpc.aio.AioRpcError:
    """Return the error a client sees."""
    sent = rpc_status.to_status(status)
    trailers = grpc.aio.Metadata(*sent.trailing_metadata)
    return grpc.aio.AioRpcError(sent.code, grpc.aio.Metadata(), trailers, sent.details)


@pytest.mark.parametrize(("kind", "code"), TABLE)
def test_each_kind_has_its_code_and_comes_back(kind: type[Fault], code: grpc.StatusCode) -> None:
    """A fault crosses the wire with its kind, reason, metadata and delay."""
    fault = kind("SOLD_OUT", "sold out", metadata={"shoe": "s-1"}, retry_after=2.5)
    error = received(made(fault))
    assert error.code() is code
    back = grpc_status.to_fault(error)
    assert type(back) is kind
    assert (back.reason, back.metadata, back.retry_after) == ("SOLD_OUT", {"shoe": "s-1"}, 2.5)
    assert back.upstream == "shop.switchhook"


def test_an_invalid_crosses_with_every_field() -> None:
    """BadRequest lists all fields, and they come back."""
    fields = (FieldViolation("size", "too large"), FieldViolation("name", "empty"))
    error = received(made(Invalid(fields)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    back = grpc_status.to_fault(error)
    assert isinstance(back, Invalid)
    assert back.fields == fields


@pytest.mark.parametrize(("kind", "code"), TABLE)
def test_retry_info_is_there_when_waiting_helps(kind: type[Fault], code: grpc.StatusCode) -> None:
    """RetryInfo is sent whenever a delay is known, and always with what is unavailable."""
    told = detail(made(kind("R", "m", retry_after=0.25)), error_details_pb2.RetryInfo())
    assert told is not None
    assert told.retry_delay.ToMilliseconds() == 250
    untold = detail(made(kind("R", "m")), error_details_pb2.RetryInfo())
    assert (untold is not None) == issubclass(kind, Unavailable)


def test_a_thousand_bad_fields_still_arrive() -> None:
    """Details stay below what a client accepts in trailers, and say how much they leave out."""
    fields = [FieldViolation(f"buyers[{index}].number", "bad" * 20) for index in range(1000)]
    status = made(Invalid(fields))
    assert status.ByteSize() < 6000
    bad = detail(status, error_details_pb2.BadRequest())
    assert bad is not None
    assert bad.field_violations[0].field == "buyers[0].number"
    assert bad.field_violations[-1].description.endswith("more fields are wrong")


def test_a_kind_outside_the_table_has_no_status() -> None:
    """A bare Fault is a mistake of the program, and the caller of the table decides."""
    assert grpc_status.from_fault(Fault("R", "m"), "shop.switchhook") is None


def test_the_text_of_a_server_is_not_repeated() -> None:
    """A fault made from an answer has a text of our own: the server's may hold anything."""
    for message in ("canary", "canary " * 200):
        fault = grpc_status.to_fault(received(made(NotFound("NO_SHOE", message))))
        assert fault is not None
        assert "canary" not in str(fault)
        assert "shop.switchhook answered NOT_FOUND" in str(fault)


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.DATA_LOSS,
    ],
)
def test_other_codes_are_no_fault(code: grpc.StatusCode) -> None:
    """A failure that says nothing about the request passes through as it is."""
    error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "canary")
    assert grpc_status.to_fault(error) is None
    with pytest.raises(grpc.aio.AioRpcError), grpc_status.as_faults():
        raise error


@pytest.mark.parametrize(
    "trailers",
    [
        [],
        [("grpc-status-details-bin", b"\xff\xff")],
        [("grpc-status-details-bin", status_pb2.Status(code=3).SerializeToString())],
    ],
)
def test_a_server_without_proper_details_is_understood(
    trailers: Sequence[tuple[str, bytes]],
) -> None:
    """Missing, broken or contradicting details leave the kind, with the code as its reason."""
    error = grpc.aio.AioRpcError(
        grpc.StatusCode.DEADLINE_EXCEEDED, grpc.aio.Metadata(), grpc.aio.Metadata(*trailers), "x"
    )
    with pytest.raises(Unavailable) as caught, grpc_status.as_faults():
        raise error
    assert caught.value.reason == "DEADLINE_EXCEEDED"
    assert caught.value.upstream == "unknown"
    assert caught.value.retry_after is None
