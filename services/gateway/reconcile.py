"""Recover what the carrier could not deliver, from the carrier's own log of deliveries.

Telnyx tries a webhook a few times and then gives up, but keeps a record with the whole payload
(Telnyx: GET /v2/webhook_deliveries). What is marked failed there goes through the same door as a
webhook, under the same ids, so an overlap or an event that did arrive does no harm.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

import orjson
from switchhook.event.v1.event_pb2 import EventSource

from carrier import normalize
from carrier.outcomes import Reply, Unanswered
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Fault, Unavailable
from chassis.logs import get_logger
from services.gateway import store
from services.gateway.acceptance import Acceptance
from services.gateway.metrics import Metrics

log = get_logger(__name__)

LOG = "webhook_deliveries"
PAGE = 250
MOST_PAGES = 40
EVERY = 300.0
"""Seconds between two rounds."""
OVERLAP = timedelta(minutes=15)
"""Records may appear in the log some time after the delivery they tell of has ended."""
LOOK_BACK = timedelta(days=1)
"""How far the first round looks."""
SMALLEST = timedelta(minutes=1)


class Api(Protocol):
    """What reconciliation needs of the carrier's REST API."""

    async def request(self, method: str, path: str) -> Reply:
        """Make one attempt; raise Unanswered when no usable answer came."""
        ...


@dataclass(frozen=True)
class _Page:
    webhooks: list[dict[str, Any]]
    total_pages: int
    full: bool


class Reconciler:
    """Ask for failed deliveries from time to time and accept them."""

    def __init__(
        self, api: Api, acceptance: Acceptance, database: Database, clock: Clock, metrics: Metrics
    ) -> None:
        """Ask `api`, keep through `acceptance`, remember in `database` how far it has come."""
        self._api = api
        self._acceptance = acceptance
        self._database = database
        self._clock = clock
        self._metrics = metrics

    async def run(self) -> None:
        """Make a round now and every five minutes; a round that fails is made again."""
        while True:
            try:
                await self.round()
            except (Fault, Unanswered) as trouble:
                log.warning("reconciliation.failed", kind=type(trouble).__name__)
            await asyncio.sleep(EVERY)

    async def round(self) -> int:
        """Recover every delivery that failed since the last round; return how many there were.

        A stretch of time with more records than may be read at once is read in parts.
        """
        now = self._clock.now()
        since = await self._reached() or now - LOOK_BACK
        recovered = 0
        while since < now:
            until = await self._stretch(since, now)
            async for webhook in self._failed(since - OVERLAP, until):
                recovered += await self._recover(webhook)
            await self._reach(until)
            since = until
        if recovered:
            log.warning("reconciliation.recovered", events=recovered)
        return recovered

    async def _stretch(self, since: datetime, until: datetime) -> datetime:
        """Return an end for which the records since `since` fit into the pages we read."""
        while until - since > SMALLEST:
            first = await self._page(since - OVERLAP, until, 1)
            if first.total_pages <= MOST_PAGES:
                break
            until = since + (until - since) / 2
        return until

    async def _failed(self, since: datetime, until: datetime) -> AsyncIterator[dict[str, Any]]:
        for number in range(1, MOST_PAGES + 1):
            page = await self._page(since, until, number)
            for webhook in page.webhooks:
                yield webhook
            if not page.full:
                return
        log.error("reconciliation.truncated", pages=MOST_PAGES)

    async def _page(self, since: datetime, until: datetime, number: int) -> _Page:
        query = {
            "filter[status][eq]": "failed",
            "filter[finished_at][gte]": _text(since),
            "filter[finished_at][lte]": _text(until),
            "page[number]": str(number),
            "page[size]": str(PAGE),
        }
        reply = await self._api.request("GET", f"/{LOG}?{urlencode(query)}")
        if reply.status != 200:
            raise Unavailable("CARRIER_UNAVAILABLE", f"the delivery log answered {reply.status}")
        return _read(reply.body)

    async def _recover(self, webhook: dict[str, Any]) -> bool:
        """Accept one webhook; False when it is known already or none of ours."""
        if normalize.is_v1(orjson.dumps(webhook)):
            self._metrics.reconciled("unusable")
            return False
        # As it would have been delivered: the log leaves the envelope out.
        body = orjson.dumps(webhook if "data" in webhook else {"data": webhook})
        event = normalize.normalize(
            body,
            receive_time=self._clock.now(),
            source=EventSource.EVENT_SOURCE_RECONCILIATION,
        )
        async with self._database.reading() as connection:
            known = await store.find_event(connection, event.event_id) is not None
        if not known:
            await self._acceptance.keep(event)
        self._metrics.reconciled("known" if known else "recovered")
        return not known

    async def _reached(self) -> datetime | None:
        async with self._database.reading() as connection:
            return await store.reached(connection, LOG)

    async def _reach(self, until: datetime) -> None:
        async with self._database.transaction() as connection:
            await store.reach(connection, LOG, until)


def _read(body: bytes) -> _Page:
    try:
        answer = orjson.loads(body)
        records = answer["data"]
        total = answer.get("meta", {}).get("total_pages", 0)
        webhooks = list(_webhooks(records))
        return _Page(webhooks, int(total), full=len(records) >= PAGE)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Unavailable("CARRIER_UNAVAILABLE", "the delivery log is not readable") from None


def _webhooks(records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for record in records:
        webhook = record.get("webhook")
        if isinstance(webhook, dict):
            yield webhook


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
