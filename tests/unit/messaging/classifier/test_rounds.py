"""Fresh texts, labelled before the classifier of the time had seen them, kept as regressions.

Each file is a round: written after the rules were frozen, measured, and then learned from. What
holds for every text is the asymmetry: an ordinary text never opts anybody out or in, and who
clearly opts out is at worst held for a person to read.
"""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from services.messaging.classifier import KeywordClass, classify

FOLDER = Path(__file__).parents[3] / "fixtures" / "classifier"
ROUNDS = sorted(path.name for path in FOLDER.glob("round*.tsv"))
CHANGES = (KeywordClass.STOP, KeywordClass.START)


def texts(name: str) -> list[tuple[str, str]]:
    """Return the label and the text of each row."""
    with (FOLDER / name).open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["expected"], json.loads(row["text_json"])) for row in rows]


def test_the_rounds_are_there() -> None:
    """The collection has not been lost, and every text stands in it once."""
    everything = [text for name in ROUNDS for _, text in texts(name)]
    assert len(ROUNDS) >= 9
    assert len(everything) > 3200
    assert max(Counter(everything).values()) <= 2


@pytest.mark.parametrize("name", ROUNDS)
def test_no_ordinary_text_opts_anybody_out_or_in(name: str) -> None:
    """No text labelled NONE or HELP is taken for a STOP or a START."""
    wrong = [
        text
        for label, text in texts(name)
        if label in ("NONE", "HELP") and classify(text).klass in CHANGES
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ROUNDS)
def test_nobody_who_clearly_opts_out_is_missed(name: str) -> None:
    """Every text labelled STOP is a STOP, or held."""
    held = (KeywordClass.STOP, KeywordClass.AMBIGUOUS)
    missed = [
        text for label, text in texts(name) if label == "STOP" and classify(text).klass not in held
    ]
    assert missed == []


@pytest.mark.parametrize("name", ROUNDS)
def test_most_labels_are_met(name: str) -> None:
    """At least five of six texts get exactly their label."""
    rows = texts(name)
    agreed = sum(classify(text).klass.name == label for label, text in rows)
    assert agreed >= 0.84 * len(rows)
