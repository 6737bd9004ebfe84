"""What a received message means for consent, and what it is answered with."""

from dataclasses import dataclass

from services.messaging.consent.decision import ConsentState, Decision
from services.messaging.consent.ledger import Action, Channel, Scope
from services.messaging.consent.programs import Program, ProgramKind, Programs
from services.messaging.keywords import KeywordClass
from services.messaging.model import Message, Purpose, is_e164

# What the classifier says of how far a STOP reaches; anything else leaves it to the number.
_ALL_PROGRAMS, _VOICE_AND_TEXT, _PROGRAM, _MARKETING = (
    "all_programs",
    "voice_and_text",
    "program",
    "marketing",
)

_WRONG_PARTY = "wrong_party"
"""What the rules begin with that find another person at the number."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a fact changes: which consent, how far, for which program, by which channel."""

    action: Action
    scope: Scope
    program_id: str = ""
    channel: Channel = Channel.SMS


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


def _as_id(named: str) -> str:
    return "-".join(named.casefold().split())
