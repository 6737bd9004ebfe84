"""What Telnyx remembers of its webhooks: each event and each attempt to bring it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator import world
from simulator.machine import micros

KEPT = 20_000
"""Events and attempts remembered."""


@dataclass
class Attempt:
    """One request. `status` is the HTTP status, None when there was no answer.

    `call_control_id` is the call it tells of, if any.
    """

    number: int
    event_id: str
    event_type: str
    url: str
    attempt: int
    started_at: datetime
    call_control_id: str = ""
    forged: str = ""
    finished_at: datetime | None = None
    status: int | None = None
    errors: list[int] = field(default_factory=list)
    request_headers: list[list[str]] = field(default_factory=list)
    response_headers: list[list[str]] = field(default_factory=list)
    response_body: str = ""

    def resource(self) -> dict[str, Any]:
        """Return the attempt as the control API shows it."""
        return {
            "number": self.number,
            "event_id": self.event_id,
            "event_type": self.event_type,
            "call_control_id": self.call_control_id,
            "url": self.url,
            "attempt": self.attempt,
            "forged": self.forged,
            "started_at": micros(self.started_at),
            "finished_at": micros(self.finished_at) if self.finished_at else None,
            "status": self.status,
            "errors": self.errors,
        }

    def logged(self) -> dict[str, Any]:
        """Return the attempt as Telnyx's delivery log shows it."""
        request = {"url": self.url, "headers": self.request_headers}
        http: dict[str, Any] = {"request": request}
        if self.status is not None:
            http["response"] = {
                "status": self.status,
                "headers": self.response_headers,
                "body": self.response_body,
            }
        return {
            "status": "failed" if self.errors else "delivered",
            "started_at": micros(self.started_at),
            "finished_at": micros(self.finished_at or self.started_at),
            "errors": self.errors,
            "http": http,
        }


@dataclass
class Delivery:
    """An event and every attempt to bring it; `status` is empty until one is final."""

    delivery_id: str
    data: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None = None
    status: str = ""
    attempts: list[Attempt] = field(default_factory=list)

    def resource(self) -> dict[str, Any]:
        """Return the record of GET /webhook_deliveries, the latest attempt first."""
        return {
            "record_type": "webhook_delivery",
            "id": self.delivery_id,
            "user_id": world.USER_ID,
            "status": self.status,
            "started_at": micros(self.started_at),
            "finished_at": micros(self.finished_at or self.started_at),
            "attempts": [attempt.logged() for attempt in reversed(self.attempts)],
            "webhook": self.data,
        }

    def filterable(self) -> dict[str, Any]:
        """Return what the filters of GET /webhook_deliveries look at."""
        return {
            "status": self.status,
            "event_type": self.data.get("event_type"),
            "started_at": micros(self.started_at),
            "finished_at": micros(self.finished_at or self.started_at),
            "attempts": [(each.url, each.status, each.errors) for each in self.attempts],
            "webhook": self.data,
        }
