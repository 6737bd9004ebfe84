"""What a received text is read as: the classifier's decision in the words of the service."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.messaging.classifier import LIST_VERSION, Context, KeywordClass
from services.messaging.classifier import classify as decide

__all__ = ["LIST_VERSION", "Classification", "KeywordClass", "classify"]


@dataclass(frozen=True, slots=True)
class Classification:
    """What a text asks for, and which rule of which list said so."""

    keyword_class: KeywordClass
    rule_id: str
    list_version: str = LIST_VERSION
    scope: str = ""
    """How far it reaches, in the classifier's words; empty leaves it to the number written to."""
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
) -> Classification:
    """Say what a text asks for; where it is absent or blank, the subject speaks for it.

    `pending_opt_in` says that a question is open that YES would answer, `programs` names what
    somebody may leave one by one.
    """
    context = Context(pending_opt_in=pending_opt_in, programs=programs)
    read = decide(text, subject=subject, context=context)
    return Classification(
        read.klass, read.rule_id, read.list_version, read.scope.value, read.program
    )
