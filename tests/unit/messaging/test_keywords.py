"""What counts as a keyword, and what only holds one."""

import pytest

from services.messaging.keywords import LIST_VERSION, KeywordClass, classify, normalized

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
    "\U0001f6d1",
    "hello",
    "nonstop",
    "non-stop",
    "stop by at five",
    "please stop",
    "bus stop",
    "don't stop",
    "restart",
    "start the car",
    "restart my router",
    "cancel my appointment",
    "the end",
    "weekend",
    "unsubscribed",
    "helpful",
    "s t o p",
    "stop_all",
    "st.op",
    "stop1",
    "1stop",
    "YES",
    "stop\u0301",
    "help me",
    "information",
]


@pytest.mark.parametrize("text", STOP)
def test_the_words_that_revoke_are_found_in_any_dress(text: str) -> None:
    """A whole message that is an opt-out word is STOP, whatever its case, width and wrapping."""
    found = classify(text)
    assert (found.keyword_class, found.rule_id) == (KeywordClass.STOP, "whole_message.stop")


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
    assert (found.keyword_class, found.rule_id) == (KeywordClass.NONE, "none")
    assert not found.is_keyword


def test_a_decision_names_its_lists() -> None:
    """Every decision carries the version of the lists, so that it can be explained later."""
    assert classify("stop").list_version == LIST_VERSION


def test_the_subject_speaks_for_a_message_without_text() -> None:
    """A picture message without a text can opt out by its subject; a text goes first."""
    assert classify(None, "STOP").keyword_class is KeywordClass.STOP
    assert classify("  ", "STOP").keyword_class is KeywordClass.STOP
    assert classify("hello", "STOP").keyword_class is KeywordClass.NONE


def test_long_and_odd_texts_are_read_like_any_other() -> None:
    """Ten thousand characters, unpaired halves and combining marks raise nothing."""
    for text in ("\u200b" * 10_000 + "stop", "(" * 5_000 + "stop" + ")" * 5_000):
        assert classify(text).keyword_class is KeywordClass.STOP
    for text in ("stop " * 2_000, "\u0301" * 10_000, "\ud83d", "\x00stop\x00stop"):
        assert classify(text).keyword_class is KeywordClass.NONE


def test_normalizing_twice_changes_nothing() -> None:
    """What is normalized stays as it is when it is normalized again."""
    for text in [*STOP, *START, *HELP, *(each or "" for each in NOTHING)]:
        assert normalized(normalized(text)) == normalized(text)
