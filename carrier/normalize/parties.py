"""Make one Party of the strings and objects in which the carrier writes addresses."""

import re
from typing import Any

import phonenumbers
from switchhook.event.v1.party_pb2 import Party

from carrier.normalize.coerce import Unfit, text

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SIP = re.compile(r'(?:"?(?P<name>[^"<>]*?)"?\s*<)?(?P<uri>sips?:[^<>\s]+)>?', re.IGNORECASE)
_INTERNATIONAL = re.compile(r"[1-9][0-9]{10,14}")
_DIALED = re.compile(r"\+[0-9][0-9 ().\-/]{5,40}")

_KEYS = (
    ("phone_number", "raw"),
    ("agent_id", "raw"),
    ("number", "raw"),
    ("address", "raw"),
    ("sip_uri", "raw"),
    ("display_name", "display_name"),
    ("agent_name", "display_name"),
    ("name", "display_name"),
    ("carrier", "carrier"),
    ("line_type", "line_type"),
    ("status", "status"),
)
"""The carrier's keys and our fields; of several for one field the first present counts."""


def party(value: Any, path: str, ignored: list[str]) -> Party:
    """Return the party `value` writes, a string or an object; raise Unfit for anything else."""
    if type(value) is dict:
        return _from_object(value, path, ignored)
    return _from_text(text(value))


def _from_object(value: dict[str, Any], path: str, ignored: list[str]) -> Party:
    words: dict[str, str] = {}
    for key, name in _KEYS:
        found = value.get(key)
        if found is None or found == "" or name in words:
            continue
        try:
            words[name] = text(found)
        except Unfit:
            ignored.append(f"{path}.{key}")
    result = _from_text(words.pop("raw", ""))
    for name, word in words.items():
        setattr(result, name, word)
    return result


def _from_text(raw: str) -> Party:
    address = raw.strip()
    if _E164.fullmatch(address):
        return Party(raw=raw, phone_number=address)
    sip = _SIP.fullmatch(address)
    if sip is not None:
        return Party(raw=raw, sip_uri=sip["uri"], display_name=(sip["name"] or "").strip())
    return Party(raw=raw, phone_number=phone_number(address.removeprefix("tel:")))


def phone_number(address: str) -> str:
    """Return a phone number in E.164; empty when `address` is none or could be several.

    Digits without a plus are read as international when they are a number in use that way: Telnyx
    writes link clicks like that. Ten digits and fewer would be a guess.
    """
    if _E164.fullmatch(address):
        return address
    if _INTERNATIONAL.fullmatch(address):
        return _e164(f"+{address}", sure=True)
    return _e164(address, sure=False) if _DIALED.fullmatch(address) else ""


def _e164(address: str, *, sure: bool) -> str:
    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return ""
    test = phonenumbers.is_valid_number if sure else phonenumbers.is_possible_number
    if not test(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
