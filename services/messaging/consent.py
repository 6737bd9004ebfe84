"""What messaging knows about consent: the ledger's entries, what they amount to, what is answered.

The ledger is append-only. Its entries are weighed by the time of the message that made them, not
by arrival, and at equal times a revocation wins: a late START must not undo a newer STOP. Opting
out is read liberally and opting in strictly: a STOP covers every number of the brand, a START the
number it was sent to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.messaging.keywords import Classification, KeywordClass
from services.messaging.model import Message, Purpose, is_e164


class Action(StrEnum):
    """What an entry does."""

    GRANTED = "granted"
    REVOKED = "revoked"


class Scope(StrEnum):
    """How far an entry reaches."""

    BRAND = "brand"
    NUMBER = "number"


class Method(StrEnum):
    """How consent or its end was made known."""

    KEYWORD = "keyword"
    PROVIDER_BLOCK = "provider_block"


class Confirmation(StrEnum):
    """How the person was told that the change was made."""

    QUEUED = "queued"
    BY_CARRIER = "by_carrier"
    NONE = "none"


class ConsentState(StrEnum):
    """What the ledger says about writing to somebody."""

    UNRECORDED = "unrecorded"
    GRANTED = "granted"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One fact about consent; `sequence` is 0 until the ledger has recorded it."""

    entry_id: str
    effective_time: datetime
    record_time: datetime
    action: Action
    scope: Scope
    method: Method
    peer_number: str
    our_number: str
    source_message_id: str
    source_event_id: str = ""
    text: str = ""
    classification: Classification | None = None
    messaging_profile_id: str = ""
    confirmation: Confirmation = Confirmation.NONE
    confirmation_message_id: str = ""
    sequence: int = 0

    @property
    def scope_number(self) -> str:
        """Return the number of ours it is limited to; empty for the whole brand."""
        return self.our_number if self.scope is Scope.NUMBER else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person's weightiest entry in one scope says."""

    action: Action
    effective_time: datetime
    entry_id: str

    @property
    def weight(self) -> tuple[datetime, bool]:
        """Order entries: the later counts, and at equal times the revocation."""
        return self.effective_time, self.action is Action.REVOKED


Standings = Mapping[str, Standing]
"""What a person's scopes stand at: by number of ours, and under the empty one for the brand."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the ledger lets us write, and the entry that says so."""

    state: ConsentState
    entry_id: str = ""
    effective_time: datetime | None = None

    @property
    def is_revoked(self) -> bool:
        """Say whether nothing may be sent but the one confirmation."""
        return self.state is ConsentState.REVOKED


def weighed(standings: Standings, entry: LedgerEntry) -> Standings:
    """Return what the scopes stand at once the ledger holds this entry as well."""
    new, current = _standing_of(entry), standings.get(entry.scope_number)
    if current is not None and new.weight <= current.weight:
        return standings
    return {**standings, entry.scope_number: new}


def decide(standings: Standings, our_number: str = "") -> Decision:
    """Weigh the brand and the number that would write; with no entry the ledger does not object.

    Without a number the brand is asked about as a whole.
    """
    known = [standings[scope] for scope in {"", our_number} if scope in standings]
    if not known:
        return Decision(ConsentState.UNRECORDED)
    deciding = max(known, key=lambda standing: standing.weight)
    state = ConsentState(deciding.action.value)
    return Decision(state, deciding.entry_id, deciding.effective_time)


def differ(before: Standings, after: Standings) -> bool:
    """Say whether any number of ours may now write where it might not, or the other way round."""
    scopes = {"", *before, *after}
    return any(decide(before, scope).state is not decide(after, scope).state for scope in scopes)


def blocks(decision: Decision, purpose: Purpose) -> bool:
    """Say whether a message of this purpose must not be sent.

    The confirmation of the opt-out itself is the one message allowed after it: 47 CFR
    64.1200(a)(12).
    """
    return decision.is_revoked and purpose is not Purpose.STOP_CONFIRMATION


def change_of(received: Message) -> tuple[Action, Scope] | None:
    """Say what a received message changes in the ledger, if anything.

    Only a phone number can hold consent. A START in a group changes nothing: who opts in says so to
    us alone.
    """
    if not is_e164(received.peer_number):
        return None
    match _class_of(received):
        case KeywordClass.STOP:
            return Action.REVOKED, Scope.BRAND
        case KeywordClass.START if not received.is_group and received.our_number:
            return Action.GRANTED, Scope.NUMBER
        case _:
            return None


def answer_to(received: Message, before: Decision, after: Decision) -> Purpose | None:
    """Say what a received keyword is answered with, if at all.

    Only a change of state is confirmed, so that a second STOP gets no second answer. Nothing is
    said where the carrier has answered, in a group, to a sender that is not a phone number, or to
    HELP after a STOP.
    """
    if received.answered_by_carrier or received.is_group:
        return None
    if not (is_e164(received.peer_number) and received.our_number):
        return None
    changed = before.state is not after.state
    match _class_of(received):
        case KeywordClass.STOP if changed and after.is_revoked:
            return Purpose.STOP_CONFIRMATION
        case KeywordClass.START if changed and after.state is ConsentState.GRANTED:
            return Purpose.START_CONFIRMATION
        case KeywordClass.HELP if not after.is_revoked:
            return Purpose.HELP_REPLY
        case _:
            return None


def _standing_of(entry: LedgerEntry) -> Standing:
    return Standing(entry.action, entry.effective_time, entry.entry_id)


def _class_of(received: Message) -> KeywordClass:
    if received.classification is None:
        return KeywordClass.NONE
    return received.classification.keyword_class
