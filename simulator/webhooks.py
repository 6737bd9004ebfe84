"""Carry events to the suite as Telnyx does: signed, with a deadline, retries and failover.

No order is promised and an event may come twice (Telnyx: webhook fundamentals). The id of the event
stays the same over retries and failover; timestamp and signature are made anew for each attempt.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any

import aiohttp
import orjson
from nacl.signing import SigningKey

from carrier.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from simulator.delivery_log import KEPT, Attempt, Delivery
from simulator.faults import WEBHOOK, Faults
from simulator.retries import Verdict, backoff, error_code, verdict
from simulator.settings import Settings

USER_AGENT = "telnyx-webhooks"
FORGERIES = ("wrong_key", "changed_body", "stale", "future", "no_signature")

_LOGGED_BYTES = 10_000


class Webhooks:
    """Everything on its way to the suite, and the log of it."""

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        faults: Faults,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._session = session
        self._faults = faults
        self._now = now
        self._new_id = new_id
        self._key = settings.signing_key()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passed = asyncio.Event()
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self.attempts: deque[Attempt] = deque(maxlen=KEPT)
        self.last_attempt = 0

    def send(
        self,
        event_type: str,
        payload: Mapping[str, Any],
        occurred_at: str,
        *,
        webhook_url: str = "",
        failover_url: str = "",
    ) -> str:
        """Send an event and return its id. A URL of its own comes before the account's."""
        data = {
            "record_type": "event",
            "event_type": event_type,
            "id": self._new_id(),
            "occurred_at": occurred_at,
            "payload": dict(payload),
        }
        return self.send_data(data, webhook_url=webhook_url, failover_url=failover_url)

    def send_data(
        self, data: dict[str, Any], *, webhook_url: str = "", failover_url: str = ""
    ) -> str:
        """Send an event of any shape; returns its id, empty when it has none."""
        primary = webhook_url or self._settings.webhook_url
        urls = [primary, failover_url or self._settings.failover_url]
        delivery = Delivery(self._new_id(), data, self._now())
        self.deliveries.append(delivery)
        self._start(self._deliver(delivery, [url for url in urls if url]))
        return str(data.get("id", ""))

    def forge(self, data: dict[str, Any], forgery: str) -> str:
        """Send an event once as somebody else would who lacks the key; the log never sees it."""
        delivery = Delivery("", data, self._now())
        self._start(self._attempt(delivery, self._settings.webhook_url, 1, forgery))
        return str(data.get("id", ""))

    def send_body(self, body: bytes) -> None:
        """Send these very bytes once, well signed, however they look."""
        delivery = Delivery("", {}, self._now())
        self._start(self._attempt(delivery, self._settings.webhook_url, 1, "", body))

    def pending(self) -> int:
        """Return how many events are still on their way."""
        return len(self._tasks)

    def forget(self) -> None:
        """Stop what is on its way and clear the log."""
        for task in self._tasks:
            task.cancel()
        self.deliveries.clear()
        self.attempts.clear()

    async def close(self) -> None:
        """Stop what is on its way and wait until it has stopped."""
        self.forget()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, sending: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery, urls: Sequence[str]) -> None:
        event_type = str(delivery.data.get("event_type", ""))
        struck = {fault.kind: fault for fault in self._faults.take(WEBHOOK, event_type)}
        if "webhook_delay" in struck:
            await self._pause(struck["webhook_delay"].seconds)
        if "webhook_reorder" in struck:
            await self._let_others_pass(struck["webhook_reorder"].seconds)
        lost = "webhook_drop" in struck
        arrived = await self._try_all(delivery, urls, event_type, lost=lost)
        delivery.finished_at = self._now()
        delivery.status = "delivered" if arrived else "failed"
        self._passed.set()
        self._passed = asyncio.Event()
        if "webhook_duplicate" in struck:
            for _ in range(struck["webhook_duplicate"].copies):
                self._start(self._attempt(delivery, urls[0], 1))

    async def _let_others_pass(self, seconds: float) -> None:
        """Wait until another event has arrived, but no longer than this."""
        try:
            await asyncio.wait_for(self._passed.wait(), seconds)
        except TimeoutError:
            return

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._settings.time_scale)

    async def _try_all(
        self, delivery: Delivery, urls: Sequence[str], event_type: str, *, lost: bool
    ) -> bool:
        for url in urls:
            for attempt in range(1, self._settings.webhook_attempts + 1):
                if lost:
                    self._lose(delivery, url, attempt)
                else:
                    await self._attempt(delivery, url, attempt)
                judged = verdict(event_type, delivery.attempts[-1].status)
                if judged is Verdict.DELIVERED:
                    return True
                if judged is Verdict.NEXT_URL:
                    break
                if attempt < self._settings.webhook_attempts:
                    await self._pause(backoff(attempt))
        return False

    def _lose(self, delivery: Delivery, url: str, attempt: int) -> None:
        record = self._record(delivery, url, attempt, "")
        record.finished_at, record.errors = self._now(), [75002]

    async def _attempt(
        self,
        delivery: Delivery,
        url: str,
        attempt: int,
        forgery: str = "",
        body: bytes | None = None,
    ) -> None:
        record = self._record(delivery, url, attempt, forgery)
        meta = {"attempt": attempt, "delivered_to": url}
        content = body or orjson.dumps({"data": delivery.data, "meta": meta})
        content, signed = _signed(self._key, content, forgery)
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT} | signed
        record.request_headers = [[name, value] for name, value in headers.items()]
        try:
            await self._post(record, url, content, headers)
        except TimeoutError:
            record.errors = [75000]
        except aiohttp.ClientConnectorDNSError:
            record.errors = [75001]
        except aiohttp.ClientError:
            record.errors = [75002]
        record.finished_at = self._now()

    async def _post(
        self, record: Attempt, url: str, content: bytes, headers: Mapping[str, str]
    ) -> None:
        timeout = aiohttp.ClientTimeout(total=self._settings.webhook_timeout)
        async with self._session.post(
            url, data=content, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            answer = await response.content.read(_LOGGED_BYTES)
            record.response_headers = [[n, v] for n, v in response.headers.items()]
            record.response_body = answer.decode("utf-8", "replace")
            record.status = response.status
        code = error_code(record.status)
        record.errors = [] if code is None else [code]

    def _record(self, delivery: Delivery, url: str, attempt: int, forgery: str) -> Attempt:
        self.last_attempt += 1
        payload = delivery.data.get("payload")
        about = payload if isinstance(payload, dict) else {}
        record = Attempt(
            number=self.last_attempt,
            event_id=str(delivery.data.get("id", "")),
            event_type=str(delivery.data.get("event_type", "")),
            url=url,
            attempt=attempt,
            started_at=self._now(),
            call_control_id=str(about.get("call_control_id", "")),
            forged=forgery,
        )
        self.attempts.append(record)
        delivery.attempts.append(record)
        return record


def _signed(key: SigningKey, body: bytes, forgery: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and the two headers, spoilt in the way a forgery asks for."""
    timestamp = int(time.time()) + {"stale": -3600, "future": 3600}.get(forgery, 0)
    if forgery == "no_signature":
        return body, {TIMESTAMP_HEADER: str(timestamp)}
    if forgery == "wrong_key":
        key = SigningKey.generate()
    headers = {SIGNATURE_HEADER: sign(key, timestamp, body), TIMESTAMP_HEADER: str(timestamp)}
    return (body + b" " if forgery == "changed_body" else body), headers
