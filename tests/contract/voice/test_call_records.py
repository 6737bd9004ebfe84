"""Sessions, moments, dials and recordings in SQL, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.errors import NotFound
from services.voice.calls.command import Answer, Dial, Record, dial_id
from services.voice.calls.model import Call, CommandKind, Result, Role
from services.voice.calls.reading import CallReader
from services.voice.calls.recording_store import SqlRecordings
from services.voice.calls.recordings import (
    Announced,
    Kept,
    Recording,
    RecordingFilter,
    RecordingState,
)
from services.voice.calls.records import CommandState, Heard, SessionFilter
from services.voice.calls.timeline import Moment, MomentKind
from tests.support import sightings as seen
from tests.support.legs import Office, office
from tests.support.sightings import ADA, OURS, at


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Office]:
    """Open a switchboard with an empty database."""
    async with office(database_url) as fresh:
        yield fresh


def reader(opened: Office) -> CallReader:
    """Return what shows calls."""
    legs = opened.legs
    return CallReader(opened.database, legs.calls, legs.dials, legs.timeline)


def leg(name: str, session: str, call: Call = seen.INITIATED) -> Call:
    """Return an event of a leg of a session."""
    return replace(call, leg_id=name, control_id=f"v3:{name}", session_id=session)


async def test_sessions_are_paged_by_their_first_legs(opened: Office) -> None:
    """A session that grows keeps its place, and legs without a session are in none."""
    await opened.hear(leg("a1", "a"), leg("b1", "b"), leg("c1", "c"), leg("a2", "a"))
    await opened.hear(leg("none", ""), leg("b1", "b", seen.HUNG_UP))
    found, end = await reader(opened).sessions(SessionFilter(), None, 2)
    assert [each.session_id for each in found] == ["c", "b"]
    rest, last = await reader(opened).sessions(SessionFilter(), end, 2)
    assert [each.session_id for each in rest] == ["a"]
    assert [each.call.leg_id for each in rest[0].legs] == ["a1", "a2"]
    assert last is None
    assert [each.is_alive for each in (*found, *rest)] == [True, False, True]
    assert found[1].end_time == at(60)


async def test_sessions_are_found_by_number_and_by_being_alive(opened: Office) -> None:
    """Any leg of a session may have the number, whoever called whom."""
    other = replace(
        seen.INITIATED, caller=replace(seen.INITIATED.caller, phone_number="+13125550199")
    )
    await opened.hear(leg("a1", "a", other), leg("a2", "a"), leg("b1", "b", other))
    await opened.hear(leg("b1", "b", seen.HUNG_UP))

    async def ids(**wanted: object) -> list[str]:
        found, _ = await reader(opened).sessions(SessionFilter(**wanted), None, 9)  # type: ignore[arg-type]
        return [each.session_id for each in found]

    assert await ids(phone_number="+13125550199") == ["b", "a"]
    assert await ids(phone_number="+13125550188") == []
    assert await ids(phone_number=OURS) == ["b", "a"]
    assert await ids(alive_only=True) == ["a"]
    assert await ids(alive_only=True, phone_number=ADA) == ["a"]
    with pytest.raises(NotFound):
        await reader(opened).session("c")


async def test_moments_of_every_part_come_in_order(opened: Office) -> None:
    """Events, commands and what other parts add; the same moment is kept once."""
    await opened.hear(leg("a1", "a"), heard=Heard("e-1", "call.initiated", at(0)))
    await opened.hear(leg("a1", "a"), heard=Heard("e-1", "call.initiated", at(0)))
    await opened.give("answer", Answer(), "a1")
    await opened.hear(leg("a2", "a"), heard=Heard("e-2", "call.initiated", at(50)))
    step = Moment(at(40), MomentKind.STEP, "menu", "1", "chosen")
    async with opened.database.transaction() as connection:
        for _ in range(2):
            await opened.legs.timeline.add(connection, "a1", step)
    found = await reader(opened).moments("a1", whole_session=False)
    assert [(each.kind, each.title, each.reference) for each in found] == [
        (MomentKind.EVENT, "call.initiated", "e-1"),
        (MomentKind.COMMAND, "ANSWER", "answer"),
        (MomentKind.STEP, "menu", "1"),
    ]
    whole = await reader(opened).moments("a1", whole_session=True)
    assert [each.leg_id for each in whole] == ["a1", "a1", "a1", "a2"]


async def test_a_dial_is_kept_with_what_became_of_it(opened: Office) -> None:
    """From the decision to the leg, and not a second time for the same subject."""
    dial = Dial("sip:a@example.com", OURS, "123", Role.DIALLED, "api/1")
    identity = await opened.dial(dial)
    assert identity == await opened.dial(dial) == dial_id(Role.DIALLED, "api/1")
    found = await reader(opened).dial(identity)
    assert (found.state, found.to_address, found.leg_id) == (
        CommandState.REQUESTED,
        "sip:a@example.com",
        "",
    )
    with pytest.raises(NotFound):
        await reader(opened).dial("nothing")


class Settled:
    """Notes recordings that are settled."""

    def __init__(self) -> None:
        self.seen: list[Recording] = []

    async def recording_settled(
        self, _connection: object, recording: Recording, _now: object
    ) -> None:
        """Note one."""
        self.seen.append(recording)


async def test_a_recording_is_taken_on_once_and_settled_once(opened: Office) -> None:
    """It knows the command that started it, and listeners hear of its end and of nothing after."""
    archive, told = opened.legs.archive, Settled()
    archive.listeners.append(told)
    await opened.hear(seen.INITIATED, seen.ANSWERED)
    await opened.give("voicemail", Record())
    made = Result("voicemail", CommandKind.RECORD, at(9), recording_id="r-1")
    await opened.hear(replace(seen.LEG, results=frozenset({made})))
    call = (await opened.call()).call
    announced = Announced("r-1", ("https://example.com/r",), duration=timedelta(seconds=1.5))
    kept = Kept("0" * 64, 12, "audio/mpeg")
    async with opened.database.transaction() as connection:
        for _ in range(2):
            await archive.announced(connection, call, announced)
        await archive.stored(connection, "r-1", kept)
        await archive.lost(connection, "r-1", "LINK_GONE")
        await archive.lost(connection, "nothing", "LINK_GONE")
        found = await SqlRecordings().get(connection, "r-1")
    assert found is not None
    assert (found.key, found.leg_id, found.session_id) == ("voicemail", "leg-1", "session-1")
    assert (found.state, found.sha256, found.size_bytes) == (RecordingState.STORED, "0" * 64, 12)
    assert found.duration == timedelta(seconds=1.5)
    assert told.seen == [found]


async def test_recordings_are_paged_newest_first(opened: Office) -> None:
    """Pages neither repeat nor skip one, also where they share their time."""
    store = SqlRecordings()
    lost = RecordingState.LOST
    async with opened.database.transaction() as connection:
        for number in range(5):
            state = lost if number == 2 else RecordingState.PENDING
            recording = Recording(f"r-{number}", f"leg-{number % 2}", "s", at(number // 2))
            await store.add(connection, replace(recording, state=state))
        first = await store.page(connection, RecordingFilter(), None, 3)
        place = (first[-1].create_time, first[-1].recording_id)
        second = await store.page(connection, RecordingFilter(), place, 3)
        ours = await store.page(connection, RecordingFilter("leg-1", "s"), None, 9)
        gone = await store.page(connection, RecordingFilter(state=lost), None, 9)
    names = [each.recording_id for each in (*first, *second)]
    assert names == ["r-4", "r-3", "r-2", "r-1", "r-0"]
    assert [each.recording_id for each in ours] == ["r-3", "r-1"]
    assert [each.recording_id for each in gone] == ["r-2"]
