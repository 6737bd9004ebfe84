"""Recovering failed deliveries from a carrier's log that follows its own contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from switchhook.event.v1.event_pb2 import Event, EventSource

from carrier.outcomes import NotSent, Reply, Unanswered, WhyNotSent
from carrier.signature import KeyRing, public_key_text
from chassis.clock import FixedClock
from chassis.database import Database, database
from chassis.errors import Unavailable
from chassis.messages import Outgoing, Published
from chassis.metrics import Metrics as Registry
from services.gateway import reconcile, store
from services.gateway.acceptance import Acceptance
from services.gateway.metrics import Metrics
from services.gateway.model import Entry
from services.gateway.reconcile import PAGE, Reconciler
from tests.integration.gateway.door import KEY, identity, webhook

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Log:
    """A carrier's log of deliveries: filters by status and time, pages, and sometimes fails."""

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[dict[str, Any]] = []
        self.requests: list[dict[str, str]] = []
        self.trouble: Reply | Unanswered | None = None

    def add(self, body: dict[str, Any], finished: datetime, status: str = "failed") -> None:
        """Note a delivery; the envelope is left out, as the carrier's log does."""
        self.records.append(
            {
                "record_type": "webhook_delivery",
                "id": f"delivery-{len(self.records)}",
                "status": status,
                "finished_at": finished,
                "webhook": body["data"],
            }
        )

    async def request(self, method: str, path: str) -> Reply:
        """Answer GET /webhook_deliveries."""
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query))
        assert (method, parts.path) == ("GET", "/webhook_deliveries")
        self.requests.append(query)
        if isinstance(self.trouble, Unanswered):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        since, until = (
            datetime.fromisoformat(query[f"filter[finished_at][{test}]"]) for test in ("gte", "lte")
        )
        found = [
            record
            for record in self.records
            if record["status"] == query["filter[status][eq]"]
            and since <= record["finished_at"] <= until
        ]
        size, number = int(query["page[size]"]), int(query["page[number]"])
        page = found[(number - 1) * size : number * size]
        meta = {"page_number": number, "total_pages": -(-len(found) // size)}
        return Reply(200, {}, orjson.dumps({"data": page, "meta": meta}))


class Kept:
    """A stream that keeps everything in memory, once per id, or is away."""

    def __init__(self) -> None:
        """Begin empty and there."""
        self.messages: dict[str, Outgoing] = {}
        self.away = False

    async def publish(self, message: Outgoing) -> Published:
        """Keep a message."""
        if self.away:
            raise Unavailable("BUS_UNAVAILABLE", "it is away")
        self.messages.setdefault(message.message_id, message)
        return Published(len(self.messages), duplicate=False)

    async def append(self, message: Outgoing) -> None:
        """Be no spool either."""
        raise Unavailable("SPOOL_UNAVAILABLE", "it is full")

    @property
    def events(self) -> list[Event]:
        """What was kept."""
        return [Event.FromString(each.payload) for each in self.messages.values()]


class Parts:
    """A reconciler and its surroundings."""

    def __init__(self, index: Database) -> None:
        """Put a reconciler between a log and a stream."""
        self.log, self.kept, self.clock, self.index = Log(), Kept(), FixedClock(NOW), index
        metrics = Metrics(Registry())
        ring = KeyRing.parse(public_key_text(KEY))
        acceptance = Acceptance(ring, self.kept, self.kept, self.clock, metrics)
        self.reconciler = Reconciler(self.log, acceptance, index, self.clock, metrics)

    async def round(self) -> int:
        """Make one round."""
        return await self.reconciler.round()


@asynccontextmanager
async def parts(folder: Path) -> AsyncIterator[Parts]:
    """Open a database for the block and put the parts together."""
    url = f"sqlite+aiosqlite:///{folder / 'gateway.db'}"
    migrations = "services.gateway.migrations"
    async with database(url, schema="gateway", migrations=migrations) as index:
        yield Parts(index)


async def test_failed_deliveries_become_events(tmp_path: Path) -> None:
    """What the carrier gave up on is kept like a webhook, under the same id and its own source."""
    failed, delivered = webhook("message.received", text="hello"), webhook()
    async with parts(tmp_path) as here:
        here.log.add(failed, NOW - timedelta(hours=1))
        here.log.add(delivered, NOW - timedelta(hours=1), status="delivered")
        assert await here.round() == 1
        (event,) = here.kept.events
        assert event.event_id == identity(failed)
        assert event.source == EventSource.EVENT_SOURCE_RECONCILIATION
        assert event.message.text == "hello"


async def test_a_round_asks_only_for_what_is_new(tmp_path: Path) -> None:
    """Later rounds begin where the last one ended, a little earlier; a restart remembers it."""
    async with parts(tmp_path) as here:
        await here.round()
        here.clock.advance(timedelta(minutes=5))
        await here.round()
        since = [each["filter[finished_at][gte]"] for each in here.log.requests]
        first, last = datetime.fromisoformat(since[0]), datetime.fromisoformat(since[-1])
        assert first == NOW - reconcile.LOOK_BACK - reconcile.OVERLAP
        assert last == NOW - reconcile.OVERLAP
    async with parts(tmp_path) as again:
        again.clock.advance(timedelta(minutes=10))
        await again.round()
        began = datetime.fromisoformat(again.log.requests[0]["filter[finished_at][gte]"])
        assert began == NOW + timedelta(minutes=5) - reconcile.OVERLAP


async def test_known_events_are_left_alone(tmp_path: Path) -> None:
    """An event that did arrive is not published a second time."""
    body = webhook()
    async with parts(tmp_path) as here:
        here.log.add(body, NOW)
        async with here.index.transaction() as connection:
            await store.add_events(
                connection, [Entry(1, identity(body), "call.initiated", "", 1, False, NOW)]
            )
        assert await here.round() == 0
        assert here.kept.messages == {}


async def test_many_pages_are_read_to_the_end(tmp_path: Path) -> None:
    """Nothing behind the first page is forgotten."""
    bodies = [webhook() for _ in range(PAGE * 2 + 3)]
    async with parts(tmp_path) as here:
        for number, body in enumerate(bodies):
            here.log.add(body, NOW - timedelta(seconds=number))
        assert await here.round() == len(bodies)
        assert set(here.kept.messages) == set(map(identity, bodies))


async def test_more_than_may_be_read_at_once_is_read_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of failures is read stretch by stretch, each within the bound, all of them."""
    monkeypatch.setattr(reconcile, "PAGE", 10)
    monkeypatch.setattr(reconcile, "MOST_PAGES", 3)
    bodies = [webhook() for _ in range(200)]
    async with parts(tmp_path) as here:
        for number, body in enumerate(bodies):
            here.log.add(body, NOW - timedelta(minutes=6 * number))
        await here.round()
        assert set(here.kept.messages) == set(map(identity, bodies))
        assert max(int(each["page[number]"]) for each in here.log.requests) <= 3


async def test_v1_deliveries_are_counted_and_left(tmp_path: Path) -> None:
    """Webhooks of API v1, which we refuse, are not brought in by the back door."""
    v1 = {"data": {"event_type": "call_initiated", "id": "v1-1", "payload": {}}}
    async with parts(tmp_path) as here:
        here.log.add(v1, NOW)
        assert await here.round() == 0
        assert here.kept.messages == {}


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(401),
        Reply(500),
        Reply(200, {}, b"<html>"),
        Reply(200, {}, b"[]"),
        Reply(200, {}, b'{"data":{"a":1}}'),
        Reply(200, {}, b'{"data":[7]}'),
        Unanswered(NotSent(WhyNotSent.NOT_CONNECTED)),
    ],
)
async def test_a_round_that_fails_is_made_again(
    trouble: Reply | Unanswered, tmp_path: Path
) -> None:
    """A log that does not answer as it should costs a round, never an event."""
    body = webhook()
    async with parts(tmp_path) as here:
        here.log.add(body, NOW)
        here.log.trouble = trouble
        with pytest.raises((Unavailable, Unanswered)):
            await here.round()
        here.log.trouble = None
        here.clock.advance(timedelta(minutes=5))
        assert await here.round() == 1


async def test_events_that_cannot_be_kept_are_asked_for_again(tmp_path: Path) -> None:
    """The mark moves only past what is on disk."""
    body = webhook()
    async with parts(tmp_path) as here:
        here.log.add(body, NOW - timedelta(hours=3))
        here.kept.away = True
        with pytest.raises(Unavailable):
            await here.round()
        here.kept.away = False
        here.clock.advance(timedelta(hours=3))
        assert await here.round() == 1


@pytest.mark.parametrize("odd", [None, 7, [], "text", {}, {"data": None}, {"payload": []}])
async def test_odd_records_stop_nothing(odd: object, tmp_path: Path) -> None:
    """A record nobody can read does not keep the others from being recovered."""
    body = webhook()
    async with parts(tmp_path) as here:
        here.log.add({"data": odd}, NOW)
        here.log.add(body, NOW)
        await here.round()
        assert identity(body) in here.kept.messages
