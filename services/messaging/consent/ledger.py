"""The ledger's entries: facts about consent, never changed.

They are weighed by the time of the message that made them, not by arrival, and at equal times a
revocation wins: a late START must not undo a newer STOP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.messaging.keywords import Classification


class Action(StrEnum):
    """What an entry does."""

    GRANTED = "granted"
    CONFIRMED = "confirmed"
    REVOKED = "revoked"
    HELD = "held"
    RELEASED = "released"
    VOIDED = "voided"
    IMPORTED = "imported"

    @property
    def opposes(self) -> bool:
        """Say whether it takes consent back."""
        return self in (Action.REVOKED, Action.VOIDED)

    @property
    def stands(self) -> bool:
        """Say whether it is weighed in a scope; holds are kept by themselves."""
        return self not in (Action.HELD, Action.RELEASED)


class Scope(StrEnum):
    """How far an entry reaches."""

    BRAND = "brand"
    NUMBER = "number"
    PROGRAM = "program"
    PROGRAM_AND_BRAND = "program_and_brand"
    ALL = "all"


class Channel(StrEnum):
    """By what means one may not, or may, be reached."""

    SMS = "sms"
    VOICE = "voice"
    FAX = "fax"
    ANY = "any"


class Method(StrEnum):
    """How consent or its end was made known."""

    KEYWORD = "keyword"
    WEB_FORM = "web_form"
    PAPER = "paper"
    VOICE_IVR = "voice_ivr"
    AGENT = "agent"
    EMAIL = "email"
    API_IMPORT = "api_import"
    PROVIDER_BLOCK = "provider_block"
    CRM = "crm"


class Basis(StrEnum):
    """How firm the consent is."""

    UNSPECIFIED = ""
    EXPRESS_WRITTEN = "express_written"
    EXPRESS = "express"
    CONVERSATIONAL = "conversational"
    NONE = "none"


class Confirmation(StrEnum):
    """How the person was told that the change was made."""

    QUEUED = "queued"
    BY_CARRIER = "by_carrier"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One fact about consent; `sequence` is 0 until the ledger has recorded it.

    `prompt_time` is when the question was put that a CONFIRMED entry answers; `evidence` has what
    else proves it, by the names of the contract.
    """

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
    brand: str = ""
    program_id: str = ""
    channel: Channel = Channel.SMS
    basis: Basis = Basis.UNSPECIFIED
    evidence: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    reviewer: str = ""
    note: str = ""
    hold_id: str = ""
    prompt_time: datetime | None = None
    request_deadline: datetime | None = None
    sequence: int = 0
    prev_hash: str = ""
    hash: str = ""

    @property
    def scope_keys(self) -> tuple[str, ...]:
        """Return the scopes in which it is weighed; none if it says nothing about messages."""
        if not self.action.stands or self.channel not in (Channel.SMS, Channel.ANY):
            return ()
        keys = {
            Scope.ALL: (ALL,),
            Scope.BRAND: (BRAND,),
            Scope.PROGRAM: (program_key(self.program_id),),
            Scope.PROGRAM_AND_BRAND: (program_key(self.program_id), BRAND),
            Scope.NUMBER: (number_key(self.our_number),),
        }[self.scope]
        # What another system says can add consent where there is none, never undo what is known.
        return tuple(IMPORT + key for key in keys) if self.action is Action.IMPORTED else keys

    @property
    def weigh_time(self) -> datetime:
        """Return the time it counts from.

        A YES counts from the question: a STOP after the question is not undone by the YES, which
        may have answered something else.
        """
        return self.prompt_time or self.effective_time


ALL, BRAND = "all", "brand"

IMPORT = "imported "


def number_key(number: str) -> str:
    """Return the scope of one number of ours."""
    return f"number:{number}"


def program_key(program_id: str) -> str:
    """Return the scope of one program."""
    return f"program:{program_id}"
