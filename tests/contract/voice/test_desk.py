"""Commands, dials and listeners at the switchboard, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.effects import Done, State
from services.voice.calls.command import (
    Answer,
    Bridge,
    Dial,
    Gather,
    HangUp,
    Play,
    Speak,
    command_id,
    dial_id,
)
from services.voice.calls.dial_store import SqlDials
from services.voice.calls.model import (
    Call,
    CommandKind,
    Direction,
    QueueEntry,
    Refusal,
    Result,
    ResultStatus,
    Role,
)
from services.voice.calls.model import State as CallState
from services.voice.calls.records import CommandState, Heard
from services.voice.tables import outbox
from tests.support import sightings as seen
from tests.support.legs import Office, office
from tests.support.sightings import OURS, at

DIAL = Dial("+13125550199", OURS, "123", Role.AGENT, "offer-1")
LEG = Call(
    leg_id="leg-9",
    control_id="v3:9",
    direction=Direction.OUTBOUND,
    role=Role.AGENT,
    subject="offer-1",
    dial_id=dial_id(Role.AGENT, "offer-1"),
)


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Office]:
    """Open a switchboard with an empty database and a listener."""
    async with office(database_url) as fresh:
        yield fresh


async def test_a_key_is_commanded_once(opened: Office) -> None:
    """The same key again is told to have been given, and nothing is sent for it."""
    await opened.hear(seen.INITIATED)
    assert await opened.give("answer", Answer())
    assert not await opened.give("answer", Answer())
    assert await opened.give("1.greeting", Speak("Hello."))
    assert [each.key for each in await opened.commands()] == ["answer", "1.greeting"]
    effect = await opened.effect(command_id("leg-1", "1.greeting"))
    assert effect.effect.ordering_key == "leg-1"


async def test_nothing_is_commanded_where_it_can_reach_nobody(opened: Office) -> None:
    """A leg that is over, or whose control id nobody knows, gets no command."""
    await opened.hear(seen.INITIATED, seen.HUNG_UP)
    assert not await opened.give("answer", Answer())
    await opened.hear(Call(leg_id="leg-2", initiated=at(0)))
    assert not await opened.give("answer", Answer(), "leg-2")
    assert await opened.commands() == await opened.commands("leg-2") == ()


async def test_listeners_hear_of_every_leg_with_its_role(opened: Office) -> None:
    """A caller is told as one, in the transaction that saved it, before and after."""
    await opened.hear(seen.INITIATED, seen.ANSWERED)
    (first, second) = opened.listener.changes
    assert first[0] == Call(leg_id="leg-1")
    assert first[1].role is second[1].role is Role.CALLER
    assert second[0] == first[1]
    assert second[1].state is CallState.ANSWERED


async def test_a_refusal_is_a_fact_of_the_leg(opened: Office) -> None:
    """Whoever commanded hears why not, and decides on another way."""
    await opened.hear(seen.INITIATED)
    await opened.give("answer", Answer())
    await opened.settle("answer", CommandState.REFUSED, "90015")
    _, after = opened.listener.changes[-1]
    assert after.refusal("answer") == Refusal("answer", "90015")
    (answer,) = await opened.commands()
    assert (answer.state, answer.reason) == (CommandState.REFUSED, "90015")


async def test_a_call_that_ends_under_a_command_is_no_refusal(opened: Office) -> None:
    """Nobody is told to go another way when the caller is gone."""
    await opened.hear(seen.INITIATED)
    await opened.give("answer", Answer())
    await opened.settle("answer", CommandState.CALL_ENDED)
    assert len(opened.listener.changes) == 1
    assert (await opened.call()).call.refusal("answer") is None


async def test_a_dial_becomes_a_leg_that_knows_what_it_is_for(opened: Office) -> None:
    """The leg shows itself when the carrier takes the dial, and an early event joins it."""
    identity = await opened.dial(DIAL)
    assert await opened.dial(DIAL) == identity
    await opened.hear(replace(LEG, initiated=at(1), dial_id=identity))
    async with opened.database.transaction() as connection:
        await opened.legs.switchboard.dialled(connection, identity, LEG)
        dial = await SqlDials().get(connection, identity)
    assert dial is not None
    assert (dial.state, dial.leg_id) == (CommandState.ACCEPTED, "leg-9")
    leg = (await opened.call("leg-9")).call
    assert (leg.role, leg.subject, leg.state) == (Role.AGENT, "offer-1", CallState.INITIATED)


async def test_a_refused_dial_is_told_with_what_it_was_for(opened: Office) -> None:
    """There is no leg, so those who wait for it are told by role and subject."""
    identity = await opened.dial(DIAL)
    for state, reason in ((CommandState.IN_DOUBT, "NO_ANSWER"), (CommandState.REFUSED, "10016")):
        async with opened.database.transaction() as connection:
            await opened.legs.switchboard.undialled(
                connection, identity, Role.AGENT, "offer-1", state, reason
            )
    assert opened.listener.failed == [(Role.AGENT, "offer-1", "10016")]


async def test_a_dial_nobody_wants_any_more_is_not_sent(opened: Office) -> None:
    """A withdrawn dial fails before it is sent; the second time it is too late."""
    identity = await opened.dial(DIAL)
    async with opened.database.transaction() as connection:
        assert await opened.legs.desk.withdraw(connection, Role.AGENT, "offer-1")
        assert not await opened.legs.desk.withdraw(connection, Role.AGENT, "offer-1")
    assert (await opened.effect(identity)).state is State.FAILED


async def test_a_command_nobody_wants_any_more_is_not_sent(opened: Office) -> None:
    """A revoked command fails before it is sent, and shows as such."""
    await opened.hear(seen.INITIATED)
    await opened.give("1.greeting", Speak("Hello."))
    async with opened.database.transaction() as connection:
        assert await opened.legs.desk.revoke(connection, "leg-1", "1.greeting")
    (greeting,) = await opened.commands()
    assert (greeting.state, greeting.reason) == (CommandState.REFUSED, "WITHDRAWN")


async def test_a_fact_of_ours_joins_the_leg_without_calling_anybody(opened: Office) -> None:
    """Whoever notes that a caller waits sees it at once; listeners wait for the next event."""
    await opened.hear(seen.INITIATED, seen.ANSWERED)
    told = len(opened.listener.changes)
    fact = Call(entered_queue=QueueEntry(at(3), "support"))
    async with opened.database.transaction() as connection:
        noted = await opened.legs.desk.note(connection, "leg-1", fact)
    assert noted.state is CallState.QUEUED
    assert (await opened.call()).call == noted
    assert len(opened.listener.changes) == told


def result(kind: CommandKind, seconds: float, key: str = "") -> Call:
    """Return what an event says of a command's end."""
    ended = Result(key, kind, at(seconds), ResultStatus.COMPLETED)
    return replace(seen.LEG, results=frozenset({ended}))


async def test_a_result_without_a_name_is_of_the_oldest_that_waits(opened: Office) -> None:
    """Events carry the state of the last command, so others are told apart by their kind."""
    await opened.hear(seen.INITIATED, seen.ANSWERED)
    for key in ("1.greeting", "2.news"):
        await opened.give(key, Speak("Hello."))
    await opened.give("music", Play("https://example.com/a.mp3", loop=True))
    await opened.hear(result(CommandKind.SPEAK, 5), result(CommandKind.SPEAK, 5))
    call = (await opened.call()).call
    assert {each.key for each in call.results} == {"1.greeting"}
    await opened.hear(result(CommandKind.SPEAK, 9), result(CommandKind.PLAY, 10))
    await opened.hear(result(CommandKind.SPEAK, 20), result(CommandKind.GATHER, 21))
    call = (await opened.call()).call
    assert {each.key for each in call.results} == {"1.greeting", "2.news", "music"}


@pytest.mark.parametrize(
    ("command", "event", "heard"),
    [
        (Answer(), seen.ANSWERED, None),
        (Speak("Hello."), seen.SPEECH_STARTED, None),
        (HangUp(), seen.HUNG_UP, None),
        (Bridge("v3:2"), seen.BRIDGED, None),
        (Gather("Press 1."), seen.PARTIES, Heard(key="key")),
    ],
)
async def test_an_event_proves_a_command_in_doubt(
    opened: Office, command: Answer | Speak | HangUp | Bridge | Gather, event: Call, heard: Heard
) -> None:
    """When a command's effect or its token shows, the outbox and the call know it was taken."""
    await opened.hear(seen.INITIATED)
    await opened.give("key", command)
    identity = command_id("leg-1", "key")
    async with opened.database.transaction() as connection:
        where = outbox.table.c.effect_id == identity
        doubt = outbox.table.update().where(where).values(state=State.UNKNOWN.value)
        await connection.execute(doubt)
    await opened.settle("key", CommandState.IN_DOUBT, "NO_ANSWER")
    await opened.hear(seen.PARTIES)
    assert (await opened.commands())[0].state is CommandState.IN_DOUBT
    await opened.hear(event, heard=heard)
    assert (await opened.effect(identity)).state is State.SENT
    assert (await opened.commands())[0].state is CommandState.ACCEPTED


async def test_an_event_of_the_leg_proves_a_dial_in_doubt(opened: Office) -> None:
    """The leg's first event carries the dial's token, which nobody else could have sent."""
    identity = await opened.dial(DIAL)
    async with opened.database.transaction() as connection:
        where = outbox.table.c.effect_id == identity
        doubt = outbox.table.update().where(where).values(state=State.UNKNOWN.value)
        await connection.execute(doubt)
        await opened.legs.switchboard.undialled(
            connection, identity, Role.AGENT, "offer-1", CommandState.IN_DOUBT, "NO_ANSWER"
        )
    await opened.hear(LEG)
    record = await opened.effect(identity)
    assert (record.state, record.reference) == (State.SENT, Done("leg-9").reference)
    async with opened.database.reading() as connection:
        dial = await SqlDials().get(connection, identity)
    assert dial is not None
    assert (dial.state, dial.leg_id) == (CommandState.ACCEPTED, "leg-9")


async def test_a_call_is_over_only_when_it_is(opened: Office) -> None:
    """Commands are held back by the hangup, not by a leg nobody has heard of."""
    board = opened.legs.switchboard
    await opened.hear(seen.INITIATED)
    async with opened.database.reading() as connection:
        assert not await board.has_ended(connection, "leg-1")
        assert not await board.has_ended(connection, "leg-2")
    await opened.hear(seen.HUNG_UP)
    async with opened.database.reading() as connection:
        assert await board.has_ended(connection, "leg-1")


async def test_nothing_is_written_for_what_is_known(opened: Office) -> None:
    """A repeated event leaves the call's update time alone."""
    await opened.hear(seen.INITIATED)
    before = await opened.call()
    await opened.hear(seen.INITIATED)
    assert await opened.call() == before


async def test_an_agent_who_calls_us_is_a_caller(opened: Office) -> None:
    """A leg towards us keeps its own role, whatever a token copied from another one says."""
    await opened.hear(replace(seen.INITIATED, role=Role.AGENT, subject="offer-1"))
    call = (await opened.call()).call
    assert (call.role, call.subject) == (Role.CALLER, "")


def answer(key: str, digits: str = "", speech: str = "") -> Call:
    """Return what an event says of a gather's end."""
    status = ResultStatus.COMPLETED
    ended = Result(key, CommandKind.GATHER, at(5), status, digits, speech)
    return replace(seen.LEG, results=frozenset({ended}))


@pytest.mark.parametrize(
    ("digits", "speech", "stopped"),
    [
        ("1", "", [CommandKind.STOP_LISTENING]),
        ("", "sales please", [CommandKind.STOP_LISTENING, CommandKind.STOP_GATHER]),
    ],
)
async def test_a_gather_of_phrases_listens_until_it_has_its_answer(
    opened: Office, digits: str, speech: str, stopped: list[CommandKind]
) -> None:
    """Whoever speaks need not press: what still waits for the other answer is stopped, once."""
    await opened.hear(seen.INITIATED, seen.ANSWERED)
    await opened.give("1.menu", Gather("Sales?", speech_hints=("sales",)))
    asked = [CommandKind.GATHER, CommandKind.LISTEN]
    assert [each.kind for each in await opened.commands()] == asked
    await opened.hear(answer("1.menu", digits, speech), answer("1.menu", digits, speech))
    assert [each.kind for each in await opened.commands()] == [*asked, *stopped]


async def test_a_gather_of_keys_alone_listens_to_nobody(opened: Office) -> None:
    """Without phrases nothing is started, and nothing is stopped."""
    await opened.hear(seen.INITIATED, seen.ANSWERED)
    await opened.give("1.menu", Gather("Press 1."))
    await opened.hear(answer("1.menu", "1"))
    assert [each.kind for each in await opened.commands()] == [CommandKind.GATHER]


async def test_a_dial_is_late_a_minute_after_it_was_decided(opened: Office) -> None:
    """Its age counts from the decision, and a dial nobody knows is not late."""
    identity = await opened.dial(DIAL)
    minute, board = timedelta(seconds=60), opened.legs.switchboard
    async with opened.database.reading() as connection:
        assert not await board.is_late(connection, identity, minute)
        assert not await board.is_late(connection, "nothing", minute)
    opened.clock.advance(timedelta(seconds=61))
    async with opened.database.reading() as connection:
        assert await board.is_late(connection, identity, minute)


async def test_a_leg_that_comes_before_the_answer_is_the_dials(opened: Office) -> None:
    """The token says whose leg it is, whether or not the carrier's answer names one."""
    identity = await opened.dial(DIAL)
    await opened.hear(LEG)
    async with opened.database.reading() as connection:
        dial = await SqlDials().get(connection, identity)
    assert dial is not None
    assert (dial.state, dial.leg_id) == (CommandState.ACCEPTED, "leg-9")
