"""What becomes of an event whose handling failed: one table from faults to verdicts."""

from dataclasses import dataclass

from chassis.errors import AlreadyDone, Contended, Fault, Invalid, NotFound, NotYet, Unavailable


@dataclass(frozen=True, slots=True)
class Ack:
    """The event is done with."""


@dataclass(frozen=True, slots=True)
class Nak:
    """The event comes again after so many seconds."""

    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """The event goes to the dead letters."""

    reason: str


Verdict = Ack | Nak | Dead


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a consumer takes at once and how long it is patient."""

    batch: int = 64
    """Events in one transaction."""
    window: int = 128
    """Messages fetched ahead."""
    max_ack_pending: int = 1024
    """Messages not yet acknowledged, delayed ones included, before the server sends no more."""
    ack_wait: float = 5.0
    """Seconds of silence after which the server gives a message to somebody else. A consumer at
    work is not silent; after a crash a caller waits no longer than this."""
    prepare_seconds: float = 10.0
    apply_seconds: float = 10.0
    attempts: int = 8
    """Failed or fatal attempts after which an event is a dead letter."""
    young_seconds: float = 120.0
    """How long something not found may still come: events overtake each other."""
    patience_seconds: float = 6 * 86_400.0
    """How long to wait for what should pass; the stream forgets after seven days."""
    first_delay: float = 1.0
    longest_delay: float = 60.0
    faulty_events: int = 50
    """Events in a row, none taking effect in between, after whose unexpected faults the fault is
    ours and the consumer stops."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known about an event when its handling fails."""

    attempts: int
    """Counted attempts, this one included."""
    delivered: int
    """Deliveries, this one included."""
    age: float
    """Seconds since the stream stored it."""


def is_unexpected(error: Exception) -> bool:
    """Say whether an error is a bug or a broken part rather than a fault the logic names."""
    return not isinstance(
        error, Invalid | NotFound | AlreadyDone | NotYet | Contended | Unavailable
    )


def counts(error: Exception) -> bool:
    """Say whether an error uses up one of the attempts an event has."""
    return isinstance(error, NotFound) or is_unexpected(error)


def verdict_on(error: Exception, history: History, limits: Limits) -> Verdict:
    """Decide what becomes of an event from how its handling failed."""
    match error:
        case AlreadyDone():
            return Ack()
        case Invalid():
            return Dead(error.reason)
        case NotFound():
            old = history.age >= limits.young_seconds and history.attempts >= limits.attempts // 2
            return Dead(error.reason) if old else _again(error.reason, history.attempts, limits)
        case NotYet() | Contended() | Unavailable():
            if history.age >= limits.patience_seconds:
                return Dead(error.reason)
            if error.retry_after is not None:
                return Nak(error.retry_after, error.reason)
            if isinstance(error, Contended):
                return Nak(limits.first_delay / 4, error.reason)
            return _again(error.reason, history.delivered, limits)
    reason = error.reason if isinstance(error, Fault) else f"UNEXPECTED_{type(error).__name__}"
    if history.attempts >= limits.attempts:
        return Dead(reason)
    return _again(reason, history.attempts, limits)


def _again(reason: str, times: int, limits: Limits) -> Nak:
    delay = limits.first_delay * 2 ** min(max(times, 1) - 1, 20)
    return Nak(min(delay, limits.longest_delay), reason)
