"""A contact in words every CRM system shares, and numbers as people write them."""

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as the system stores it; ``phone_number`` is its E.164, empty if it has none."""

    phone_number: str
    raw: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case, ticket or complaint of a contact that is not settled yet."""

    case_id: str
    is_escalated: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or company in a CRM system."""

    system: str
    object_type: str
    contact_id: str
    display_name: str
    company: str = ""
    phones: tuple[Phone, ...] = ()
    owner_agent_id: str = ""
    is_vip: bool = False
    tier: str = ""
    language: str = ""
    open_case: OpenCase | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The contacts that have a number, and whether there are more than were asked for."""

    contacts: tuple[Contact, ...] = ()
    truncated: bool = False


def phone(raw: str, region: str) -> Phone:
    """Read a number as people write it; ``region`` is where a national form belongs, like "US".

    The extension is kept apart: whoever calls from behind a switchboard shows its number alone.
    """
    try:
        parsed = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return Phone("", raw)
    if not phonenumbers.is_possible_number(parsed):
        return Phone("", raw)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, raw, parsed.extension or "")
