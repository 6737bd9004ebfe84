"""Instructions as TeXML documents."""

from xml.etree import ElementTree

import pytest

from services.voice.calls.command import Enqueue, Reject, Speak
from services.voice.documents import Documents

DOCUMENTS = Documents("AWS.Polly.Joanna")


def verbs(document: str) -> ElementTree.Element:
    """Read a document of our own."""
    return ElementTree.fromstring(document)  # noqa: S314 - we wrote it


def test_a_greeting_and_a_queue() -> None:
    """The caller is greeted and put into the queue, whose name is the element's text."""
    root = verbs(DOCUMENTS.write([Speak("Please hold."), Enqueue("priority")]))
    assert root.tag == "Response"
    assert [(verb.tag, verb.text) for verb in root] == [
        ("Say", "Please hold."),
        ("Enqueue", "priority"),
    ]
    assert root[0].attrib == {"voice": "Polly.Joanna"}
    assert root[1].attrib == {}


def test_a_refusal_stands_alone() -> None:
    """A call that is not ours is rejected, and nothing else is said."""
    root = verbs(DOCUMENTS.write([Reject()]))
    assert [verb.tag for verb in root] == ["Reject"]


def test_a_report_needs_nothing() -> None:
    """The answer to a report is a document without verbs."""
    assert len(verbs(DOCUMENTS.write([]))) == 0


@pytest.mark.parametrize(
    "name",
    [
        "<Ada & Co>",
        "</Say><Dial>+12025550199</Dial><Say>",
        "]]>",
        "&#x41;",
        "Ada \"'",
        "\x07\ufffe",
    ],
)
def test_no_name_escapes_its_element(name: str) -> None:
    """What the CRM says is text, however much it looks like markup."""
    root = verbs(DOCUMENTS.write([Speak(f"Hello {name}."), Enqueue("support")]))
    assert [verb.tag for verb in root] == ["Say", "Enqueue"]
    assert len(root[0]) == 0
    assert root[0].text == f"Hello {name.strip(chr(7) + chr(0xFFFE))}."
