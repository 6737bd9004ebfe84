"""What the classifier may be told beside the text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.messaging.classifier.decision import KeywordClass, Sender
from services.messaging.classifier.normalization import fold, strict
from services.messaging.classifier.tokens import key
from services.messaging.classifier.words import HELP, RESERVED_STOPS, START


class ReservedKeywordError(ValueError):
    """A campaign may not give a word of the carrier's or of the law another meaning."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the text.

    Raises ReservedKeywordError for a keyword that is spoken for: Telnyx does not let START, STOP
    and HELP be moved either (Telnyx: advanced opt-in/out management).
    """

    keywords: Mapping[str, KeywordClass] = field(default_factory=dict)
    """The campaign's own words at the number written to, and their classes."""
    programs: Iterable[str] = ()
    """Names of programs that somebody may leave one by one."""
    pending_opt_in: bool = False
    """Whether a question is open that YES would answer."""
    languages: Iterable[str] = ()
    """The languages we wrote in, as ISO 639-1 codes. A word that is unclear by itself is then clear:
    people may answer in the language they were written to in."""
    sender: Sender = Sender.PERSON
    exact_keywords: frozenset[str] = field(init=False, repr=False, default=frozenset())
    """The campaign's words as the carrier knows them, with their accents."""

    def __post_init__(self) -> None:
        """Bring keywords and names into the form in which texts are compared."""
        keywords = {
            key(fold(word)): klass for word, klass in self.keywords.items() if key(fold(word))
        }
        for word, klass in keywords.items():
            if reserved_class(word) not in (None, klass):
                raise ReservedKeywordError(f"{word!r} is always {reserved_class(word)}")
        exact = frozenset(key(strict(word)) for word in self.keywords)
        programs = frozenset(key(fold(each)) for each in self.programs) - {""}
        object.__setattr__(self, "keywords", keywords)
        object.__setattr__(self, "exact_keywords", exact)
        object.__setattr__(self, "programs", programs)
        object.__setattr__(self, "languages", frozenset(self.languages))


def reserved_class(word: str) -> KeywordClass | None:
    """Return the class a word has for every campaign, or None where a campaign may choose."""
    if word in RESERVED_STOPS:
        return KeywordClass.STOP
    if word in START:
        return KeywordClass.START
    return KeywordClass.HELP if word in HELP else None
