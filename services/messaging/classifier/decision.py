"""What the classifier answers."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

LIST_VERSION = "2"
"""Changes whenever a word or a rule does, so that every decision can be explained later."""


class KeywordClass(StrEnum):
    """What a text asks for."""

    NONE = "none"
    STOP = "stop"
    START = "start"
    HELP = "help"
    AMBIGUOUS = "ambiguous"


class Scope(StrEnum):
    """How far a STOP or a START reaches."""

    NOTHING = ""
    NUMBER = "number"
    """What the number written to stands for: its program, or all marketing."""
    PROGRAM = "program"
    """The program or kind of message that the text names."""
    MARKETING = "marketing"
    """Marketing only: the text names offers, promotions or the like."""
    VOICE_AND_TEXT = "voice_and_text"
    """Calls as well as texts."""
    ALL_PROGRAMS = "all_programs"
    """Everything that is not an emergency."""


class Sender(StrEnum):
    """Who wrote."""

    PERSON = "person"
    OUR_NUMBER = "our_number"
    """One of our own numbers: a loop."""
    NO_REPLY = "no_reply"
    """A short code or an alphanumeric sender: a machine that cannot consent."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a text asks for, and which rule of which list said so."""

    klass: KeywordClass
    rule_id: str
    scope: Scope = Scope.NOTHING
    program: str = ""
    """What the text names, if the scope is PROGRAM or a code stood beside the keyword."""
    normalized: str = ""
    """The text as it was compared. It is as personal as the text itself."""
    list_version: str = LIST_VERSION

    @property
    def normalized_hash(self) -> str:
        """Return the SHA-256 of the normalized text, which may be logged where the text may not."""
        return hashlib.sha256(self.normalized.encode(errors="replace")).hexdigest()

    @property
    def peer_is_bot(self) -> bool:
        """Say whether a machine seems to have written, which should not be answered."""
        return self.rule_id.startswith("bot.")

    @property
    def voids_consent(self) -> bool:
        """Say whether consent was never this person's: the number has another owner now."""
        return self.klass is KeywordClass.STOP and self.rule_id.startswith("wrong_party.")
