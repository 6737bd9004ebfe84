"""What an adapter to a CRM system offers."""

from typing import Protocol

from services.crm.model import Found


class Directory(Protocol):
    """Contacts by phone number, read only."""

    async def find(self, phone_number: str, limit: int) -> Found:
        """Return up to `limit` contacts with this E.164 number, in an order that stays the same.

        Nobody is a normal answer. Raises Unavailable when the system cannot be reached, Overloaded
        when it limits the rate.
        """
        ...
