"""Between the contract of queues and the model."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from switchhook.voice.v1 import queue_entry_pb2 as entry_pb
from switchhook.voice.v1 import queue_pb2 as pb
from switchhook.voice.v1 import queue_service_pb2 as service_pb

from chassis import pages
from chassis.errors import FieldViolation, Invalid
from chassis.times import duration, length, timestamp
from services.voice.queues.centre import Standing
from services.voice.queues.entry_store import EntryFilter
from services.voice.queues.model import CallbackOffer, Entry, Queue, Scoring
from services.voice.queues.score import score
from services.voice.queues.store import QueueRecord
from services.voice.routing.hours import Hours
from services.voice.routing.translate_hours import hours_in, hours_out

_MILLISECOND = timedelta(milliseconds=1)
_SCORING = ("vip", "escalated", "credit_window", "credit_cap")
_CALLBACK = ("wait", "expected_wait", "spacing")
_LENGTHS = (
    *("ring_time", "wrap_up", "max_wait", "announce_first", "announce_every", "short_abandon"),
    *("service_level", "relax_after", "relax_every", "sticky_wait", "short_talk"),
)


def queue_in(queue_id: str, display_name: str, settings: pb.QueueSettings) -> Queue:
    """Read a queue; what its settings leave out has the default."""
    queue = Queue(
        queue_id=queue_id,
        display_name=display_name or queue_id,
        hours=hours_in(settings.hours, "settings.hours") if settings.HasField("hours") else None,
        scoring=Scoring(**_lengths(settings.scoring, _SCORING, "settings.scoring")),
        callback_offer=_callback(settings) if settings.HasField("callbacks") else None,
        required_skills=dict(settings.required_skills),
        hold_music_url=settings.hold_music_url,
        **_lengths(settings, _LENGTHS, "settings"),
    )
    return replace(queue, max_size=settings.max_size) if settings.max_size else queue


def queue_out(record: QueueRecord) -> pb.Queue:
    """Tell of a queue."""
    return pb.Queue(
        queue_id=record.queue.queue_id,
        display_name=record.queue.display_name,
        settings=settings_out(record.queue),
        create_time=timestamp(record.create_time),
        update_time=timestamp(record.update_time),
    )


def settings_out(queue: Queue) -> pb.QueueSettings:
    """Tell how a queue works, every default filled in."""
    callbacks = None
    if queue.callback_offer is not None:
        offer = queue.callback_offer
        callbacks = pb.QueueCallbacks(attempts=offer.attempts, **_told(offer, _CALLBACK))
    return pb.QueueSettings(
        scoring=pb.QueueScoring(**_told(queue.scoring, _SCORING)),
        callbacks=callbacks,
        required_skills=queue.required_skills,
        max_size=queue.max_size,
        hold_music_url=queue.hold_music_url,
        hours=hours_out(queue.hours) if isinstance(queue.hours, Hours) else None,
        **_told(queue, _LENGTHS),
    )


def standing_out(standing: Standing) -> pb.QueueStanding:
    """Tell how a queue stands."""
    average = standing.average_handle
    return pb.QueueStanding(
        waiting=standing.waiting,
        agents_staffed=standing.agents_staffed,
        agents_available=standing.agents_available,
        longest_wait=duration(standing.longest_wait),
        average_handle=duration(average.average if average else None),
    )


def entry_out(entry: Entry, queue: Queue | None, now: datetime) -> entry_pb.QueueEntry:
    """Tell of a place in a queue, with its score while it has one."""
    told = score(entry, queue or Queue(queue_id=entry.queue_id), now) if entry.is_alive else None
    outcome = f"QUEUE_OUTCOME_{entry.outcome.value if entry.outcome else 'UNSPECIFIED'}"
    return entry_pb.QueueEntry(
        entry_id=entry.entry_id,
        queue_id=entry.queue_id,
        call_leg_id=entry.leg_id,
        kind=entry_pb.QueueEntryKind.Value(f"QUEUE_ENTRY_KIND_{entry.kind.value}"),
        state=entry_pb.QueueEntryState.Value(f"QUEUE_ENTRY_STATE_{entry.state.value}"),
        outcome=entry_pb.QueueOutcome.Value(outcome),
        caller_number=entry.caller_number,
        is_vip=entry.is_vip,
        escalated=entry.escalated,
        credit=duration(entry.credit),
        priority=duration(entry.priority),
        required_skills=entry.required_skills,
        language=entry.language,
        preferred_agent_id=entry.preferred_agent_id,
        front=entry.front,
        offers=entry.offers,
        agent_id=entry.agent_id,
        offer_id=entry.offer_id,
        attempts=entry.attempts,
        not_before=timestamp(entry.not_before),
        enqueue_time=timestamp(entry.enqueue_time),
        enter_time=timestamp(entry.enter_time),
        left_time=timestamp(entry.left_time),
        score=told.total_seconds if told else 0,
        score_parts=[
            entry_pb.ScorePart(label=part.label, seconds=part.seconds)
            for part in (told.parts if told else ())
        ],
        decision_id=entry.decision_id,
    )


def entry_filter(request: service_pb.ListEntriesRequest) -> EntryFilter:
    """Read which entries are wanted."""
    return EntryFilter(
        left=request.left,
        queue_id=request.queue_id,
        leg_id=request.call_leg_id,
        caller_number=request.caller_number,
    )


def place_out(place: tuple[object, ...], filters: bytes) -> str:
    """Return the token of the page after a place."""
    return pages.encode([_word(part) for part in place], filters)


def place_in(token: str, filters: bytes, *, left: bool) -> tuple[object, ...] | None:
    """Read after which place a page begins; None for the first page."""
    words = pages.decode(token, filters)
    if not words:
        return None
    kinds: tuple[Callable[[str | int], object], ...] = (int, _time, _time, str)
    if left:
        kinds = (_time, str)
    try:
        return tuple(kind(word) for kind, word in zip(kinds, words, strict=True))
    except (TypeError, ValueError):
        raise _no_token() from None


def name_in(token: str, filters: bytes) -> str:
    """Read after which id a page begins; empty for the first page."""
    match pages.decode(token, filters):
        case []:
            return ""
        case [str(name)] if "\0" not in name:
            return name
        case _:
            raise _no_token()


def _no_token() -> Invalid:
    return Invalid([FieldViolation("page_token", "is not a token this service gave")])


def _word(part: object) -> str | int:
    if isinstance(part, datetime):
        return part.isoformat()
    return part if isinstance(part, int) else str(part)


def _time(word: str | int) -> datetime:
    moment = datetime.fromisoformat(str(word))
    if moment.tzinfo is None:
        raise ValueError("a place is an instant")
    return moment


def _callback(settings: pb.QueueSettings) -> CallbackOffer:
    asked = settings.callbacks
    offer = CallbackOffer(**_lengths(asked, _CALLBACK, "settings.callbacks"))
    return replace(offer, attempts=asked.attempts) if asked.attempts else offer


def _lengths(message: Message, names: tuple[str, ...], path: str) -> dict[str, Any]:
    """Return the lengths a message has, cut to milliseconds, by name."""
    return {
        name: length(getattr(message, name), f"{path}.{name}") // _MILLISECOND * _MILLISECOND
        for name in names
        if message.HasField(name)
    }


def _told(settings: object, names: tuple[str, ...]) -> Mapping[str, Duration | None]:
    return {name: duration(getattr(settings, name)) for name in names}
