"""Agents and offers; pure.

Presence is what an agent wants, load is what they do: every offer that is not over counts,
wrapping up included. An offer is a lease on one agent for one entry. It goes forward only, along
``_NEXT``; being told the same twice, or late, changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

_ZERO = timedelta()


class Presence(StrEnum):
    """Whether an agent is there."""

    OFFLINE = "OFFLINE"
    AVAILABLE = "AVAILABLE"
    AWAY = "AWAY"
    NOT_ANSWERING = "NOT_ANSWERING"
    """Was rung or asked and did not answer; they come back by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who takes calls."""

    agent_id: str
    display_name: str = ""
    address: str = ""
    """E.164 or a SIP address; empty for a client on WatchOffers."""
    skills: Mapping[str, int] = field(default_factory=dict)
    queue_ids: frozenset[str] = frozenset()
    capacity: int = 1
    presence: Presence = Presence.OFFLINE
    presence_time: datetime | None = None
    load: int = 0
    """Offers that are not over, wrapping up included."""
    wrap_up_until: datetime | None = None
    """Set while they wrap up; they get no offers then, whatever their capacity."""
    idle_since: datetime | None = None
    """Since when they have been due for a call; the earliest gets the next one."""
    create_time: datetime | None = None
    update_time: datetime | None = None

    @property
    def is_staffed(self) -> bool:
        """Say whether they are signed in and not away."""
        return self.presence is Presence.AVAILABLE

    @property
    def is_free(self) -> bool:
        """Say whether they can be offered a call now."""
        room = self.load < self.capacity and self.wrap_up_until is None
        return self.is_staffed and room

    def present(self, presence: Presence, now: datetime) -> "Agent":
        """Return the agent after saying whether they are there; the same again changes nothing."""
        if presence is self.presence:
            return self
        idle = now if presence is Presence.AVAILABLE else None
        return replace(self, presence=presence, presence_time=now, idle_since=idle)

    def claimed(self) -> "Agent":
        """Return the agent with one more offer; their turn is only over when it is answered."""
        if not self.is_free:
            raise ValueError("the agent is not free")
        return replace(self, load=self.load + 1)

    def wrapping(self, until: datetime) -> "Agent":
        """Return the agent while they wrap up."""
        later = max(until, self.wrap_up_until) if self.wrap_up_until else until
        return replace(self, wrap_up_until=later)

    def released(self, now: datetime, *, turn_over: bool) -> "Agent":
        """Return the agent with one offer less.

        ``turn_over`` sends them to the end of the line; an offer that was taken back does not.
        """
        idle = now if turn_over and self.is_staffed else self.idle_since
        return replace(self, load=max(self.load - 1, 0), idle_since=idle)

    def wrapped_up(self) -> "Agent":
        """Return the agent after their wrap-up."""
        return replace(self, wrap_up_until=None)


class OfferState(StrEnum):
    """How far an offer has come."""

    PENDING = "PENDING"
    """Made; the agent is being dialled, or asked through WatchOffers."""
    RINGING = "RINGING"
    ACCEPTED = "ACCEPTED"
    """The agent has answered; caller or customer is being connected."""
    CONNECTED = "CONNECTED"
    WRAPPING = "WRAPPING"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    NO_ANSWER = "NO_ANSWER"
    RESCINDED = "RESCINDED"
    """The caller was gone, or a customer not reached, before they were connected."""
    FAILED = "FAILED"
    """The agent could not be rung, or the connection failed."""


_S = OfferState
OPEN = frozenset({_S.PENDING, _S.RINGING})
"""An answer is waited for."""
TAKEN = frozenset({_S.ACCEPTED, _S.CONNECTED})
"""The agent has the entry."""
HOLDING = OPEN | TAKEN
"""The entry is this offer's and nobody else's."""
LOADING = HOLDING | {_S.WRAPPING}
"""It counts in the agent's load."""
OVER = frozenset(_S) - LOADING
"""Nothing changes it any more."""

_ENDS = frozenset({_S.DECLINED, _S.NO_ANSWER, _S.RESCINDED, _S.FAILED})
_NEXT: Mapping[OfferState, frozenset[OfferState]] = {
    _S.PENDING: frozenset({_S.RINGING, _S.ACCEPTED}) | _ENDS,
    _S.RINGING: frozenset({_S.ACCEPTED}) | _ENDS,
    _S.ACCEPTED: frozenset({_S.CONNECTED, _S.WRAPPING, _S.RESCINDED, _S.FAILED}),
    _S.CONNECTED: frozenset({_S.WRAPPING}),
    _S.WRAPPING: frozenset({_S.COMPLETED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A lease on one agent for one entry."""

    offer_id: str
    entry_id: str
    queue_id: str
    agent_id: str
    create_time: datetime
    lease_until: datetime
    state: OfferState = OfferState.PENDING
    leg_id: str = ""
    """The agent's leg, as soon as it is known."""
    address: str = ""
    """Where the agent is rung; empty while they are asked through WatchOffers."""
    slot: int = 0
    """Which place of the agent's capacity it takes, from 0."""
    reason: str = ""
    """Why it came to nothing, in the carrier's words or ours."""
    answer_time: datetime | None = None
    connect_time: datetime | None = None
    """When agent and caller were bridged."""
    end_time: datetime | None = None
    """When the conversation ended, or the offer without one."""
    wrap_up_until: datetime | None = None
    wrap_up_end_time: datetime | None = None
    """When the wrap-up ended."""
    wrap_up_extended: bool = False

    def can(self, state: OfferState) -> bool:
        """Say whether the offer may go on to a state."""
        return state in _NEXT.get(self.state, frozenset())

    def to(self, state: OfferState) -> "Offer":
        """Return the offer in a state it can go on to; ValueError for any other."""
        if not self.can(state):
            raise ValueError(f"an offer that is {self.state} cannot become {state}")
        return replace(self, state=state)

    @property
    def talk_time(self) -> timedelta:
        """How long agent and caller talked."""
        if self.connect_time is None or self.end_time is None:
            return _ZERO
        return max(self.end_time - self.connect_time, _ZERO)

    @property
    def handle_time(self) -> timedelta:
        """How long the call kept the agent, wrap-up included, once it is over."""
        if self.connect_time is None or self.end_time is None:
            return _ZERO
        return max((self.wrap_up_end_time or self.end_time) - self.connect_time, _ZERO)
