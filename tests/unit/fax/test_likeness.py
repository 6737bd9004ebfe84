"""Whether one fax repeats another."""

from dataclasses import replace

import pytest

from services.fax.keeping.likeness import WINDOW, Match, Print, compare
from tests.support.keeping import NOW

LETTER, TABLE, DRAWING = 0x0F0F_3C3C_A5A5_9696, 0xFFFF_0000_FF00_00FF, 0x1234_5678_9ABC_DEF0
NEARLY_LETTER = LETTER ^ 0b10001
FIRST = Print(
    fax_id="1",
    create_time=NOW,
    sha256="aa" * 32,
    page_count=2,
    partial=False,
    page_hashes=(LETTER, TABLE),
)
AGAIN = replace(FIRST, fax_id="2", sha256="bb" * 32, page_hashes=(NEARLY_LETTER, TABLE))


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (FIRST, replace(FIRST, fax_id="2"), Match.CONTENT),
        (FIRST, AGAIN, Match.PAGES),
        (FIRST, replace(AGAIN, page_hashes=(TABLE, LETTER)), None),
        (FIRST, replace(AGAIN, page_hashes=(DRAWING, TABLE)), None),
        (FIRST, replace(AGAIN, page_hashes=()), None),
        (replace(FIRST, page_hashes=()), AGAIN, None),
        (FIRST, replace(AGAIN, page_count=3, page_hashes=(LETTER, TABLE, DRAWING)), None),
    ],
)
def test_pages_are_compared_one_by_one(earlier: Print, later: Print, expected: Match) -> None:
    """A few bits differ in every scan; another page, order or number of pages is another fax."""
    assert compare(earlier, later) == expected


def test_a_fax_that_broke_off_is_repeated_by_a_longer_one() -> None:
    """Senders retry after a partial fax, so its pages are the first ones of the next."""
    partial = replace(FIRST, partial=True, page_count=1, page_hashes=(LETTER,))
    assert compare(partial, AGAIN) is Match.FIRST_PAGES
    assert compare(replace(partial, partial=False), AGAIN) is None
    assert compare(replace(AGAIN, partial=True), partial) is None


def test_blank_pages_alone_say_nothing() -> None:
    """Every empty page looks like every other one."""
    blank = replace(FIRST, page_hashes=(0, 0))
    assert compare(blank, replace(AGAIN, page_hashes=(0, 0))) is None
    assert compare(replace(FIRST, page_hashes=(0, TABLE)), replace(AGAIN, page_hashes=(0, TABLE)))


def test_a_day_later_it_is_no_retry() -> None:
    """The same content after the window is a fax of its own."""
    again = replace(FIRST, fax_id="2", create_time=NOW + WINDOW)
    assert compare(FIRST, again) is Match.CONTENT
    late = replace(again, create_time=again.create_time + (WINDOW / 1000))
    assert compare(FIRST, late) is None


def test_documents_that_are_not_there_are_not_alike() -> None:
    """Two faxes without documents have nothing in common."""
    nothing = replace(FIRST, sha256="", page_hashes=())
    assert compare(nothing, replace(nothing, fax_id="2")) is None
