"""What counts as a word of a text."""

import pytest

from services.fax.keeping.words import LONGEST, MOST, index_of, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Invoice No. 4711", ["invoice", "no", "4711"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("ﬁnal x\u00b2 \uff14\uff12", ["final", "x2", "42"]),
        ("pre-\nscription", ["prescription"]),
        ("well-known", ["well", "known"]),
        ("1-\n2", ["1", "2"]),
        ("a_b 100%", ["a", "b", "100"]),
        ("договор № 5", ["договор", "no", "5"]),
        ("  \n\t ", []),
        ("%_*", []),
    ],
)
def test_words_are_compared_in_one_form(text: str, expected: list[str]) -> None:
    """Case, ligatures, widths and hyphens at the end of a line make no difference."""
    assert words_of(text) == expected


def test_words_of_a_fax_are_bounded() -> None:
    """Neither a long word nor noise makes the index grow without end."""
    assert words_of("x" * 1000) == ["x" * LONGEST]
    noise = [" ".join(f"n{number}" for number in range(MOST + 500))]
    assert len(index_of(noise)) == MOST


def test_each_word_is_kept_once() -> None:
    """The index of a fax is sorted and holds no word twice."""
    assert index_of(["beta alpha", "Alpha gamma"]) == ["alpha", "beta", "gamma"]
