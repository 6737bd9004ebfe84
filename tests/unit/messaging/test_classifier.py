"""The classifier against texts judged by hand: those kept here and, where present, the collection.

The kept texts were written in rounds, each before the classifier had seen it, and labelled before
they were run; a text stays as a regression case once its round is over. What is wrong with a text
is asymmetric: an ordinary one must never change consent, and a clear opt-out must never be nothing.
"""

import csv
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messaging.classifier import (
    Context,
    Decision,
    KeywordClass,
    ReservedKeywordError,
    Sender,
    classify,
)
from tests.unit.messaging.test_reference import reference

ROUNDS = sorted((Path(__file__).parents[2] / "fixtures/classifier").glob("round*.tsv"))
SENDERS = {"from own number": Sender.OUR_NUMBER, "from short code": Sender.NO_REPLY}
KEYWORD = re.compile(r"custom (stop|start) keyword (\w+)")
SUBJECT = re.compile(r"mms subject = (\w+)")


def judged(path: Path) -> list[tuple[KeywordClass, str]]:
    """Return the expected class and the text of every line."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(KeywordClass[row["expected"]], json.loads(row["text_json"])) for row in rows]


def in_context(text: str | None, context: str) -> Decision:
    """Read a text as the collection's column of contexts tells."""
    custom, subject = KEYWORD.search(context), SUBJECT.search(context)
    return classify(
        text,
        subject=subject and subject[1],
        context=Context(
            keywords={custom[2]: KeywordClass(custom[1])} if custom else {},
            pending_opt_in=context.startswith("pending"),
            sender=SENDERS.get(context, Sender.PERSON),
        ),
    )


def test_every_judged_text_of_the_collection_agrees() -> None:
    """All texts of the collection are read as they were judged, each in its context."""
    with reference("keywords.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    wrong = {
        row["id"]: read.rule_id
        for row in rows
        if (read := in_context(json.loads(row["input_json"]), row["context"])).klass.name
        != row["expected"]
    }
    assert len(rows) > 300
    assert wrong == {}


@pytest.mark.parametrize("path", ROUNDS, ids=lambda path: path.stem)
def test_no_ordinary_text_changes_consent(path: Path) -> None:
    """What was judged to be nothing is never a STOP or a START."""
    wrong = [
        text
        for expected, text in judged(path)
        if expected is KeywordClass.NONE
        and classify(text).klass in (KeywordClass.STOP, KeywordClass.START)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", ROUNDS, ids=lambda path: path.stem)
def test_no_opt_out_is_overlooked(path: Path) -> None:
    """What was judged to be a STOP is one, or is left to a person to judge."""
    found = [
        (text, classify(text).klass)
        for expected, text in judged(path)
        if expected is KeywordClass.STOP
    ]
    caught = (KeywordClass.STOP, KeywordClass.AMBIGUOUS)
    assert [text for text, klass in found if klass not in caught] == []
    assert len(found) > 20


def test_there_are_texts_to_judge_by() -> None:
    """Several rounds of texts are kept."""
    assert len(ROUNDS) >= 3


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    """Whatever is written, there is an answer, and the same one each time."""
    assert classify(text) == classify(text)


@pytest.mark.parametrize("word", ["STOP", "unsubscribe", "Quit", "START", "UNSTOP", "HELP"])
@given(
    before=st.text(alphabet=" \t\n\u200b\ufeff", max_size=4),
    after=st.text(alphabet=" \t\n\u200b.!", max_size=4),
)
def test_a_keyword_is_the_same_in_any_wrapping(word: str, before: str, after: str) -> None:
    """Spaces, characters without width, full width and marks around a keyword change nothing."""
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in word)
    plain = classify(word).klass
    assert {classify(f"{before}{each}{after}").klass for each in (word, word.lower(), wide)} == {
        plain
    }


@pytest.mark.parametrize(
    "piece", ["stop texting me ", "s.t.o.p ", "a", "((((", "don't not ", "\u0301"]
)
def test_long_texts_are_read_to_the_end(piece: str) -> None:
    """Ten thousand characters of what a careless expression would choke on are answered."""
    assert classify((piece * 10_000)[:10_000]).rule_id


def test_a_campaign_cannot_take_the_carriers_words() -> None:
    """STOP, START and HELP keep their meaning for everybody."""
    with pytest.raises(ReservedKeywordError):
        Context(keywords={"Stop": KeywordClass.START})
