"""What becomes of a part of a message, whatever its link does."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from carrier.magic import MediaKind
from carrier.media import (
    Fetched,
    MediaGone,
    MediaRefusal,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
    WhyUnavailable,
)
from chassis.clock import FixedClock
from chassis.effects import Done, Effect, Failed, RetryLater
from chassis.objects import Objects, open_objects
from services.messaging.media.fetching import MediaFetcher, fetching, stated_sha256
from services.messaging.media.model import MediaReason
from services.messaging.use_cases.media_archive import FETCH, MediaArchive
from tests.support.log_lines import Lines, lines, log_set_up

__all__ = ["lines", "log_set_up"]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONTENT = b"\x89PNG\r\n\x1a\n and so on"
HASH = hashlib.sha256(CONTENT).hexdigest()
URL = "https://media.example.com/a"


def finds(found: bytes | Exception) -> Callable[..., Awaitable[Fetched]]:
    """Return a download that finds this behind every link."""

    async def fetch(url: str, sink: Callable[[bytes], Awaitable[None]]) -> Fetched:
        if isinstance(found, Exception):
            raise found
        await sink(found)
        return Fetched(len(found), hashlib.sha256(found).hexdigest(), MediaKind.PNG, "text/html")

    return fetch


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An archive in a folder of the test's own."""
    return open_objects(str(tmp_path), "media")


def effect(**changes: Any) -> Effect:
    """Return the effect that fetches a part taken on at NOON."""
    job = {
        "index": 0,
        "url": URL,
        "size_bytes": len(CONTENT),
        "sha256": HASH,
        "create_time": NOON.timestamp(),
        "expire_time": (NOON + timedelta(hours=24)).timestamp(),
    }
    return Effect(effect_id="media-m-0", kind=FETCH, body=orjson.dumps({**job, **changes}))


async def attempt(
    objects: Objects, found: bytes | Exception, *, age: timedelta = timedelta(), **changes: Any
) -> Any:
    """Make one attempt at a part of this age."""
    unused = cast("MediaArchive", None)
    fetcher = MediaFetcher(unused, objects, finds(found), FixedClock(NOON + age))
    return await fetcher.perform(effect(**changes))


def kept(folder: Path) -> list[str]:
    """Return the names of what is in the archive."""
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_a_part_that_is_what_was_announced_is_kept(objects: Objects, tmp_path: Path) -> None:
    """It lies under its hash, and its type is that of its first bytes."""
    done = await attempt(objects, CONTENT)
    assert done == Done(HASH, done.detail)
    facts = orjson.loads(done.detail)
    assert facts == {"size_bytes": len(CONTENT), "content_type": "image/png", "hash_verified": True}
    assert kept(tmp_path) == [HASH]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "0" * 64}, "HASH_MISMATCH"),
        ({"size_bytes": len(CONTENT) + 1}, "SIZE_MISMATCH"),
        ({"sha256": "", "size_bytes": 1}, "SIZE_MISMATCH"),
    ],
)
async def test_a_part_that_is_not_what_was_announced_is_kept_nowhere(
    objects: Objects, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    """Another hash or another length rejects it, and no byte of it stays."""
    assert await attempt(objects, CONTENT, **changes) == Failed(reason)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("stated", "verified"),
    [
        (HASH.upper(), True),
        (base64.b64encode(bytes.fromhex(HASH)).decode(), True),
        ("", False),
        ("0" * 32, False),
        ("not a hash", False),
    ],
)
async def test_a_hash_counts_in_any_form_that_can_be_compared(
    objects: Objects, stated: str, verified: bool
) -> None:
    """Hex and base64 are compared; what is neither proves nothing and rejects nothing."""
    done = await attempt(objects, CONTENT, sha256=stated)
    assert orjson.loads(done.detail)["hash_verified"] is verified


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MediaTooLarge(10), Failed("TOO_LARGE")),
        (MediaRefused(MediaRefusal.ADDRESS), Failed("SOURCE_NOT_ALLOWED", "ADDRESS")),
        (MediaRefused(MediaRefusal.HOST), Failed("SOURCE_NOT_ALLOWED", "HOST")),
        (MediaRefused(MediaRefusal.REDIRECT), Failed("SOURCE_NOT_ALLOWED", "REDIRECT")),
        (MediaRefused(MediaRefusal.MALFORMED_URL), Failed("SOURCE_NOT_ALLOWED", "MALFORMED_URL")),
        (MediaRefused(MediaRefusal.STATUS), Failed("BAD_ANSWER", "STATUS")),
        (MediaRefused(MediaRefusal.EMPTY), Failed("EMPTY", "EMPTY")),
    ],
)
async def test_what_will_never_do_is_tried_once(
    objects: Objects, error: Exception, outcome: Failed
) -> None:
    """A refusal is final, with its reason."""
    assert await attempt(objects, error) == outcome


PASSING = [
    (MediaGone(404), "LINK_GONE", "404"),
    (MediaUnavailable(WhyUnavailable.TOO_SLOW), "UNAVAILABLE", "TOO_SLOW"),
    (MediaRefused(MediaRefusal.KEY), "KEY_REFUSED", ""),
]


@pytest.mark.parametrize(("error", "reason", "detail"), PASSING)
async def test_what_may_pass_is_tried_for_a_day(
    objects: Objects, error: Exception, reason: str, detail: str
) -> None:
    """It is tried soon at first, then less and less often, and given up after 24 hours."""
    waits = []
    for minutes in (0, 1, 60, 23 * 60):
        outcome = await attempt(objects, error, age=timedelta(minutes=minutes))
        assert outcome == RetryLater(outcome.after, reason)
        waits.append(outcome.after)
    assert waits == [2, 15, 900, 1800]
    assert await attempt(objects, error, age=timedelta(hours=24)) == Failed(reason, detail)


async def test_the_carrier_may_ask_for_a_pause_but_not_for_a_day(objects: Objects) -> None:
    """Retry-After is honoured up to an hour."""
    patient = MediaUnavailable(WhyUnavailable.SERVER_ERROR, 120.0)
    assert await attempt(objects, patient) == RetryLater(120.0, "UNAVAILABLE")
    endless = MediaUnavailable(WhyUnavailable.SERVER_ERROR, 999_999.0)
    assert await attempt(objects, endless) == RetryLater(3600.0, "UNAVAILABLE")


async def test_a_part_found_late_is_kept_all_the_same(objects: Objects) -> None:
    """After an outage of ours longer than a day there is one attempt, and it may succeed."""
    assert isinstance(await attempt(objects, CONTENT, age=timedelta(days=3)), Done)


def test_only_plain_http_on_this_machine_is_a_simulator() -> None:
    """Media of another machine is never fetched without TLS, whatever the carrier's address."""
    fetching("https://api.telnyx.com/v2", "KEY-test", ("*.telnyx.com",))
    fetching("http://127.0.0.1:8090/v2", "KEY-test", ("*.telnyx.com",))
    with pytest.raises(ValueError, match="loopback"):
        fetching("http://media.example.com/v2", "KEY-test", ("*.telnyx.com",))


def test_a_stated_hash_is_read_with_care() -> None:
    """Anything may stand where a hash should be."""
    assert stated_sha256(f" {HASH} ") == HASH
    for odd in ("", "=", "a" * 63, "ü" * 64, "AAAA", "\x00"):
        assert stated_sha256(odd) == ""


class Recorder:
    """Takes what is settled."""

    def __init__(self) -> None:
        self.lost_parts: list[tuple[object, ...]] = []

    async def lost(self, connection: object, *what: object) -> None:
        """Record a part that was lost."""
        self.lost_parts.append(what)


async def test_a_part_given_up_is_an_error_for_an_operator(objects: Objects, lines: Lines) -> None:
    """What expired is said as an error, what was rejected as a warning, and neither has the URL."""
    recorder: Any = Recorder()
    fetcher = MediaFetcher(recorder, objects, finds(CONTENT), FixedClock(NOON))
    nothing: Any = None
    for failed in (Failed("LINK_GONE", "404"), Failed("HASH_MISMATCH")):
        await fetcher.settle(nothing, replace(effect(), entity_key="m-1"), failed)
    assert [what[:3] for what in recorder.lost_parts] == [
        ("m-1", 0, MediaReason.LINK_GONE),
        ("m-1", 0, MediaReason.HASH_MISMATCH),
    ]
    told = lines()
    assert [(line["level"], line["message"], line["reason"]) for line in told] == [
        ("error", "media.expired", "LINK_GONE"),
        ("warning", "media.rejected", "HASH_MISMATCH"),
    ]
    assert not [line for line in told if URL in str(line)]
