"""What each kind of rule is for, by example."""

import pytest

from services.messaging.classifier import (
    LIST_VERSION,
    Context,
    KeywordClass,
    ReservedKeywordError,
    Scope,
    Sender,
    classify,
)

STOP, START, HELP = KeywordClass.STOP, KeywordClass.START, KeywordClass.HELP
AMBIGUOUS, NONE = KeywordClass.AMBIGUOUS, KeywordClass.NONE

CASES = [
    # Whole messages, in any dress.
    ("Quit.", STOP, "whole_message.stop"),
    ("u n s u b", STOP, "whole_message.stop"),
    ("\u24e2\u24e3\u24de\u24df", STOP, "whole_message.stop"),
    ("\U0001f1f8\U0001f1f9\U0001f1f4\U0001f1f5", STOP, "whole_message.stop"),
    ("qu1t", STOP, "whole_message.stop"),
    ("unsubsrcibe", STOP, "whole_message.stop"),
    ("\U0001f6d1\U0001f6d1", STOP, "sign.stop"),
    ("\u26d4", AMBIGUOUS, "sign.hostile"),
    ("stow", NONE, "none"),
    ("quiet", NONE, "none"),
    ("subscribed", NONE, "none"),
    # Keywords among words that change nothing.
    ("ok please stop now, thank you", STOP, "keyword.filler"),
    ("cancel, thanks", STOP, "keyword.filler"),
    ("yes, cancel", AMBIGUOUS, "unclear.weak_word"),
    ("stop rofl", AMBIGUOUS, "unclear.banter"),
    ("stop 777888", STOP, "keyword.code"),
    ("stop 3", AMBIGUOUS, "unclear.strong_word"),
    # Lines, instructions and the texts of machines.
    ("Hello\nunsubscribe\nMaria", STOP, "line.stop"),
    ("Cancel\nthe tuesday slot", AMBIGUOUS, "unclear.line"),
    ("Send STOP to quit", STOP, "echo.instruction"),
    ("Acme: two for one on Friday. Text STOP to opt out", NONE, "bot.instruction"),
    ("I sent STOP to cancel but you still text me", AMBIGUOUS, "unclear.instruction"),
    ("Automatic reply: back on Monday", NONE, "bot.automatic"),
    # What is not speech.
    ("Liked \u201cwe will stop by at nine\u201d", NONE, "reaction"),
    ("Disliked \u201csale today\u201d stop texting me", STOP, "phrase.stop_contacting"),
    ("BEGIN:VCARD\nFN:Quit End\nEND:VCARD", NONE, "none.no_words"),
    ("> Reply STOP to end\nsee you there", NONE, "none"),
    (">>> stop <<<", STOP, "whole_message.stop"),
    ("see example.com/stop", NONE, "none"),
    # Sentences that ask.
    ("could you please stop messaging this number", STOP, "phrase.stop_contacting"),
    ("I never want to get your messages again", STOP, "phrase.not_wanted"),
    ("please take us off the mailing list", STOP, "phrase.take_me_off"),
    ("how can I unsubscribe from this?", STOP, "phrase.unsubscribe"),
    ("I withdraw my consent to be contacted", STOP, "phrase.revoke_consent"),
    ("sorry, wrong number", STOP, "wrong_party.number"),
    ("switch off these notifications please", STOP, "phrase.cancel_messages"),
    ("I told you to stop twice", STOP, "phrase.said_stop"),
    # Limits, third parties, the past and the future.
    ("stop texting me until June", AMBIGUOUS, "unclear.stop_contacting"),
    ("stop texting me. Only call", AMBIGUOUS, "unclear.limited"),
    ("my sister asked him to stop texting me", AMBIGUOUS, "unclear.stop_contacting"),
    ("did they stop texting you?", NONE, "none"),
    ("I will stop texting you now", NONE, "none"),
    ("don't call me, I am driving", AMBIGUOUS, "unclear.limited"),
    ("don't call me. Dinner is ready", AMBIGUOUS, "unclear.unsupported"),
    # Negation.
    ("please never stop sending these", NONE, "none"),
    ("I do not want to unsubscribe", NONE, "none"),
    ("don't stop. Actually, take me off your list", STOP, "phrase.take_me_off"),
    # The same words elsewhere.
    ("which tram stop is closest?", NONE, "none"),
    ("stop by the shop", NONE, "none"),
    ("why don't you call me tonight", NONE, "none"),
    ("you wrote down the wrong number of seats", NONE, "none"),
    ("cancel my dinner reservation", NONE, "none"),
    # Opting in is read strictly.
    ("START.", START, "whole_message.start"),
    ("start?", AMBIGUOUS, "unclear.opt_in"),
    ("\u0455tart", AMBIGUOUS, "unclear.opt_in"),
    ("please start", AMBIGUOUS, "unclear.opt_in"),
    ("stop and start", AMBIGUOUS, "unclear.conflict"),
    ("starting soon", NONE, "none"),
    # Help.
    ("help, please", HELP, "whole_message.help"),
    ("Hilfe!", HELP, "whole_message.help"),
    ("help me carry the boxes", NONE, "none"),
    # Other languages.
    ("por favor no me manden m\u00e1s publicidad", STOP, "phrase.do_not_contact"),
    ("no me llamen, estoy manejando", NONE, "bot.automatic"),
    ("no me llamen, vamos al cine", AMBIGUOUS, "unclear.unsupported"),
    ("arr\u00eatez de m'\u00e9crire", STOP, "phrase.stop_contacting"),
    ("bitte keine Werbung mehr schicken", STOP, "phrase.no_messages"),
    ("n\u00e3o quero mais receber mensagens", STOP, "phrase.not_wanted"),
    ("smettetela di chiamarmi", STOP, "phrase.stop_contacting"),
    ("прекратите писать", STOP, "phrase.stop_contacting"),
    ("\u8bf7\u505c\u6b62\u53d1\u9001\u77ed\u4fe1", STOP, "phrase.stop_messages"),
    ("la salida es por ah\u00ed", NONE, "none"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "klass", "rule_id"), CASES)
def test_a_text_is_read_by_the_rule_made_for_it(
    text: str, klass: KeywordClass, rule_id: str
) -> None:
    """The class and the rule that decided are as expected, under the version of the lists."""
    read = classify(text)
    assert (read.klass, read.rule_id) == (klass, rule_id)
    assert read.list_version == LIST_VERSION


@pytest.mark.parametrize(
    ("text", "scope", "program"),
    [
        ("stop", Scope.NUMBER, ""),
        ("stopall", Scope.ALL_PROGRAMS, ""),
        ("please stop everything", Scope.ALL_PROGRAMS, ""),
        ("unsubscribe from all", Scope.ALL_PROGRAMS, ""),
        ("stop calling us", Scope.VOICE_AND_TEXT, ""),
        ("stop the promotions", Scope.MARKETING, ""),
        ("stop reminders", Scope.PROGRAM, "reminders"),
        ("go away", Scope.ALL_PROGRAMS, ""),
        ("wrong number", Scope.ALL_PROGRAMS, ""),
        ("START", Scope.NUMBER, ""),
        ("help", Scope.NOTHING, ""),
        ("see you", Scope.NOTHING, ""),
    ],
)
def test_a_decision_says_how_far_it_reaches(text: str, scope: Scope, program: str) -> None:
    """The scope follows the words; the kind of message is named where the text names it."""
    read = classify(text)
    assert (read.scope, read.program) == (scope, program)


def test_a_program_is_left_by_its_name() -> None:
    """STOP with the name of a known program ends that program; any other name is unclear."""
    context = Context(programs=["Weekly Recipes"])
    read = classify("Stop weekly recipes", context=context)
    assert (read.klass, read.scope, read.program) == (STOP, Scope.PROGRAM, "weekly recipes")
    assert classify("stop weekly yoga", context=context).klass is AMBIGUOUS


def test_a_campaign_has_words_of_its_own() -> None:
    """A custom word counts as the whole message only, in any dress, and START as it is written."""
    context = Context(keywords={"Tacos": START, "no": STOP, "menu": HELP})
    assert classify("TACOS!", context=context).klass is START
    assert classify("\uff34\uff21\uff23\uff2f\uff33", context=context).klass is START
    assert classify("T\u00e1cos", context=context).klass is AMBIGUOUS
    assert classify("tacos for two", context=context).klass is NONE
    assert classify("No.", context=context).klass is STOP
    assert classify("menu", context=context).klass is HELP
    assert classify("tacos").klass is NONE


@pytest.mark.parametrize(
    ("word", "klass"),
    [("Stop", START), ("OPT OUT", HELP), ("start", STOP), ("UNSTOP", HELP), ("help", STOP)],
)
def test_reserved_words_keep_their_meaning(word: str, klass: KeywordClass) -> None:
    """A campaign cannot give a word of the carrier's or the law another class."""
    with pytest.raises(ReservedKeywordError, match="is always"):
        Context(keywords={word: klass})
    assert Context(keywords={"stop": STOP}).keywords == {"stop": STOP}


def test_yes_opts_in_only_while_a_question_is_open() -> None:
    """Affirmations complete a pending opt-in; without one they are conversation."""
    pending = Context(pending_opt_in=True)
    for text in ("Yes", "y", "yes, please", "S\u00ed", "oui merci", "\u662f"):
        assert classify(text, context=pending).klass is START
        assert classify(text).klass is NONE
    assert classify("okay", context=pending).klass is AMBIGUOUS
    assert classify("yes but only on Mondays", context=pending).klass is not START
    assert classify("no", context=pending).klass is NONE
    assert classify("stop", context=pending).klass is STOP


def test_a_word_of_our_language_is_clear() -> None:
    """What is too common a word by itself opts out where we wrote in its language."""
    assert classify("eliminar").klass is AMBIGUOUS
    assert classify("eliminar", context=Context(languages=["es"])).klass is STOP
    assert classify("T").klass is NONE
    assert classify("T", context=Context(languages=["zh"])).klass is STOP


def test_only_a_person_can_mean_a_word() -> None:
    """Texts from our own numbers and from machines are not read at all."""
    for sender, rule_id in (
        (Sender.OUR_NUMBER, "sender.our_own"),
        (Sender.NO_REPLY, "sender.not_a_phone_number"),
    ):
        read = classify("STOP", context=Context(sender=sender))
        assert (read.klass, read.rule_id) == (NONE, rule_id)


def test_the_subject_speaks_where_there_is_no_text() -> None:
    """A blank text leaves the word to the subject; a text goes first."""
    for blank in (None, "", " \n", "\u200b\u2060"):
        assert classify(blank, subject="Stop").klass is STOP
    assert classify("hello", subject="STOP").klass is NONE
    assert classify(None).klass is NONE


def test_a_decision_tells_what_its_rule_implies() -> None:
    """Machines are marked, a wrong number voids consent, and the text has a hash for the logs."""
    assert classify("I am out of the office").peer_is_bot
    assert not classify("I am in the office").peer_is_bot
    assert classify("you have the wrong number").voids_consent
    assert not classify("stop").voids_consent
    assert classify("S T O P").normalized == "stop"
    assert classify("STOP").normalized_hash == classify("stop!").normalized_hash
    assert len(classify("\ud83d stop it").normalized_hash) == 64
