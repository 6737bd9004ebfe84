"""What callers hear: the plan's prompts in their language, and their name if it is surely theirs.

Words of our own (announcements, farewells) are English; plans replace them by prompts.
"""

import re
from datetime import timedelta

from services.voice.calls.command import Command, Play, Speak
from services.voice.journeys.model import Situation, Standing
from services.voice.queues.forecast import announced_wait, expected_wait
from services.voice.routing.inputs import Name
from services.voice.routing.prompts import SPEECH_LIMIT, Prompt, Spoken

NAME_LIMIT = 60
"""Characters of a name that are spoken; what is longer is no name."""

GOODBYE = "Thank you for calling. Goodbye."
SORRY = "We are sorry, we cannot take your call right now. Please try again later. Goodbye."
STILL_HERE = "Please stay on the line. Somebody will be with you as soon as possible."
RECONNECTING = (
    "We are sorry, your conversation was interrupted. Please stay on the line, you are next."
)
CALLBACK_NOTED = "Thank you. We keep your place in line and will call you back. Goodbye."
MESSAGE_TAKEN = "Thank you. We have recorded your message."
CUSTOMER_PROMPT = "This is the call back you asked for. To speak with us now, press 1."
CUSTOMER_CONNECTING = "Thank you. We are connecting you."
AGENT_WAIT = "You are taking a call back. Please hold while we call the customer."
AGENT_FAILED = "The customer could not be reached. Thank you."

_SECONDS_PER_CHARACTER = 0.12
"""Slower than any voice speaks: what takes longer than this has been lost."""
_GRACE = timedelta(seconds=20)
_LONGEST_FILE = timedelta(minutes=10)

_MINUTE = timedelta(minutes=1)


def spoken(prompt: Prompt | None, at: Situation) -> Spoken:
    """Return a prompt as this caller hears it; without a prompt there is nothing to hear."""
    if prompt is None:
        return plain("", at)
    name = _speakable(at.inputs.trusted_name)
    return prompt.spoken(at.inputs.text(Name.LANGUAGE), name, default=at.plan.language)


def plain(text: str, at: Situation) -> Spoken:
    """Return words of our own for this caller."""
    return Spoken(text[:SPEECH_LIMIT], "", language_of(at))


def command_of(words: Spoken) -> Command:
    """Return what lets a caller hear something."""
    if words.audio_url:
        return Play(words.audio_url)
    return Speak(words.text, words.language)


def is_silent(words: Spoken) -> bool:
    """Say whether there is nothing to hear."""
    return not words.audio_url and not words.text.strip()


def patience(words: Spoken) -> timedelta:
    """Return after how long the end of something is certainly past, whether we were told or not."""
    if words.audio_url:
        return _LONGEST_FILE
    return timedelta(seconds=len(words.text) * _SECONDS_PER_CHARACTER) + _GRACE


def language_of(at: Situation) -> str:
    """Return the caller's language, or the plan's where it is not known."""
    return at.inputs.text(Name.LANGUAGE) or at.plan.language


def announcement(standing: Standing | None) -> str:
    """Return where a waiting caller stands; without figures, that nobody is forgotten."""
    if standing is None:
        return STILL_HERE
    place = "You are next in line." if standing.position <= 1 else _place(standing.position)
    wait = announced_wait(estimate(standing))
    return f"{place} {_wait(wait)}" if wait else f"{place} {STILL_HERE}"


def estimate(standing: Standing | None) -> timedelta | None:
    """Return how long the caller will probably wait, or None when nobody can say."""
    if standing is None or standing.position < 1:
        return None
    return expected_wait(standing.position, standing.average_handle, standing.agents_staffed)


def callback_offer(standing: Standing | None) -> str:
    """Return the question whether the caller would rather be called back."""
    return (
        f"{announcement(standing)} If you would rather be called back, press 1: "
        "you keep your place in line. Otherwise please stay on the line."
    )


def _place(position: int) -> str:
    return f"You are number {position} in line."


def _wait(length: timedelta) -> str:
    minutes = max(1, round(length / _MINUTE))
    return f"The expected wait is {minutes} minute{'s' if minutes > 1 else ''}."


def _speakable(name: str) -> str:
    """Drop what no voice can say: line breaks, control and other invisible characters."""
    visible = "".join(character if character.isprintable() else " " for character in name)
    return re.sub(r"\s+", " ", visible).strip()[:NAME_LIMIT].strip()
