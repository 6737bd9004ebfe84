"""What messaging knows about a conversation: who takes part, how much was said, who is waiting."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConversationState(StrEnum):
    """How automatic replies stand in a conversation."""

    OPEN = "open"
    MUTED = "muted"
    PEER_IS_BOT = "peer_is_bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The messages between one of our numbers and somebody, or a group, summed up."""

    conversation_id: str
    our_number: str
    others: tuple[str, ...]
    last_message_id: str
    last_time: datetime
    inbound_count: int
    outbound_count: int
    unread_count: int
    last_inbound_time: datetime | None
    last_outbound_time: datetime | None
    bot_end_time: datetime | None
    mute_end_time: datetime | None

    @property
    def peer_number(self) -> str:
        """Return the other side, of a group the first in the order of their numbers."""
        return self.others[0]

    @property
    def is_group(self) -> bool:
        """Say whether more than two take part."""
        return len(self.others) > 1

    def is_bot(self, now: datetime) -> bool:
        """Say whether the other side is taken for a machine at this time."""
        return self.bot_end_time is not None and self.bot_end_time > now

    def muted_until(self, now: datetime) -> datetime | None:
        """Return until when nothing is answered automatically, or None when nothing is muted."""
        ends = [end for end in (self.bot_end_time, self.mute_end_time) if end and end > now]
        return max(ends, default=None)

    def state(self, now: datetime) -> ConversationState:
        """Return how automatic replies stand at this time."""
        if self.is_bot(now):
            return ConversationState.PEER_IS_BOT
        return ConversationState.MUTED if self.muted_until(now) else ConversationState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFilters:
    """What a list is narrowed to; empty and None narrow nothing."""

    our_number: str = ""
    peer_number: str = ""
    unread_only: bool = False
    state: ConversationState | None = None
