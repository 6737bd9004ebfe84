"""TeXML documents: what can be written is what the carrier accepts."""

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrier import texml
from carrier.texml_verbs import VERBS, TexmlError


def parsed(document: bytes) -> ElementTree.Element:
    """Read a document of our own making."""
    return ElementTree.fromstring(document)  # noqa: S314 - written by the code under test


HEAD = b"<?xml version='1.0' encoding='utf-8'?>\n"


def test_writes_the_welcome_of_a_caller() -> None:
    """A greeting and a queue, in order, with camel-case attributes."""
    written = texml.document(
        texml.say("Hello", voice="Polly.Joanna", loop=1),
        texml.enqueue(
            "vip",
            action="https://hooks.example.com/texml/after",
            wait_url="https://hooks.example.com/texml/wait",
            max_wait_time_secs=600,
        ),
    )
    assert written == HEAD + (
        b'<Response><Say voice="Polly.Joanna" loop="1">Hello</Say>'
        b'<Enqueue action="https://hooks.example.com/texml/after"'
        b' waitUrl="https://hooks.example.com/texml/wait" maxWaitTimeSecs="600">vip</Enqueue>'
        b"</Response>"
    )


@pytest.mark.parametrize(
    ("verb", "written"),
    [
        (texml.hangup, b"<Hangup />"),
        (texml.reject, b'<Reject reason="rejected" />'),
        (lambda: texml.reject(busy=True), b'<Reject reason="busy" />'),
        (lambda: texml.pause(5), b'<Pause length="5" />'),
        (
            lambda: texml.redirect("https://a.example/x"),
            b"<Redirect>https://a.example/x</Redirect>",
        ),
        (texml.leave, b"<Leave />"),
        (
            lambda: texml.record(action="https://a.example/x", max_length=120, play_beep=True),
            b'<Record action="https://a.example/x" maxLength="120" playBeep="true" />',
        ),
        (
            lambda: texml.play("https://a.example/hold.mp3", loop=0, media_storage=False),
            b'<Play loop="0" mediaStorage="false">https://a.example/hold.mp3</Play>',
        ),
        (
            lambda: texml.dial(texml.queue("support"), timeout=30),
            b'<Dial timeout="30"><Queue>support</Queue></Dial>',
        ),
        (
            lambda: texml.dial(
                texml.number("+12025550101", status_callback_event="ringing answered"),
                texml.sip("sip:desk@pbx.example.com"),
                caller_id="+12025550102",
                record="record-from-answer-dual",
            ),
            b'<Dial callerId="+12025550102" record="record-from-answer-dual">'
            b'<Number statusCallbackEvent="ringing answered">+12025550101</Number>'
            b"<Sip>sip:desk@pbx.example.com</Sip></Dial>",
        ),
        (
            lambda: texml.gather(
                texml.say("Press 1"), input="dtmf speech", num_digits=1, finish_on_key="#"
            ),
            b'<Gather input="dtmf speech" numDigits="1" finishOnKey="#">'
            b"<Say>Press 1</Say></Gather>",
        ),
    ],
)
def test_writes_each_verb(verb: Callable[[], texml.Verb], written: bytes) -> None:
    """Every builder writes its element as Telnyx documents it."""
    assert texml.document(verb()) == HEAD + b"<Response>" + written + b"</Response>"


def test_writes_an_empty_document() -> None:
    """A report of progress is answered with a document that does nothing."""
    assert texml.document() == HEAD + b"<Response />"


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_stays_text(text: str) -> None:
    """Markup, quotes and control characters in a caller's name never change the document."""
    try:
        written = texml.document(texml.say(text, voice=text))
    except TexmlError:
        assert not any(each.isprintable() and not each.isspace() for each in text)
        return
    (say,) = parsed(written)
    assert (say.tag, list(say), list(say.attrib)) == ("Say", [], ["voice"])
    spoken = (say.text or "").replace("\n", "\r")
    assert set(spoken) <= set(text.replace("\n", "\r"))


def test_escapes_markup() -> None:
    """A name that looks like a verb is spoken, not run."""
    written = texml.document(texml.say('</Say><Hangup/> & "x"'))
    assert b"<Hangup" not in written
    assert parsed(written)[0].text == '</Say><Hangup/> & "x"'


def test_drops_what_xml_cannot_hold() -> None:
    """Control characters and lone surrogates would make the document unreadable."""
    written = texml.document(texml.say("a\x00b\x1bc\ud800d\ufffee"))
    assert parsed(written)[0].text == "abcde"


URL = "https://hooks.example.com/x"
FAULTY: list[Callable[[], object]] = [
    lambda: texml.say(""),
    lambda: texml.say("  \x00 "),
    lambda: texml.say("hi", name="x"),
    lambda: texml.say("hi", loop=-1),
    lambda: texml.say("hi", loop="often"),
    lambda: texml.enqueue("vip", waiturl=URL),
    lambda: texml.enqueue("vip", wait_url="/relative"),
    lambda: texml.enqueue("vip", wait_url="javascript:alert(1)"),
    lambda: texml.enqueue("vip", wait_url=URL + " x"),
    lambda: texml.enqueue("vip", method="GET"),
    lambda: texml.enqueue("vip", max_wait_time_secs=0),
    lambda: texml.enqueue("vip", max_wait_time_secs=True),
    lambda: texml.enqueue(""),
    lambda: texml.enqueue("v" * 256),
    lambda: texml.queue("vip", name="x"),
    lambda: texml.pause(0),
    lambda: texml.pause(181),
    lambda: texml.play("hold.mp3"),
    lambda: texml.redirect("ftp://a.example"),
    lambda: texml.number("2025550101"),
    lambda: texml.number("+12025550101", machine_detection="Maybe"),
    lambda: texml.sip("desk@pbx.example.com"),
    lambda: texml.gather(texml.hangup()),
    lambda: texml.gather(texml.gather()),
    lambda: texml.gather(timeout=121),
    lambda: texml.gather(input="both"),
    lambda: texml.dial(),
    lambda: texml.dial(texml.say("hi")),
    lambda: texml.dial(texml.queue("a"), texml.queue("b")),
    lambda: texml.dial(texml.queue("a"), texml.number("+12025550101")),
    lambda: texml.dial(texml.number("+12025550101"), from_display_name="x" * 129),
    lambda: texml.document(texml.queue("vip")),
    lambda: texml.document(texml.number("+12025550101")),
    lambda: texml.document(texml.say("hi"), texml.reject()),
    lambda: texml.document(texml.reject(), texml.say("hi")),
    lambda: texml.document(texml.hangup(), texml.say("hi")),
    lambda: texml.document(texml.redirect(URL), texml.hangup()),
]


@pytest.mark.parametrize("build", FAULTY)
def test_refuses_what_the_carrier_would_not_run(build: Callable[[], object]) -> None:
    """Unknown attributes, values out of range, wrong places and unreachable verbs are bugs."""
    with pytest.raises(TexmlError) as caught:
        build()
    assert "202555" not in str(caught.value)


def test_the_same_attribute_is_allowed_only_where_it_belongs() -> None:
    """Queue has no `name`: the table knows each verb's own attributes."""
    assert set(VERBS["Queue"].attributes) == {"url", "method"}
    assert "waitUrl" in VERBS["Enqueue"].attributes
    assert "waitUrl" not in VERBS["Dial"].attributes


def test_every_verb_of_a_document_is_in_the_table() -> None:
    """Nothing may be nested that has no rule of its own."""
    for rule in VERBS.values():
        assert rule.children <= set(VERBS)
