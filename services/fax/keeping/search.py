"""What faxes are found by, beyond what the carrier said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from services.fax.keeping.subjects import FAXES
from services.fax.keeping.tables import resends, words
from services.fax.model import DocumentState
from services.fax.tables import faxes

Condition = sa.ColumnElement[bool]

_LAST = "\U0010ffff"
"""After every letter, so that a word and this bound all words that begin with it."""


class Flag(StrEnum):
    """What is worth knowing about a fax before it is read."""

    PARTIAL = "partial"
    PAGES_DIFFER = "pages_differ"
    QUARANTINED = "quarantined"
    RESEND = "resend"
    HELD = "held"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a list is narrowed to; empty and 0 narrow nothing."""

    min_pages: int = 0
    max_pages: int = 0
    flags: Sequence[Flag] = ()
    document_states: Sequence[DocumentState] = ()
    words: Sequence[str] = ()
    resend_of: str = ""


def conditions(search: Search) -> list[Condition]:
    """Return what every fax that is found fulfils."""
    found = [flagged(flag) for flag in search.flags]
    found += [_has_word(word) for word in search.words]
    pages = sa.func.coalesce(faxes.c.document_pages, faxes.c.page_count)
    if search.min_pages:
        found.append(pages >= search.min_pages)
    if search.max_pages:
        found.append(pages <= search.max_pages)
    if search.document_states:
        states = [state.value for state in search.document_states]
        found.append(faxes.c.document_state.in_(states))
    if search.resend_of:
        found.append(_resend(resends.c.of_fax_id == search.resend_of))
    return found


def flagged(flag: Flag) -> Condition:
    """Return what a fax with this flag fulfils."""
    if flag is Flag.PARTIAL:
        return faxes.c.partial_content.is_(True)
    if flag is Flag.PAGES_DIFFER:
        return faxes.c.page_count != faxes.c.document_pages
    if flag is Flag.QUARANTINED:
        return faxes.c.document_state == DocumentState.QUARANTINED.value
    return FAXES.held() if flag is Flag.HELD else _resend(sa.true())


def _resend(more: Condition) -> Condition:
    return sa.exists().where(resends.c.fax_id == faxes.c.fax_id, more)


def _has_word(word: str) -> Condition:
    begun = words.c.word.between(word, word + _LAST)
    return faxes.c.fax_id.in_(sa.select(words.c.fax_id).where(begun))
