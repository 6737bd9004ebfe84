"""Write TeXML documents that Telnyx will accept.

Every verb is checked against `carrier.texml_verbs` when it is built, so a document with an unknown
attribute, a value out of range or a verb in the wrong place cannot be made. Builders take the
attributes of their verb as snake_case keywords: `enqueue("vip", wait_url=url)` writes `waitUrl`.
Text and values are escaped; characters XML cannot hold are dropped.

    document(say("Hello", voice="Polly.Joanna"), enqueue("vip", max_wait_time_secs=600))
"""

import re
from xml.etree import ElementTree

from carrier.texml_verbs import check_attribute, check_children, check_text

Attribute = str | int | bool

# What XML 1.0 (2.2, Char) does not allow: a caller's name must not break the document.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Verb:
    """One element of a document, checked; made by the functions of this module."""

    def __init__(
        self, name: str, text: str, children: tuple["Verb", ...], attributes: dict[str, Attribute]
    ) -> None:
        self.name = name
        self.element = ElementTree.Element(name)
        for keyword, value in attributes.items():
            attribute, written = _camel_case(keyword), _clean(_written(value))
            check_attribute(name, attribute, written)
            self.element.set(attribute, written)
        content = _clean(text).strip()
        check_text(name, content)
        self.element.text = content or None
        check_children(name, [child.name for child in children])
        self.element.extend([child.element for child in children])


def document(*verbs: Verb) -> bytes:
    """Write a complete document; its verbs run from top to bottom.

    Raises TexmlError for a verb that has no place there, a Reject that is not first, or a verb
    after one that ends the document; so does every builder for an attribute or text of its own.
    """
    root = Verb("Response", "", verbs, {}).element
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def say(text: str, /, **attributes: Attribute) -> Verb:
    """Speak text: voice, language, loop."""
    return Verb("Say", text, (), attributes)


def play(url: str, /, **attributes: Attribute) -> Verb:
    """Play audio from a URL: loop, media_storage, digits."""
    return Verb("Play", url, (), attributes)


def pause(seconds: int = 1) -> Verb:
    """Be silent for 1 to 180 seconds."""
    return Verb("Pause", "", (), {"length": seconds})


def gather(*prompts: Verb, **attributes: Attribute) -> Verb:
    """Collect digits or speech while Say and Play verbs run: action, num_digits, timeout, ..."""
    return Verb("Gather", "", prompts, attributes)


def enqueue(queue_name: str, /, **attributes: Attribute) -> Verb:
    """Put the caller into a queue: action, wait_url, max_wait_time_secs."""
    return Verb("Enqueue", queue_name, (), attributes)


def leave() -> Verb:
    """Leave the queue; only in the document of a wait_url."""
    return Verb("Leave", "", (), {})


def record(**attributes: Attribute) -> Verb:
    """Record what the caller says: action, max_length, timeout, play_beep, ..."""
    return Verb("Record", "", (), attributes)


def dial(*targets: Verb, **attributes: Attribute) -> Verb:
    """Connect the call to numbers, SIP addresses or a queue: timeout, caller_id, record, ..."""
    return Verb("Dial", "", targets, attributes)


def queue(name: str, /, **attributes: Attribute) -> Verb:
    """Take the first caller waiting in a queue; only inside `dial`, for the agent's call."""
    return Verb("Queue", name, (), attributes)


def number(phone_number: str, /, **attributes: Attribute) -> Verb:
    """Name a phone number to call; only inside `dial`."""
    return Verb("Number", phone_number, (), attributes)


def sip(uri: str, /, **attributes: Attribute) -> Verb:
    """Name a SIP address to call; only inside `dial`."""
    return Verb("Sip", uri, (), attributes)


def redirect(url: str) -> Verb:
    """Go on with the document at another URL."""
    return Verb("Redirect", url, (), {})


def hangup() -> Verb:
    """End the call."""
    return Verb("Hangup", "", (), {})


def reject(*, busy: bool = False) -> Verb:
    """Refuse the call without answering it; must be the only verb."""
    return Verb("Reject", "", (), {"reason": "busy" if busy else "rejected"})


def _camel_case(keyword: str) -> str:
    first, *rest = keyword.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _written(value: Attribute) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
