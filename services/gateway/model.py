"""What the gateway knows about an event without reading it whole."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index: where an event stands and what readers ask for."""

    sequence: int
    event_id: str
    type: str
    entity_key: str
    source: int
    """A number of switchhook.event.v1.EventSource."""
    unreadable: bool
    receive_time: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a reader wants; what is empty matches everything."""

    type_prefix: str = ""
    entity_key: str = ""
    source: int = 0
    unreadable_only: bool = False

    def matches(self, entry: Entry) -> bool:
        """Tell whether the reader wants the event."""
        return (
            entry.type.startswith(self.type_prefix)
            and self.entity_key in ("", entry.entity_key)
            and self.source in (0, entry.source)
            and (entry.unreadable or not self.unreadable_only)
        )


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of receive times, the start included and the end excluded; None is no bound."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters are meant; what is empty matches everything."""

    consumer: str = ""
    reason: str = ""
    type_prefix: str = ""
    numbers: frozenset[int] = frozenset()

    def matches(self, *, number: int, consumer: str, reason: str, type: str) -> bool:  # noqa: A002
        """Tell whether a letter with these facts is meant; `type` is its event's."""
        return (
            self.consumer in ("", consumer)
            and self.reason in ("", reason)
            and type.startswith(self.type_prefix)
            and (not self.numbers or number in self.numbers)
        )
