"""The fixed words of this service's own messages.

The patterns are the ones Telnyx asks of a registered campaign: the brand, that no more messages
come, how to return, and where to get help (Telnyx: 10DLC campaign registration).
"""

from dataclasses import dataclass

from services.messaging.model import Purpose

LONGEST = 160
"""One part of GSM-7 (Telnyx: message encoding)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """What each of this service's own messages says, for one brand."""

    brand: str
    help_url: str
    help_phone: str
    frequency: str

    def __post_init__(self) -> None:
        for purpose in _PATTERNS:
            if len(self.text(purpose)) > LONGEST:
                raise ValueError(
                    f"the {purpose.value} would be longer than {LONGEST} characters: "
                    "shorten the brand, the help contacts or the frequency"
                )

    def opt_in_prompt(self, program: str) -> str:
        """Return the question for consent to a program; `program` is its name for people."""
        return (
            f"{self.brand}: reply YES to get {program} texts ({self.frequency}). "
            "Msg&data rates may apply. HELP for help, STOP to cancel."
        )

    def text(self, purpose: Purpose) -> str:
        """Return the words of one of this service's own messages."""
        return _PATTERNS[purpose].format(
            brand=self.brand,
            url=self.help_url,
            phone=self.help_phone,
            frequency=self.frequency,
        )


_PATTERNS = {
    Purpose.STOP_CONFIRMATION: (
        "{brand}: You are unsubscribed and will get no more messages. Reply START to resubscribe."
    ),
    Purpose.START_CONFIRMATION: (
        "{brand}: You are resubscribed. {frequency}. Reply HELP for help, STOP to cancel. "
        "Msg&data rates may apply."
    ),
    Purpose.HELP_REPLY: (
        "{brand}: help at {url} or {phone}. {frequency}. Msg&data rates may apply. "
        "Reply STOP to cancel."
    ),
}
