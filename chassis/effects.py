"""The words of the outbox: an effect to be had outside, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class State(StrEnum):
    """Where an effect stands."""

    NEW = "new"
    """Not tried yet, or tried and surely without effect; it will be tried when it is due."""
    SENDING = "sending"
    """Claimed by a dispatcher; it may or may not have happened already."""
    SENT = "sent"
    """It happened."""
    FAILED = "failed"
    """It did not happen and will not be tried again."""
    UNKNOWN = "unknown"
    """Nobody knows whether it happened."""


class InDoubt(StrEnum):
    """What to do with an effect nobody knows the fate of."""

    HOLD = "hold"
    """Never try again; wait until somebody resolves it."""
    RESEND = "resend"
    """Try again with the same id and the same bytes, within the window the receiver honours."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to do outside of the database, described down to its last byte."""

    effect_id: str
    """Its one id for ever: idempotency key, command id or message id at the receiver."""
    kind: str
    """Which performer does it."""
    body: bytes
    """The exact bytes to send, the same on every attempt."""
    method: str = ""
    path: str = ""
    """Where it goes: a path of a REST interface, a subject of a stream."""
    entity_key: str = ""
    """What it is about, for lookups; never interpreted here."""
    in_doubt: InDoubt = InDoubt.HOLD
    resend_window: float = 0
    """Seconds after the first attempt during which the receiver knows a repeated id."""
    not_before: datetime | None = None
    """When it is due; None is at once."""
    ordering_key: str = ""
    """Effects with the same key are performed one at a time, in the order they were added."""
    max_attempts: int = 50
    """How many attempts before `RetryLater` becomes `Failed`; 0 is without end."""


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """An effect as the outbox holds it."""

    effect: Effect
    state: State
    attempts: int
    reference: str
    """What the receiver calls it; empty until it is sent."""
    reason: str
    """Why it failed, is in doubt or waits; empty otherwise. Never personal data."""
    detail: bytes
    """What the performer kept of the answer."""
    create_time: datetime
    first_attempt_time: datetime | None
    last_attempt_time: datetime | None
    finish_time: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """It happened; `reference` is what the receiver calls it."""

    reference: str
    detail: bytes = b""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not happen and never will."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """It surely did not happen; try again after so many seconds or later."""

    after: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """It may have happened."""

    reason: str


Outcome = Done | Failed | RetryLater | Doubtful


@dataclass(frozen=True, slots=True)
class Later:
    """It may happen, but not before this time; no attempt is counted."""

    until: datetime


class Performer(Protocol):
    """Carry out the effects of one kind."""

    async def admit(self, connection: AsyncConnection, effect: Effect, /) -> str | Later | None:
        """Return why the effect must not happen after all, when it may, or None for now.

        Runs inside the transaction that claims the effect, before every attempt; what it writes is
        kept. Raising Contended or Unavailable leaves it for a moment later.
        """
        ...

    async def perform(self, effect: Effect, /) -> Outcome:
        """Do it over the network, without a transaction. Raising counts as Doubtful."""
        ...

    async def settle(
        self, connection: AsyncConnection, effect: Effect, outcome: Outcome, /
    ) -> None:
        """Let the service's own rows know, inside the transaction that records the outcome.

        Called with the outcome as recorded: a refusal by `admit` and a retry past the limit are
        Failed, an effect found in flight after a crash is Doubtful.
        """
        ...


Performers = Mapping[str, Performer]
"""The performers by kind of effect."""
