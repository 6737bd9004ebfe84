"""What the ledger's entries amount to: whether a message may be sent, and why not.

Opting out is read liberally and opting in strictly: how far each reaches is in `touches`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.messaging.consent.ledger import (
    ALL,
    BRAND,
    IMPORT,
    Action,
    LedgerEntry,
    number_key,
    program_key,
)
from services.messaging.consent.programs import UNASSIGNED, Program, ProgramKind, Programs
from services.messaging.model import Purpose


class ConsentState(StrEnum):
    """What the ledger says about writing to somebody."""

    UNRECORDED = "unrecorded"
    GRANTED = "granted"
    REVOKED = "revoked"
    VOIDED = "voided"


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
            if key.startswith(IMPORT) and touches(key.removeprefix(IMPORT), standing, target)
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


def _state(action: Action) -> ConsentState:
    return ConsentState(action.value) if action.opposes else ConsentState.GRANTED


def _targets(keys: set[str], programs: Programs) -> list[Target]:
    """Return one message of every sort that the scopes can tell apart."""
    plain = {key.removeprefix(IMPORT) for key in keys}
    numbers = {"", *(key.removeprefix("number:") for key in plain if key.startswith("number:"))}
    known = {UNASSIGNED, *programs.by_number.values()}
    senders = {(number, programs.of(number)) for number in numbers}
    senders |= {("", program) for program in known}
    purposes = (Purpose.MARKETING, Purpose.TRANSACTIONAL, Purpose.VERIFICATION)
    return [Target(number, program, each) for number, program in senders for each in purposes]
