"""The only vocabulary of failure the logic of a service knows.

A use case raises one kind of `Fault`; each transport translates the kind in one table: gRPC in
`chassis.grpc_status`, events in `chassis.consumer`, HTTP at the edge. What is not a `Fault`
is a bug or a broken dependency, and no transport shows its text to a caller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """Name one field of a request and say in a sentence what is wrong with it.

    `field` is a path in proto field names, such as `recipients[2].phone_number`; an empty path
    speaks of the whole request. The description never repeats the value: it may be personal.
    """

    field: str
    description: str


class Fault(Exception):  # noqa: N818 - a fault is an answer, not an error of the program
    """State that a request or an event cannot be carried out, in words a caller may read.

    `reason` is a value of the domain's `ErrorReason` enum without its prefix. `message` and
    `metadata` are sent to callers and written to logs, so neither holds personal data.
    `retry_after` is in seconds; None says nothing about when to try again.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason, message)
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
        self.metadata: dict[str, str] = dict(metadata or {})
        # The domain of the server that answered so, when this came from a call to another one.
        self.upstream = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class Invalid(Fault):
    """The request can never succeed as it stands; every bad field is listed."""

    def __init__(
        self,
        fields: Sequence[FieldViolation],
        reason: str = "INVALID_ARGUMENT",
        message: str = "",
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        names = ", ".join(dict.fromkeys(violation.field or "request" for violation in fields))
        super().__init__(reason, message or f"invalid: {names}", metadata=metadata)
        self.fields = tuple(fields)


class NotFound(Fault):
    """The thing named does not exist, or does not exist yet."""


class AlreadyDone(Fault):
    """Another request or event has done this before; for an event this is success."""


class NotYet(Fault):
    """The thing exists but is in a state in which this cannot be done."""


class Contended(Fault):
    """Somebody else changed the same thing at the same time; trying again at once may succeed."""


class Unavailable(Fault):
    """Something this needs is away or overloaded; trying again later may succeed."""


class Overloaded(Unavailable):
    """Too much at once, or a limit is used up; refused to protect everything else."""
