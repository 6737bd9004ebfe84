"""What counts as a keyword, and what only holds one."""

import pytest

from services.messaging.keywords import LIST_VERSION, KeywordClass, classify, parse

STOP = [
    "STOP",
    "stop",
    "sToP",
    "StopAll",
    "stop all",
    "STOP-ALL",
    "stop   all",
    "stop\nall",
    "unsubscribe",
    "Cancel",
    "END",
    "quit",
    "Revoke",
    "optout",
    "OPT OUT",
    "opt-out",
    "opt\u2011out",
    "opt\u2013out",
    "  stop  ",
    "\tSTOP\r\n",
    "STOP.",
    "stop!!!!",
    "stop?",
    "STOP...",
    "stop;",
    '"STOP"',
    "'stop'",
    "\u201cSTOP\u201d",
    "(stop)",
    "[STOP]",
    "*STOP*",
    "-STOP-",
    "#stop",
    "STOP #",
    "STOP \U0001f6d1",
    "STOP\U0001f621\U0001f3fd",
    "stop\u2764\ufe0f",
    "\uff33\uff34\uff2f\uff30",
    "\u200bSTOP\u200b",
    "S\u200bTOP",
    "\ufeffstop",
    "\u202estop\u202c",
    "\u2068stop\u2069",
    "STOP\u00a0",
    "STOP\u3000ALL",
    "\u24c8\u24c9\u24c4\u24c5",
]
START = ["START", "start", "Start!", "UNSTOP", "unstop.", "\uff33tart"]
HELP = ["HELP", "help?", "Info", "INFO!", " help "]
NOTHING = [
    None,
    "",
    "   ",
    "\u200b",
    "...",
    "hello",
    "nonstop",
    "non-stop",
    "stop by at five",
    "bus stop",
    "don't stop",
    "restart",
    "start the car",
    "restart my router",
    "cancel my appointment",
    "weekend",
    "helpful",
    "st.op",
    "YES",
    "information",
]


@pytest.mark.parametrize("text", STOP)
def test_the_words_that_revoke_are_found_in_any_dress(text: str) -> None:
    """A whole message that is an opt-out word is STOP, whatever its case, width and wrapping."""
    assert classify(text).keyword_class is KeywordClass.STOP


@pytest.mark.parametrize("text", START)
def test_the_words_that_grant(text: str) -> None:
    """START and UNSTOP opt in; UNSTOP is never taken for STOP."""
    assert classify(text).keyword_class is KeywordClass.START


@pytest.mark.parametrize("text", HELP)
def test_the_words_that_ask_for_help(text: str) -> None:
    """HELP and INFO ask for help."""
    assert classify(text).keyword_class is KeywordClass.HELP


@pytest.mark.parametrize("text", NOTHING)
def test_a_word_inside_something_else_is_nothing(text: str | None) -> None:
    """A keyword inside a sentence or another word changes nothing."""
    found = classify(text)
    assert found.keyword_class is KeywordClass.NONE
    assert not found.is_keyword


def test_a_decision_names_its_lists() -> None:
    """Every decision carries the version of the lists, so that it can be explained later."""
    assert classify("stop").list_version == LIST_VERSION


def test_the_subject_speaks_for_a_message_without_text() -> None:
    """A picture message without a text can opt out by its subject; a text goes first."""
    assert classify(None, "STOP").keyword_class is KeywordClass.STOP
    assert classify("  ", "STOP").keyword_class is KeywordClass.STOP
    assert classify("hello", "STOP").keyword_class is KeywordClass.NONE


UNCLEAR = ["not interested", "the end", "stop1", "too many texts"]


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_may_be_an_opt_out_is_left_to_a_person(text: str) -> None:
    """What is neither clearly a STOP nor clearly something else is AMBIGUOUS."""
    assert classify(text).keyword_class is KeywordClass.AMBIGUOUS


def test_yes_is_an_answer_only_to_a_question() -> None:
    """A YES opts in while a question is open, and never otherwise."""
    assert classify("Yes").keyword_class is KeywordClass.NONE
    assert classify("Yes", pending_opt_in=True).keyword_class is KeywordClass.START


def test_a_stop_may_name_its_program() -> None:
    """STOP and the name of a program reaches that program."""
    found = classify("stop alerts", programs={"alerts"})
    assert (found.keyword_class, found.scope, found.program) == (
        KeywordClass.STOP,
        "program",
        "alerts",
    )


def test_long_and_odd_texts_are_read_like_any_other() -> None:
    """Ten thousand characters, unpaired halves and combining marks raise nothing."""
    for text in ("\u200b" * 10_000 + "stop", "(" * 5_000 + "stop" + ")" * 5_000):
        assert classify(text).keyword_class is KeywordClass.STOP
    for text in ("\u0301" * 10_000, "\ud83d"):
        assert classify(text).keyword_class is KeywordClass.NONE


def test_a_campaign_has_words_of_its_own_at_its_number() -> None:
    """A campaign's word counts at its number alone, and only as the whole message."""
    campaigns = parse("+12025550100:JOIN=start, +12025550100:No more=stop")
    here, elsewhere = campaigns.at("+12025550100"), campaigns.at("+12025550101")
    assert classify("join!", keywords=here).keyword_class is KeywordClass.START
    assert classify("no more", keywords=here).keyword_class is KeywordClass.STOP
    assert classify("join", keywords=elsewhere).keyword_class is KeywordClass.NONE
    assert classify("join us", keywords=here).keyword_class is KeywordClass.NONE


@pytest.mark.parametrize(
    "text", ["+12025550100:STOP=start", "+12025550100:JOIN", "JOIN=start", "+12025550100:X=none"]
)
def test_a_word_that_is_spoken_for_cannot_be_given_away(text: str) -> None:
    """STOP stays STOP for everybody, and what cannot be read is refused."""
    with pytest.raises(ValueError):
        parse(text)
