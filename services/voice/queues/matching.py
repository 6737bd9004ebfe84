"""Which agent is offered which caller, and why; pure.

Entries are gone through in the order in which they are served, all queues together. Each gets the
agent it should have if that one is free, waits a moment if that one is only busy, and else gets the
one among those who can do it who has been idle longest. What an agent must be able to do gets less
the longer a caller waits, down to level 1; what they cannot do at all they are never asked for.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.voice.agents.model import Agent
from services.voice.queues.model import Entry, Kind, Queue, required

MOST_OPTIONS = 20
"""Options a decision names one by one; of the others it says how many there were."""

Levels = Mapping[str, int]


class Why(StrEnum):
    """Why an agent was chosen, or not."""

    CHOSEN_PREFERRED = "CHOSEN_PREFERRED"
    """They are the one the caller should get."""
    CHOSEN_IDLE = "CHOSEN_IDLE"
    """Among those who can do it they have been idle longest."""
    LESS_IDLE = "LESS_IDLE"
    NOT_PREFERRED = "NOT_PREFERRED"
    """Could have taken it; the caller should get another."""
    SKILL_TOO_LOW = "SKILL_TOO_LOW"
    DECLINED = "DECLINED"
    """Said no to this entry before."""
    IS_THE_CALLER = "IS_THE_CALLER"
    """Calls from the number they would be rung at."""
    OTHER_QUEUE = "OTHER_QUEUE"
    BUSY = "BUSY"
    WRAPPING_UP = "WRAPPING_UP"
    AWAY = "AWAY"
    NOT_ANSWERING = "NOT_ANSWERING"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True)
class Option:
    """An agent who was considered."""

    agent_id: str
    accepted: bool
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry and the agent it is to be offered to, with everybody who was considered."""

    entry: Entry
    agent: Agent
    levels: Levels
    """What was asked of them, after lowering."""
    options: tuple[Option, ...]
    """The chosen one first."""
    others: Mapping[Why, int]
    """How many more were turned down for which reason."""


def relaxed(levels: Levels, queue: Queue, waited: timedelta) -> Levels:
    """Return what is still asked of an agent after a wait: one level less, and one more again."""
    if waited < queue.relax_after:
        return levels
    steps = 1 + (waited - queue.relax_after) // max(queue.relax_every, timedelta(milliseconds=1))
    return {skill: max(level - steps, 1) for skill, level in levels.items()}


def lacking(agent: Agent, levels: Levels) -> str:
    """Return the first skill an agent lacks, as `skill have<need`; empty when none."""
    for skill, level in sorted(levels.items()):
        if agent.skills.get(skill, 0) < level:
            return f"{skill} {agent.skills.get(skill, 0)}<{level}"
    return ""


def unfit(agent: Agent, entry: Entry, levels: Levels) -> Why | None:
    """Return why an agent cannot take an entry even when free, or None when they can."""
    if entry.queue_id not in agent.queue_ids:
        return Why.OTHER_QUEUE
    if agent.agent_id in entry.declined_by:
        return Why.DECLINED
    if agent.address and agent.address == entry.caller_number:
        return Why.IS_THE_CALLER
    return Why.SKILL_TOO_LOW if lacking(agent, levels) else None


def unavailable(agent: Agent) -> Why | None:
    """Return why an agent can be offered nothing now, or None when they can."""
    if not agent.is_staffed:
        return Why(agent.presence.value)
    if agent.wrap_up_until is not None:
        return Why.WRAPPING_UP
    return Why.BUSY if agent.load >= agent.capacity else None


def idlest_first(agent: Agent) -> tuple[int, bool, float, str]:
    """Return what agents are ordered by: the least load, then the longest idle, then the id."""
    since = agent.idle_since
    return agent.load, since is None, since.timestamp() if since else 0.0, agent.agent_id


def may_be_offered(entry: Entry, queue: Queue, now: datetime) -> bool:
    """Say whether an entry is to be offered now at all; callbacks keep to the queue's hours."""
    if entry.not_before is not None and entry.not_before > now:
        return False
    return entry.kind is Kind.CALL or queue.is_open(now)


def assign(
    entries: Iterable[Entry],
    agents: Iterable[Agent],
    queues: Mapping[str, Queue],
    now: datetime,
    calling: Collection[str] = (),
) -> list[Match]:
    """Return who is offered to whom, in the order in which entries are served.

    ``entries`` wait and come in that order; ``agents`` are those who are free and those that an
    entry prefers; ``calling`` are agents who are on the line as callers. An agent is given one
    entry at a time, whatever their capacity.
    """
    pool = _Pool(agents, calling)
    matches = []
    for entry in entries:
        if not pool.free:
            break
        queue = queues.get(entry.queue_id)
        if queue is not None and may_be_offered(entry, queue, now):
            match = _match(entry, queue, pool, now)
            if match is not None:
                matches.append(match)
    return matches


@dataclass(slots=True)
class _Group:
    """The free agents of a queue who can do something, the idlest first, and who cannot."""

    able: list[Agent]
    unable: list[Option]
    too_many: int
    """Unable ones that are not named."""
    begin: int = 0
    """All before it are taken."""


class _Pool:
    """The agents, as they are given away one by one."""

    def __init__(self, agents: Iterable[Agent], calling: Collection[str]) -> None:
        self.known = {agent.agent_id: agent for agent in agents}
        free = (each for each in self.known.values() if each.is_free)
        idlest = sorted((each for each in free if each.agent_id not in calling), key=idlest_first)
        self.free = {agent.agent_id: agent for agent in idlest}
        self.by_queue: dict[str, list[Agent]] = {}
        for agent in idlest:
            for queue_id in agent.queue_ids:
                self.by_queue.setdefault(queue_id, []).append(agent)
        self.groups: dict[tuple[str, frozenset[tuple[str, int]]], _Group] = {}

    def take(self, agent: Agent) -> None:
        """Give an agent away."""
        del self.free[agent.agent_id]

    def group(self, queue_id: str, levels: Levels) -> _Group:
        """Return who of a queue can do something."""
        key = queue_id, frozenset(levels.items())
        if key not in self.groups:
            self.groups[key] = _grouped(self.by_queue.get(queue_id, []), levels)
        group = self.groups[key]
        while group.begin < len(group.able) and group.able[group.begin].agent_id not in self.free:
            group.begin += 1
        return group

    def candidates(self, group: _Group) -> Iterator[Agent]:
        """Yield who of a group is still free, the idlest first."""
        for place in range(group.begin, len(group.able)):
            if group.able[place].agent_id in self.free:
                yield group.able[place]


def _grouped(agents: Sequence[Agent], levels: Levels) -> _Group:
    able, unable = [], []
    for agent in agents:
        lack = lacking(agent, levels)
        if not lack:
            able.append(agent)
        else:
            unable.append(Option(agent.agent_id, False, Why.SKILL_TOO_LOW, lack))
    return _Group(able, unable[:MOST_OPTIONS], max(len(unable) - MOST_OPTIONS, 0))


def _match(entry: Entry, queue: Queue, pool: _Pool, now: datetime) -> Match | None:
    levels = required(entry.required_skills, queue)
    preferred = _preferred(entry, levels, pool)
    if preferred is not None and preferred.agent_id in pool.free:
        pool.take(preferred)
        return _told(entry, preferred, _floor(levels), pool, [])
    if preferred is not None and now - entry.enter_time < queue.sticky_wait:
        return None  # They are only busy, and the caller waits a moment for them.
    levels = relaxed(levels, queue, entry.waited(now))
    passed: list[Option] = []
    for agent in pool.candidates(pool.group(entry.queue_id, levels)):
        why = unfit(agent, entry, levels)
        if why is None:
            pool.take(agent)
            return _told(entry, agent, levels, pool, passed)
        passed.append(Option(agent.agent_id, False, why))
    return None


def _floor(levels: Levels) -> Levels:
    """Return what is asked of the agent a caller should get: to be able to do it at all."""
    return dict.fromkeys(levels, 1)


def _preferred(entry: Entry, levels: Levels, pool: _Pool) -> Agent | None:
    agent = pool.known.get(entry.preferred_agent_id)
    if agent is None or not agent.is_staffed or unfit(agent, entry, _floor(levels)):
        return None
    return agent


def _told(entry: Entry, agent: Agent, levels: Levels, pool: _Pool, passed: list[Option]) -> Match:
    """Put the match together, with those who were passed over."""
    sticky = entry.preferred_agent_id == agent.agent_id
    reason = Why.CHOSEN_PREFERRED if sticky else Why.CHOSEN_IDLE
    chosen = Option(agent.agent_id, True, reason, _idle(agent))
    group = pool.group(entry.queue_id, levels)
    why = Why.NOT_PREFERRED if sticky else Why.LESS_IDLE
    skipped = {option.agent_id for option in passed}
    free = [each for each in pool.candidates(group) if each.agent_id not in skipped]
    rest = [Option(each.agent_id, False, why, _idle(each)) for each in free[:MOST_OPTIONS]]
    options = [chosen, *passed[:MOST_OPTIONS], *rest, *group.unable]
    others = Counter({why: len(free) - len(rest), Why.SKILL_TOO_LOW: group.too_many})
    others[Why.DECLINED] = max(len(passed) - MOST_OPTIONS, 0)
    return Match(entry, agent, levels, tuple(options), +others)


def _idle(agent: Agent) -> str:
    return f"idle since {agent.idle_since.isoformat()}" if agent.idle_since else ""
