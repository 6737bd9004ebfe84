"""The development world: the numbers, accounts and people everything else agrees on.

All numbers lie in the 555-01xx range, which is reserved for fiction and reaches nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

MESSAGING_NUMBER = "+12025550100"
VOICE_NUMBER = "+12025550110"
TEXML_NUMBER = "+12025550120"
FAX_NUMBER = "+12025550130"

ORGANIZATION_ID = "5a6c1f1e-7d0b-4a53-9b11-3b6f5c1d0001"
USER_ID = "5a6c1f1e-7d0b-4a53-9b11-3b6f5c1d0002"
MESSAGING_PROFILE_ID = "5a6c1f1e-7d0b-4a53-9b11-3b6f5c1d0003"
ACCOUNT_SID = "5a6c1f1e-7d0b-4a53-9b11-3b6f5c1d0004"
# Connection ids have 19 digits, more than a double holds exactly (Telnyx: connection_id).
VOICE_CONNECTION_ID = "2040000000000000110"
TEXML_CONNECTION_ID = "2040000000000000120"
FAX_CONNECTION_ID = "2040000000000000130"


@dataclass(frozen=True)
class Person:
    """Somebody with a phone; `name` is what the caller-name database would say."""

    number: str
    name: str
    carrier: str = "Example Wireless"
    line_type: str = "Wireless"


ADA = Person("+13125550101", "Ada Lovelace")
GRACE = Person("+13125550102", "Grace Hopper")
UNKNOWN = Person("+13125550199", "")
PEOPLE = (ADA, GRACE, UNKNOWN)

ALAN = Person("+13125550111", "Alan Turing")
MARY = Person("+13125550112", "Mary Jackson")
AGENTS = (ALAN, MARY)
"""Who works in the contact centre, at their own phones."""

_BY_NUMBER = {person.number: person for person in (*PEOPLE, *AGENTS)}


def person(number: str) -> Person:
    """Return who has this number; a number nobody gave a name gets an unnamed owner."""
    return _BY_NUMBER.get(number) or Person(number, "")
