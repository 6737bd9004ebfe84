"""Rows of queues and entries, and back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.voice.queues.model import (
    Boost,
    CallbackOffer,
    Entry,
    EntryState,
    Kind,
    Outcome,
    Queue,
    Scoring,
    Talk,
)
from services.voice.routing import hours as opening

_MILLISECOND = timedelta(milliseconds=1)
_LENGTHS = (
    *("ring_time", "wrap_up", "max_wait", "announce_first", "announce_every", "short_abandon"),
    *("service_level", "relax_after", "relax_every", "sticky_wait", "short_talk"),
)
_PLAIN = ("required_skills", "max_size", "hold_music_url")
_ENTRY_TEXTS = (
    *("entry_id", "leg_id", "journey_id", "queue_id", "caller_number", "language"),
    *("preferred_agent_id", "decision_id", "agent_id", "offer_id"),
)
_ENTRY_FACTS = (
    *("is_vip", "escalated", "credit", "priority", "required_skills", "max_offers", "offers"),
    *("failed_offers", "exhausted", "attempts", "enqueue_time", "enter_time", "left_time"),
    "not_before",
)


def settings_of(queue: Queue) -> dict[str, Any]:
    """Return a queue's settings as a document; lengths in milliseconds."""
    document: dict[str, Any] = {name: _whole(getattr(queue, name)) for name in _LENGTHS}
    document |= {name: getattr(queue, name) for name in _PLAIN}
    document["required_skills"] = dict(queue.required_skills)
    document["scoring"] = _lengths(queue.scoring, _SCORING)
    if queue.callback_offer is not None:
        offer = queue.callback_offer
        document["callback_offer"] = _lengths(offer, _CALLBACK) | {"attempts": offer.attempts}
    if isinstance(queue.hours, opening.Hours):
        document["hours"] = opening.to_json(queue.hours)
    return document


_SCORING = ("vip", "escalated", "credit_window", "credit_cap")
_CALLBACK = ("wait", "expected_wait", "spacing")


def queue_of(row: sa.Row[Any]) -> Queue:
    """Read a queue; what its document does not say has its default."""
    document: Mapping[str, Any] = row.settings
    facts = {name: document[name] * _MILLISECOND for name in _LENGTHS if name in document}
    facts |= {name: document[name] for name in _PLAIN if name in document}
    callback = document.get("callback_offer")
    return Queue(
        queue_id=row.queue_id,
        display_name=row.display_name,
        hours=opening.from_json(document["hours"]) if "hours" in document else None,
        scoring=Scoring(**_read(document["scoring"], _SCORING)),
        callback_offer=_callback(callback) if callback else None,
        **facts,
    )


def _callback(document: Mapping[str, Any]) -> CallbackOffer:
    return CallbackOffer(attempts=document["attempts"], **_read(document, _CALLBACK))


def _read(document: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, timedelta]:
    return {name: document[name] * _MILLISECOND for name in names if name in document}


def _lengths(settings: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _whole(getattr(settings, name)) for name in names}


def _whole(length: timedelta) -> int:
    return length // _MILLISECOND


def entry_values(entry: Entry) -> dict[str, Any]:
    """Return what is written of an entry, but for its rank."""
    values = {name: getattr(entry, name) for name in (*_ENTRY_TEXTS, *_ENTRY_FACTS)}
    talk = entry.talk
    return values | {
        "kind": entry.kind.value,
        "state": entry.state.value,
        "outcome": entry.outcome.value if entry.outcome else "",
        "boosts": [[boost.label, boost.ahead.total_seconds()] for boost in entry.boosts],
        "required_skills": dict(entry.required_skills),
        "declined_by": sorted(entry.declined_by),
        "head": 0 if entry.front else 1,
        "talk_agent_id": talk.agent_id if talk else "",
        "talk_start_time": talk.start_time if talk else None,
        "talk_end_time": talk.end_time if talk else None,
    }


def entry_of(row: sa.Row[Any]) -> Entry:
    """Read an entry."""
    return Entry(
        kind=Kind(row.kind),
        state=EntryState(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        boosts=tuple(Boost(label, timedelta(seconds=ahead)) for label, ahead in row.boosts),
        declined_by=frozenset(row.declined_by),
        front=row.head == 0,
        talk=_talk(row.talk_agent_id, row.talk_start_time, row.talk_end_time),
        **{name: getattr(row, name) for name in (*_ENTRY_TEXTS, *_ENTRY_FACTS)},
    )


def _talk(agent_id: str, start: datetime | None, end: datetime | None) -> Talk | None:
    return Talk(agent_id, start, end) if start is not None and end is not None else None
