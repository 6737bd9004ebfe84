"""What knows, commands and watches over legs, put together."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.voice.v1 import (
    call_service_pb2,
    call_service_pb2_grpc,
    recording_service_pb2,
    recording_service_pb2_grpc,
)

from carrier.api import TelnyxApi
from chassis.change_log import Change, Watching, watching
from chassis.clock import Clock
from chassis.database import Database
from chassis.dispatcher import dispatching
from chassis.effects import Performers
from chassis.grpc_server import Service
from chassis.objects import Objects, open_objects
from chassis.timers import Handler
from services.voice.calls import sweeper
from services.voice.calls.acting import Acting
from services.voice.calls.desk import Desk, LegListener
from services.voice.calls.dial_store import SqlDials
from services.voice.calls.effects import COMMAND, DIAL, CommandEffects
from services.voice.calls.facts import State
from services.voice.calls.listening import Listening
from services.voice.calls.performers import CommandPerformer, DialPerformer
from services.voice.calls.ports import OwnNumbers
from services.voice.calls.reading import CallReader
from services.voice.calls.recording_fetching import RecordingFetcher, fetching
from services.voice.calls.recording_servicer import RecordingServicer
from services.voice.calls.recording_sightings import RecordingEvents
from services.voice.calls.recording_store import SqlRecordings
from services.voice.calls.recordings import FETCH, RecordingArchive
from services.voice.calls.records import ChangedCall
from services.voice.calls.servicer import CallServicer
from services.voice.calls.state_token import StateTokens
from services.voice.calls.store import SqlCalls
from services.voice.calls.sweeper import Sweeper, SweepPerformer
from services.voice.calls.switchboard import Switchboard
from services.voice.calls.tables import changes
from services.voice.calls.timeline import Timeline
from services.voice.settings import Settings
from services.voice.tables import outbox, timers

_FOLDER = "recordings"
_CONCURRENCY = 4


@dataclass(frozen=True)
class Telephony:
    """Legs: where they are kept, commanded, recorded and watched over."""

    calls: SqlCalls
    dials: SqlDials
    timeline: Timeline
    tokens: StateTokens
    desk: Desk
    switchboard: Switchboard
    sweeper: Sweeper
    archive: RecordingArchive

    def performers(self, carrier: TelnyxApi) -> Performers:
        """Return what carries out the effects of commands, dials and questions."""
        return {
            COMMAND: CommandPerformer(carrier, self.switchboard),
            DIAL: DialPerformer(carrier, self.switchboard),
            sweeper.QUESTION: SweepPerformer(carrier, self.switchboard),
        }

    def handlers(self) -> Mapping[str, Handler]:
        """Return what looks at legs when it is time."""
        return {sweeper.KIND: self.sweeper.ring}

    def readers(self) -> Sequence[RecordingEvents]:
        """Return what takes from events what is not a fact of their leg."""
        return [RecordingEvents(self.archive)]


def telephony(
    *,
    speech: str,
    state_secrets: tuple[str, ...],
    numbers: OwnNumbers,
    clock: Clock,
    lost_after: timedelta = timedelta(hours=4),
    lost_check_every: timedelta = timedelta(minutes=30),
) -> Telephony:
    """Return telephony; listeners of legs, dials and recordings are added to its lists."""
    calls, dials, timeline = SqlCalls(), SqlDials(), Timeline()
    tokens = StateTokens(state_secrets)
    desk = Desk(calls, dials, outbox, CommandEffects(speech, tokens), clock)
    sweeping = Sweeper(calls, outbox, timers, lost_after, lost_check_every)
    hearing: list[LegListener] = [sweeping, Listening(desk)]
    switchboard = Switchboard(calls, dials, outbox, timeline, numbers, clock, hearing, [])
    archive = RecordingArchive(SqlRecordings(), outbox, timeline, clock, [])
    return Telephony(calls, dials, timeline, tokens, desk, switchboard, sweeping, archive)


@dataclass(frozen=True)
class Calling:
    """What answers for calls and recordings over gRPC."""

    legs: Telephony
    opened: Database
    watch: Watching[ChangedCall]
    objects: Objects
    connection_id: str

    def services(self, after_commit: Callable[[], None]) -> Sequence[Service]:
        """Return CallService and RecordingService; `after_commit` follows each command."""
        legs = self.legs
        acting = Acting(legs.calls, legs.desk, self.connection_id)
        reader = CallReader(self.opened, legs.calls, legs.dials, legs.timeline)
        return [
            Service(
                call_service_pb2_grpc.add_CallServiceServicer_to_server,
                CallServicer(self.opened, acting, reader, self.watch, after_commit),
                call_service_pb2.DESCRIPTOR.services_by_name["CallService"],
            ),
            Service(
                recording_service_pb2_grpc.add_RecordingServiceServicer_to_server,
                RecordingServicer(self.opened, SqlRecordings(), self.objects),
                recording_service_pb2.DESCRIPTOR.services_by_name["RecordingService"],
            ),
        ]


@asynccontextmanager
async def calling(
    settings: Settings, opened: Database, legs: Telephony, carrier: TelnyxApi, clock: Clock
) -> AsyncIterator[Calling]:
    """Follow changes and fetch recordings for the block.

    With a dispatcher of its own: while the carrier's store is slow, calls are commanded as ever.
    """
    objects = open_objects(settings.recordings_url, _FOLDER)
    fetch = fetching(settings.telnyx_url, settings.api_key, settings.recording_hosts)
    fetcher = RecordingFetcher(legs.archive, objects, fetch, carrier, clock)

    async def load(
        connection: AsyncConnection, found: Sequence[Change]
    ) -> Sequence[ChangedCall | None]:
        records = await legs.calls.of_ids(connection, list({change.key for change in found}))
        known = {record.call.leg_id: record for record in records}
        return [
            ChangedCall(known[change.key], State[change.kind]) if change.key in known else None
            for change in found
        ]

    async with (
        watching(opened, changes, load, clock) as watch,
        dispatching(
            opened,
            outbox,
            {FETCH: fetcher},
            instance=f"{settings.instance}/recordings",
            clock=clock,
            concurrency=_CONCURRENCY,
        ),
    ):
        yield Calling(legs, opened, watch, objects, settings.connection_id)
