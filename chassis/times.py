"""Instants and lengths between protobuf's messages and Python's types."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FieldViolation, Invalid


def timestamp(instant: datetime | None) -> Timestamp | None:
    """Return an instant as a message; None stays absent."""
    if instant is None:
        return None
    message = Timestamp()
    message.FromDatetime(instant)
    return message


def duration(length: timedelta | None) -> Duration | None:
    """Return a length as a message; None stays absent."""
    if length is None:
        return None
    message = Duration()
    message.FromTimedelta(length)
    return message


def instant(message: Timestamp, field: str) -> datetime:
    """Return an instant that `field` of a request holds; raises Invalid for what no calendar has.

    An absent message is the epoch: ask `HasField` first where that matters.
    """
    try:
        return message.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise Invalid([FieldViolation(field, "is no instant of the calendar")]) from None


def length(message: Duration, field: str) -> timedelta:
    """Return a length that `field` of a request holds; raises Invalid for what is none."""
    try:
        return message.ToTimedelta()
    except (ValueError, OverflowError):
        raise Invalid([FieldViolation(field, "is no duration that can be computed with")]) from None
