"""What goes wrong in contact centres that keep their state in memory, one test for each.

The weaknesses are those found by reading a carrier's published demonstration; those that concern
messages are in tests/contract/messaging/test_known_weaknesses.py.
"""

import asyncio
from datetime import timedelta

from services.voice.agents.model import OfferState, Presence
from services.voice.queues.model import EntryState, Outcome
from services.voice.reporting.formulas import EarlyAbandons, QueueFigures
from services.voice.reporting.reading import Reports
from services.voice.reporting.store import FactStore
from services.voice.reporting.wiring import ledger
from tests.support.centre import at
from tests.support.floor import Floor

ADA, BOB = "+12025550151", "+12025550152"


async def figures(floor: Floor) -> QueueFigures:
    """Return the support queue's figures."""
    reports = Reports(floor.opened, FactStore(), floor.clock)
    [interval] = await reports.queue(
        "support", at(-1), floor.now + timedelta(seconds=1), None, None, EarlyAbandons.IGNORED
    )
    return interval.figures


def keep_books(floor: Floor) -> None:
    """Let the ledger hear of what happens."""
    listener = ledger("secret")
    floor.books.entry_listeners.append(listener)
    floor.books.offer_listeners.append(listener)


async def test_priority_acts(floor: Floor) -> None:
    """1: waiting calls are not served by their age alone; a VIP who came later goes first."""
    normal = await floor.enter("normal")
    await floor.pass_by(60)
    vip = await floor.enter("vip", is_vip=True)
    await floor.agent("ada", ADA)
    await floor.look()
    assert (await floor.read(vip)).state is EntryState.OFFERED
    assert (await floor.read(normal)).state is EntryState.WAITING


async def test_nobody_is_stuck_after_a_restart(floor: Floor) -> None:
    """2: callers, offers and timers are rows; a service that comes back goes on with them."""
    first = await floor.enter("first")
    second = await floor.enter("second")
    await floor.agent("ada", ADA)
    await floor.look()
    reborn = Floor(floor.opened, floor.switch)
    assert (await reborn.read(first)).state is EntryState.OFFERED
    assert (await reborn.read(second)).state is EntryState.WAITING
    await reborn.pass_by(30)
    assert (await reborn.read(first)).state is EntryState.WAITING
    await reborn.agent("bob", BOB)
    await reborn.look()
    assert (await reborn.read(first)).agent_id == "bob"


async def test_a_repeated_word_has_one_effect(floor: Floor) -> None:
    """3: what is told twice happens once: one offer, one bridge, one conversation."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    again = await floor.enter("caller")
    assert again.entry_id == entry.entry_id
    offer = await floor.offered(entry)
    for _ in range(2):
        await floor.answer(offer)
        await floor.bridge(offer)
    assert len(floor.switch.dials) == 1
    assert floor.switch.bridged(offer.offer_id) is not None
    assert (await floor.read_offer(offer)).connect_time == at(0)


async def test_leaving_for_voicemail_or_a_callback_is_not_abandoning(floor: Floor) -> None:
    """4: only who hung up in the queue abandoned it, and abandons count in the service level."""
    keep_books(floor)
    voicemail = await floor.enter("voicemail")
    called_back = await floor.enter("callback")
    gone = await floor.enter("gone")
    await floor.pass_by(30)
    await floor.leave(voicemail, Outcome.VOICEMAIL)
    async with floor.opened.transaction() as connection:
        await floor.centre.to_callback(connection, called_back.entry_id, "+12025550171", floor.now)
    assert (await figures(floor)).service_level is None
    await floor.leave(gone)
    found = await figures(floor)
    assert (found.abandoned, found.callbacks_asked) == (1, 1)
    assert found.abandonment_rate == 1 / 3
    assert found.service_level == 0


async def test_an_unanswered_phone_moves_the_call_on(floor: Floor) -> None:
    """5a: an agent who does not answer is asked for no more, and the caller goes to the next."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    await floor.pass_by(30)
    assert (await floor.read_offer(offer)).state is OfferState.NO_ANSWER
    assert (await floor.read_agent("ada")).presence is Presence.NOT_ANSWERING
    await floor.agent("bob", BOB)
    second = await floor.offered(entry)
    assert second.agent_id == "bob"
    assert (await floor.read(entry)).enqueue_time == at(0)


async def test_one_agent_is_given_one_call(floor: Floor) -> None:
    """5b: finding an agent and claiming them is one step: of two matchers at once one succeeds."""
    await floor.enter("first")
    await floor.enter("second")
    await floor.agent("ada", ADA)
    other = Floor(floor.opened, floor.switch)
    made = await asyncio.gather(floor.look(), other.look())
    assert sum(made) == 1
    assert [dial.to for dial in floor.switch.dials] == [ADA]


async def test_every_agent_has_a_phone_of_their_own(floor: Floor) -> None:
    """6: an offer rings the address of the agent it is made to."""
    await floor.agent("ada", ADA)
    await floor.agent("bob", "sip:bob@agents.example")
    await floor.enter("first")
    await floor.enter("second")
    await floor.look()
    assert {dial.to for dial in floor.switch.dials} == {ADA, "sip:bob@agents.example"}
