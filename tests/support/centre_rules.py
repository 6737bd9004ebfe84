"""What must hold in a contact centre at any moment, asked of the database in single statements.

One statement sees one moment, also while others write.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import HOLDING, LOADING, OPEN, TAKEN, OfferState
from services.voice.agents.tables import agents, offers
from services.voice.queues.model import EntryState
from services.voice.queues.tables import entries


def _in(*states: OfferState) -> sa.ColumnElement[bool]:
    return offers.c.state.in_([state.value for state in states])


def _loading() -> sa.ScalarSelect[int]:
    mine = sa.and_(offers.c.agent_id == agents.c.agent_id, _in(*LOADING))
    return sa.select(sa.func.count()).where(mine).scalar_subquery()


_HELD = sa.exists().where(offers.c.entry_id == entries.c.entry_id, _in(*HOLDING))
_TOGETHER = sa.join(offers, entries, offers.c.entry_id == entries.c.entry_id)

RULES = {
    "an agent's load is what they have": sa.select(agents.c.agent_id).where(
        agents.c.load != _loading()
    ),
    "nobody has more than their capacity": sa.select(agents.c.agent_id).where(
        _loading() > agents.c.capacity
    ),
    "no entry is offered twice": sa.select(offers.c.entry_id)
    .where(_in(*HOLDING))
    .group_by(offers.c.entry_id)
    .having(sa.func.count() > 1),
    "who wraps up is marked so, and nobody else": sa.select(agents.c.agent_id).where(
        agents.c.wrap_up_until.is_(None)
        == sa.exists().where(offers.c.agent_id == agents.c.agent_id, _in(OfferState.WRAPPING))
    ),
    "what an offer holds is held by it": sa.select(offers.c.offer_id)
    .select_from(_TOGETHER)
    .where(_in(*HOLDING), entries.c.offer_id != offers.c.offer_id),
    "an open offer is of an offered entry": sa.select(offers.c.offer_id)
    .select_from(_TOGETHER)
    .where(_in(*OPEN), entries.c.state != EntryState.OFFERED.value),
    "a taken offer is of a connected entry": sa.select(offers.c.offer_id)
    .select_from(_TOGETHER)
    .where(_in(*TAKEN), entries.c.state != EntryState.CONNECTED.value),
    "what is offered or connected has an offer": sa.select(entries.c.entry_id).where(
        entries.c.state.in_([EntryState.OFFERED.value, EntryState.CONNECTED.value]), ~_HELD
    ),
    "what waits or has left has none": sa.select(entries.c.entry_id).where(
        entries.c.state.in_([EntryState.WAITING.value, EntryState.LEFT.value]), _HELD
    ),
    "who has left left in some way, and nobody else": sa.select(entries.c.entry_id).where(
        (entries.c.outcome == "") == (entries.c.state == EntryState.LEFT.value)
    ),
}


async def broken(connection: AsyncConnection) -> dict[str, list[str]]:
    """Return the rules that do not hold, with who or what breaks them."""
    found = {}
    for rule, query in RULES.items():
        breakers = list((await connection.execute(query)).scalars())
        if breakers:
            found[rule] = breakers
    return found
