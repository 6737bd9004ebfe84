"""What a received text is read as: the classifier's decision in the words of the service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.messaging.classifier import LIST_VERSION, Context, KeywordClass
from services.messaging.classifier import classify as decide

__all__ = ["LIST_VERSION", "Campaigns", "Classification", "KeywordClass", "classify", "parse"]

Keywords = Mapping[str, KeywordClass]
"""Words of a campaign's own, and what they mean when they are the whole message."""


@dataclass(frozen=True, slots=True)
class Classification:
    """What a text asks for, and which rule of which list said so."""

    keyword_class: KeywordClass
    rule_id: str
    list_version: str = LIST_VERSION
    scope: str = ""
    """How far it reaches, in the classifier's words; empty leaves it to the number written to. It
    is acted on at once and kept as the scope of the ledger's entry, not with the message."""
    program: str = ""
    """The program the text names, if it names one."""

    @property
    def is_keyword(self) -> bool:
        """Say whether the text asks for something that concerns consent."""
        return self.keyword_class is not KeywordClass.NONE


OUR_OWN_SENDER = Classification(KeywordClass.NONE, "sender.our_own")
"""Not read at all: one of our own numbers wrote it."""
NO_PHONE_NUMBER = Classification(KeywordClass.NONE, "sender.not_a_phone_number")
"""Not read at all: a short code or an alphanumeric sender wrote it, a machine."""


def classify(
    text: str | None,
    subject: str = "",
    *,
    pending_opt_in: bool = False,
    programs: Iterable[str] = (),
    keywords: Keywords | None = None,
) -> Classification:
    """Say what a text asks for; where it is absent or blank, the subject speaks for it.

    `pending_opt_in` says that a question is open that YES would answer, `programs` names what
    somebody may leave one by one, `keywords` are those of the number written to.
    """
    context = Context(pending_opt_in=pending_opt_in, programs=programs, keywords=keywords or {})
    read = decide(text, subject=subject, context=context)
    return Classification(
        read.klass, read.rule_id, read.list_version, read.scope.value, read.program
    )


@dataclass(frozen=True)
class Campaigns:
    """The words of campaigns, by the number of ours they are sent to."""

    by_number: Mapping[str, Keywords] = field(default_factory=dict)

    def at(self, our_number: str) -> Keywords:
        """Return the words that count at a number."""
        return self.by_number.get(our_number, {})


_CLASSES = (KeywordClass.STOP, KeywordClass.START, KeywordClass.HELP)


def parse(text: str) -> Campaigns:
    """Read `number:word=class` by comma; ValueError for a word that is spoken for.

    The classes are stop, start and help. A word may hold spaces.
    """
    found: dict[str, dict[str, KeywordClass]] = {}
    for item in filter(None, (each.strip() for each in text.split(","))):
        number, colon, rest = item.partition(":")
        word, equals, name = rest.rpartition("=")
        if not (colon and equals and word.strip() and name in _CLASSES):
            raise ValueError("must be number:word=class by comma; a class is stop, start or help")
        found.setdefault(number.strip(), {})[word.strip()] = KeywordClass(name)
    for words in found.values():
        Context(keywords=words)
    return Campaigns(found)
