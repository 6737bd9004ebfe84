"""What holds for every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messaging.classifier import Context, KeywordClass, classify
from services.messaging.classifier.normalization import fold
from services.messaging.classifier.words import BY_LANGUAGE, HELP, PER_SE, START, STRONG

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=300)
INVISIBLE = st.text("\u200b\u200d\u2060\ufeff\u202e\u2066 \t\u00a0\u3000\n", max_size=3)
WORDS = sorted(word for word in STRONG | PER_SE | START | HELP if word.isalpha() and word.isascii())
ORDINARY = [
    "see you at the bus stop",
    "what time does it start?",
    "please cancel my appointment",
    "the weekend was great",
    "can you help me find my order?",
    "yes that works",
    "I will quit my job in June",
    "no me acuerdo",
]
BENIGN = [
    "Thanks!",
    "See you tomorrow.",
    "The order arrived.",
    "yes",
    "Start of the week works.",
    "I will be there at five.",
    "Call me later.",
]


@given(ANYTHING, ANYTHING)
def test_nothing_is_too_odd_to_be_read(text: str, subject: str) -> None:
    """Every text gets a class, a rule and a normalized form, unpaired surrogates included."""
    read = classify(text, subject=subject, context=Context(pending_opt_in=True, languages=["zh"]))
    assert isinstance(read.klass, KeywordClass)
    assert read.rule_id
    assert len(read.normalized_hash) == 64


@given(ANYTHING)
def test_folding_stays_within_bounds(text: str) -> None:
    """A text grows by a small factor at most when it is folded, and folding it again is safe."""
    folded = fold(text)
    assert len(folded) <= 8 * len(text)
    fold(folded)


@given(st.sampled_from(WORDS), st.data())
def test_a_keyword_is_known_in_any_dress(word: str, data: st.DataObject) -> None:
    """Case, width, spaces and invisible marks around and within change no keyword's class."""
    cased = "".join(data.draw(st.sampled_from((each, each.upper()))) for each in word)
    wide = cased.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    dressed = data.draw(st.sampled_from((cased, wide)))
    marks = data.draw(st.lists(st.sampled_from(("", "\u200b", "\u2060")), min_size=len(dressed)))
    dressed = "".join(letter + mark for letter, mark in zip(dressed, marks, strict=False))
    text = data.draw(INVISIBLE) + dressed + data.draw(INVISIBLE)
    assert classify(text).klass is classify(word).klass


@given(st.sampled_from(ORDINARY), st.lists(st.sampled_from(BENIGN), max_size=4), st.booleans())
def test_more_ordinary_words_never_opt_anybody_in_or_out(
    ordinary: str, benign: list[str], after: bool
) -> None:
    """An ordinary text among benign sentences is neither START nor STOP, whatever their order."""
    sentences = [ordinary, *benign] if after else [*benign, ordinary]
    assert classify(" ".join(sentences)).klass not in (KeywordClass.START, KeywordClass.STOP)
    assert classify("\n".join(sentences)).klass not in (KeywordClass.START, KeywordClass.STOP)


@given(st.sampled_from(["please ", "hi, "]), st.sampled_from(["stop", "unsubscribe", "opt out"]))
def test_courtesy_does_not_weaken_a_request(courtesy: str, word: str) -> None:
    """A keyword with a courtesy before and thanks after it is still a STOP."""
    assert classify(f"{courtesy}{word}. Thank you!").klass is KeywordClass.STOP


@given(st.text(max_size=40))
def test_only_exact_words_opt_in(text: str) -> None:
    """A START always holds one of the two words as the carrier would read it."""
    if classify(text).klass is KeywordClass.START:
        assert "start" in fold(text) or "unstop" in fold(text)


def test_every_word_of_every_list_means_what_it_says() -> None:
    """Each entry is read as the list that holds it says."""
    for words in (STRONG, PER_SE, *BY_LANGUAGE.values()):
        assert {classify(word).klass for word in words} == {KeywordClass.STOP}
    assert {classify(word).klass for word in START} == {KeywordClass.START}
    assert {classify(word).klass for word in HELP} == {KeywordClass.HELP}


@pytest.mark.parametrize(
    "part",
    [
        "stop ",
        "stop texting ",
        "do not ",
        "i want to be ",
        "s t o p ",
        "stop it\n",
        ">",
        '"',
        "(",
        "e\u0301\u0316",
        "\u1109\u1173",
        "\ufdfa",
        "http://",
        "a@",
        "a.",
        "reply stop to end ",
        "unsubscrib ",
        "messages not ",
        "begin:vcard ",
        "on wrote:\n",
        "no me mandes ",
        "ne me contactez ",
        "\u4e0d\u8981\u518d\u53d1",
        "\ud83d",
        "\U0001f6d1",
        " ",
        "-",
        "f*",
    ],
)
def test_long_texts_come_back(part: str) -> None:
    """Ten thousand characters of what each rule looks for are read like any other text."""
    read = classify((part * 10_000)[:10_000])
    assert isinstance(read.klass, KeywordClass)
