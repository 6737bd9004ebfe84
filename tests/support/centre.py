"""Callers, agents and queues for tests of the contact centre."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.voice.agents.model import Agent, Presence
from services.voice.queues.model import Entry, Queue

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SUPPORT = Queue(queue_id="support")


def at(seconds: float) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(seconds=seconds)


def seconds(number: float) -> timedelta:
    """Return a length of time."""
    return timedelta(seconds=number)


def waiting(name: str, since: float = 0, **facts: Any) -> Entry:
    """Return an entry that has waited since so many seconds after noon."""
    facts = {"queue_id": "support", "leg_id": f"leg-{name}", **facts}
    return Entry(entry_id=name, enqueue_time=at(since), enter_time=at(since), **facts)


def available(name: str, idle_since: float = 0, **facts: Any) -> Agent:
    """Return an agent of the support queue who is free."""
    agent = Agent(agent_id=name, queue_ids=frozenset({"support"}))
    return replace(agent.present(Presence.AVAILABLE, at(idle_since)), **facts)
