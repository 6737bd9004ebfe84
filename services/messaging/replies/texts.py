"""What automatic replies read in a text: phrases, echoes, codes, and whether anybody spoke."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_BLANKS = re.compile(r"\s+")
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_LONGEST_READ = 4000
"""Characters of a text that are looked at; a message has at most 1530, the rest is an attack."""

ECHO_PREFIX = 40
"""So many of our characters in a text make it an echo."""

_CODE = re.compile(r"(?<![\d+])(?:\d{4,8}|\d{3}[- ]\d{3})(?![\d-])")
_CODE_WORDS = re.compile(
    r"\b(?:code|passcode|pin|otp|one[- ]time|verification|verify|security code|2fa|"
    r"c[oó]digo|clave|contrase[nñ]a|codice|bestätigungscode|sicherheitscode)\b|"
    r"\b\u043a\u043e\u0434\b|验证码|驗證碼|認証コード|인증번호"
)
_DOMAIN_BOUND_CODE = re.compile(r"@[a-z0-9.-]+ #[a-z0-9]{4,12}\s*$")
"""The last line of a code that a browser may fill in (WICG: origin-bound one-time codes)."""

_TAPBACK = re.compile(
    r"(?:liked|disliked|loved|emphasi[sz]ed|laughed at|questioned|removed an? \w+ from) "
    r'(?:"|an? (?:image|video|movie|attachment|message|audio|contact|sticker))'
    r'|reacted .{1,20} to "'
    r'|\W{1,12} to "'
)
"""How phones that know reactions write one to those that do not."""
_CARD = re.compile(r"begin:(?:vcard|vcalendar)|https://maps\.(?:apple|google)\.com/\S*$")


@lru_cache(maxsize=1024)
def folded(text: str) -> str:
    """Return a text as texts are compared: no case, no width, no invisible marks, single blanks."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST_READ]).casefold()
    seen = "".join(mark for mark in plain if unicodedata.category(mark) != "Cf")
    seen = seen.replace("\u2019", "'").replace("\u2018", "'")
    return _BLANKS.sub(" ", seen.replace("\u201c", '"').replace("\u201d", '"')).strip()


def bare(text: str) -> str:
    """Return the folded text without the punctuation and symbols around it."""
    return _AROUND.sub("", folded(text))


def contains(text: str, phrases: Iterable[str]) -> bool:
    """Say whether one of the phrases stands in the text, as whole words where there are words."""
    said = folded(text)
    return any(_pattern(phrase).search(said) is not None for phrase in phrases)


def equals(text: str, phrases: Iterable[str]) -> bool:
    """Say whether the text is one of the phrases and nothing else."""
    said = bare(text)
    return bool(said) and any(bare(phrase) == said for phrase in phrases)


def is_echo(text: str, ours: str) -> bool:
    """Say whether a text is our own last one, or has its first 40 characters in it."""
    said, sent = folded(text), folded(ours)
    if not said or not sent:
        return False
    return said == sent or (len(sent) >= ECHO_PREFIX and sent[:ECHO_PREFIX] in said)


def looks_like_code(text: str) -> bool:
    """Say whether a text carries a one-time code: digits with a word for it, or a bound code."""
    said = folded(text)
    if _DOMAIN_BOUND_CODE.search(said):
        return True
    return _CODE.search(said) is not None and _CODE_WORDS.search(said) is not None


def is_not_speech(text: str) -> bool:
    """Say whether nobody spoke: a reaction to another message, a contact card or a location."""
    return _TAPBACK.match(folded(text)) is not None or _CARD.match(folded(text)) is not None


@lru_cache(maxsize=2048)
def _pattern(phrase: str) -> re.Pattern[str]:
    words = folded(phrase)
    before = r"(?<!\w)" if _is_of_words(words[:1]) else ""
    after = r"(?!\w)" if _is_of_words(words[-1:]) else ""
    return re.compile(before + re.escape(words) + after)


def _is_of_words(mark: str) -> bool:
    """Say whether a character is of a script that separates words: Chinese and others do not."""
    return bool(mark) and mark.isalnum() and unicodedata.category(mark) != "Lo"
