"""Asking the carrier what became of an attempt: the performer of looks.

An attempt whose transmission is known is read by its id. One that is in doubt is searched for in
the list of faxes between the two numbers, by the token that was sent with it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.commands import get_fax
from carrier.fax_commands import LIST_MAX_PAGE, list_sent_faxes
from carrier.outcomes import Accepted, Refused
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from services.fax.sending.failures import classify
from services.fax.sending.following import Following
from services.fax.sending.handing_over import Carrier
from services.fax.sending.ids import AttemptKey
from services.fax.sending.model import AttemptState, Sighting

_AGAIN_SECONDS = 30.0
_MOST_PAGES = 40
_NOT_FOUND = 404

# Source: Telnyx, OpenAPI, the resource fax.
_STATES = {
    "queued": AttemptState.ACCEPTED,
    "media.processed": AttemptState.ACCEPTED,
    "originated": AttemptState.ACCEPTED,
    "sending": AttemptState.TRANSMITTING,
    "delivered": AttemptState.DELIVERED,
    "failed": AttemptState.FAILED,
}


class UnansweredError(Exception):
    """The carrier did not give a page of its list."""


@dataclass(frozen=True)
class Look:
    """Looks for attempts, and records what is found."""

    following: Following
    carrier: Carrier

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every look: it changes nothing at the carrier."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Return the transmission as the carrier shows it, without a reference if there is none."""
        said = orjson.loads(effect.body)
        try:
            found = await (self._read(said["fax_id"]) if said["fax_id"] else self._search(said))
        except UnansweredError:
            return RetryLater(_AGAIN_SECONDS, "NO_ANSWER")
        if found is None:
            return Done("")
        shown = {name: found.get(name) for name in ("status", "failure_reason", "page_count")}
        return Done(str(found.get("id") or ""), orjson.dumps(shown))

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Let the job know, and look again while nothing final is known."""
        key = AttemptKey.read(effect.entity_key)
        match outcome:
            case Done(fax_id, shown) if fax_id:
                seen = _sighting(fax_id, orjson.loads(shown), self.following.clock.now())
                await self.following.see(connection, key, seen)
                await self.following.look_again(connection, key)
            case Done():
                if not await self.following.missed(connection, key):
                    await self.following.look_again(connection, key)
            case Failed():
                await self.following.look_again(connection, key)

    async def _read(self, fax_id: str) -> dict[str, Any] | None:
        outcome = await self.carrier.perform(get_fax(fax_id))
        if isinstance(outcome, Accepted):
            return outcome.data
        if isinstance(outcome, Refused) and outcome.status == _NOT_FOUND:
            return None
        raise UnansweredError

    async def _search(self, said: dict[str, Any]) -> dict[str, Any] | None:
        token, since = said["token"].encode(), datetime.fromisoformat(said["since"])
        for page in range(1, _MOST_PAGES + 1):
            request = list_sent_faxes(
                to_number=said["to"], from_number=said["from"], since=since, page=page
            )
            outcome = await self.carrier.perform(request)
            if not isinstance(outcome, Accepted):
                raise UnansweredError
            rows = outcome.body.get("data")
            if not isinstance(rows, list):
                raise UnansweredError
            found = [row for row in rows if isinstance(row, dict) and _token(row) == token]
            if found:
                return dict(found[0])
            if _is_last(outcome.body.get("meta"), page, len(rows)):
                return None
        raise UnansweredError


def _is_last(meta: object, page: int, rows: int) -> bool:
    """Say whether the list ends here; the carrier may give shorter pages than were asked for."""
    pages = meta.get("total_pages") if isinstance(meta, dict) else None
    return page >= pages if isinstance(pages, int) else rows < LIST_MAX_PAGE


def _token(row: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(row.get("client_state") or ""), validate=True)
    except binascii.Error:
        return b""


def _sighting(fax_id: str, shown: dict[str, Any], now: datetime) -> Sighting:
    state = _STATES.get(str(shown["status"]), AttemptState.ACCEPTED)
    reason = str(shown["failure_reason"] or "")
    pages = shown["page_count"]
    return Sighting(
        state=state,
        time=now,
        fax_id=fax_id,
        reason=reason if state is AttemptState.FAILED else "",
        failure_class=classify(reason) if state is AttemptState.FAILED else None,
        page_count=pages if isinstance(pages, int) else None,
    )
