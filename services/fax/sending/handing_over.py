"""Handing attempts to the carrier, and stopping them there: performers of the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.commands import Request
from carrier.error_codes import RefusalKind
from carrier.fax_commands import (
    CONTENTS_MAX_BYTES,
    FaxOrder,
    cancel_fax,
    send_fax_contents,
    send_fax_link,
)
from carrier.outcomes import Accepted, NotSent, Refused
from carrier.outcomes import InDoubt as CarrierInDoubt
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.effects import Done, Doubtful, Effect, Failed, Outcome, RetryLater
from chassis.logs import get_logger
from services.fax.sending.failures import FailureClass
from services.fax.sending.following import ALREADY_MADE, Following
from services.fax.sending.ids import AttemptKey
from services.fax.sending.model import AttemptState, Sighting

_SEND_SECONDS = 20.0
"""For up to 20 MB; less than the dispatcher gives a performer."""
_LINK_SECONDS = 3600.0
_AGAIN_SECONDS = 5.0
_REFUSED = "CARRIER_REFUSED"
_ROOM_MAY_COME = (RefusalKind.RETRY, RefusalKind.SLOW_DOWN)
_CLASSES = {
    "DOCUMENT_ERASED": FailureClass.DOCUMENT,
    "ATTEMPTS_EXHAUSTED": FailureClass.CAPACITY,
}

_log = get_logger(__name__)


class Carrier(Protocol):
    """The carrier's REST interface."""

    async def perform(self, request: Request, *, deadline: float = ...) -> CarrierOutcome:
        """Make one attempt and say what became of it."""
        ...


class Contents(Protocol):
    """Where the finished documents are."""

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content; FileNotFoundError if it is gone."""
        ...

    async def link(self, sha256: str, seconds: float) -> str | None:
        """Return a link that works for so long, or None where the store cannot make one."""
        ...


@dataclass(frozen=True)
class Handover:
    """Sends attempts, and records what became of them."""

    following: Following
    carrier: Carrier
    contents: Contents

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Refuse an attempt whose job was cancelled or has arrived."""
        return await self.following.may_hand_over(connection, AttemptKey.read(effect.entity_key))

    async def perform(self, effect: Effect) -> Outcome:
        """Send the attempt; whatever is not certain is in doubt."""
        try:
            request = await self._request(effect.effect_id, orjson.loads(effect.body))
        except FileNotFoundError:
            return Failed("DOCUMENT_ERASED")
        outcome = await self.carrier.perform(request, deadline=_SEND_SECONDS)
        match outcome:
            case Accepted():
                fax_id = outcome.data.get("id")
                named = isinstance(fax_id, str) and fax_id
                return Done(str(fax_id)) if named else Doubtful("ANSWER_UNREADABLE")
            case Refused():
                return _refused(effect, outcome)
            case NotSent(why):
                return RetryLater(_AGAIN_SECONDS, why.value)
            case CarrierInDoubt(why):
                return Doubtful(why.value)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Let the job know."""
        key, now = AttemptKey.read(effect.entity_key), self.following.clock.now()
        match outcome:
            case Done(fax_id):
                seen = Sighting(state=AttemptState.ACCEPTED, time=now, fax_id=fax_id)
            case Failed(reason) if reason == ALREADY_MADE:
                return
            case Failed(reason, detail):
                why = FailureClass(detail) if reason.startswith(_REFUSED) else _CLASSES.get(reason)
                seen = Sighting(
                    state=AttemptState.FAILED, time=now, reason=reason, failure_class=why
                )
            case Doubtful(reason):
                seen = Sighting(state=AttemptState.IN_DOUBT, time=now, reason=reason)
            case RetryLater(_, reason):
                seen = Sighting(state=AttemptState.HANDING_OVER, time=now, reason=reason)
        attempt = await self.following.see(connection, key, seen)
        doubtful = isinstance(outcome, Doubtful)
        if doubtful and attempt and attempt.state is not AttemptState.IN_DOUBT:
            # A webhook was faster than the answer, which never came.
            await self.following.resolve_soon(connection, key)

    async def _request(self, seed: str, said: dict[str, Any]) -> Request:
        order = FaxOrder(
            connection_id=said["connection_id"],
            from_number=said["from"],
            to_number=said["to"],
            client_state=said["token"].encode(),
            quality=said["quality"],
            t38_enabled=said["t38"],
            monochrome=said["monochrome"],
        )
        sha256 = said["sha256"]
        if said["size"] > CONTENTS_MAX_BYTES:
            link = await self.contents.link(sha256, _LINK_SECONDS)
            if link is None:
                raise FileNotFoundError(sha256)
            return send_fax_link(order, link)
        contents = b"".join([chunk async for chunk in self.contents.read(sha256)])
        return send_fax_contents(order, contents, name="fax.pdf", seed=seed)


@dataclass(frozen=True)
class Withdrawal:
    """Asks the carrier to stop attempts; what comes of it, webhooks tell."""

    following: Following
    carrier: Carrier

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every one: stopping what is over does nothing."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Ask once; a fax in a state that cannot be stopped any more is left to its end."""
        outcome = await self.carrier.perform(cancel_fax(effect.body.decode()))
        match outcome:
            case Accepted():
                return Done("stopping")
            case Refused() if outcome.kind not in _ROOM_MAY_COME:
                return Failed(f"{_REFUSED} {outcome.code or outcome.status}")
            case _:
                return RetryLater(_AGAIN_SECONDS, type(outcome).__name__)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Look at the carrier some time later, should the webhook of the end not come."""
        if isinstance(outcome, Done | Failed):
            key = AttemptKey.read(effect.entity_key)
            await self.following.look_again(connection, key)


def _refused(effect: Effect, refused: Refused) -> Failed:
    """Return a failure for the plan: no room for now, or a setting somebody has to look at."""
    room = refused.kind in _ROOM_MAY_COME
    if not room:
        _log.error(
            "fax.refused",
            attempt=effect.entity_key,
            kind=refused.kind.value,
            code=refused.code,
            title=refused.title,
        )
    why = FailureClass.CAPACITY if room else FailureClass.POLICY
    return Failed(f"{_REFUSED} {refused.code or refused.status}", why.value)
