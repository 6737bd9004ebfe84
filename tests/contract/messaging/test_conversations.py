"""Conversations: a projection that agrees with its messages, whatever happens to them."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from chassis.errors import NotFound
from services.messaging.model import Message, Recipient, Status
from services.messaging.ports import Position
from services.messaging.replies.conversation_store import ConversationStore
from services.messaging.replies.conversations import (
    Conversation,
    ConversationFilters,
    ConversationState,
)
from services.messaging.replies.guards import Mute, MuteReason
from services.messaging.use_cases.reading import Reading
from tests.contract.messaging.conftest import (
    NOON,
    OTHER,
    OURS,
    PEER,
    SECOND,
    Bench,
    draft,
    inbound,
    open_bench,
    reported,
)

EVERYTHING = ConversationFilters()


@dataclass
class Room:
    """A bench and what reads its conversations."""

    bench: Bench
    reading: Reading

    async def page(
        self,
        filters: ConversationFilters = EVERYTHING,
        *,
        limit: int = 100,
        after: Position | None = None,
    ) -> list[Conversation]:
        """Return a page of conversations."""
        async with self.bench.database.reading() as connection:
            return list(await self.reading.page(connection, filters, limit=limit, after=after))

    async def rebuilt(self) -> list[Conversation]:
        """Return every conversation computed anew."""
        async with self.bench.transaction() as connection:
            await self.reading.store.rebuild_all(connection)
        return await self.page()

    async def mark_read(self, conversation_id: str, message_id: str = "") -> Conversation:
        """Mark messages as read."""
        async with self.bench.transaction() as connection:
            return await self.reading.mark_read(connection, conversation_id, message_id)

    async def mute(self, message: Message, reason: MuteReason) -> None:
        """Mute the pair of a message for a day."""
        mute = Mute(reason, self.bench.clock.now() + timedelta(days=1))
        async with self.bench.transaction() as connection:
            await self.reading.store.mute(connection, message, mute)


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    """Conversations over an empty database."""
    async with open_bench(database_url) as bench:
        yield Room(bench, Reading(ConversationStore(), bench.messages, bench.clock))


def group(*members: str, **changes: object) -> Message:
    """Return a message from PEER to a group."""
    people = tuple(Recipient(number, Status.RECEIVED) for number in members)
    return inbound(**{"recipients": people, **changes})  # type: ignore[arg-type]


async def test_messages_between_two_numbers_are_one_conversation(room: Room) -> None:
    """In both directions; another number of ours is another conversation."""
    await room.bench.receive(inbound("one"))
    room.bench.clock.advance(timedelta(minutes=1))
    await room.bench.send(draft(text="two"))
    await room.bench.receive(inbound("three", our_number=SECOND, create_time=NOON))
    newest, other = await room.page()
    assert (newest.our_number, newest.peer_number) == (OURS, PEER)
    assert (newest.inbound_count, newest.outbound_count, newest.unread_count) == (1, 1, 1)
    assert newest.last_inbound_time == NOON
    assert newest.last_outbound_time == newest.last_time == NOON + timedelta(minutes=1)
    assert (other.our_number, other.inbound_count) == (SECOND, 1)


async def test_a_group_has_a_conversation_of_its_own(room: Room) -> None:
    """The order of its members does not matter, and who of them writes neither."""
    await room.bench.receive(inbound("alone"))
    await room.bench.receive(group(OURS, OTHER))
    await room.bench.receive(group(OTHER, OURS, peer_number=PEER))
    await room.bench.receive(group(OURS, PEER, peer_number=OTHER))
    found = await room.page()
    assert sorted((each.others, each.inbound_count) for each in found) == [
        ((PEER,), 1),
        ((PEER, OTHER), 3),
    ]
    assert len(await room.page(ConversationFilters(peer_number=PEER))) == 2
    assert len(await room.page(ConversationFilters(peer_number=OTHER))) == 1


async def test_a_message_without_a_sender_has_no_conversation(room: Room) -> None:
    """It is still a message."""
    await room.bench.receive(inbound("who?", peer_number=""))
    assert await room.page() == []
    assert len(await room.bench.all_messages()) == 1


async def test_the_newest_message_leads_even_if_an_older_one_comes_later(room: Room) -> None:
    """Messages overtake one another."""
    await room.bench.receive(inbound("new", carrier_message_id="n"))
    await room.bench.receive(
        inbound("old", carrier_message_id="o", create_time=NOON - timedelta(hours=1))
    )
    (found,) = await room.page()
    assert (found.last_message_id, found.last_time, found.inbound_count) == ("n", NOON, 2)
    assert found.last_inbound_time == NOON


async def test_a_report_that_overtakes_its_answer_is_counted_once(room: Room) -> None:
    """For a while it is a message of its own, then a part of ours."""
    message = await room.bench.queued()
    await room.bench.report(reported(Status.SENT, "c-1"))
    (before,) = await room.page()
    assert before.outbound_count == 2
    async with room.bench.transaction() as connection:
        await room.bench.sending.accepted(connection, message.message_id, "c-1")
    (after,) = await room.page()
    assert (after.outbound_count, after.last_message_id) == (1, message.message_id)


async def test_a_report_can_tell_at_last_who_a_message_went_to(room: Room) -> None:
    """It then enters its conversation."""
    await room.bench.report(reported(Status.SENDING, "c-1", peer_number="", recipients=()))
    assert await room.page() == []
    await room.bench.report(reported(Status.SENT, "c-1"))
    (found,) = await room.page()
    assert (found.peer_number, found.outbound_count) == (PEER, 1)


async def test_marking_reaches_up_to_a_message(room: Room) -> None:
    """Later ones stay unread, and so does one that comes late."""
    for minute in range(3):
        time = NOON + timedelta(minutes=minute)
        await room.bench.receive(inbound("x", carrier_message_id=f"m{minute}", create_time=time))
    (found,) = await room.page(ConversationFilters(unread_only=True))
    assert found.unread_count == 3
    assert (await room.mark_read(found.conversation_id, "m1")).unread_count == 1
    await room.bench.receive(inbound("late", create_time=NOON - timedelta(hours=1)))
    (found,) = await room.page()
    assert found.unread_count == 2
    assert (await room.mark_read(found.conversation_id)).unread_count == 0
    assert await room.page(ConversationFilters(unread_only=True)) == []
    assert not any(each.unread for each in await room.bench.all_messages())


async def test_only_what_is_there_can_be_marked(room: Room) -> None:
    """Neither an unknown conversation nor a message of another one."""
    await room.bench.receive(inbound("x", carrier_message_id="mine"))
    await room.bench.receive(inbound("x", carrier_message_id="theirs", peer_number=OTHER))
    mine = next(each for each in await room.page() if each.peer_number == PEER)
    with pytest.raises(NotFound):
        await room.mark_read("nothing")
    with pytest.raises(NotFound):
        await room.mark_read(mine.conversation_id, "theirs")


async def test_lists_are_narrowed_and_paged(room: Room) -> None:
    """Newest first, every conversation once."""
    people = [f"+131255501{number:02}" for number in range(20, 27)]
    for number, person in enumerate(people):
        time = NOON + timedelta(minutes=number // 2)  # pairs with equal times
        await room.bench.receive(inbound("x", peer_number=person, create_time=time))
    await room.bench.receive(inbound("x", our_number=SECOND, create_time=NOON))
    seen: list[Conversation] = []
    after: Position | None = None
    while page := await room.page(ConversationFilters(our_number=OURS), limit=3, after=after):
        seen += page
        after = Position(page[-1].last_time, page[-1].conversation_id)
    assert [each.last_time for each in seen] == sorted((e.last_time for e in seen), reverse=True)
    assert sorted(each.peer_number for each in seen) == people
    assert len(await room.page(ConversationFilters(peer_number=people[0]))) == 1


async def test_lists_are_narrowed_by_state(room: Room) -> None:
    """A mute that has ended counts no more."""
    muted = await room.bench.receive(inbound("x"))
    bot = await room.bench.receive(inbound("x", peer_number=OTHER))
    await room.bench.receive(inbound("x", our_number=SECOND))
    await room.mute(muted, MuteReason.ECHO)
    await room.mute(bot, MuteReason.ECHO)
    await room.mute(bot, MuteReason.PEER_IS_BOT)

    async def numbers(state: ConversationState) -> list[str]:
        found = await room.page(ConversationFilters(our_number=OURS, state=state))
        return [each.peer_number for each in found]

    assert await numbers(ConversationState.MUTED) == [PEER]
    assert await numbers(ConversationState.PEER_IS_BOT) == [OTHER]
    assert await numbers(ConversationState.OPEN) == []
    before = await room.page()
    assert await room.rebuilt() == before
    room.bench.clock.advance(timedelta(days=2))
    assert sorted(await numbers(ConversationState.OPEN)) == [PEER, OTHER]


async def accept_one(room: Room) -> None:
    """Let the carrier take a queued message, if there is one that it has reported on early."""
    messages = await room.bench.all_messages()
    ours = [each for each in messages if each.status is Status.QUEUED]
    early = [each for each in messages if each.message_id.startswith("c-")]
    if ours and early:
        async with room.bench.transaction() as connection:
            await room.bench.sending.accepted(
                connection, ours[0].message_id, early[0].carrier_message_id
            )


@pytest.mark.parametrize("seed", range(6))
async def test_the_projection_is_what_a_rebuild_makes_of_it(room: Room, seed: int) -> None:
    """After any history of messages, reports, answers and readings."""
    choose = random.Random(seed)
    bench, reports = room.bench, 0
    for step in range(40):
        bench.clock.advance(timedelta(seconds=choose.randrange(90)))
        when = bench.clock.now() - timedelta(minutes=choose.randrange(3))
        who, ours = choose.choice((PEER, OTHER)), choose.choice((OURS, SECOND))
        pair = {"peer_number": who, "our_number": ours, "create_time": when}
        match choose.randrange(6):
            case 0 | 1:
                await bench.receive(inbound("hi", **pair))
            case 2:
                await bench.receive(group(OURS, who, create_time=when))
            case 3:
                await bench.send(draft(text=f"{step}", peer_number=who))
            case 4:
                reports += 1
                unknown = {"peer_number": "", "recipients": ()} if choose.random() < 0.3 else {}
                identity = f"c-{choose.randrange(reports)}"
                await bench.report(reported(Status.SENT, identity, **unknown))
            case 5:
                await accept_one(room)
                for each in (await room.page())[:1]:
                    await room.mark_read(each.conversation_id)
    kept = await room.page()
    assert len(kept) > 2
    assert await room.rebuilt() == kept
