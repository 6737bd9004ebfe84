"""The TeXML verbs this suite writes: attributes, values, contents, in one table.

Source: Telnyx, TeXML verbs (dial, gather, enqueue, queues, record) and the TwiML compatibility
page. Three rules are ours. A method is POST only: the query of a GET request is not covered by the
signature, so what it says could not be trusted. URLs are absolute. A verb that would never run,
because one before it ends the document, is refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Check = re.Pattern[str] | range


class TexmlError(ValueError):
    """The document breaks a rule of TeXML; the message names verb and rule, never a value."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one verb may hold."""

    attributes: Mapping[str, Check] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None
    """What the text must look like; None when there must be none."""
    ends: bool = False
    """Whether the document never goes past this verb."""


def _one_of(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ANY = re.compile(r"(?s).+")
FLAG = _one_of("true", "false")
URL = re.compile(r"https?://[!-~]+")
POST = _one_of("POST")
LOOP = range(1001)
DIGITS = re.compile(r"[0-9*#]+")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SIP_URI = re.compile(r"sips?:[!-~]+")
QUEUE_NAME = re.compile(r"\S(.{0,253}\S)?")

_CALLBACK: dict[str, Check] = {"action": URL, "method": POST}
_DIALED: dict[str, Check] = {
    "statusCallback": URL,
    "statusCallbackEvent": re.compile(
        r"(initiated|ringing|answered|amd|dtmf|completed)"
        r"( (initiated|ringing|answered|amd|dtmf|completed))*"
    ),
    "statusCallbackMethod": POST,
    "url": URL,
    "method": POST,
    "sendDigits": re.compile(r"[0-9A-D*#wW]+"),
    "machineDetection": _one_of("Enable", "DetectMessageEnd", "Disable"),
    "detectionMode": _one_of("Premium", "Regular"),
    "machineDetectionTimeout": range(500, 60_001),
}

VERBS: Mapping[str, Rule] = {
    "Response": Rule(
        children=_names("Say Play Pause Gather Enqueue Leave Record Dial Redirect Hangup Reject")
    ),
    "Say": Rule({"voice": ANY, "language": ANY, "loop": LOOP}, text=ANY),
    "Play": Rule(
        {"loop": LOOP, "mediaStorage": FLAG, "digits": re.compile(r"[0-9*#w]+")}, text=URL
    ),
    "Pause": Rule({"length": range(1, 181)}),
    "Gather": Rule(
        {
            **_CALLBACK,
            "input": _one_of("dtmf", "speech", "dtmf speech"),
            "timeout": range(1, 121),
            "finishOnKey": re.compile(r"[0-9*#]"),
            "numDigits": range(1, 129),
            "minDigits": range(1, 129),
            "maxDigits": range(1, 129),
            "validDigits": DIGITS,
            "invalidDigitsAction": URL,
            "speechTimeout": re.compile(r"auto|[0-9]{1,3}"),
            "language": ANY,
            "hints": ANY,
            "transcriptionEngine": _one_of("Google", "Telnyx", "Deepgram", "Azure"),
            "partialResultCallback": URL,
        },
        children=_names("Say Play"),
    ),
    "Enqueue": Rule(
        {
            **_CALLBACK,
            "waitUrl": URL,
            "waitUrlMethod": POST,
            "maxWaitTimeSecs": range(1, 14_401),
        },
        text=QUEUE_NAME,
    ),
    "Leave": Rule(),
    "Record": Rule(
        {
            **_CALLBACK,
            "finishOnKey": re.compile(r"[0-9*#]+"),
            "timeout": range(14_401),
            "maxLength": range(1, 14_401),
            "playBeep": FLAG,
            "trim": _one_of("trim-silence", "do-not-trim"),
            "channels": _one_of("single", "dual"),
            "recordingStatusCallback": URL,
            "transcription": FLAG,
            "transcriptionCallback": URL,
        }
    ),
    "Dial": Rule(
        {
            **_CALLBACK,
            "callerId": ANY,
            "fromDisplayName": re.compile(r"(?s).{1,128}"),
            "hangupOnStar": FLAG,
            "timeout": range(5, 121),
            "timeLimit": range(60, 14_401),
            "record": re.compile(r"do-not-record|record-from-(answer|ringing)(-dual)?"),
            "recordingChannels": _one_of("single", "dual"),
            "recordMaxLength": range(14_401),
            "recordingStatusCallback": URL,
            "recordingStatusCallbackMethod": POST,
            "recordingStatusCallbackEvent": ANY,
            "sendRecordingUrl": FLAG,
            "ringTone": ANY,
            "audioUrl": URL,
            "answerOnBridge": FLAG,
            "passDiversionHeader": FLAG,
        },
        children=_names("Number Sip Queue"),
    ),
    "Number": Rule(_DIALED, text=E164),
    "Sip": Rule({**_DIALED, "username": ANY, "password": ANY}, text=SIP_URI),
    "Queue": Rule({"url": URL, "method": POST}, text=QUEUE_NAME),
    "Redirect": Rule({"method": POST}, text=URL, ends=True),
    "Hangup": Rule(ends=True),
    "Reject": Rule({"reason": _one_of("rejected", "busy")}, ends=True),
}


def check_attribute(verb: str, name: str, value: str) -> None:
    """Refuse an attribute the verb does not have, or a value the attribute does not take."""
    check = VERBS[verb].attributes.get(name)
    if check is None:
        raise TexmlError(f"<{verb}> has no attribute {name}")
    if not _fits(check, value):
        raise TexmlError(f"<{verb} {name}> does not take this value")


def check_text(verb: str, text: str) -> None:
    """Refuse a missing, unfit or unwanted text."""
    wanted = VERBS[verb].text
    if wanted is None and text:
        raise TexmlError(f"<{verb}> holds no text")
    if wanted is not None and not wanted.fullmatch(text):
        raise TexmlError(f"the text of <{verb}> does not fit")


def check_children(verb: str, names: Sequence[str]) -> None:
    """Refuse a verb inside another that may not hold it, and a verb that would never run."""
    for position, name in enumerate(names):
        if name not in VERBS[verb].children:
            raise TexmlError(f"<{name}> has no place in <{verb}>")
        if VERBS[name].ends and position + 1 < len(names):
            raise TexmlError(f"nothing runs after <{name}>")
    if "Reject" in names[1:]:
        raise TexmlError("<Reject> must be the first verb")
    if verb == "Dial" and (not names or ("Queue" in names and len(names) > 1)):
        raise TexmlError("<Dial> holds one <Queue> or some <Number> and <Sip>")


def _fits(check: Check, value: str) -> bool:
    if isinstance(check, range):
        return value.isascii() and value.isdigit() and int(value) in check
    return check.fullmatch(value) is not None
