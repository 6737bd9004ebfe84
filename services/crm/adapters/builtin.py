"""A directory in a file, for development and for teams without a CRM system."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from services.crm.model import Contact, Found, OpenCase, Phone, phone

SYSTEM = "builtin"
_TEXTS = ("contact_id", "display_name", "company", "owner_agent_id", "tier", "language", "region")
_KNOWN = {*_TEXTS, "phone_numbers", "is_vip", "open_case"}
_CASE = {"case_id", "is_escalated"}
_NAME_LIMIT = 255

DEVELOPMENT = (
    Contact(
        system=SYSTEM,
        object_type="contact",
        contact_id="ada",
        display_name="Ada Lovelace",
        company="Analytical Engines",
        phones=(phone("+13125550101", ""),),
        owner_agent_id="agent-1",
        is_vip=True,
        tier="gold",
        language="en-US",
    ),
    Contact(
        system=SYSTEM,
        object_type="contact",
        contact_id="grace",
        display_name="Grace Hopper",
        company="Compilers",
        phones=(phone("+13125550102", ""),),
        language="en-US",
    ),
)
"""Who is known when no file is given."""


class BuiltinDirectory:
    """Finds contacts in memory; those who share a number come in the file's order."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        self._by_number: dict[str, list[Contact]] = {}
        for contact in contacts:
            for number in dict.fromkeys(each.phone_number for each in contact.phones):
                self._by_number.setdefault(number, []).append(contact)

    async def find(self, phone_number: str, limit: int) -> Found:
        """Return up to `limit` contacts with this number."""
        found = self._by_number.get(phone_number, [])
        return Found(tuple(found[:limit]), truncated=len(found) > limit)


def read(path: Path) -> Sequence[Contact]:
    """Read a JSON list of contacts; raise ValueError saying everything that is wrong with it.

    Faults name entries by their place: the file is full of personal data and the log is not.
    """
    try:
        entries = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"cannot be read: {type(error).__name__}") from None
    except orjson.JSONDecodeError as error:
        raise ValueError(f"is not JSON, line {error.lineno}") from None
    if not isinstance(entries, list):
        raise ValueError("must hold a list of contacts")
    faults = [fault for place, entry in enumerate(entries) for fault in _faults(place, entry)]
    if not faults:
        faults = _repeated([entry["contact_id"] for entry in entries])
    if faults:
        raise ValueError("; ".join(faults))
    return [_contact(entry) for entry in entries]


def _faults(place: int, entry: object) -> list[str]:
    if not isinstance(entry, dict):
        return [f"contact {place} must be an object"]
    found = [f"{name} is not known" for name in sorted(entry.keys() - _KNOWN)]
    found += [f"{name} must be text" for name in _TEXTS if not isinstance(entry.get(name, ""), str)]
    found += [
        f"{name} is missing" for name in ("contact_id", "display_name") if not entry.get(name)
    ]
    if not isinstance(entry.get("is_vip", False), bool):
        found.append("is_vip must be true or false")
    if not found and len(entry["display_name"]) > _NAME_LIMIT:
        found.append(f"display_name has more than {_NAME_LIMIT} characters")
    found += _number_faults(entry.get("phone_numbers"), entry.get("region", ""))
    found += _case_faults(entry.get("open_case"))
    return [f"contact {place}: {fault}" for fault in found]


def _number_faults(numbers: object, region: object) -> list[str]:
    if not isinstance(numbers, list) or not numbers:
        return ["phone_numbers must be a list of at least one number"]
    return [
        f"phone_numbers[{place}] is not a phone number"
        for place, raw in enumerate(numbers)
        if not isinstance(raw, str) or not phone(raw, str(region)).phone_number
    ]


def _case_faults(case: object) -> list[str]:
    if case is None:
        return []
    if not isinstance(case, dict) or not case.get("case_id"):
        return ["open_case must be an object with a case_id"]
    found = [f"open_case.{name} is not known" for name in sorted(case.keys() - _CASE)]
    if not isinstance(case["case_id"], str):
        found.append("open_case.case_id must be text")
    if not isinstance(case.get("is_escalated", False), bool):
        found.append("open_case.is_escalated must be true or false")
    return found


def _repeated(contact_ids: Sequence[str]) -> list[str]:
    places = range(len(contact_ids))
    repeated = [place for place in places if contact_ids[place] in contact_ids[:place]]
    return [f"contact {place}: contact_id is used before" for place in repeated]


def _contact(entry: Mapping[str, Any]) -> Contact:
    phones: tuple[Phone, ...] = tuple(
        phone(raw, entry.get("region", "")) for raw in entry["phone_numbers"]
    )
    return Contact(
        system=SYSTEM,
        object_type="contact",
        contact_id=entry["contact_id"],
        display_name=entry["display_name"],
        company=entry.get("company", ""),
        phones=phones,
        owner_agent_id=entry.get("owner_agent_id", ""),
        is_vip=entry.get("is_vip", False),
        tier=entry.get("tier", ""),
        language=entry.get("language", ""),
        open_case=OpenCase(**entry["open_case"]) if entry.get("open_case") else None,
    )
