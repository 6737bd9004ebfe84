"""The carrier's own list of opt-outs, row by row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.messaging.consent.ledger import LedgerEntry, Method
from services.messaging.consent.meaning import revocation
from services.messaging.consent.programs import Programs
from services.messaging.ids import derived_id
from services.messaging.model import is_e164

TELNYX = "telnyx messaging_optouts"
"""The name under which we remember how far the list has been read."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """Somebody the carrier lets nobody write to from one of our numbers."""

    our_number: str
    peer_number: str
    keyword: str
    messaging_profile_id: str
    create_time: datetime | None


def opt_out_of(row: Mapping[str, object], our_numbers: Collection[str]) -> OptOut | None:
    """Read a row of the list; None for one that names nobody who can hold consent.

    By Telnyx's API reference `from` is the sending side. Whether that means us was not seen on a
    live account, so a row the other way round is turned: `our_numbers` tell.
    """
    ours, peer = _text(row, "from"), _text(row, "to")
    if peer in our_numbers and ours not in our_numbers:
        ours, peer = peer, ours
    if not is_e164(peer):
        return None
    return OptOut(
        our_number=ours if is_e164(ours) else "",
        peer_number=peer,
        keyword=_text(row, "keyword"),
        messaging_profile_id=_text(row, "messaging_profile_id"),
        create_time=_instant(_text(row, "created_at")),
    )


def entry_of(opt_out: OptOut, programs: Programs, now: datetime) -> LedgerEntry:
    """Return what the ledger learns from a row; the same row always makes the same entry."""
    change = revocation(opt_out.our_number, programs)
    said = opt_out.create_time.isoformat() if opt_out.create_time else ""
    cause = f"{opt_out.our_number} {opt_out.peer_number} {said}"
    return LedgerEntry(
        entry_id=derived_id("listed opt-out", cause),
        effective_time=min(opt_out.create_time or now, now),
        record_time=now,
        action=change.action,
        scope=change.scope,
        program_id=change.program_id,
        method=Method.PROVIDER_BLOCK,
        peer_number=opt_out.peer_number,
        our_number=opt_out.our_number,
        source_message_id="",
        text=opt_out.keyword,
        messaging_profile_id=opt_out.messaging_profile_id,
        evidence={"source": "reconciliation"},
    )


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
