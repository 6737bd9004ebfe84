"""Why a message may be sent, or may not, explained."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.consent.decision import (
    ConsentState,
    Decision,
    Objection,
    ObjectionReason,
    OpenHold,
    Target,
)
from services.messaging.consent.ledger import LedgerEntry
from services.messaging.use_cases.consents import Consents


@dataclass(frozen=True, slots=True)
class Check:
    """What is decided about a message, and what the decision rests on."""

    target: Target
    objection: Objection | None
    decision: Decision
    hold: OpenHold | None
    entries: Sequence[LedgerEntry]

    @property
    def explanation(self) -> str:
        """Return the decision in a sentence."""
        if self.objection is not None:
            return _OBJECTIONS[self.objection.reason]
        if self.decision.is_revoked:
            return (
                "Consent was taken back, but this message is allowed after it: it confirms the "
                "opt-out, or answers what the person has written since."
            )
        return _STATES[self.decision.state]


_OBJECTIONS = {
    ObjectionReason.OPTED_OUT: "Consent was taken back, or the number is not that person's.",
    ObjectionReason.HELD: "A text that may be an opt-out waits to be judged; nothing that sells "
    "is sent until then.",
}
_STATES = {
    ConsentState.UNRECORDED: "The ledger knows nothing that concerns this message.",
    ConsentState.GRANTED: "Consent was given and not taken back since.",
}


async def check(
    consents: Consents,
    connection: AsyncConnection,
    peer_number: str,
    target: Target,
    *,
    auto: bool = False,
) -> Check:
    """Decide about a message as a claim would, and collect the entries that decide."""
    judged = await consents.judged(connection, peer_number, target, auto=auto)
    objection, decision, hold = judged
    ids = [decision.entry_id] if decision.entry_id else []
    ids += [hold.entry_id] if hold and hold.entry_id not in ids else []
    found = {each.entry_id: each for each in await consents.ledger.entries(connection, ids)}
    entries = [found[each] for each in ids if each in found]
    return Check(target, objection, decision, hold, entries)
