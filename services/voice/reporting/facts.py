"""Facts of the ledger: what happened to an entry, an offer or an agent, written once; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class FactKind(StrEnum):
    """What a fact tells."""

    ENTERED = "ENTERED"
    """A caller entered the queue; time in menus before it is not waiting."""
    CALLBACK_ASKED = "CALLBACK_ASKED"
    """The caller hung up with a promise: a callback keeps the place."""
    OFFERED = "OFFERED"
    """An agent was asked to take the caller."""
    MISSED = "MISSED"
    """The agent did not answer in time."""
    DECLINED = "DECLINED"
    """The agent said no."""
    CONNECTED = "CONNECTED"
    """Caller and agent were bridged."""
    TALKED = "TALKED"
    """They talked, from `start_time` to `end_time`."""
    WRAPPED = "WRAPPED"
    """The agent finished the paperwork, from `start_time` to `end_time`."""
    LEFT = "LEFT"
    """The caller left the queue for good; `outcome` says how."""
    PRESENCE = "PRESENCE"
    """An agent's presence changed to `outcome` at `start_time`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened. What is empty or None does not belong to its kind.

    `fact_id` is made from what it is about, so that writing a fact twice writes it once.
    `enqueue_time` is when the caller first entered: the interval all facts of a call count in.
    """

    fact_id: str
    kind: FactKind
    start_time: datetime
    end_time: datetime
    queue_id: str = ""
    entry_id: str = ""
    offer_id: str = ""
    agent_id: str = ""
    caller_key: str = ""
    outcome: str = ""
    enqueue_time: datetime | None = None

    @property
    def length(self) -> timedelta:
        """How long what the fact tells of took; never negative."""
        return max(self.end_time - self.start_time, timedelta())
