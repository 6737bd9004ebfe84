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
class Letter:
    """An event that a consumer gave up on."""

    number: int
    """Its place on the stream of dead letters, which is its name."""
    consumer: str
    reason: str
    attempts: int
    create_time: datetime
    subject: str
    event_sequence: int
    event_id: str
    """Empty when the payload is no event."""
    type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters are meant; what is empty matches everything."""

    consumer: str = ""
    reason: str = ""
    type_prefix: str = ""
    numbers: frozenset[int] = frozenset()

    def matches(self, letter: Letter) -> bool:
        """Tell whether the letter is meant."""
        return (
            self.consumer in ("", letter.consumer)
            and self.reason in ("", letter.reason)
            and letter.type.startswith(self.type_prefix)
            and (not self.numbers or letter.number in self.numbers)
        )
