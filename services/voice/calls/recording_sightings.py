"""What the carrier's events say of recordings, and handing that to the archive."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.event.v1.call_recording_event_pb2 import CallRecordingSaved
from switchhook.event.v1.event_pb2 import Event

from services.voice.calls.model import Call, usable_id
from services.voice.calls.recordings import Announced, RecordingArchive
from services.voice.calls.result_sightings import length, moment, recording_id

_LONGEST_URL = 4096
_LONGEST_WORD = 255
_LONGEST = timedelta(days=1)


class RecordingEvents:
    """Has every recording fetched that an event tells of."""

    def __init__(self, archive: RecordingArchive) -> None:
        self._archive = archive

    async def read(self, connection: AsyncConnection, event: Event, call: Call) -> None:
        """Take a recording on, if the event tells of one."""
        if (announced := of_event(event, call.leg_id)) is not None:
            await self._archive.announced(connection, call, announced)


def of_event(event: Event, leg_id: str) -> Announced | None:
    """Return the recording of a leg that an event tells of, or None."""
    arm = event.WhichOneof("detail")
    if arm == "call" and event.call.WhichOneof("detail") == "recording_saved":
        return _of_call(event.call.recording_saved, event.call.call_leg_id or leg_id)
    return _of_texml(event.texml.parameters) if arm == "texml" else None


def _of_call(said: CallRecordingSaved, leg_id: str) -> Announced:
    signed, public = said.recording_urls, said.public_recording_urls
    identity = recording_id(said, leg_id)
    return Announced(
        recording_id=identity,
        urls=_usable(signed.mp3, signed.wav, public.mp3, public.wav),
        is_named=identity == said.recording_id,
        channels=said.channels[:_LONGEST_WORD].replace("\x00", ""),
        duration=length(said),
        start_time=moment(said, "start_time"),
        end_time=moment(said, "end_time"),
    )


def _of_texml(given: Mapping[str, str]) -> Announced | None:
    """Return the recording a TeXML callback tells of. Source: Telnyx, TeXML recording callbacks."""
    identity = given.get("RecordingSid", "").replace("\x00", "")
    urls = _usable(given.get("RecordingUrl", ""))
    if not identity or not usable_id(identity) or not urls:
        return None
    if given.get("RecordingStatus", "completed") != "completed":
        return None
    return Announced(
        recording_id=identity,
        urls=urls,
        channels=given.get("RecordingChannels", "")[:_LONGEST_WORD].replace("\x00", ""),
        duration=_seconds(given.get("RecordingDuration", "")),
    )


def _usable(*urls: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(url for url in urls if 0 < len(url) <= _LONGEST_URL))


def _seconds(text: str) -> timedelta | None:
    try:
        return min(max(timedelta(seconds=float(text)), timedelta(0)), _LONGEST)
    except (ValueError, OverflowError):
        return None
