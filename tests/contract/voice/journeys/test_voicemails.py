"""Voicemails as tasks: opened, recorded, lost, listed and closed."""

from datetime import timedelta

import pytest

from chassis.errors import NotFound, NotYet
from services.voice.calls.recordings import Recording, RecordingState
from services.voice.journeys.voicemails import (
    Place,
    Voicemail,
    VoicemailFilter,
    Voicemails,
    VoicemailState,
    voicemail_id,
)
from tests.support.sightings import ADA, at
from tests.support.travellers import World

SEVEN = timedelta(seconds=7)


def message(number: int) -> Voicemail:
    """Return a message that is being recorded."""
    return Voicemail(
        voicemail_id=voicemail_id(f"leg-{number}", "3.record"),
        leg_id=f"leg-{number}",
        step_id="busy",
        state=VoicemailState.RECORDING,
        create_time=at(number),
        queue_id="support" if number % 2 else "sales",
        agent_id="grace" if number == 1 else "",
        caller_number=ADA,
    )


async def test_a_message_becomes_a_task_that_is_closed_once(world: World) -> None:
    """It cannot be closed while it is recorded; whoever closes it first stays."""
    kept, one = Voicemails(), message(1)
    async with world.database.transaction() as connection:
        await kept.open(connection, one)
        await kept.open(connection, one)
        with pytest.raises(NotYet):
            await kept.handle(connection, one.voicemail_id, "Grace", at(2))
        await kept.close(connection, one.voicemail_id, "rec-1", SEVEN)
        first = await kept.handle(connection, one.voicemail_id, "Grace", at(3))
        second = await kept.handle(connection, one.voicemail_id, "Alan", at(9))
    assert (first.state, first.recording_id, first.length) == (
        VoicemailState.HANDLED,
        "rec-1",
        SEVEN,
    )
    assert second == first
    assert (first.handled_by, first.handle_time) == ("Grace", at(3))


async def test_a_message_nobody_knows_is_not_found(world: World) -> None:
    """Reading and closing it are refused."""
    async with world.database.transaction() as connection:
        for ask in (
            Voicemails().get(connection, "nobody"),
            Voicemails().handle(connection, "nobody", "Grace", at(1)),
        ):
            with pytest.raises(NotFound):
                await ask


async def test_a_recording_counts_however_late_it_comes(world: World) -> None:
    """A message given up as empty is filled by its recording; a lost recording empties it."""
    kept, one, two = Voicemails(), message(1), message(2)
    late = Recording("rec-1", "leg-1", "", at(9), "3.record", RecordingState.STORED)
    lost = Recording("rec-2", "leg-2", "", at(9), "3.record", RecordingState.LOST)
    async with world.database.transaction() as connection:
        for each in (one, two):
            await kept.open(connection, each)
        await kept.close(connection, one.voicemail_id, "", None)
        await kept.close(connection, two.voicemail_id, "rec-2", SEVEN)
        for recording in (late, lost):
            await kept.recording_settled(connection, recording, at(9))
        assert (await kept.get(connection, one.voicemail_id)).recording_id == "rec-1"
        states = [(await kept.get(connection, each.voicemail_id)).state for each in (one, two)]
    assert states == [VoicemailState.OPEN, VoicemailState.EMPTY]


async def test_messages_are_listed_page_by_page(world: World) -> None:
    """Newest first, by every filter, and on from a place."""
    kept = Voicemails()
    async with world.database.transaction() as connection:
        for number in range(5):
            await kept.open(connection, message(number))
        first = await kept.page(connection, VoicemailFilter(), None, 2)
        end = Place(first[-1].create_time, first[-1].voicemail_id)
        rest = await kept.page(connection, VoicemailFilter(), end, 9)
        assert [each.leg_id for each in (*first, *rest)] == [f"leg-{n}" for n in (4, 3, 2, 1, 0)]
        for wanted, legs in (
            (VoicemailFilter(queue_id="support"), ["leg-3", "leg-1"]),
            (VoicemailFilter(agent_id="grace"), ["leg-1"]),
            (VoicemailFilter(leg_id="leg-2"), ["leg-2"]),
            (VoicemailFilter(state=VoicemailState.OPEN), []),
            (VoicemailFilter(caller_number=ADA, created_after=at(3)), ["leg-4", "leg-3"]),
        ):
            found = await kept.page(connection, wanted, None, 9)
            assert [each.leg_id for each in found] == legs
