"""What counts as a word of a text, when it is kept and when it is looked for; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 64
"""Letters of a word that count; longer ones are known by their beginning."""
MOST = 20_000
"""Different words of one fax that are kept to be found; no page of prose has more than a few
hundred, so what has more is noise."""

_WORD = re.compile(r"[^\W_]+")
_BREAK = re.compile(r"(?<=[^\W\d_])-\s*\n\s*(?=[^\W\d_])")
"""A word broken at the end of a line."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, in the form in which words are compared."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [word[:LONGEST] for word in _WORD.findall(_BREAK.sub("", plain))]


def index_of(pages: Iterable[str]) -> list[str]:
    """Return the different words of a fax, sorted, at most MOST."""
    found: dict[str, None] = {}
    for page in pages:
        found.update(dict.fromkeys(words_of(page)))
        if len(found) >= MOST:
            break
    return sorted(list(found)[:MOST])
