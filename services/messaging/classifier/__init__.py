"""What a text asks for: to stop, to start again, to be helped, perhaps one of them, or nothing.

Opting out is read liberally and opting in strictly. Pure: no input, no output, no clock.
"""

from services.messaging.classifier.context import Context, ReservedKeywordError
from services.messaging.classifier.decision import (
    LIST_VERSION,
    Decision,
    KeywordClass,
    Scope,
    Sender,
)
from services.messaging.classifier.rules import classify

__all__ = [
    "LIST_VERSION",
    "Context",
    "Decision",
    "KeywordClass",
    "ReservedKeywordError",
    "Scope",
    "Sender",
    "classify",
]
