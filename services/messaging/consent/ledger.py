"""What messaging knows about consent: the ledger's entries, what they amount to, what is answered.

The ledger is append-only. Its entries are weighed by the time of the message that made them, not
by arrival, and at equal times a revocation wins: a late START must not undo a newer STOP. Opting
out is read liberally and opting in strictly: how far each reaches is in `reach` and `touches`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.messaging.consent.programs import UNASSIGNED, Program, ProgramKind, Programs
from services.messaging.keywords import Classification, KeywordClass
from services.messaging.model import Message, Purpose, is_e164


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


class ConsentState(StrEnum):
    """What the ledger says about writing to somebody."""

    UNRECORDED = "unrecorded"
    GRANTED = "granted"
    REVOKED = "revoked"
    VOIDED = "voided"


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
        return tuple(_IMPORT + key for key in keys) if self.action is Action.IMPORTED else keys

    @property
    def weigh_time(self) -> datetime:
        """Return the time it counts from.

        A YES counts from the question: a STOP after the question is not undone by the YES, which
        may have answered something else.
        """
        return self.prompt_time or self.effective_time


ALL, BRAND = "all", "brand"
_IMPORT = "imported "

# What the classifier says of how far a STOP reaches; anything else leaves it to the number.
_ALL_PROGRAMS, _VOICE_AND_TEXT, _PROGRAM, _MARKETING = (
    "all_programs",
    "voice_and_text",
    "program",
    "marketing",
)
_WRONG_PARTY = "wrong_party"
"""What the rules begin with that find another person at the number."""


def number_key(number: str) -> str:
    """Return the scope of one number of ours."""
    return f"number:{number}"


def program_key(program_id: str) -> str:
    """Return the scope of one program."""
    return f"program:{program_id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person's weightiest entry in one scope says; the time is the one it counts from."""

    action: Action
    effective_time: datetime
    entry_id: str

    @property
    def weight(self) -> tuple[datetime, int, str]:
        """Order entries: the later counts, and at equal times the more protective."""
        rank = (Action.REVOKED, Action.VOIDED).index(self.action) + 1 if self.action.opposes else 0
        return self.effective_time, rank, self.entry_id


Standings = Mapping[str, Standing]
"""What a person's scopes stand at, by scope key."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one asks the ledger about: a message of a purpose, from a number, for a program."""

    our_number: str = ""
    program: Program = UNASSIGNED
    purpose: Purpose = Purpose.CONVERSATION
    sender: Program | None = None
    """The program of the number itself, where the message names another one."""

    @property
    def is_marketing(self) -> bool:
        """Say whether it sells, or comes from where selling is done."""
        return self.sells or ProgramKind.MARKETING in self._kinds

    @property
    def sells(self) -> bool:
        """Say whether its own purpose is marketing; asking for consent counts as such."""
        return self.purpose in (Purpose.MARKETING, Purpose.OPT_IN_PROMPT)

    @property
    def is_code(self) -> bool:
        """Say whether it is a code somebody waits for, kept apart from everything else."""
        apart = self._kinds == {ProgramKind.VERIFICATION}
        return apart and self.purpose is Purpose.VERIFICATION

    @property
    def own_keys(self) -> set[str]:
        """Return the scopes that are about this very sender or program."""
        own = {number_key(self.our_number), program_key(self.program.program_id)}
        return own | ({program_key(self.sender.program_id)} if self.sender else set())

    @property
    def _kinds(self) -> set[ProgramKind]:
        return {self.program.kind, (self.sender or self.program).kind}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the ledger lets us write, and the entry that says so."""

    state: ConsentState
    entry_id: str = ""
    effective_time: datetime | None = None
    imported: bool = False
    """Whether it rests on nothing but what another system says."""

    @property
    def is_revoked(self) -> bool:
        """Say whether nothing may be sent but the one confirmation."""
        return self.state in (ConsentState.REVOKED, ConsentState.VOIDED)


@dataclass(frozen=True, slots=True)
class Change:
    """What a fact changes: which consent, how far, for which program, by which channel."""

    action: Action
    scope: Scope
    program_id: str = ""
    channel: Channel = Channel.SMS


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A text that may have been a STOP and that nobody has judged yet."""

    hold_id: str
    entry_id: str
    effective_time: datetime


class ObjectionReason(StrEnum):
    """Why a message must not be sent."""

    OPTED_OUT = "opted_out"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a message must not be sent, and the entry and the hold that say so."""

    reason: ObjectionReason
    entry_id: str
    hold_id: str = ""


def weighed(standings: Standings, entry: LedgerEntry) -> Standings:
    """Return what the scopes stand at once the ledger holds this entry as well."""
    new = Standing(entry.action, entry.weigh_time, entry.entry_id)
    lighter = [
        key
        for key in entry.scope_keys
        if key not in standings or standings[key].weight < new.weight
    ]
    return {**standings, **dict.fromkeys(lighter, new)} if lighter else standings


def decide(standings: Standings, target: Target) -> Decision:
    """Weigh every scope that touches the target; with no entry the ledger does not object."""
    known = [standing for key, standing in standings.items() if touches(key, standing, target)]
    imported = not known
    if imported:
        known = [
            standing
            for key, standing in standings.items()
            if key.startswith(_IMPORT) and touches(key.removeprefix(_IMPORT), standing, target)
        ]
    if not known:
        return Decision(ConsentState.UNRECORDED)
    deciding = max(known, key=lambda standing: standing.weight)
    return Decision(_state(deciding.action), deciding.entry_id, deciding.effective_time, imported)


def touches(key: str, standing: Standing, target: Target) -> bool:
    """Say whether what one scope stands at concerns a message.

    A revocation of the brand ends its marketing: messages that sell, and all that comes from a
    number used for it. Codes that somebody asks for right now, on a number kept apart for codes,
    are reached by what was said to that very program, and when the number is no longer theirs.
    Consent for a program of another kind is none to marketing.
    """
    if standing.action.opposes:
        apart = target.is_code and standing.action is not Action.VOIDED
        general = {ALL: not apart, BRAND: target.is_marketing and not apart}
    else:
        general = {ALL: True, BRAND: target.is_marketing}
    if key in general:
        return general[key]
    sold_elsewhere = target.sells and target.program.kind is not ProgramKind.MARKETING
    return key in target.own_keys and (standing.action.opposes or not sold_elsewhere)


def differ(before: Standings, after: Standings, programs: Programs) -> bool:
    """Say whether any message stands differently now: may be sent, may not, or nobody knows."""
    targets = _targets({*before, *after}, programs)
    return any(decide(before, each).state is not decide(after, each).state for each in targets)


def object_to(
    target: Target,
    decision: Decision,
    *,
    hold: OpenHold | None = None,
    asked_time: datetime | None = None,
) -> Objection | None:
    """Return why a message must not be sent, or None.

    The confirmation of the opt-out itself is the one message allowed after it: 47 CFR
    64.1200(a)(12). A person may answer what somebody has asked after opting out (`asked_time`, None
    for answers nobody writes). A hold stops what sells, unless consent was given after it.
    """
    if decision.is_revoked and not _is_allowed_after(target, decision, asked_time):
        return Objection(ObjectionReason.OPTED_OUT, decision.entry_id)
    if hold is None or not target.sells or _outlasts(decision, hold):
        return None
    return Objection(ObjectionReason.HELD, hold.entry_id, hold.hold_id)


def change_of(received: Message, programs: Programs, *, pending: bool = False) -> Change | None:
    """Say what a received message changes in the ledger, if anything.

    Only a phone number can hold consent. A START in a group changes nothing: who opts in says so to
    us alone. `pending` says that it answers a question for consent.
    """
    if not is_e164(received.peer_number):
        return None
    match class_of(received):
        case KeywordClass.STOP:
            return _revocation(received, programs)
        case KeywordClass.START if not received.is_group and received.our_number:
            return _grant(programs.of(received.our_number), pending=pending)
        case KeywordClass.AMBIGUOUS:
            program = programs.of(received.our_number)
            return Change(Action.HELD, Scope.BRAND, program.program_id)
        case _:
            return None


def revocation(our_number: str, programs: Programs, *, asked: str = "", named: str = "") -> Change:
    """Say how far a STOP reaches, by the number written to and what the text asks and names.

    "Stop all" and complaints end every program; so does any STOP once revoke-all is in force. A
    STOP that names a program ends that one. Calls are ended together with marketing. Otherwise a
    STOP to a marketing number ends the brand's marketing, and one to another number its program and
    the brand's marketing.
    """
    program = programs.of(our_number)
    if asked == _ALL_PROGRAMS or programs.revoke_all:
        return Change(Action.REVOKED, Scope.ALL, program.program_id)
    if asked == _VOICE_AND_TEXT:
        return Change(Action.REVOKED, Scope.BRAND, program.program_id, Channel.ANY)
    if asked == _PROGRAM and (chosen := programs.named(_as_id(named))):
        return Change(Action.REVOKED, Scope.PROGRAM, chosen.program_id)
    if asked == _MARKETING or program.kind is ProgramKind.MARKETING:
        return Change(Action.REVOKED, Scope.BRAND, program.program_id)
    return Change(Action.REVOKED, Scope.PROGRAM_AND_BRAND, program.program_id)


def _revocation(received: Message, programs: Programs) -> Change:
    said = received.classification
    if said is not None and said.rule_id.startswith(_WRONG_PARTY):
        # The number is somebody else's: consent was never this person's.
        program = programs.of(received.our_number)
        return Change(Action.VOIDED, Scope.ALL, program.program_id)
    asked, named = (said.scope, said.program) if said is not None else ("", "")
    return revocation(received.our_number, programs, asked=asked, named=named)


def _grant(program: Program, *, pending: bool) -> Change:
    action = Action.CONFIRMED if pending else Action.GRANTED
    scope = Scope.PROGRAM if program.program_id else Scope.NUMBER
    return Change(action, scope, program.program_id)


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
    match class_of(received):
        case KeywordClass.STOP if after.is_revoked and not before.is_revoked:
            return Purpose.STOP_CONFIRMATION
        case KeywordClass.START if changed and after.state is ConsentState.GRANTED:
            return Purpose.START_CONFIRMATION
        case KeywordClass.HELP if not after.is_revoked:
            return Purpose.HELP_REPLY
        case _:
            return None


def class_of(received: Message) -> KeywordClass:
    """Return what a received message asks for."""
    if received.classification is None:
        return KeywordClass.NONE
    return received.classification.keyword_class


def _is_allowed_after(target: Target, decision: Decision, asked_time: datetime | None) -> bool:
    if target.purpose is Purpose.STOP_CONFIRMATION:
        return True
    if target.purpose is not Purpose.CONVERSATION or asked_time is None:
        return False
    return decision.effective_time is None or asked_time > decision.effective_time


def _outlasts(decision: Decision, hold: OpenHold) -> bool:
    """Say whether consent was given here after the text that is held."""
    if decision.state is not ConsentState.GRANTED or decision.imported:
        return False
    return decision.effective_time is not None and decision.effective_time > hold.effective_time


def _as_id(named: str) -> str:
    return "-".join(named.casefold().split())


def _state(action: Action) -> ConsentState:
    return ConsentState(action.value) if action.opposes else ConsentState.GRANTED


def _targets(keys: set[str], programs: Programs) -> list[Target]:
    """Return one message of every sort that the scopes can tell apart."""
    plain = {key.removeprefix(_IMPORT) for key in keys}
    numbers = {"", *(key.removeprefix("number:") for key in plain if key.startswith("number:"))}
    known = {UNASSIGNED, *programs.by_number.values()}
    senders = {(number, programs.of(number)) for number in numbers}
    senders |= {("", program) for program in known}
    purposes = (Purpose.MARKETING, Purpose.TRANSACTIONAL, Purpose.VERIFICATION)
    return [Target(number, program, each) for number, program in senders for each in purposes]
