"""The two streams everything goes through, and the proof that they keep what they accept."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from chassis import logs
from chassis.jetstream import Bus
from chassis.messages import BusError

_log = logs.get_logger(__name__)

EVENTS = "EVENTS"
"""What the carrier said and what services decided."""
DEAD_LETTERS = "DEAD_LETTERS"
"""What a consumer could not handle."""
EVENT_SUBJECTS = "events.v1.>"
REDRIVEN_SUBJECTS = "redriven.v1.>"
DEAD_LETTER_SUBJECTS = "dead.v1.>"

_SECOND = 10**9
_DAY = 86_400 * _SECOND
_GIB = 2**30
_STREAM_NOT_FOUND = 10059


class NotDurable(Exception):  # noqa: N818 - a state of the server, not a bug
    """The bus may lose messages it has acknowledged."""


def events_config(max_bytes: int = 8 * _GIB, replicas: int = 1) -> dict[str, Any]:
    """Return the configuration of EVENTS: a week of events, refused rather than pushed out.

    ``duplicate_window`` covers a carrier's retries and the draining of a spool; after that the
    consumers' inboxes take over.
    """
    return _config(
        EVENTS,
        [EVENT_SUBJECTS, REDRIVEN_SUBJECTS],
        max_bytes=max_bytes,
        max_age=7 * _DAY,
        num_replicas=replicas,
    )


def dead_letters_config(per_consumer: int = 1000, replicas: int = 1) -> dict[str, Any]:
    """Return the configuration of DEAD_LETTERS: so many per consumer, then it refuses more.

    When that much cannot be handled the fault is ours, and the consumer had better stop.
    """
    return _config(
        DEAD_LETTERS,
        [DEAD_LETTER_SUBJECTS],
        max_bytes=_GIB,
        max_age=30 * _DAY,
        max_msgs_per_subject=per_consumer,
        discard_new_per_subject=True,
        num_replicas=replicas,
    )


def _config(name: str, subjects: list[str], **limits: Any) -> dict[str, Any]:
    return {
        "name": name,
        "subjects": subjects,
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "duplicate_window": 600 * _SECOND,
        "allow_atomic": True,
        "allow_direct": True,
        **limits,
    }


async def ensure_streams(
    bus: Bus,
    *,
    max_bytes: int = 8 * _GIB,
    dead_letters_per_consumer: int = 1000,
    replicas: int = 1,
) -> None:
    """Create both streams, or bring them up to date without losing what they hold.

    Raises BusError when the server refuses, for example for want of disk space.
    """
    for config in (
        events_config(max_bytes, replicas),
        dead_letters_config(dead_letters_per_consumer, replicas),
    ):
        await _ensure(bus, config)


async def _ensure(bus: Bus, config: Mapping[str, Any]) -> None:
    name = config["name"]
    try:
        found = (await bus.api(f"STREAM.INFO.{name}"))["config"]
    except BusError as error:
        if error.code != _STREAM_NOT_FOUND:
            raise
        # Creating what another instance has just created in the same way succeeds.
        await bus.api(f"STREAM.CREATE.{name}", config)
        return
    if any(found.get(key) != value for key, value in config.items()):
        await bus.api(f"STREAM.UPDATE.{name}", {**found, **config})
        _log.info("stream.updated", stream=name)


async def require_durable(bus: Bus, monitor_url: str, *, relaxed: bool = False) -> None:
    """Refuse to go on with a bus that may lose what it has acknowledged.

    ``monitor_url`` is the HTTP monitor of nats-server; several are separated by commas, and each
    must answer. The streams must be on disk, and the server must sync every message
    (`sync_interval: always`; its default of two minutes loses two minutes at a power cut).
    Raises NotDurable; with ``relaxed`` it only says so in the log.
    """
    faults = [fault for url in monitor_url.split(",") if (fault := await _server_fault(url))]
    faults += [
        fault for name in (EVENTS, DEAD_LETTERS) if (fault := await _stream_fault(bus, name))
    ]
    if faults and not relaxed:
        raise NotDurable("; ".join(faults))
    if faults:
        _log.warning("bus.may_lose_messages", faults=faults)


async def _server_fault(monitor_url: str) -> str:
    """Say what is wrong with a server; its `sync_interval` alone does not tell."""
    address = monitor_url.strip().rstrip("/") + "/varz"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
            session.get(address) as answer,
        ):
            found = await answer.json()
    except (TimeoutError, aiohttp.ClientError, ValueError):
        return f"the monitor of nats-server does not answer at {address}"
    config = (found.get("jetstream") or {}).get("config") or {}
    if not config:
        return f"nats-server at {address} runs without JetStream"
    if config.get("sync_always") is not True:
        return f"nats-server at {address} does not run with sync_interval: always"
    return ""


async def _stream_fault(bus: Bus, name: str) -> str:
    config = (await bus.api(f"STREAM.INFO.{name}"))["config"]
    if config.get("storage") != "file":
        return f"the stream {name} is not on disk"
    if config.get("persist_mode", "") == "async":
        return f"the stream {name} acknowledges before it writes"
    if config.get("retention") != "limits" or config.get("discard") != "new":
        return f"the stream {name} drops messages to make room"
    return ""
