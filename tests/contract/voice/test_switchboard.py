"""What the inbound policy does at the switchboard, on both databases."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from chassis.effects import State
from services.voice.calls.command import Enqueue, Reject, Speak, command_id
from services.voice.calls.model import (
    Call,
    Caller,
    CallerKind,
    Direction,
    Lookup,
    LookupOutcome,
    Role,
    Steering,
)
from services.voice.calls.model import State as CallState
from services.voice.calls.records import CallRecord, CommandState
from services.voice.inbound import InboundPolicy
from services.voice.policy import Instruction, Step
from services.voice.tables import outbox
from tests.support import sightings as seen
from tests.support.legs import Office, office
from tests.support.sightings import ADA, POLICY

VIP = Lookup(LookupOutcome.FOUND, True, 1, "Ada Lovelace", "en-US")
FAILED = Lookup(LookupOutcome.UNAVAILABLE)


@dataclass
class Directory:
    """Answers every question in turn, and the last answer for ever."""

    answers: list[Lookup] = field(default_factory=lambda: [VIP])
    asked: list[str] = field(default_factory=list)

    async def find(self, phone_number: str) -> Lookup:
        """Return what is known."""
        self.asked.append(phone_number)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class Desk:
    """A switchboard whose callers are answered by the policy."""

    office: Office
    directory: Directory
    inbound: InboundPolicy

    async def hear(self, *events: Call) -> None:
        """Handle events one after the other, each in a transaction of its own."""
        for event in events:
            self.office.clock.advance(timedelta(seconds=1))
            prepared = await self.inbound.prepare(event)
            async with self.office.database.transaction() as connection:
                found = await self.inbound.found(connection, event, prepared)
                await self.office.legs.switchboard.record(connection, event.join(found))

    async def settle(self, step: Step, state: CommandState, reason: str = "") -> None:
        """Let the carrier's answer to a command be known."""
        await self.office.settle(step, state, reason)

    async def instruct(self, sighting: Call) -> Sequence[Instruction]:
        """Ask what a TeXML call is told."""
        return await self.inbound.instruct(self.office.legs.switchboard, sighting)

    async def call(self, leg_id: str = "leg-1") -> CallRecord:
        """Return a call."""
        return await self.office.call(leg_id)

    async def steps(self, leg_id: str = "leg-1") -> Sequence[str]:
        """Return what was commanded on a leg."""
        return [each.key for each in await self.office.commands(leg_id)]


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """Open a switchboard with an empty database."""
    async with office(database_url) as opened:
        directory = Directory()
        inbound = InboundPolicy(opened.database, directory, opened.legs.desk, POLICY)
        opened.legs.switchboard.listeners.append(inbound)
        yield Desk(opened, directory, inbound)


async def test_a_call_is_answered_greeted_and_queued(desk: Desk) -> None:
    """Each event of an ordinary call brings the next command, and the VIP the better queue."""
    await desk.hear(seen.INITIATED)
    assert await desk.steps() == [Step.ANSWER]
    await desk.hear(seen.ANSWERED)
    assert await desk.steps() == [Step.ANSWER, Step.GREET]
    await desk.hear(seen.SPEECH_STARTED, seen.SPEECH_ENDED)
    assert await desk.steps() == [Step.ANSWER, Step.GREET, Step.ENQUEUE]
    async with desk.office.database.reading() as connection:
        queued = await outbox.get(connection, command_id("leg-1", Step.ENQUEUE))
    assert queued is not None
    assert b'"priority"' in queued.effect.body
    await desk.hear(seen.QUEUED, seen.DEQUEUED, seen.BRIDGED, seen.HUNG_UP)
    assert len(await desk.steps()) == 3
    assert (await desk.call()).call.lookup == VIP
    assert desk.directory.asked == [ADA]


async def test_commands_go_out_in_the_order_of_the_steps(desk: Desk) -> None:
    """All commands of a leg share one ordering key, in which they were queued in order."""
    await desk.hear(seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED)
    async with desk.office.database.reading() as connection:
        query = outbox.table.select().order_by(outbox.table.c.position)
        rows = (await connection.execute(query)).all()
    assert {row.ordering_key for row in rows} == {"leg-1"}
    assert [row.path.rsplit("/", 1)[1] for row in rows] == ["answer", "speak", "enqueue"]


async def test_the_last_word_on_a_caller_comes_before_the_queue(desk: Desk) -> None:
    """A lookup that fails at the start is repeated, and decides the queue when it succeeds."""
    desk.directory.answers = [FAILED, VIP]
    await desk.hear(seen.INITIATED)
    assert (await desk.call()).call.lookup == FAILED
    await desk.hear(seen.ANSWERED, seen.SPEECH_ENDED)
    assert (await desk.call()).call.lookup == VIP
    assert len(desk.directory.asked) == 2


async def test_a_crm_that_is_away_keeps_nobody_waiting(desk: Desk) -> None:
    """Whoever cannot be looked up is answered, greeted and queued like anybody unknown."""
    desk.directory.answers = [FAILED]
    await desk.hear(seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED)
    async with desk.office.database.reading() as connection:
        queued = await outbox.get(connection, command_id("leg-1", Step.ENQUEUE))
    assert queued is not None
    assert b'"support"' in queued.effect.body


@pytest.mark.parametrize(
    "caller",
    [
        Caller(CallerKind.WITHHELD, "", "anonymous"),
        Caller(CallerKind.SIP, "", "sip:ada@example.com"),
        Caller(CallerKind.MALFORMED, "", "asterisk"),
        Caller(),
    ],
)
async def test_a_weak_caller_id_is_never_looked_up(desk: Desk, caller: Caller) -> None:
    """Nobody is asked about a caller without a number, and the call goes its way."""
    events = (seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED)
    await desk.hear(*(replace(event, caller=caller) for event in events))
    assert await desk.steps() == [Step.ANSWER, Step.GREET, Step.ENQUEUE]
    assert desk.directory.asked == []
    assert (await desk.call()).call.lookup is None


async def test_calls_that_are_not_ours_are_recorded_and_left_alone(desk: Desk) -> None:
    """Our outgoing legs and calls to unknown numbers get no command and no lookup."""
    outgoing = replace(seen.INITIATED, leg_id="out", direction=Direction.OUTBOUND)
    elsewhere = replace(seen.INITIATED, leg_id="else", called_number="+12025550199")
    await desk.hear(outgoing, elsewhere)
    assert await desk.steps("out") == await desk.steps("else") == []
    assert (await desk.call("else")).call.state is CallState.INITIATED
    assert desk.directory.asked == []


async def test_a_refused_greeting_is_passed_over(desk: Desk) -> None:
    """The caller is queued without having heard anything, and the refusal is kept."""
    await desk.hear(seen.INITIATED, seen.ANSWERED)
    await desk.settle(Step.GREET, CommandState.REFUSED, "10015")
    assert await desk.steps() == [Step.ANSWER, Step.GREET, Step.ENQUEUE]
    greet = (await desk.call()).commands[1]
    assert (greet.state, greet.reason) == (CommandState.REFUSED, "10015")


async def test_a_refused_queue_ends_the_call(desk: Desk) -> None:
    """A caller who cannot be queued is not left in silence."""
    await desk.hear(seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED)
    await desk.settle(Step.ENQUEUE, CommandState.REFUSED, "90036")
    assert (await desk.steps())[-1] == Step.HANG_UP


async def test_a_call_that_ended_under_a_command_needs_nothing(desk: Desk) -> None:
    """That the carrier finds the call over is no refusal: nothing follows from it."""
    await desk.hear(seen.INITIATED, seen.ANSWERED)
    await desk.settle(Step.GREET, CommandState.CALL_ENDED)
    assert await desk.steps() == [Step.ANSWER, Step.GREET]


async def test_an_event_proves_a_command_in_doubt(desk: Desk) -> None:
    """When the effect of a command shows, the outbox and the call know that it was taken."""
    await desk.hear(seen.INITIATED)
    answer = command_id("leg-1", Step.ANSWER)
    async with desk.office.database.transaction() as connection:
        where = outbox.table.c.effect_id == answer
        doubt = outbox.table.update().where(where).values(state=State.UNKNOWN.value)
        await connection.execute(doubt)
    await desk.settle(Step.ANSWER, CommandState.IN_DOUBT, "NO_ANSWER")
    await desk.hear(seen.ANSWERED)
    async with desk.office.database.reading() as connection:
        record = await outbox.get(connection, answer)
    assert record is not None
    assert record.state is State.SENT
    assert (await desk.call()).commands[0].state is CommandState.ACCEPTED


async def test_doubt_alone_changes_nothing(desk: Desk) -> None:
    """A command in doubt is shown as such, and nothing is guessed from it."""
    await desk.hear(seen.INITIATED, seen.ANSWERED)
    await desk.settle(Step.GREET, CommandState.IN_DOUBT, "SERVER_ERROR")
    assert await desk.steps() == [Step.ANSWER, Step.GREET]
    assert (await desk.call()).commands[1].state is CommandState.IN_DOUBT


async def test_a_call_is_over_only_when_it_is(desk: Desk) -> None:
    """Commands are held back by the hangup, not by a leg nobody has heard of."""
    await desk.hear(seen.INITIATED)
    async with desk.office.database.reading() as connection:
        assert not await desk.office.legs.switchboard.has_ended(connection, "leg-1")
        assert not await desk.office.legs.switchboard.has_ended(connection, "leg-2")
    await desk.hear(seen.HUNG_UP)
    async with desk.office.database.reading() as connection:
        assert await desk.office.legs.switchboard.has_ended(connection, "leg-1")


TEXML = replace(
    seen.INITIATED,
    leg_id="v3:sid",
    control_id="v3:sid",
    session_id="",
    steering=Steering.TEXML,
    direction=Direction.UNKNOWN,
    texml_app="main",
)


async def test_a_texml_call_is_instructed_and_recorded(desk: Desk) -> None:
    """The same policy answers in one go, and the call is kept with its queue and its lookup."""
    assert await desk.instruct(TEXML) == [Speak("Please hold."), Enqueue("priority")]
    record = await desk.call("v3:sid")
    known = replace(TEXML, lookup=VIP, texml_queue="priority", role=Role.CALLER)
    assert record.call == known
    assert (record.call.queue_name, record.commands) == ("priority", ())


async def test_a_texml_call_that_asks_again_hears_the_same(desk: Desk) -> None:
    """What was found out first stays, also when it was nothing."""
    desk.directory.answers = [FAILED, VIP]
    first = await desk.instruct(TEXML)
    assert await desk.instruct(TEXML) == first == [Speak("Please hold."), Enqueue("support")]
    assert len(desk.directory.asked) == 1


async def test_a_texml_call_to_an_unknown_number_is_refused(desk: Desk) -> None:
    """It is recorded without a queue, and nobody is asked who calls."""
    elsewhere = replace(TEXML, called_number="+12025550199")
    assert await desk.instruct(elsewhere) == [Reject()]
    assert (await desk.call("v3:sid")).call.queue_name == ""
    assert desk.directory.asked == []


async def test_the_events_of_a_texml_call_join_it(desk: Desk) -> None:
    """Progress from the bus, early or late, adds to what the request recorded."""
    over = replace(TEXML, initiated=None, hung_up=seen.HUNG_UP.hung_up)
    await desk.hear(over)
    await desk.instruct(TEXML)
    await desk.hear(TEXML, over)
    record = await desk.call("v3:sid")
    assert (record.call.state, record.call.queue_name) == (CallState.HUNG_UP, "priority")
    assert desk.directory.asked == [ADA]


async def test_nothing_is_written_for_what_is_known(desk: Desk) -> None:
    """A repeated event leaves the call's update time alone."""
    await desk.hear(seen.INITIATED)
    before = await desk.call()
    await desk.hear(seen.INITIATED)
    assert await desk.call() == before
    async with desk.office.database.reading() as connection:
        record = await outbox.get(connection, command_id("leg-1", Step.ANSWER))
    assert record is not None
    assert (record.state, record.attempts) == (State.NEW, 0)
